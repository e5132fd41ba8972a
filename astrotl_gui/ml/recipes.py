"""Recipes: how the pixels around a source become what an encoder sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from astropy.visualization import make_lupton_rgb
from numpy.typing import NDArray

from astrotl_gui.core.regions import Regions
from astrotl_gui.ml.preprocess import Preprocessing

if TYPE_CHECKING:
    from torch import nn

    from astrotl_gui.ml.backends import Inputs
    from astrotl_gui.ml.encoders import Card

F32 = NDArray[np.float32]

ULISSE_PIXELS, ULISSE_SCALE, ULISSE_INPUT = 64, 0.4, 224
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
NANOMAGGY = 3.631
"""µJy."""
SDSS_NOISE = 0.025
"""σ of an SDSS pixel [nanomaggies], for bands without zero point."""
SDSS_STRETCH, SDSS_SOFTENING = 0.6, 8.0


class Recipe(Protocol):
    """`inputs` of regions are what `front` takes; `sky` (n, B) is the local background in physical units.

    `size` is the side of the cutouts [arcsec].
    """

    preprocessing: Preprocessing
    size: float

    def front(self) -> nn.Module: ...

    def inputs(self, regions: Regions, sky: F32) -> Inputs: ...


class AsinhRecipe:
    """One asinh stretch per band for the whole mosaic; resampled and stretched where the network runs."""

    def __init__(self, preprocessing: Preprocessing, card: Card, size: float) -> None:
        self.preprocessing, self.card, self.size = preprocessing, card, size

    def front(self) -> nn.Module:
        from astrotl_gui.ml.front import AsinhFront

        return AsinhFront(self.preprocessing, self.card)

    def inputs(self, regions: Regions, sky: F32) -> Inputs:
        filled = regions.filled(self.preprocessing.in_image_units(sky))
        return filled.planes, sky, filled.x, filled.y, filled.side


class UlisseRecipe:
    """ULISSE (Doorenbos et al. 2022): 64 px of 0.4″ in 8-bit colour, enlarged to 224 px, ImageNet's mean and std.

    Pictures that were stretched before are taken as they are; fluxes are composed as SDSS does (Lupton et al. 2004).
    """

    size = ULISSE_PIXELS * ULISSE_SCALE

    def __init__(self, preprocessing: Preprocessing) -> None:
        self.preprocessing = preprocessing
        red, green, blue = preprocessing.channels
        self._used = [preprocessing.bands.index(band) for band in (red, green or red, blue)]
        self._between = not green

    def front(self) -> nn.Module:
        from astrotl_gui.ml.front import PictureFront

        return PictureFront(*IMAGENET)

    def inputs(self, regions: Regions, sky: F32) -> Inputs:
        return (np.stack([enlarge(picture) for picture in self.pictures(regions, sky)]),)

    def pictures(self, regions: Regions, sky: F32) -> NDArray[np.uint8]:
        """Return the 64 px pictures (n, 64, 64, 3), R G B, of the regions, first row at the top."""
        planes = regions.filled(self.preprocessing.in_image_units(sky)).resampled(ULISSE_PIXELS)
        if self.preprocessing.linear:
            white = self.preprocessing.in_image_units(np.array(self.preprocessing.white))[:, None, None]
            values = np.round(255 * self._coloured(planes / white)).clip(0, 255).astype(np.uint8)
            return values.transpose(0, 2, 3, 1)[:, ::-1]
        flux = self.preprocessing.physical(planes) - sky[:, :, None, None]
        noise = np.asarray(self.preprocessing.noise, np.float32)[:, None, None]
        known = np.asarray(self.preprocessing.unit)[:, None, None] != 1
        nanomaggies = np.where(known, flux * ULISSE_SCALE**2 / NANOMAGGY, flux / noise * SDSS_NOISE)
        with np.errstate(divide="ignore", invalid="ignore"):  # pixels of exactly no light
            composed = [
                make_lupton_rgb(*image, stretch=SDSS_STRETCH, Q=SDSS_SOFTENING)[::-1]
                for image in self._coloured(nanomaggies.astype(np.float32))
            ]
        return np.stack(composed)

    def _coloured(self, planes: F32) -> F32:
        """Red, green and blue (n, 3, h, w) of all bands; without a green band their mean stands between."""
        red, green, blue = np.moveaxis(planes[:, self._used], 1, 0)
        return np.stack([red, (red + blue) / 2 if self._between else green, blue], axis=1)


def enlarge(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture (h, w, 3) → (3, 224, 224), bilinear in 8 bits as Pillow does it."""
    from PIL import Image

    large = Image.fromarray(picture).resize((ULISSE_INPUT, ULISSE_INPUT), Image.Resampling.BILINEAR)
    return np.asarray(large).transpose(2, 0, 1)

"""One open band: its image, noise and mask on its own pixel grid."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray

from astrotl_gui.core.bands import BandSpec
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane, open_plane
from astrotl_gui.core.plane_reader import PlaneReader, Step
from astrotl_gui.core.roles import bit_names
from astrotl_gui.core.sky import NoSky, Sky

Box = tuple[int, int, int, int]


class Band:
    """One open band on its own grid. `no_sky` says why it has no sky coordinates, "" when it has.

    Boxes are half-open 0-based pixels (x0, y0, x1, y1) of this band and may reach beyond the image;
    with `step`, every step-th pixel of the box is returned.
    """

    def __init__(self, spec: BandSpec, image: PlaneReader, sky: Sky | None, no_sky: str) -> None:
        self.spec = spec
        self.name = spec.name
        self.shape = image.shape
        self.header: fits.Header = image.header
        self.zeropoint = spec.zeropoint
        self.unit = str(image.header.get("BUNIT", "")).strip()
        self.per_area = is_per_area(self.unit)
        self.sky = sky
        self.no_sky = no_sky
        self._image = image
        self._rms = self._beside("noise map", spec.rms)
        self._weight = self._beside("weight map", spec.weight)
        self._mask = self._beside("mask", spec.mask)

    @classmethod
    def open(cls, spec: BandSpec) -> Band:
        """Open the planes of a band. Raises AstroTLError when one is missing, of another size or all NaN."""
        image = open_plane(spec.image)
        sky, no_sky = None, ""
        try:
            sky = Sky.of(image.header, image.shape)
        except NoSky as reason:
            no_sky = str(reason)
        if not _has_values(image):
            raise AstroTLError(
                "Band has no values",
                f"Every pixel of {spec.name} ({spec.image}) is NaN or blank. Leave this band out.",
            )
        return cls(spec, image, sky, no_sky)

    @property
    def wcs(self) -> WCS | None:
        """The celestial 2-d WCS, as astropy's; None where the header has no usable one."""
        return self.sky.wcs if self.sky else None

    @property
    def has_noise(self) -> bool:
        """Whether there is a noise or a weight map."""
        return self._rms is not None or self._weight is not None

    @property
    def piece(self) -> tuple[int, int]:
        """(height, width) of what is decoded at once; (1, 1) where pixels can be read one by one."""
        return self._image.piece

    def read(self, box: Box, step: Step = 1) -> NDArray[np.float32]:
        """Image values, float32 (h, w); NaN where there are none and outside the image."""
        return self._image.read(*box, step)

    def rows(self, step: int) -> NDArray[np.float32]:
        """Every step-th row of the image, float32, read without the rows between."""
        return self._image.rows(step)

    def variance(self, box: Box, step: int = 1) -> NDArray[np.float32]:
        """σ² per pixel in squared image units, NaN where unknown or without a noise map."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if self._rms is not None:
                sigma = self._rms.read(*box, step)
                variance = np.where(sigma > 0, sigma * sigma, np.float32(np.nan))
            elif self._weight is not None:
                weight = self._weight.read(*box, step)
                variance = np.where(weight > 0, 1 / weight, np.float32(np.nan))
            else:
                return np.full(_stepped_shape(box, step), np.nan, np.float32)
        variance[np.isinf(variance)] = np.nan
        return np.asarray(variance, np.float32)

    def noise(self, box: Box, step: int = 1) -> NDArray[np.float32] | None:
        """σ per pixel in image units from the noise map, else 1 / √weight; NaN unknown; None without maps."""
        return np.sqrt(self.variance(box, step)) if self.has_noise else None

    def bad(self, box: Box, step: int = 1) -> NDArray[np.bool_]:
        """Pixels without a usable value: NaN, outside, zero weight or noise, or masked by `mask_bits`."""
        bad = np.isnan(self.read(box, step))
        if self._weight is not None:
            bad |= ~(self._weight.read(*box, step) > 0)
        if self._rms is not None:
            bad |= ~(self._rms.read(*box, step) > 0)
        if self._mask is not None:
            bad |= self._mask.flagged(*box, self.spec.mask_bits or 0, step)
        return bad

    @cached_property
    def bit_names(self) -> dict[int, str]:
        """Bit of the mask → what it marks, where the mask's header says."""
        return bit_names(self._mask.header) if self._mask is not None else {}

    def bits(self, box: Box) -> NDArray[np.integer[Any]]:
        """The mask's integers, 0 without a mask."""
        if self._mask is None:
            return np.zeros(_stepped_shape(box, 1), np.int64)
        return self._mask.read_bits(*box)

    def psf(self) -> NDArray[np.float32] | None:
        """The image of the point spread function, normalised to a sum of 1; None without one."""
        if self.spec.psf is None:
            return None
        reader = open_plane(self.spec.psf)
        values = np.nan_to_num(reader.read(0, 0, reader.shape[1], reader.shape[0]))
        total = float(values.sum())
        return values / np.float32(total) if total > 0 else None

    def _beside(self, what: str, plane: Plane | None) -> PlaneReader | None:
        if plane is None:
            return None
        reader = open_plane(plane)
        if reader.shape != self.shape:
            sizes = [f"{shape[1]} × {shape[0]}" for shape in (reader.shape, self.shape)]
            raise AstroTLError(
                f"The {what} does not fit",
                f"{plane} is {sizes[0]} px, the image of {self.name} {sizes[1]} px. Choose its own.",
            )
        return reader


def is_per_area(unit: str) -> bool:
    """Whether a unit is a surface brightness (per steradian or arcsec²), not a flux per pixel."""
    squeezed = unit.lower().replace(" ", "").replace("**", "").replace("^", "")
    areas = ("/sr", "sr-1", "sr(-1)", "/arcsec2", "arcsec-2", "arcsec(-2)", "/sqarcsec", "/asec2", "/beam")
    return any(area in squeezed for area in areas)


def _stepped_shape(box: Box, step: int) -> tuple[int, int]:
    return len(range(box[1], box[3], step)), len(range(box[0], box[2], step))


def _has_values(reader: PlaneReader) -> bool:
    return any(
        np.isfinite(reader.read(*box)).any() for box in itertools.chain(_probes(reader), _blocks(reader))
    )


def _probes(reader: PlaneReader) -> Iterator[Box]:
    """A few pieces all over an image, from the middle on: nearly always the first has a value."""
    (ny, nx), (height, width) = reader.shape, reader.piece
    width = nx if width == 1 else width
    for y in (ny // 2, *range(ny // 16, ny, max(ny // 8, 1))):
        for x in (nx // 2, *range(nx // 16, nx, max(nx // 8, 1))) if width < nx else (0,):
            low, left = y - y % height, x - x % width
            yield left, low, min(left + width, nx), min(low + height, ny)


def _blocks(reader: PlaneReader) -> Iterator[Box]:
    (ny, nx), height = reader.shape, max((1 << 22) // reader.shape[1], 1)
    for y in range(0, ny, height):
        yield 0, y, nx, min(y + height, ny)

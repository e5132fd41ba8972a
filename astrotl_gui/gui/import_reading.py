"""What the import page computes in the background: what the files are, how they look, how much is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.catalog import Catalog, read_user_catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane, image_planes
from astrotl_gui.core.identify import Proposal, identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import Progress
from astrotl_gui.core.stretch import Levels
from astrotl_gui.core.tiles import TileSource
from astrotl_gui.core.unpack import unpack_all

PREVIEW_SIDE = 1024


@dataclass(frozen=True, eq=False)
class Preview:
    """A mosaic in small: each band (by the text of its image plane) at most `PREVIEW_SIDE` long and wide."""

    mosaic: Mosaic
    overviews: dict[str, NDArray[np.float32]]
    levels: dict[str, Levels]

    @property
    def without_scale(self) -> bool:
        """Whether nothing but the user can say how large a pixel is."""
        return not self.mosaic.has_sky

    def scaled(self, pixel_scale: float) -> Preview:
        """With the pixel scale [arcsec] that the user gave."""
        spec = replace(self.mosaic.spec, pixel_scale=pixel_scale or 1.0)
        return replace(self, mosaic=Mosaic(spec, self.mosaic.bands, self.mosaic.notes))


def read_proposal(paths: Sequence[Path], *, progress: Progress) -> Proposal:
    """What the files are; raises AstroTLError for what cannot be opened."""
    progress(0, 1)
    proposal = identify(paths, progress=progress)
    progress(1, 1)
    return proposal


def read_preview(spec: MosaicSpec, *, progress: Progress) -> Preview:
    """Open a mosaic and look at it from afar; raises AstroTLError when its bands do not go together."""
    mosaic = _open(spec, progress)
    tiles = TileSource(mosaic)
    overviews, levels = {}, {}
    for number, band in enumerate(spec.bands):
        progress(number, len(spec.bands), band.name)
        overviews[str(band.image)] = tiles.overview(band.name, PREVIEW_SIDE)
        levels[str(band.image)] = tiles.display_levels(band.name)
    progress(1, 1)
    return Preview(mosaic, overviews, levels)


def _open(spec: MosaicSpec, progress: Progress) -> Mosaic:
    """Open it even when the pixel scale is still to be asked for."""
    try:
        return Mosaic.open(spec, progress=progress)
    except AstroTLError:
        if spec.pixel_scale > 0:
            raise
        return Mosaic.open(replace(spec, pixel_scale=1.0))


def read_planes(path: Path, *, progress: Progress) -> list[Plane]:
    """Every image plane of a file, to choose a noise, weight, mask or PSF image from."""
    progress(0, 1)
    unpack_all([path], progress=progress)
    return [plane for plane, _ in image_planes(path)]


def read_catalog(path: Path, *, progress: Progress) -> Catalog:
    """The astronomer's own sources."""
    progress(0, 1)
    return read_user_catalog(path)

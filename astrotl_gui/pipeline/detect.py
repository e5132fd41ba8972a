"""Find the sources of a mosaic."""

from __future__ import annotations

import numpy as np

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.mosaic import Box, Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.cleaning import spurious
from astrotl_gui.pipeline.detection_image import DetectionImage
from astrotl_gui.pipeline.extraction import Sources, extract
from astrotl_gui.pipeline.measurement import Columns, build_catalog, joined, measure_sources
from astrotl_gui.pipeline.tiling import MARGIN, WIDEST_MARGIN, tiles, window


def detect(mosaic: Mosaic, settings: DetectionSettings, *, progress: Progress = SILENT) -> Catalog:
    """Detect sources tile by tile and measure them in every band.

    The detection image is the inverse-variance weighted sum of the bands (or `settings.band`) on the reference
    grid, after a mesh background (SExtractor's; Bertin & Arnouts 1996) and a filter matched to the PSF. Fluxes
    are forced, in one Kron ellipse a source, on each band's own pixels. The catalog does not depend on the
    tile size: sky, noise and filter are those of the whole mosaic, a source belongs to the tile that holds its
    brightest pixel, and a tile whose sources reach out of its window is looked at in a wider one.

    Returns a catalog with ids 1…N (none for an empty field) and the PSF widths in `fwhm`. Raises AstroTLError
    for a band that does not exist, `Cancelled` through `progress`.
    """
    boxes = tiles(mosaic.shape, settings.tile)
    total = len(mosaic.bands) + len(boxes)
    image = DetectionImage.prepare(mosaic, settings, progress=progress, total=total)
    parts = []
    for index, tile in enumerate(boxes):
        progress(len(mosaic.bands) + index, total, f"Tile {index + 1} of {len(boxes)}")
        parts.append(_tile(mosaic, image, tile, settings))
    progress(total, total, f"Tile {len(boxes)} of {len(boxes)}")
    found, columns = Sources.join([part[0] for part in parts]), joined([part[1] for part in parts])
    kept = ~spurious(
        found.x, found.y, found.moments, found.peak, found.lowest, found.npix, settings.threshold
    )
    return build_catalog(mosaic, image, {name: values[kept] for name, values in columns.items()})


def _tile(
    mosaic: Mosaic, image: DetectionImage, tile: Box, settings: DetectionSettings
) -> tuple[Sources, Columns]:
    margin = MARGIN
    while True:
        view = extract(image, window(tile, margin, mosaic.shape), settings)
        sources = view.sources.take(_owned(view.sources, tile))
        measured = measure_sources(mosaic, image, view, sources)
        if measured.complete or margin >= WIDEST_MARGIN:
            return sources, measured.columns
        margin *= 2


def _owned(sources: Sources, tile: Box) -> np.ndarray:
    """Which sources have their brightest pixel, a whole number in every window, in the tile."""
    x0, y0, x1, y1 = tile
    x, y = sources.peak_x, sources.peak_y
    return (x >= x0) & (x < x1) & (y >= y0) & (y < y1)

"""Measure the sources of a user's catalog."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.flags import Flag
from astrotl_gui.core.matching import match_pixels
from astrotl_gui.core.mosaic import Box, Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.detection_image import DetectionImage
from astrotl_gui.pipeline.extraction import Sources, Window, extract
from astrotl_gui.pipeline.measurement import Columns, build_catalog, joined, measure_sources
from astrotl_gui.pipeline.psf import FWHM_PER_SIGMA
from astrotl_gui.pipeline.shapes import Moments
from astrotl_gui.pipeline.tiling import MARGIN, WIDEST_MARGIN, tiles, window

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def measure(
    mosaic: Mosaic, positions: Catalog, settings: DetectionSettings, *, progress: Progress = SILENT
) -> Catalog:
    """Forced photometry at the positions of a catalog (by `Mosaic.placed`).

    A position on a detected source gets its shape (the nearest position, where several lie on one); any other
    is measured as a point source and has the flag NOT_DETECTED. The rows keep their order, ids and `user_id`;
    positions outside the mosaic are left out, other columns too. Raises AstroTLError when none is inside.
    """
    rows, x, y = _inside(mosaic, positions)
    boxes = [(tile, here) for tile in tiles(mosaic.shape, settings.tile) if len(here := _in(tile, x, y))]
    total = len(mosaic.bands) + len(boxes)
    image = DetectionImage.prepare(mosaic, settings, progress=progress, total=total)
    parts = []
    for index, (tile, here) in enumerate(boxes):
        progress(len(mosaic.bands) + index, total, f"Tile {index + 1} of {len(boxes)}")
        columns = _tile(mosaic, image, tile, x[here], y[here], settings)
        parts.append({**columns, "row": rows[here]})
    progress(total, total, f"Tile {len(boxes)} of {len(boxes)}")
    return _in_order(build_catalog(mosaic, image, joined(parts), extra=["row"]), positions)


def _inside(mosaic: Mosaic, positions: Catalog) -> tuple[Ints, Floats, Floats]:
    """(rows, x, y) of the positions on the mosaic."""
    x, y = mosaic.placed(positions.ra, positions.dec, positions.x, positions.y)
    if not mosaic.has_sky and not np.isfinite(x + y).any():
        raise AstroTLError(
            "This mosaic has no sky coordinates",
            "It has no WCS, so a catalog with ra and dec cannot be placed on it. Give x and y [px] instead.",
        )
    ny, nx = mosaic.shape
    rows = np.flatnonzero((x >= -0.5) & (y >= -0.5) & (x < nx - 0.5) & (y < ny - 0.5))
    if not len(rows):
        raise AstroTLError(
            "No source of this catalog lies here",
            f"All {len(positions):,} positions are outside the mosaic. Check the field and the columns.",
        )
    return rows, x[rows], y[rows]


def _in(tile: Box, x: Floats, y: Floats) -> Ints:
    x, y = np.rint(x), np.rint(y)
    return np.flatnonzero((x >= tile[0]) & (y >= tile[1]) & (x < tile[2]) & (y < tile[3]))


def _tile(
    mosaic: Mosaic, image: DetectionImage, tile: Box, x: Floats, y: Floats, settings: DetectionSettings
) -> Columns:
    margin = MARGIN
    while True:
        view = extract(image, window(tile, margin, mosaic.shape), settings)
        measured = measure_sources(mosaic, image, view, _at(view, x, y, image.fwhm))
        if measured.complete or margin >= WIDEST_MARGIN:
            return measured.columns
        margin *= 2


def _at(view: Window, x: Floats, y: Floats, fwhm: float) -> Sources:
    """Sources at given positions: the shape of what was detected there, or that of the PSF."""
    found = view.sources
    column, row = np.rint(x).astype(int) - view.box[0], np.rint(y).astype(int) - view.box[1]
    segment = view.segments[row, column].astype(np.int64)
    near = match_pixels(x, y, found.x, found.y, fwhm)
    segment = np.where((segment == 0) & (near >= 0), near + 1, segment)
    shaped = _nearest_of_each(segment, x, y, found)
    source = found.take(segment[shaped] - 1)
    count, variance = len(x), (fwhm / FWHM_PER_SIGMA) ** 2
    moments = Moments(np.full(count, variance), np.full(count, variance), np.zeros(count))
    for name in ("xx", "yy", "xy"):
        getattr(moments, name)[shaped] = getattr(source.moments, name)
    # A number that no source has: all of their pixels are left out, and none of the sky.
    alone = len(found) + 1
    result = Sources(
        x=x,
        y=y,
        moments=moments,
        npix=np.zeros(count, np.int64),
        flags=np.full(count, int(Flag.NOT_DETECTED)),
        peak=np.zeros(count),
        peak_x=column + view.box[0],
        peak_y=row + view.box[1],
        lowest=np.zeros(count),
        segment=np.where(segment > 0, segment, alone),
        whole=np.ones(count, bool),
    )
    for name in ("npix", "flags", "whole"):
        getattr(result, name)[shaped] = getattr(source, name)
    return result


def _nearest_of_each(segment: Ints, x: Floats, y: Floats, found: Sources) -> Ints:
    """Of the positions on each detected source, the one nearest to its centre."""
    on = np.flatnonzero(segment > 0)
    index = segment[on] - 1
    distance = np.hypot(x[on] - found.x[index], y[on] - found.y[index])
    order = np.lexsort((distance, index))
    _, first = np.unique(index[order], return_index=True)
    return on[order[first]]


def _in_order(measured: Catalog, positions: Catalog) -> Catalog:
    rows = measured.column("row")
    back = np.argsort(rows, kind="stable")
    rows = rows[back].astype(np.int64)
    catalog = measured.take(back)
    catalog = Catalog(catalog.table.drop_columns(["row"])).with_columns(id=positions.ids[rows])
    if "user_id" in positions:
        catalog = catalog.with_columns(user_id=positions.column("user_id")[rows])
    return catalog

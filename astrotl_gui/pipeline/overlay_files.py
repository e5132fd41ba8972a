"""Catalogs and DS9 regions laid over a mosaic, and what is over it written as regions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.outlines import Outlines, outlines
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.region_text import Region, left_out_text, read_regions, write_regions
from astrotl_gui.core.sky_index import SkyIndex
from astrotl_gui.core.user_catalog import read_positions

REGION_ENDINGS = (".reg", ".ds9")


@dataclass(frozen=True, eq=False)
class OverlayFile:
    """What a file lays over a mosaic: `index` of its positions, `names` (N,) of its rows, and for regions `regions` and
    their `outlines`. `here`: how many lie on the mosaic. `note` says what was left out."""

    path: Path
    index: SkyIndex
    names: Sequence[str]
    here: int
    regions: tuple[Region, ...] = ()
    outlines: Outlines | None = None
    note: str = ""

    def place(self, row: int) -> tuple[float, float]:
        """Where a row lies [0-based px]."""
        at = int(np.flatnonzero(self.index.rows == row)[0])
        return float(self.index.x[at]), float(self.index.y[at])


def is_regions(path: Path) -> bool:
    """Whether a file is one of DS9 regions: by its ending or its first line."""
    if path.name.lower().endswith(REGION_ENDINGS):
        return True
    try:
        with open(path, "rb") as handle:
            return handle.read(64).lstrip(b"\xef\xbb\xbf").startswith(b"# Region file format")
    except OSError:
        return False


def read_overlay(path: Path, mosaic: Mosaic, *, progress: Progress = SILENT) -> OverlayFile:
    """Read a catalog or DS9 regions and place them on a mosaic. Raises AstroTLError, naming the line of a region file
    that cannot be understood."""
    path = Path(path)
    if is_regions(path):
        found = read_regions(path, progress=progress)
        placed = outlines(found.regions, mosaic)
        index = SkyIndex.of(placed.x, placed.y, mosaic.shape)
        names = [region.text for region in found.regions]
        note = left_out_text(found.left_out) if found.left_out else ""
        return OverlayFile(path, index, names, _here(index, mosaic), found.regions, placed, note)
    progress(0, 3, path.name)
    columns = read_positions(path)
    progress(1, 3, path.name)
    x, y = mosaic.placed(*(columns[axis] for axis in ("ra", "dec", "x", "y")))
    progress(2, 3, path.name)
    index = SkyIndex.of(x, y, mosaic.shape)
    progress(3, 3, path.name)
    return OverlayFile(path, index, columns["user_id"].tolist(), _here(index, mosaic))


def _here(index: SkyIndex, mosaic: Mosaic) -> int:
    ny, nx = mosaic.shape
    return len(index.within((-0.5, -0.5, nx - 0.5, ny - 0.5)))


def index_sources(
    catalog: Catalog, ids: NDArray[np.int64] | None, shape: tuple[int, int], *, progress: Progress = SILENT
) -> tuple[NDArray[np.int64], SkyIndex]:
    """The rows of some sources of a catalog, all by default, and the index of their positions."""
    rows = np.arange(len(catalog)) if ids is None else catalog.rows_of(ids)
    rows = rows[rows >= 0]
    x, y = (catalog.x, catalog.y) if ids is None else (catalog.x[rows], catalog.y[rows])
    return rows, SkyIndex.of(x, y, shape, progress=progress)


def sources_as_regions(
    catalog: Catalog,
    rows: NDArray[np.int64],
    mosaic: Mosaic,
    ellipses: bool,
    mark: str,
    name: Callable[[int], str],
) -> Iterator[Region]:
    """Sources as DS9 ellipses (1 rms of their light times 2.5, as drawn) where the catalog has their shape, else as
    points; on the sky where the mosaic has one. `name(row)` is the text of each."""
    sky = mosaic.has_sky
    first, second = (catalog.ra, catalog.dec) if sky else (catalog.x, catalog.y)
    shaped = ellipses and all(column in catalog for column in ("a", "b", "theta"))
    unit = 1 / 3600 if sky else 1 / mosaic.pixel_scale()
    for row in rows.tolist():
        point = ((float(first[row]), float(second[row])),)
        frame = "icrs" if sky else "image"
        if shaped and np.isfinite(catalog.column("a")[row]):
            a, b = (2.5 * unit * float(catalog.column(axis)[row]) for axis in ("a", "b"))
            # A position angle counts from north, DS9's angle from west.
            angle = float(catalog.column("theta")[row]) + 90
            yield Region("ellipse", frame, point, (a, b), "deg" if sky else "px", angle, name(row))
        else:
            yield Region("point", frame, point, text=name(row), mark=mark, unit="deg" if sky else "px")


def places_as_regions(file: OverlayFile, mosaic: Mosaic, mark: str) -> Iterator[Region]:
    """The positions of a user's catalog as DS9 points."""
    index = file.index
    order = np.argsort(index.rows, kind="stable")
    x, y = index.x[order].astype(float), index.y[order].astype(float)
    if mosaic.has_sky:
        x, y = mosaic.sky(x, y)
    frame, unit = ("icrs", "deg") if mosaic.has_sky else ("image", "px")
    for row, a, b in zip(index.rows[order].tolist(), x.tolist(), y.tolist(), strict=True):
        yield Region("point", frame, ((a, b),), unit=unit, text=file.names[row], mark=mark)


def save_regions(
    path: Path, parts: Sequence[Callable[[], Iterator[Region]]], total: int, *, progress: Progress = SILENT
) -> int:
    """Write what several overlays show as one DS9 region file; how many regions."""
    progress(0, max(total, 1))
    written = write_regions(
        path, (region for part in parts for region in part()), progress=progress, total=total
    )
    progress(1, 1)
    return written

"""Sources on their way to the network: pixels read ahead, background and statistics measured, views turned."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.ahead import ahead
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.regions import Regions, read_regions
from astrotl_gui.core.statistics import SIDE, statistics
from astrotl_gui.ml.device import cores
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.ml.recipes import Recipe

if TYPE_CHECKING:
    from astrotl_gui.ml.backends import Inputs

F32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Batch:
    """`rows` of the catalog, their statistics, and what the encoder takes: for each zoom, for each view."""

    rows: NDArray[np.int64]
    statistics: F32
    names: tuple[str, ...]
    inputs: list[list[Inputs]]


def batches(
    mosaic: Mosaic,
    catalog: Catalog,
    rows: NDArray[np.int64],
    recipe: Recipe,
    zooms: Sequence[float],
    views: int,
    size: int,
) -> Generator[Batch, None, None]:
    """Yield the sources `rows`, `size` at a time, prepared in other threads while the network works.

    Statistics are those of the first zoom.
    """
    read = (
        read_regions(mosaic, catalog.x, catalog.y, recipe.size * zoom, recipe.preprocessing.bands, size, rows)
        for zoom in zooms
    )
    prepare = partial(prepared, recipe=recipe, views=views)
    return ahead(zip(*read, strict=True), prepare, threads=max(1, cores() // 4))


def prepared(parts: tuple[Regions, ...], recipe: Recipe, views: int) -> Batch:
    """What the encoder takes of the regions of the same sources in each zoom."""
    measured = [background(part, recipe.preprocessing) for part in parts]
    values, names = statistics(*measured[0])
    inputs = [
        [recipe.inputs(part.turned(view), sky) for view in range(views)]
        for part, (_, sky, _) in zip(parts, measured, strict=True)
    ]
    return Batch(parts[0].rows, values, names, inputs)


def background(regions: Regions, preprocessing: Preprocessing) -> tuple[F32, F32, F32]:
    """Return (cutouts of some fifty pixels in physical units, sky, noise)."""
    small = preprocessing.physical(regions.resampled(SIDE))
    return small, *preprocessing.background(small)

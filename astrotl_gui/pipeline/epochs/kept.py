"""What a project keeps of its epochs: opened again, looked at source by source, judged again, written as columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.epoch_table import EpochTable
from astrotl_gui.core.epochs import Series, stored_series
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import EpochSettings
from astrotl_gui.pipeline.epochs.looking import chunks
from astrotl_gui.pipeline.epochs.opening import OpenSeries
from astrotl_gui.pipeline.epochs.output import catalog_with_variability
from astrotl_gui.pipeline.epochs.run import Judged, judge_again

F32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Kept:
    """A stored series: what was found in it (None before it is measured, or where the series has changed since), its
    images (None where they cannot be opened, and `problem` why)."""

    series: Series
    table: EpochTable | None
    opened: OpenSeries | None
    problem: AstroTLError | None = None


@dataclass(frozen=True, eq=False)
class Visits:
    """A source in E epochs on one grid: `planes` (E, n, n) less the sky of each, in fluxes of the series, NaN where
    bad; their `stack` (n, n); `noise` of one pixel, the median of the epochs'; `side` [arcsec]."""

    planes: F32
    stack: F32
    noise: float
    side: float

    @property
    def nbytes(self) -> int:
        return self.planes.nbytes + self.stack.nbytes


def reopened(
    mosaic: Mosaic, folder: Path, settings: EpochSettings, *, progress: Progress = SILENT
) -> Kept | None:
    """What `folder` keeps of epochs, with the shifts and scales that were measured; None without a series.

    Raises AstroTLError where the series itself cannot be read.
    """
    series = stored_series(folder)
    if series is None:
        return None
    table = EpochTable.read(folder)
    if table is not None and table.names != series.names:
        table = None
    try:
        return Kept(series, table, _placed(OpenSeries.open(mosaic, series), table, settings))
    except AstroTLError as problem:
        return Kept(series, table, None, problem)


def _placed(opened: OpenSeries, table: EpochTable | None, settings: EpochSettings) -> OpenSeries:
    if table is None:
        return opened
    facts = table.facts
    if settings.align:
        opened = opened.moved([fact.dx for fact in facts], [fact.dy for fact in facts])
    tied = np.array([10 ** (-0.4 * fact.offset) for fact in facts])
    return opened.scaled((opened.own_scales() * tied).tolist())


def visits(opened: OpenSeries, catalog: Catalog, row: int, size: float) -> Visits:
    """The cutouts of one source, `size` arcsec wide, in every epoch and stacked.

    Raises AstroTLError when an image cannot be read.
    """
    chunk = next(iter(chunks(opened, catalog, np.array([row], np.int64), size, 1)))
    n = max(16, round(float(chunk.epochs[0].side[0])))
    planes = np.stack([part.resampled(n)[0, 0] for part in chunk.epochs])
    level, spread = _levels(planes)
    stack = chunk.stack.resampled(n)[0, 0]
    sky, _ = _levels(stack[None])
    noise = float(np.median(spread[spread > 0])) if (spread > 0).any() else 1.0
    return Visits(planes - level[:, None, None], stack - sky[0], noise, size)


def _levels(planes: F32) -> tuple[F32, F32]:
    """Sky and noise (E,): median and scatter below it of each plane; 0 where there are no pixels."""
    flat = planes.reshape(len(planes), -1)
    level, spread = np.zeros(len(flat), np.float32), np.zeros(len(flat), np.float32)
    for k, values in enumerate(flat):
        if (good := values[np.isfinite(values)]).size:
            level[k] = np.percentile(good, 40)
            below = level[k] - good[good <= level[k]]
            spread[k] = 1.4826 * np.median(below) if below.size else 0
    return level, spread


def judged_by_labels(
    judged: Judged | None,
    table: EpochTable,
    catalog: Catalog,
    settings: EpochSettings,
    labels: NDArray[np.int8],
    *,
    progress: Progress = SILENT,
) -> tuple[Judged | None, EpochTable, Catalog]:
    """The flags by these labels (N, E), and the sources with columns of their variability.

    What was measured in this session is judged again; of a table that was read the labels only have the last word.
    """
    if judged is not None:
        judged = judge_again(judged, catalog, settings, labels, progress=progress)
        table = judged.table
    else:
        table = table.with_labels(labels)
    return judged, table, catalog_with_variability(catalog, table).indexed()

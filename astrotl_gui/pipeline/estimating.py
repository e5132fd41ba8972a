"""What a table offers to learn from, and several parameters estimated one after another, as the window asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.estimates import Estimates
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings
from astrotl_gui.core.user_catalog import numbers, position_columns, positions, read_tables
from astrotl_gui.pipeline.known_values import read_known
from astrotl_gui.pipeline.parameters import estimate_parameter
from astrotl_gui.pipeline.parameters_output import check_name, with_estimates


@dataclass(frozen=True)
class Offered:
    """Columns of numbers of the table `path`, each with how many of its `rows` have a value."""

    path: Path
    rows: int
    columns: dict[str, int]


@dataclass(frozen=True, eq=False)
class Estimated:
    """What was `made`, and the `catalog` with its columns."""

    made: tuple[Estimates, ...]
    catalog: Catalog


def offered_columns(path: Path, *, progress: Progress = SILENT) -> Offered:
    """What a table (CSV, ECSV, FITS, VOTable, Parquet) could teach; positions and identifiers are left out.

    Raises AstroTLError when it cannot be read, has no positions, or no column of numbers beside them.
    """
    progress(0, 1, f"Reading {path.name}")
    for table in read_tables(path):
        if positions(table) is None:
            continue
        apart = position_columns(table)
        columns = {
            name: int(np.isfinite(numbers(table[name])).sum())
            for name in table.colnames
            if name not in apart and table[name].dtype.kind in "iuf" and table[name].ndim == 1
        }
        columns = {name: count for name, count in columns.items() if count}
        if columns:
            return Offered(path, len(table), columns)
        raise AstroTLError("No column of numbers", f"{path.name} has positions only. Add a column of values.")
    raise AstroTLError(
        "No coordinates in this table", f"Name two columns of {path.name} ra and dec [deg], or x and y [px]."
    )


def estimate_parameters(
    mosaic: Mosaic,
    catalog: Catalog,
    project: Path,
    folder: Path,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    table: Path,
    columns: Sequence[str],
    method: str,
    beside: Sequence[str],
    *,
    progress: Progress = SILENT,
) -> Estimated:
    """Estimate each of these columns of `table`; names and values are checked before anything long is begun.

    `project` is its folder, `folder` that of the embeddings; the rest is that of `estimate_parameter`, as are the
    errors, with those of `read_known` and `check_name`. Nothing is written.
    """
    for name in columns:
        check_name(project, catalog, name)
    known = [read_known(table, name, catalog) for name in columns]
    made = []
    for number, values in enumerate(known):
        part = _Part(progress, number, len(known), values.name)
        found = estimate_parameter(
            mosaic, catalog, folder, cutouts, encoder, values, method, beside, progress=part
        )
        catalog = with_estimates(catalog, found)
        made.append(found)
    return Estimated(tuple(made), catalog)


class _Part(Progress):
    """The progress of one parameter among several."""

    def __init__(self, whole: Progress, number: int, count: int, name: str) -> None:
        self._whole, self._number, self._count, self._name = whole, number, count, name

    def __call__(self, done: float, total: float, text: str = "") -> None:
        self._whole(self._number + done / total, self._count, f"{self._name}: {text[:1].lower()}{text[1:]}")

"""Labels for a survey from a table: by place on the sky where it has places, else by id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog, match_sky
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import TARGET_NAMES, Label, Labels
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.targets import find_target
from astrotl_gui.pipeline.label_table import MATCH_ARCSEC, label_table, labels_in, read_label_table
from astrotl_gui.pipeline.survey.folder import Survey
from astrotl_gui.pipeline.survey.partition import survey_at
from astrotl_gui.pipeline.survey.passes import over_parts

if TYPE_CHECKING:
    from distributed import Client

COLUMNS = ("id", "ra", "dec", "x", "y")
ANY = "labelled"
"""The list of a table that names none."""


def near_part(
    folder: str, number: int, ids: NDArray[np.int64], ra: NDArray[np.float64], dec: NDArray[np.float64]
) -> pa.Table:
    """The sources of a partition that have one of these ids or lie within 1″ of one of the places [deg]."""
    file = survey_at(folder).part(number) / "catalog.parquet"
    table = pq.read_table(file, columns=list(COLUMNS)).replace_schema_metadata(None)
    catalog = Catalog(table)
    rows = match_sky(ra, dec, catalog.ra, catalog.dec, MATCH_ARCSEC)
    wanted = np.isin(catalog.ids, ids)
    wanted[rows[rows >= 0]] = True
    return table.filter(pa.array(wanted))


def survey_labels(
    survey: Survey,
    given: Path | Sequence[Label],
    target: str = "",
    client: Client | None = None,
    *,
    progress: Progress = SILENT,
) -> tuple[str, dict[int, int]]:
    """(list, source → +1 or −1) that labels or a table of them say: an export of labels, or columns id and label.

    `target` is needed where they speak of several lists. Raises AstroTLError when it says nothing of a source
    that has arrived, or of that list.
    """
    table = read_label_table(given) if isinstance(given, Path) else label_table(given)
    origin = given.name if isinstance(given, Path) else "The project"
    named = sorted({str(name) for name in table["target"]}) if "target" in table.colnames else []
    if "target" not in table.colnames:
        table["target"] = np.full(len(table), target or ANY)
        named = [target or ANY]
    targets = TARGET_NAMES | {name: name for name in named}
    if not target and len(named) > 1:
        raise AstroTLError("Which list?", f"{origin} has {', '.join(named)}. Give one with --target.")
    key = find_target(targets, target or (named[0] if named else ANY))
    if key is None:
        raise AstroTLError("No such list", f"{origin} has {', '.join(named)}, not “{target}”.")
    sky = {"ra", "dec"} <= set(table.colnames)
    if not sky and "id" not in table.colnames:
        raise AstroTLError("No sources in this table", f"{origin} needs a column id, or ra and dec.")
    # A pixel means nothing where there are many mosaics.
    table.remove_columns([name for name in ("x", "y") if name in table.colnames])
    ra, dec = (
        (np.ma.filled(np.ma.asarray(table[name], dtype=float), np.nan) for name in ("ra", "dec"))
        if sky
        else (np.zeros(0), np.zeros(0))
    )
    ids = np.zeros(0, np.int64) if sky else np.asarray(table["id"], np.int64)
    passed = over_parts(
        survey, survey.finished(), near_part, (ids, ra, dec), client, text="Finding labels", progress=progress
    )
    catalog = Catalog(pa.concat_tables([found for _, found in passed]))
    labels = Labels(labels_in(table, catalog, "", targets, origin, gaps=True)).training(key)
    if not labels:
        raise AstroTLError("No label for this list", f"{origin} says neither yes nor no for {key}.")
    return key, labels

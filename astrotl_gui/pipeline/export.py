"""Write the catalog with its ranks and labels to the formats astronomers exchange."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from astropy.table import MaskedColumn, Table

from astrotl_gui import __version__
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.labels import NOTE, TARGET_NAMES, Label
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.outlier_table import OutlierTable
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.project import Project
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import OUTLIER_METHODS
from astrotl_gui.ml.calibration import Calibration
from astrotl_gui.pipeline.calibration import calibrations, probability_column
from astrotl_gui.pipeline.export_regions import regions_text
from astrotl_gui.pipeline.outliers import kept_table
from astrotl_gui.pipeline.rank import RankInputs
from astrotl_gui.pipeline.table_files import write_table, writer_of

LABEL_FIELDS = {
    "label": ("value", "Label: positive, negative or unsure; empty when there is none"),
    "grade": ("grade", "Grade: A certain, B probable, C possible, X no"),
    "contaminant": ("contaminant", "What it is instead: ring, spiral, merger, edge-on, artifact, star"),
    "vetter": ("vetter", "Who gave the label"),
    "time": ("time", "When the label was given (UTC)"),
    "comment": ("comment", "The vetter's note"),
}

YES = ("positive",)
LABELLED = ("positive", "unsure", "negative")


def export(
    path: Path,
    catalog: Catalog,
    *,
    rankings: Mapping[str, Ranking],
    labels: Sequence[Label],
    targets: Sequence[str],
    provenance: Mapping[str, str],
    labelled_only: bool = False,
    yes_only: bool = False,
    outliers: OutlierTable | None = None,
    names: Mapping[str, str] = TARGET_NAMES,
    calibrations: Mapping[str, Calibration] = {},
) -> int:
    """Write `catalog` with the ranks, scores and labels of `targets` to `path`; returns the number of rows.

    The extension names the format: CSV, ECSV, FITS, VOTable, Parquet or DS9 regions. Rows come in the order
    of the first target's ranking, then what is unranked. Of `labels` the latest event of each source and
    target counts, notes give their comment; `labelled_only` keeps what has a label for one of the targets,
    `yes_only` what is positive for one. `outliers` adds, where outliers are a target, the rank by every method and
    how many agree; `calibrations`, by target, add the probability of a yes. `provenance` (which mosaic, which
    encoder…) is kept where the format can; `names` are those of the lists. The file is whole or not there.

    Raises AstroTLError for an unknown extension, a folder that cannot be written and a full disk.
    """
    path = Path(path)
    writer = writer_of(path)
    kept = YES if yes_only else LABELLED if labelled_only else None
    table = export_table(catalog, rankings, labels, targets, kept, outliers, names, calibrations)
    if writer is None:
        text = regions_text(table, targets, provenance)
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    else:
        write_table(path, table, provenance)
    return len(table)


def export_project(
    path: Path,
    project: Project,
    mosaic: Mosaic,
    catalog: Catalog,
    rankings: Mapping[str, Ranking],
    targets: Sequence[str],
    labelled_only: bool = False,
    yes_only: bool = False,
    inputs: RankInputs | None = None,
    vetter: str | None = None,
    *,
    progress: Progress = SILENT,
) -> int:
    """`export` what an open project holds; returns the number of rows.

    Lists with a complete audit get probabilities where `inputs`, by which they were ranked, are given.
    """
    progress(0, 1, "Exporting")
    compared = None
    if "outlier" in targets:
        compared = kept_table(mosaic, catalog, project.embeddings_folder, project.cutouts, project.encoder)
    return export(
        path,
        catalog,
        rankings=rankings,
        labels=project.labels.events(),
        targets=targets,
        provenance=_provenance(project, mosaic, rankings, targets),
        labelled_only=labelled_only,
        yes_only=yes_only,
        outliers=compared,
        names=project.target_names,
        calibrations={} if inputs is None else calibrations(project, inputs, targets, vetter),
    )


def _provenance(
    project: Project, mosaic: Mosaic, rankings: Mapping[str, Ranking], targets: Sequence[str]
) -> dict[str, str]:
    """What the numbers rest on: mosaic, whose data, images, program, and the model of each list."""
    facts = {
        "mosaic": project.name,
        **({"credit": project.spec.credit} if project.spec.credit else {}),
        "images": ", ".join(f"{band.name}={band.image.path.name}" for band in project.spec.bands),
        "fingerprint": mosaic.fingerprint,
        "software": f"AstroTL {__version__}",
        "exported": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return facts | {f"model_{name}": rankings[name].model for name in targets if name in rankings}


def export_table(
    catalog: Catalog,
    rankings: Mapping[str, Ranking],
    labels: Sequence[Label],
    targets: Sequence[str],
    kept: Collection[str] | None = None,
    outliers: OutlierTable | None = None,
    names: Mapping[str, str] = TARGET_NAMES,
    calibrations: Mapping[str, Calibration] = {},
) -> Table:
    """The rows as one astropy table with units and descriptions.

    Per target T: `rank_T` (1-based, masked when unranked), `score_T` (NaN when unranked) and `label_T`,
    `grade_T`, `contaminant_T`, `vetter_T`, `time_T`, `comment_T` (empty without a label).
    With a calibration, for its target: `probability_T` of a yes. With `outliers`, for that target:
    `agreement_outlier` and `rank_outlier_METHOD`.
    With `kept`, only sources with one of these label values for one of the targets.
    """
    latest, notes = _latest(labels), _notes(labels)
    table = catalog.to_astropy()
    table.meta.clear()
    ids = np.asarray(catalog.ids, dtype=np.int64)
    for target in targets:
        name = names.get(target, target)
        _add_ranking(table, ids, target, name, rankings.get(target))
        if target in calibrations:
            scores = table[f"score_{target}"].filled(np.nan)
            table[f"probability_{target}"] = probability_column(calibrations[target], name, scores)
        if target == "outlier" and outliers is not None:
            _add_methods(table, ids, outliers)
        _add_labels(table, ids, target, name, latest, notes)
    for name in table.colnames:
        _plain_text(table, name)
    rows = _order(ids, rankings.get(targets[0]) if targets else None)
    if kept is not None:
        chosen = {i for (i, target), label in latest.items() if target in targets and label.value in kept}
        rows = rows[np.isin(ids[rows], np.fromiter(chosen, np.int64, len(chosen)))]
    return table[rows]


def _latest(labels: Sequence[Label]) -> dict[tuple[int, str], Label]:
    """What each source is called for each target now: the most recent event, whoever gave it."""
    latest: dict[tuple[int, str], Label] = {}
    for label in labels:
        key = (label.source_id, label.target)
        if label.value != NOTE and (key not in latest or label.time >= latest[key].time):
            latest[key] = label
    return {key: label for key, label in latest.items() if label.value != "clear"}


def _notes(labels: Sequence[Label]) -> dict[int, str]:
    """The latest note on each source."""
    in_time = sorted((label for label in labels if label.value == NOTE), key=lambda label: label.time)
    return {label.source_id: label.comment for label in in_time}


def _order(ids: np.ndarray, ranking: Ranking | None) -> np.ndarray:
    """Row numbers by rank, unranked sources last in catalog order."""
    if ranking is None:
        return np.arange(len(ids))
    return np.argsort(_ranks(ids, ranking).filled(np.iinfo(np.int64).max), kind="stable")


def _ranks(ids: np.ndarray, ranking: Ranking | None) -> np.ma.MaskedArray:
    if ranking is None:
        return np.ma.masked_all(len(ids), dtype=np.int64)
    ranks = [ranking.rank_of(source) or 0 for source in ids.tolist()]
    return np.ma.masked_equal(np.array(ranks, dtype=np.int64), 0)


def _add_ranking(table: Table, ids: np.ndarray, target: str, name: str, ranking: Ranking | None) -> None:
    ranks = _ranks(ids, ranking)
    scores = np.full(len(ids), np.nan, dtype=np.float32)
    if ranking is not None:
        ranked = ~np.ma.getmaskarray(ranks)
        scores[ranked] = ranking.scores[ranks.data[ranked] - 1]
    model = f", by {ranking.model}" if ranking is not None else ""
    table[f"rank_{target}"] = MaskedColumn(ranks, description=f"{name}: rank, 1 is best{model}")
    table[f"score_{target}"] = MaskedColumn(
        scores, mask=False, description=f"{name}: the model's score, orders only"
    )


def _add_methods(table: Table, ids: np.ndarray, outliers: OutlierTable) -> None:
    """How many methods have a source in their top, and its rank by each; masked where it was not scored."""
    rows = np.array([-1 if (row := outliers.row_of(i)) is None else row for i in ids.tolist()], np.int64)
    unknown, count = rows < 0, len(outliers.methods)
    columns = {
        "agreement_outlier": (
            outliers.agreement,
            f"Outlier: in the top {outliers.top} of so many of {count} methods",
        )
    }
    for column, method in enumerate(outliers.methods):
        columns[f"rank_outlier_{method}"] = (
            outliers.ranks[:, column],
            f"Outlier: rank by {OUTLIER_METHODS.get(method, method)}",
        )
    for name, (values, description) in columns.items():
        table[name] = MaskedColumn(values[rows], mask=unknown, description=description)


def _add_labels(
    table: Table,
    ids: np.ndarray,
    target: str,
    name: str,
    latest: Mapping[tuple[int, str], Label],
    notes: Mapping[int, str],
) -> None:
    given = [latest.get((source, target)) for source in ids.tolist()]
    for column, (attribute, description) in LABEL_FIELDS.items():
        values = ["" if label is None else str(getattr(label, attribute)) for label in given]
        if column == "comment":
            values = [own or notes.get(source, "") for own, source in zip(values, ids.tolist(), strict=True)]
        table[f"{column}_{target}"] = _text(values)
        table[f"{column}_{target}"].description = f"{name}: {description}"


def _text(values: Sequence[str]) -> np.ndarray:
    """A text column; at least one character wide, since FITS knows no narrower one."""
    return np.array(values, dtype=np.str_) if any(values) else np.full(len(values), "", dtype="U1")


def _plain_text(table: Table, name: str) -> None:
    """Text columns hold empty strings instead of gaps: not every format can tell the two apart."""
    column = table[name]
    if column.dtype.kind not in "OSU":
        return
    gaps = np.ma.getmaskarray(np.ma.asarray(column))
    values = ["" if gap or value is None else str(value) for value, gap in zip(column, gaps, strict=True)]
    description, unit = column.description, column.unit
    table[name] = _text(values)
    table[name].description, table[name].unit = description, unit

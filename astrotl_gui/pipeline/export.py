"""Write the catalog with its ranks and labels to the formats astronomers exchange."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from astropy.table import MaskedColumn, Table

from astrotl_gui import __version__
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
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

Writer = Callable[[Path, Table, Mapping[str, str]], None]


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
    writer = _writer(path)
    kept = YES if yes_only else LABELLED if labelled_only else None
    table = export_table(catalog, rankings, labels, targets, kept, outliers, names, calibrations)
    if writer is None:
        text = regions_text(table, targets, provenance)
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    else:
        write_table(path, table, provenance)
    return len(table)


def write_table(path: Path, table: Table, provenance: Mapping[str, str]) -> None:
    """Write any table in the format its extension names (regions excepted), whole or not at all."""
    writer = _writer(path)
    if writer is None:
        raise AstroTLError("Regions need candidates", f"{path.name}: choose a table format for this.")
    with atomic_write(path) as temporary:
        writer(temporary, table, provenance)


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


def _writer(path: Path) -> Writer | None:
    """The writer of an extension; None means DS9 regions."""
    extension = path.suffix.lower()
    if extension not in WRITERS:
        raise AstroTLError(
            "This format is not known",
            f"{path.name} should end in {', '.join(list(WRITERS)[:-1])} or {list(WRITERS)[-1]}.",
        )
    return WRITERS[extension]


def _write_csv(path: Path, table: Table, provenance: Mapping[str, str]) -> None:
    text = io.StringIO()
    table.write(text, format="ascii.csv")
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def _write_ecsv(path: Path, table: Table, provenance: Mapping[str, str]) -> None:
    described = table.copy(copy_data=False)
    described.meta.update(provenance)
    text = io.StringIO()
    described.write(text, format="ascii.ecsv")
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def _write_fits(path: Path, table: Table, provenance: Mapping[str, str]) -> None:
    """FITS text is ASCII by the standard; readers in use take UTF-8, so what is beyond ASCII is that."""
    encoded = table.copy(copy_data=False)
    for name in table.colnames:
        if table[name].dtype.kind == "U":
            column = np.char.encode(np.asarray(table[name]), "utf-8")
            encoded[name] = column if column.dtype.itemsize else column.astype("S1")
            encoded[name].description = table[name].description
    encoded.meta["comments"] = [
        f"{key}: {value}".encode("ascii", "backslashreplace").decode() for key, value in provenance.items()
    ]
    with _any_units():
        encoded.write(path, format="fits", overwrite=True)


def _write_votable(path: Path, table: Table, provenance: Mapping[str, str]) -> None:
    from astropy.io.votable import from_table, writeto
    from astropy.io.votable.tree import Info

    with _any_units():
        tree = from_table(table)
        for key, value in provenance.items():
            tree.resources[0].infos.append(Info(name=key, value=value))
        writeto(tree, str(path))


@contextmanager
def _any_units() -> Iterator[None]:
    """Write units as the images' headers give them, also those that no standard knows ("ELECTRONS/S")."""
    from astropy.io.votable.exceptions import W50
    from astropy.units import UnitsWarning

    with warnings.catch_warnings():
        for kind in (UnitsWarning, W50):
            warnings.simplefilter("ignore", kind)
        yield


def _write_parquet(path: Path, table: Table, provenance: Mapping[str, str]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    arrays, fields = [], []
    for name in table.colnames:
        column = table[name]
        mask = np.ma.getmaskarray(np.ma.asarray(column))
        values = np.ascontiguousarray(np.ma.getdata(np.ma.asarray(column)))
        array = (
            pa.array(values.tolist(), pa.string())
            if column.dtype.kind == "U"
            else pa.array(values, mask=mask)
        )
        arrays.append(array)
        notes = {"unit": str(column.unit or ""), "description": column.description or ""}
        fields.append(pa.field(name, array.type, metadata={k: v for k, v in notes.items() if v}))
    schema = pa.schema(fields, metadata=dict(provenance))
    parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), path)


WRITERS: dict[str, Writer | None] = {
    ".csv": _write_csv,
    ".ecsv": _write_ecsv,
    ".fits": _write_fits,
    ".fit": _write_fits,
    ".vot": _write_votable,
    ".xml": _write_votable,
    ".parquet": _write_parquet,
    ".reg": None,
}

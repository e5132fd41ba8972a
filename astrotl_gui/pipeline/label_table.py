"""Labels as a table: out with everything the log knows, in from any table with positions or ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
from astropy.table import Table

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import GRADE_VALUE, NOTE, TARGET_NAMES, VALUES, Label
from astrotl_gui.core.matching import match_pixels, match_sky
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.targets import find_target
from astrotl_gui.pipeline.table_files import write_table

MATCH_ARCSEC = 1.0
MATCH_PIXELS = 3.0
_SIGNS = {"1": "positive", "+1": "positive", "0": "negative", "-1": "negative"}
_TEXT = ("grade", "contaminant", "comment", "vetter", "time", "mosaic", "model")


def write_labels(path: Path, labels: Sequence[Label], *, progress: Progress = SILENT) -> int:
    """Write `label_table`; the extension names the format. Returns how many."""
    progress(0, 1, "Writing labels")
    write_table(path, label_table(labels), {})
    return len(labels)


def label_table(labels: Sequence[Label]) -> Table:
    """One row an event, with the log's columns (`source_id` as `id`)."""
    columns = {f.name: [asdict(label)[f.name] for label in labels] for f in fields(Label)}
    types = {"source_id": np.int64, "blind": bool}
    floats = ("ra", "dec", "x", "y", "seconds")
    table = Table()
    for name, values in columns.items():
        kind = types.get(name, np.float64 if name in floats else str)
        table["id" if name == "source_id" else name] = np.array(values, dtype=kind)
    return table


def read_labels(
    path: Path,
    catalog: Catalog,
    vetter: str,
    targets: Mapping[str, str] = TARGET_NAMES,
    *,
    gaps: bool = False,
    progress: Progress = SILENT,
) -> list[Label]:
    """Labels from a table: columns target and value (or label, or grade), and id, or ra and dec, or x and y.

    A row belongs to the nearest source within 1″ (3 px without coordinates). `targets` are the lists there are, key →
    name; the table may say either. With `gaps` rows without value and grade are passed over. Raises AstroTLError when
    columns are missing, a target or value is unknown, or no row has a source.
    """
    progress(0, 1, "Reading labels")
    return labels_in(read_label_table(path), catalog, vetter, targets, path.name, gaps=gaps)


def labels_in(
    table: Table,
    catalog: Catalog,
    vetter: str,
    targets: Mapping[str, str],
    origin: str,
    *,
    gaps: bool = False,
) -> list[Label]:
    """The labels of a table, whose `origin` errors name; see `read_labels`."""
    rows = _sources(table, catalog, origin)
    found = [
        _label(row, int(catalog.ids[at]), catalog, int(at), vetter, targets, origin)
        for row, at in zip(table, rows, strict=True)
        if at >= 0 and not (gaps and not _value(row))
    ]
    if not found:
        raise AstroTLError("No label found its source", f"{origin}: no row lies on a source of this catalog.")
    return found


def read_label_table(path: Path) -> Table:
    """A table of labels as it is, column names in small letters. Raises AstroTLError when it cannot be read."""
    table = _read(path)
    table.rename_columns(table.colnames, [name.lower() for name in table.colnames])
    return table


def _read(path: Path) -> Table:
    try:
        if path.suffix.lower() == ".parquet":
            import pyarrow.parquet as pq

            return Table(pq.read_table(path).to_pydict())
        kind = {".csv": "ascii.csv", ".ecsv": "ascii.ecsv"}.get(path.suffix.lower())
        return Table.read(path, format=kind)
    except OSError as problem:
        raise AstroTLError(
            "The labels cannot be read", f"{path}: {problem.strerror or problem}."
        ) from problem
    except Exception as problem:  # astropy's readers raise what they like
        raise AstroTLError("The labels cannot be read", f"{path.name} is no table: {problem}") from problem


def _sources(table: Table, catalog: Catalog, origin: str) -> np.ndarray:
    """Row of the catalog for each row of the table, −1 for none."""
    names = set(table.colnames)
    if {"ra", "dec"} <= names and catalog.has_sky:
        return match_sky(_floats(table["ra"]), _floats(table["dec"]), catalog.ra, catalog.dec, MATCH_ARCSEC)
    if {"x", "y"} <= names:
        return match_pixels(_floats(table["x"]), _floats(table["y"]), catalog.x, catalog.y, MATCH_PIXELS)
    if "id" in names:
        return catalog.rows_of(np.asarray(table["id"], np.int64))
    raise AstroTLError(
        "No positions in this table",
        f"{origin} has {', '.join(table.colnames)}; it needs ra and dec, x and y, or id.",
    )


def _floats(column: object) -> np.ndarray:
    return np.ma.filled(np.ma.asarray(column, dtype=float), np.nan)


def _label(
    row: object, source: int, catalog: Catalog, at: int, vetter: str, targets: Mapping[str, str], origin: str
) -> Label:
    text = {name: _text(row, name) for name in ("target", *_TEXT)}
    value = _value(row)
    target = find_target(targets, text["target"])
    if target is None or value not in (*VALUES, NOTE):
        raise AstroTLError(
            "Unknown label",
            f"{origin}: target “{text['target']}”, value “{value}”. "
            f"Targets are {', '.join(targets)}; values {', '.join(VALUES)}.",
        )
    more = {name: text[name] for name in _TEXT} | {"vetter": text["vetter"] or vetter}
    place = {name: float(catalog.column(name)[at]) for name in ("ra", "dec", "x", "y")}
    return Label(source, target, value, **more, **place)  # type: ignore[arg-type]


def _value(row: object) -> str:
    said = _text(row, "value") or _text(row, "label")
    return _SIGNS.get(said.removesuffix(".0"), said) or GRADE_VALUE.get(_text(row, "grade"), "")


def _text(row: object, name: str) -> str:
    if name not in row.colnames:  # type: ignore[attr-defined]
        return ""
    value = row[name]  # type: ignore[index]
    return "" if np.ma.is_masked(value) else str(value)

"""`truth.csv`: which pictures of a folder are wanted."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.stamps.collection import some

FILE, IMAGES = "truth.csv", "images"
NAME, LABEL = "filename", "label"
SIGNS = {"anomaly": True, "normal": False}
FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
SEVERAL = re.compile(r"[;|,]")
"""What may stand between several classes of one picture."""

Row = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Truth:
    """Pictures in the table's order and which of them are wanted (N,)."""

    names: tuple[str, ...]
    paths: tuple[Path, ...]
    positive: NDArray[np.bool_]


def read_truth(folder: Path, classes: Sequence[str] = ()) -> Truth:
    """Read `truth.csv` of a folder with `images/`.

    Wanted is what is labelled "anomaly" (the rest "normal"); with `classes`, what has any of them: a class is a
    column of 0 and 1, or a value in any column. Raises AstroTLError for what is missing (table, column, rows,
    pictures), a picture listed twice, and a label or class that is not known.
    """
    table = _table(folder)
    names = [row[NAME].strip() for row in table]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise AstroTLError("A picture is listed twice", f"{folder / FILE}: {some(twice)}.")
    positive = _of_classes(folder, table, classes) if classes else _of_labels(folder, table)
    paths = [folder / IMAGES / name for name in names]
    missing = [name for name, path in zip(names, paths, strict=True) if not path.is_file()]
    if missing:
        raise AstroTLError(
            "Images are missing",
            f"{len(missing):,} of {len(names):,} rows of {FILE} have no file in {folder / IMAGES}: {some(missing)}.",
        )
    return Truth(tuple(names), tuple(paths), np.array(positive, bool))


def _table(folder: Path) -> list[dict[str, str]]:
    file = folder / FILE
    if not file.is_file():
        what = f"{file} is not there" if folder.is_dir() else f"{folder} is no folder"
        raise AstroTLError(
            "No labels to evaluate by",
            f"{what}. Give a project, or a folder with {IMAGES}/ and {FILE} ({NAME},{LABEL}).",
        )
    try:
        with open(file, newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle)
            table = [{key: value or "" for key, value in row.items() if key} for row in reader]
            columns = reader.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise AstroTLError("The labels cannot be read", f"{file}: {problem}.") from problem
    if NAME not in columns:
        there = f"there are {', '.join(columns)}" if columns else "the file is empty"
        raise AstroTLError("A column is missing", f"{file} needs a column {NAME}; {there}.")
    if not table:
        raise AstroTLError("No labels to evaluate by", f"{file} has no rows.")
    return table


def _of_labels(folder: Path, table: Sequence[Row]) -> list[bool]:
    if LABEL not in table[0]:
        raise AstroTLError(
            "A column is missing",
            f"{folder / FILE} has no column {LABEL}. Say which classes are wanted: --positive CLASS "
            f"(columns {', '.join(name for name in table[0] if name != NAME)}).",
        )
    positive = []
    for line, row in enumerate(table, 2):
        text = row[LABEL].strip().lower()
        if text not in SIGNS:
            raise AstroTLError(
                "This label is not known",
                f'{folder / FILE}, line {line}: "{row[LABEL]}" for {row[NAME]}; labels are anomaly and normal. '
                "For other classes say which are wanted: --positive CLASS.",
            )
        positive.append(SIGNS[text])
    return positive


def _of_classes(folder: Path, table: Sequence[Row], classes: Sequence[str]) -> list[bool]:
    positive = [False] * len(table)
    for wanted in classes:
        has = (
            _flagged(folder, table, wanted)
            if wanted in table[0] and wanted != NAME
            else _named(table, wanted)
        )
        if not any(has):
            known = sorted({name for row in table for name in _classes(row)})
            columns = [name for name in table[0] if name not in (NAME, LABEL)]
            raise AstroTLError(
                "No picture has this class",
                f'"{wanted}" is in no row of {folder / FILE}. Columns: {", ".join(columns) or "none"}; '
                f"classes: {some(known)}.",
            )
        positive = [was or now for was, now in zip(positive, has, strict=True)]
    return positive


def _flagged(folder: Path, table: Sequence[Row], column: str) -> list[bool]:
    values = [row[column].strip().lower() for row in table]
    for line, value in enumerate(values, 2):
        if value not in FLAGS:
            raise AstroTLError(
                "This label is not known",
                f'{folder / FILE}, line {line}: "{value}" in column {column}, which is of 0 and 1.',
            )
    return [FLAGS[value] for value in values]


def _named(table: Sequence[Row], wanted: str) -> list[bool]:
    return [wanted.strip().lower() in {name.lower() for name in _classes(row)} for row in table]


def _classes(row: Row) -> set[str]:
    """Every class a row names: whole values, and the parts of those that list several."""
    values = [value.strip() for key, value in row.items() if key != NAME]
    parts = [part.strip() for value in values for part in SEVERAL.split(value)]
    return {name for name in (*values, *parts) if name}

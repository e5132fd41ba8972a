"""Descriptions and comparisons as files: JSON, Markdown, and tables of one row a number."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.pipeline.compare import Comparison
from astrotl_gui.pipeline.description.numbers import PERCENTILES, Description
from astrotl_gui.pipeline.description.quantities import SOURCES, quantities
from astrotl_gui.pipeline.description.report import markdown
from astrotl_gui.pipeline.table_files import WRITERS, write_table

_Row = tuple[str | float | None, ...]

FORMATS = (".json", ".md", *(suffix for suffix, writer in WRITERS.items() if writer is not None))


def check_format(path: Path) -> None:
    """Raise AstroTLError for an extension that `write` does not know, before anything is measured."""
    if path.suffix.lower() not in FORMATS:
        raise AstroTLError(
            "This format is not known",
            f"{path.name} should end in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}.",
        )


def write(path: Path, found: Description | Comparison, values: Mapping[str, Any]) -> None:
    """Write a description or comparison, whole or not at all; the extension names the format.

    `values` is what JSON holds. Raises AstroTLError for an unknown extension and for a folder that cannot be
    written.
    """
    check_format(path)
    if path.suffix.lower() not in (".json", ".md"):
        write_table(path, table(found), {})
        return
    content = markdown(found) if path.suffix.lower() == ".md" else json.dumps(values, indent=2) + "\n"
    with atomic_write(path) as temporary:
        temporary.write_text(content, encoding="utf-8")


def table(found: Description | Comparison) -> Table:
    """One row a number: part, quantity, unit, then value and error, or both values, their change, KS and p."""
    names: tuple[str, ...] = ("part", "quantity", "unit", "value", "error")
    rows = list(_described(found) if isinstance(found, Description) else _compared(found))
    if isinstance(found, Comparison):
        names = ("part", "quantity", "unit", "first", "second", "change", "error", "ks", "p")
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return Table([c.astype(str) if k < 3 else c.astype(float) for k, c in enumerate(columns)], names=names)


def _described(one: Description) -> Iterator[_Row]:
    for q in quantities(one):
        yield from ((q.part, name, q.unit, value, None) for name, value in q.items())
    for d in one.sources.distributions:
        for percent, value in zip(PERCENTILES, d.quantiles, strict=True):
            yield SOURCES, f"{d.name}, {percent} %", d.unit, value, None
    for bin in one.sources.counts:
        name = f"counts, {one.sources.band} {bin.bright:.1f}–{bin.faint:.1f}"
        yield SOURCES, name, "arcmin⁻² mag⁻¹", bin.density, bin.error


def _compared(both: Comparison) -> Iterator[_Row]:
    for pair in both.numbers:
        labels = [f"{pair.name}, {label}" for label in pair.at] or [pair.name]
        for name, *values in zip(labels, pair.first, pair.second, pair.changes, strict=True):
            yield pair.part, str(name), pair.unit, *values, None, None, None
    for d in both.distributions:
        for percent, *values in zip(PERCENTILES, d.first, d.second, strict=True):
            yield SOURCES, f"{d.name}, {percent} %", d.unit, *values, None, None, d.ks, d.p
    for bin in (both.total, *both.counts):
        if bin is not None:
            name = f"counts, {both.magnitude_bands[0]} {bin.bright:.2f}–{bin.faint:.2f}"
            yield SOURCES, name, "arcmin⁻² mag⁻¹", *bin.densities, bin.ratio, bin.error, None, None

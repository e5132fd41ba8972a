"""Descriptions and comparisons for people: text in columns, and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from astrotl_gui.pipeline.compare import Comparison, Pair, PairedCount
from astrotl_gui.pipeline.description.numbers import PERCENTILES, Description
from astrotl_gui.pipeline.description.quantities import RATIO, SOURCES, quantities

MINUS = "−"
UNKNOWN = "–"
PERCENT = " ".join(str(p) for p in PERCENTILES) + " %"


@dataclass(frozen=True)
class _Line:
    """One line of a report: what it is, in which part, and a cell per column."""

    part: str
    label: str
    cells: tuple[str, ...]


def text(found: Description | Comparison) -> str:
    """A table in fixed columns, one part (band, sources) after the other."""
    head, lines = _lines(found)
    widths = [max(len(line.cells[k]) for line in [head, *lines]) for k in range(len(head.cells))]
    room = max(len(line.label) for line in lines) + 5
    rows = [head.label.ljust(room) + _columns(head.cells, widths)]
    for part, group in _by_part(lines):
        rows += ["", part, *(f"  {line.label:<{room - 2}}{_columns(line.cells, widths)}" for line in group)]
    return "\n".join(row.rstrip() for row in rows)


def markdown(found: Description | Comparison) -> str:
    """The same as Markdown, a table per part."""
    head, lines = _lines(found)
    rows = [f"# {head.label or 'Comparison'}"]
    for part, group in _by_part(lines):
        rows += [
            "",
            f"## {part}",
            "",
            f"| | {' | '.join(head.cells)} |",
            "|---" * (1 + len(head.cells)) + "|",
        ]
        rows += [f"| {line.label.replace('|', '/')} | {' | '.join(line.cells)} |" for line in group]
    return "\n".join(rows) + "\n"


def _lines(found: Description | Comparison) -> tuple[_Line, list[_Line]]:
    if isinstance(found, Description):
        ny, nx = found.shape
        head = f"{found.name}: {nx} × {ny} px of {found.pixel_scale:.4g}″"
        return _Line("", head, ("",)), list(_description_lines(found))
    return _Line("", "", (*found.names, "change")), list(_comparison_lines(found))


def _description_lines(one: Description) -> Iterator[_Line]:
    for q in quantities(one):
        yield _Line(q.part, _label(q.name, q.unit, q.at), (_cell(q.values, q.unit),))
    for d in one.sources.distributions:
        yield _Line(SOURCES, f"{_label(d.name, d.unit)}, {PERCENT}", (_cell(d.quantiles, d.unit),))
    for bin in (bin for bin in one.sources.counts if bin.count):
        value = f"{_number(bin.density)} ± {_number(bin.error)}"
        yield _Line(SOURCES, _bin_label(one.sources.band, bin.bright, bin.faint), (value,))


def _comparison_lines(both: Comparison) -> Iterator[_Line]:
    for pair in both.numbers:
        cells = (_cell(pair.first, pair.unit), _cell(pair.second, pair.unit), _changes(pair))
        yield _Line(pair.part, _label(pair.name, pair.unit, pair.at), cells)
    band = " | ".join(dict.fromkeys(both.magnitude_bands))
    part = f"{SOURCES} of the magnitudes both show" if both.total else f"{SOURCES}, all"
    if both.total:
        yield _Line(part, _bin_label(band, both.total.bright, both.total.faint), _count_cells(both.total))
    for d in both.distributions:
        test = UNKNOWN if d.ks is None or d.p is None else f"D {d.ks:.2f}, p {d.p:.2g}"
        cells = (_cell(d.first, d.unit), _cell(d.second, d.unit), test)
        yield _Line(part, f"{_label(d.name, d.unit)}, {PERCENT}", cells)
    for bin in (bin for bin in both.counts if any(bin.counts)):
        yield _Line("counts", _bin_label(band, bin.bright, bin.faint), _count_cells(bin))


def _label(name: str, unit: str, at: Sequence[str] = ()) -> str:
    where = f", {_merged(at)}" if at else ""
    return f"{name}{where}" + (f" [{unit}]" if unit else "")


def _merged(at: Sequence[str]) -> str:
    """Labels with what they share said once: "1 px", "2 px" → "1 2 px"."""
    words = [label.split(" ") for label in at]
    if all(word[:-1] == words[0][:-1] for word in words):
        return " ".join([*words[0][:-1], *(word[-1] for word in words)])
    return " ".join([*(word[0] for word in words), *words[0][1:]])


def _bin_label(band: str, bright: float, faint: float) -> str:
    return f"counts, {band} {bright:.1f}–{faint:.1f} [arcmin⁻² mag⁻¹]"


def _count_cells(bin: PairedCount) -> tuple[str, str, str]:
    cells = [
        f"{_number(density)} ({count:,})" for density, count in zip(bin.densities, bin.counts, strict=True)
    ]
    ratio = UNKNOWN if bin.ratio is None else f"× {_number(bin.ratio)} ± {_number(bin.error)}"
    return cells[0], cells[1], ratio


def _cell(values: Sequence[float | None], unit: str) -> str:
    if all(value is None for value in values):
        return UNKNOWN
    return " ".join(_number(value, unit) for value in values)


def _changes(pair: Pair) -> str:
    if all(change is None for change in pair.changes):
        return UNKNOWN
    if pair.compared == RATIO:
        return "× " + " ".join(_number(change) for change in pair.changes)
    signs = ["+" if change is not None and change > 0 else "" for change in pair.changes]
    return " ".join(
        sign + _number(change, pair.unit) for sign, change in zip(signs, pair.changes, strict=True)
    )


def _number(value: float | None, unit: str = "") -> str:
    """Three digits, magnitudes to 0.01, with a true minus; "–" for what is not known."""
    if value is None:
        return UNKNOWN
    if isinstance(value, int) or abs(value) >= 1000:
        shown = f"{value:,.0f}"
    elif unit.startswith("mag"):
        shown = f"{value:.2f}"
    else:
        shown = f"{value:.3g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.1e}"
    return shown.replace("-", MINUS)


def _columns(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "   ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))


def _by_part(lines: Sequence[_Line]) -> Iterator[tuple[str, list[_Line]]]:
    for part in dict.fromkeys(line.part for line in lines):
        yield part, [line for line in lines if line.part == part]

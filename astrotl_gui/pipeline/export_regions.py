"""The exported table as DS9 regions: one mark for each label, pale crosses for what has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from astropy.table import Row, Table

MARKS = {
    "positive": ("circle", "#56B4E9"),
    "unsure": ("diamond", "#DCCB5A"),
    "negative": ("box", "#E06A1A"),
    "": ("cross", "#8E8E8E"),
}


def regions_text(table: Table, targets: Sequence[str], provenance: Mapping[str, str]) -> str:
    """DS9 region file: points whose shape and colour follow the label, with the id as text.

    Positions are ICRS degrees where the source has them, else image coordinates (1-based, as DS9 counts).
    """
    lines = ["# Region file format: DS9 version 4.1"]
    lines += [f"# {key}: {' '.join(value.split())}" for key, value in provenance.items()]
    lines.append("global point=cross 14 width=1 select=1")
    on_sky = np.isfinite(_values(table, "ra")) & np.isfinite(_values(table, "dec"))
    on_image = ~on_sky & np.isfinite(_values(table, "x")) & np.isfinite(_values(table, "y"))
    if on_sky.any():
        lines.append("icrs")
        lines += [line for row in table[on_sky] for line in _marks(row, targets, _sky_point(row))]
    if on_image.any():
        lines.append("image")
        lines += [line for row in table[on_image] for line in _marks(row, targets, _image_point(row))]
    return "\n".join(lines) + "\n"


def _values(table: Table, name: str) -> np.ndarray:
    if name not in table.colnames:
        return np.full(len(table), np.nan)
    return np.ma.filled(np.ma.asarray(table[name], dtype=np.float64), np.nan)


def _sky_point(row: Row) -> str:
    return f"point({float(row['ra']):.8f},{float(row['dec']):.8f})"


def _image_point(row: Row) -> str:
    return f"point({float(row['x']) + 1:.3f},{float(row['y']) + 1:.3f})"


def _marks(row: Row, targets: Sequence[str], point: str) -> list[str]:
    """One line for each label of the source, or one pale cross."""
    labelled = [(target, str(row[f"label_{target}"])) for target in targets if str(row[f"label_{target}"])]
    return [_mark(row, point, target, value) for target, value in labelled or [("", "")]]


def _mark(row: Row, point: str, target: str, value: str) -> str:
    shape, colour = MARKS[value]
    tag = f" tag={{{target} {value}}}" if target else ""
    return f"{point} # point={shape} 14 color={colour} text={{{int(row['id'])}}}{tag}"

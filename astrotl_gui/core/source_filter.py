"""A part of the catalog in words: "i < 22.5, snr >= 10"."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError

EVERYTHING = "all sources"
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
_CONDITION = re.compile(r"\s*([\w.+-]+?)\s*(<=|>=|<|>|==?)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*")


def chosen(catalog: Catalog, text: str) -> NDArray[np.bool_]:
    """Which sources fit every condition of `text`, each a column or a band (its magnitude), a sign and a number.

    Conditions are joined by commas or "and"; an unknown value fits none. Empty text is all sources. Raises
    AstroTLError for what cannot be read.
    """
    keep = np.ones(len(catalog), bool)
    for name, sign, limit in _conditions(text):
        values = np.asarray(_column(catalog, name), float)
        keep &= np.asarray(_COMPARE[sign](values, limit), bool)
    return keep


def words(text: str) -> str:
    """The filter as it is shown: with single spaces, and by words where there is none."""
    return ", ".join(f"{name} {sign} {limit:.10g}" for name, sign, limit in _conditions(text)) or EVERYTHING


def _conditions(text: str) -> list[tuple[str, str, float]]:
    parts = re.split(r",|\band\b", text) if text.strip() else []
    return [_condition(part) for part in parts]


def _condition(text: str) -> tuple[str, str, float]:
    if match := _CONDITION.fullmatch(text):
        return match[1], match[2].replace("==", "="), float(match[3])
    raise AstroTLError(
        "This filter cannot be read", f"“{text.strip()}” should be like i < 22.5 or snr >= 10."
    )


def _column(catalog: Catalog, name: str) -> NDArray[Any]:
    for column in (f"mag_{name}", name):
        if column in catalog and catalog.column(column).dtype.kind in "iuf":
            return catalog.column(column)
    numbers = [n for n in catalog.names if catalog.column(n).dtype.kind in "iuf"]
    raise AstroTLError("No such column", f"“{name}” is no band and none of {', '.join(numbers)}.")

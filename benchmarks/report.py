"""One row a figure: value, its rival's value from the same run, their ratio, and whether the target holds."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any


@dataclass(frozen=True)
class Row:
    """`target` bounds `value` [unit]: from above, or from below where `more` is better."""

    name: str
    value: float
    unit: str
    rival: str = ""
    rival_value: float | None = None
    target: float | None = None
    more: bool = False
    n: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.rival_value if self.rival_value else None

    @property
    def holds(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.more else self.value <= self.target

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "holds": self.holds}


def print_rows(name: str, rows: Sequence[Row]) -> None:
    print(f"\n{name}")
    for row in rows:
        beside = f"  {row.rival} {row.rival_value:.4g} (× {row.ratio:.3g})" if row.rival_value else ""
        bound = ""
        if row.target is not None:
            bound = (
                f"  target {'≥' if row.more else '≤'} {row.target:g}: {'holds' if row.holds else 'MISSED'}"
            )
        print(f"  {row.name:<44} {row.value:10.4g} {row.unit:<8}{beside}{bound}  {row.n}")


def machine() -> dict[str, Any]:
    return {"system": platform.platform(), "processor": platform.processor(), "cores": os.cpu_count()}


def versions() -> dict[str, str]:
    names = (
        "astrotl",
        "torch",
        "timm",
        "openvino",
        "numpy",
        "astropy",
        "PySide6_Essentials",
        "pyqtgraph",
        "ginga",
        "sep",
        "scikit-learn",
    )
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found | {"python": platform.python_version()}

"""What the demo run found, against the truth table and against chance."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from astrotl_gui import __version__
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.labels import TARGET_NAMES, TARGETS
from astrotl_gui.core.matching import match_sky
from astrotl_gui.core.ranking import Ranking

MATCH_ARCSEC = 1.5


@dataclass(frozen=True)
class Known:
    """Objects of one class in the truth table: how many, and the ids of the sources that are such objects."""

    count: int
    ids: set[int]


@dataclass(frozen=True)
class Found:
    """Objects of one target at the top of its list.

    `known` in the truth table, `detected` of them as a source, `top20_cold` before any label; `top20_after` and
    `top100_after` count the unlabelled ones in the list without what was labelled; `random_expectation` is what
    20 sources drawn at random from that list would hold.
    """

    known: int
    detected: int
    top20_cold: int
    labelled: int
    labelled_positive: int
    top20_after: int
    top100_after: int
    random_expectation: float

    @classmethod
    def measure(cls, known: Known, cold: Ranking, after: Ranking, labelled: set[int], answered: int) -> Found:
        rest = [i for i in after.ids.tolist() if i not in labelled]
        left = known.ids - labelled
        return cls(
            known.count,
            len(known.ids),
            sum(i in known.ids for i in cold.ids[:20].tolist()),
            len(labelled),
            len(known.ids & labelled),
            sum(i in left for i in rest[:20]),
            sum(i in left for i in rest[:100]),
            round(20 * len(left) / max(1, len(rest)), 2),
        )


def known_sources(truth: Path, catalog: Catalog) -> dict[str, Known]:
    """Target → its objects; a source is the object of the truth table nearest to it within 1.5″."""
    table = pq.read_table(truth, columns=["class", "ra", "dec"]).to_pydict()
    kinds, ra, dec = (np.array(table[name]) for name in ("class", "ra", "dec"))
    known = {}
    for target in TARGETS:
        mine = kinds == target
        at = match_sky(ra[mine], dec[mine], catalog.ra, catalog.dec, MATCH_ARCSEC)
        known[target] = Known(int(mine.sum()), set(catalog.ids[at[at >= 0]].tolist()))
    return known


def write_report(
    out: Path, session: Any, found: dict[str, Found], seconds: dict[str, float]
) -> dict[str, Any]:
    """Write summary.json and summary.md to `out`; returns the summary."""
    summary: dict[str, Any] = {
        "field": session.project.name,
        "simulated": True,
        "sources": len(session.catalog),
        "targets": {target: asdict(numbers) for target, numbers in found.items()},
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "machine": {
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "versions": {
            name: version(name) for name in ("torch", "timm", "PySide6_Essentials", "astropy", "numpy")
        }
        | {"astrotl": __version__},
    }
    for name, text in (
        ("summary.json", json.dumps(summary, indent=2)),
        ("summary.md", _page(summary, found)),
    ):
        with atomic_write(out / name) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
    return {**summary, "out": str(out), "text": f"{_page(summary, found)}\n\nEverything is in {out}/"}


def _page(summary: dict[str, Any], found: dict[str, Found]) -> str:
    lines = [
        f"# {summary['field']}",
        "",
        f"{summary['sources']:,} sources on a simulated sky. The top of each list was labelled from the truth table, "
        "which the ranking never reads.",
        "",
        "| list | known | detected | first 20, no label | labelled (yes) | then next 20 | next 100 | 20 by chance |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for target, n in found.items():
        lines.append(
            f"| {TARGET_NAMES[target]} | {n.known} | {n.detected} | {n.top20_cold} | {n.labelled} "
            f"({n.labelled_positive}) | {n.top20_after} | {n.top100_after} | {n.random_expectation:.2f} |"
        )
    lines += ["", "| step | seconds |", "|---|---|"]
    lines += [f"| {name} | {value:.2f} |" for name, value in summary["seconds"].items()]
    machine = summary["machine"]
    lines += [
        "",
        f"{machine['system']}, {machine['cores']} cores, Python {machine['python']}, AstroTL {__version__}.",
    ]
    return "\n".join(lines)

"""What the demo run found, against the truth table and against chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from astrotl_gui.core.labels import TARGET_NAMES
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.gui.field_report import RealSky
from astrotl_gui.gui.run_report import write_report
from astrotl_gui.pipeline.known import Known


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
            known.detected,
            sum(i in known.ids for i in cold.ids[:20].tolist()),
            len(labelled),
            len(known.ids & labelled),
            sum(i in left for i in rest[:20]),
            sum(i in left for i in rest[:100]),
            round(20 * len(left) / max(1, len(rest)), 2),
        )


def write_demo_report(
    out: Path,
    name: str,
    sources: int,
    found: Mapping[str, Found],
    real: RealSky,
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """Write summary.json and summary.md to `out`; returns the summary."""
    facts = {
        "field": name,
        "simulated": True,
        "sources": sources,
        "targets": {target: asdict(numbers) for target, numbers in found.items()},
        "real": real.facts(),
    }
    return write_report(out, facts, [*_lines(name, sources, found), "", *real.lines()], seconds)


def _lines(name: str, sources: int, found: Mapping[str, Found]) -> list[str]:
    return [
        f"# {name}",
        "",
        f"{sources:,} sources on a simulated sky. The top of each list was labelled from the truth table, "
        "which the ranking never reads.",
        "",
        "| list | known | detected | first 20, no label | labelled (yes) | then next 20 | next 100 | 20 by chance |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {TARGET_NAMES[target]} | {n.known} | {n.detected} | {n.top20_cold} | {n.labelled} "
            f"({n.labelled_positive}) | {n.top20_after} | {n.top100_after} | {n.random_expectation:.2f} |"
            for target, n in found.items()
        ),
    ]

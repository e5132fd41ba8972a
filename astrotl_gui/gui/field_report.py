"""What a run on a real field says: how many sources, where its landmark stands. There is no truth table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.labels import TARGET_NAMES
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.gui.run_report import write_report
from astrotl_gui.pipeline.real_fields import Landmark, RealField


def place_of(landmark: Landmark, catalog: Catalog, ranking: Ranking) -> tuple[int, int] | None:
    """(id, rank) of the source in a landmark's box that a list puts first; None when no source is there."""
    x0, y0, x1, y1 = landmark.box
    inside = (catalog.x >= x0) & (catalog.x <= x1) & (catalog.y >= y0) & (catalog.y <= y1)
    ranks = {source: ranking.rank_of(source) for source in catalog.ids[inside].tolist()}
    found = [(rank, source) for source, rank in ranks.items() if rank is not None]
    return (min(found)[1], min(found)[0]) if found else None


@dataclass(frozen=True)
class RealSky:
    """A real field as a run found it: its number of sources, and the rank of its landmark in the lens list before
    any label; or the `problem` that kept it from being shown."""

    field: RealField
    sources: int = 0
    rank: int | None = None
    problem: str = ""

    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = {"field": self.field.title, "credit": self.field.credit}
        if self.problem:
            return facts | {"problem": self.problem}
        facts["sources"] = self.sources
        if self.field.landmark is not None:
            facts["landmark"] = {"name": self.field.landmark.name, "rank": self.rank}
        return facts

    def lines(self) -> list[str]:
        """A paragraph for the page."""
        title = self.field.title
        if self.problem:
            return [f"{title}, real sky, is not shown. {self.problem}"]
        text = f"{title}, real sky ({self.field.credit}): {self.sources:,} sources."
        if self.field.landmark is not None and self.rank is not None:
            text += (
                f" The {self.field.landmark.name} is at rank {self.rank:,} of the lens list before any label."
            )
        return [text]


def write_field_report(
    out: Path, real: RealSky, labelled: Mapping[str, int], seconds: Mapping[str, float]
) -> dict[str, Any]:
    """Write summary.json and summary.md to `out`; returns the summary. `labelled` counts by target."""
    facts = {"simulated": False, **real.facts(), "labelled": dict(labelled)}
    lists = ", ".join(f"{count} in {TARGET_NAMES[target]}" for target, count in labelled.items())
    landmark = real.field.landmark
    known = f"only the {landmark.name} got a yes" if landmark else "unsure is what they got"
    lines = [
        f"# {real.field.title}",
        "",
        *real.lines(),
        "",
        f"Labelled to show the keys: {lists}. Nobody judged them, and there is no truth table: {known}.",
    ]
    return write_report(out, facts, lines, seconds)

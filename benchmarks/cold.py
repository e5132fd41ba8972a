"""Cold lists: where known lenses, active nuclei, artifacts and oddities stand before any label, and after a few.

Labels are those of a user who knows the truth: the top of the list, five at a time. Writes bench-output/cold.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astrotl_gui.core.labels import TARGET_NAMES
from astrotl_gui.pipeline.demo import demo_field
from astrotl_gui.pipeline.known import known_sources
from astrotl_gui.pipeline.rank import RankInputs, prepare, rank
from benchmarks.known_skies import LENS, Ids, KnownSky, known_sky
from benchmarks.report import Row

MARKS = (0, 10, 25, 50)
BATCH = 5
HEAD = (
    "| field | list | known sources | labels (yes) | in the first 20 | in the first 100 | median place | best place |",
    "|---|---|---|---|---|---|---|---|",
)


@dataclass(frozen=True)
class Mark:
    """The list after some labels: what of it is not labelled yet, and where the known sources in it stand."""

    labels: int
    yes: int
    first20: int
    first100: int
    median: float
    best: int

    @classmethod
    def of(cls, inputs: RankInputs, target: str, known: Ids, labels: Mapping[int, int]) -> Mark:
        rest = [source for source in rank(inputs, target, labels).ids.tolist() if source not in labels]
        at = np.flatnonzero([source in known for source in rest])
        yes = sum(value > 0 for value in labels.values())
        if not len(at):
            return cls(len(labels), yes, 0, 0, np.nan, 0)
        inside = [int((at < depth).sum()) for depth in (20, 100)]
        return cls(len(labels), yes, *inside, float(np.median(at)) + 1, int(at[0]) + 1)


def run(full: bool = False) -> list[Row]:
    rows: list[Row] = []
    lines = list(HEAD)
    for name in ("demo", "abell370", "cfhtls_w3"):
        sky = known_sky(name)
        if sky is None:
            print(f"  skipped {name}: its images are not here")
            continue
        inputs = prepare(sky.catalog, sky.embeddings, injected=sky.injected)
        for target, known in known_of(name, sky).items():
            marks = played(inputs, target, known)
            lines += [_line(name, target, known, mark) for mark in marks]
            n = f"{len(known)} of {len(inputs.ids)} sources"
            rows += [
                Row(f"{name}: {target}, median place, {mark.labels} labels", mark.median, "", n=n)
                for mark in marks
            ]
    table = Path("bench-output/cold.md")
    table.parent.mkdir(exist_ok=True)
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return rows


def known_of(name: str, sky: KnownSky) -> dict[str, Ids]:
    """Target → ids of its known sources. Of the real fields one object each is known: all sources on it."""
    if name == "demo":
        found = known_sources(demo_field().truth, sky.catalog)
        return {target: frozenset(known.ids) for target, known in found.items()}
    if name == "abell370":
        return {"lens": sky.on_arc()}
    return {"lens": sky.near(*LENS, radius=8.0)}


def played(inputs: RankInputs, target: str, known: Ids) -> list[Mark]:
    """The list at each number of labels."""
    labels: dict[int, int] = {}
    marks = []
    for count in MARKS:
        while len(labels) < count:
            top = [source for source in rank(inputs, target, labels).ids.tolist() if source not in labels]
            labels |= {source: 1 if source in known else -1 for source in top[:BATCH]}
        marks.append(Mark.of(inputs, target, known, labels))
    return marks


def _line(name: str, target: str, known: Ids, mark: Mark) -> str:
    place = "all labelled" if np.isnan(mark.median) else f"{mark.median:,.0f} | {mark.best}"
    if np.isnan(mark.median):
        place += " |"
    return (
        f"| {name} | {TARGET_NAMES[target]} | {len(known)} | {mark.labels} ({mark.yes}) | {mark.first20} | "
        f"{mark.first100} | {place} |"
    )

"""Where one stands with a list: what was found by how many labels, beside what looking at random would have found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, bdtrik

from astrotl_gui.core.labels import NOTE, Label, Labels
from astrotl_gui.core.ranking import Ranking, made_by

TOP = 20
BAND = 0.95
"""The band by chance holds so much of what random looking would find."""
REPEAT_AFTER = 10
"""A blind label of a source already labelled is a repeat after so many others; sooner it is a correction."""
LONGEST_LOOK, FEWEST_LOOKS = 120.0, 5
"""Seconds beyond which the vetter did something else; and so many looks before a pace is told."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Chance:
    """What labelling at random would find: a share `rate` of the labels. From an audit, or at least so much."""

    rate: float
    audited: bool

    def expected(self, labels: ArrayLike) -> Floats:
        return np.asarray(labels, float) * self.rate

    def band(self, labels: ArrayLike) -> tuple[Floats, Floats]:
        """The 95 % band (low, high) of what so many random labels find (binomial)."""
        counts, tail = np.asarray(labels, float), (1 - BAND) / 2
        return self._quantile(tail, counts), self._quantile(1 - tail, counts)

    def _quantile(self, share: float, counts: Floats) -> Floats:
        """The least number found that random looking stays within at a probability of `share` (scipy.stats.binom.ppf,
        which takes half a second to import)."""
        if self.rate in (0.0, 1.0):
            return counts * self.rate
        above = np.ceil(np.nan_to_num(bdtrik(share, counts, self.rate))).clip(0)
        below = (above - 1).clip(0)
        return np.where(bdtr(below, counts.astype(np.int64), self.rate) >= share, below, above)


@dataclass(frozen=True)
class Counts:
    """Labels of one vetter, "" for all: yes (certain and probable), unsure (possible), no.

    `again` of `repeats` blind second labels of a source were as the first.
    """

    vetter: str
    yes: int
    unsure: int
    no: int
    again: int
    repeats: int

    @property
    def total(self) -> int:
        return self.yes + self.unsure + self.no


@dataclass(frozen=True, eq=False)
class Yields:
    """A list by its labels, those of audits aside, one a source, in the order in which sources were first labelled.

    `values` (labels,): what each source is called now. `top`: what the first of the list are called, None without
    label. `vetters`: by vetter; `everyone` counts each source once. `models`: (label number from 1, name) where
    another model began to rank, the first included. `sources` of the catalog. `chance`: None for no source.
    """

    target: str
    sources: int
    values: tuple[str, ...]
    chance: Chance | None
    top: tuple[str | None, ...]
    vetters: tuple[Counts, ...]
    everyone: Counts
    models: tuple[tuple[int, str], ...]
    pace: float | None

    @property
    def labels(self) -> int:
        return len(self.values)

    @property
    def hits(self) -> NDArray[np.bool_]:
        return np.array([value == "positive" for value in self.values], bool)

    @property
    def found(self) -> int:
        return int(self.hits.sum())

    @property
    def curve(self) -> NDArray[np.int64]:
        """(labels + 1,): how many were found by 0, 1, 2 … labels."""
        return np.concatenate([[0], np.cumsum(self.hits)]).astype(np.int64)

    def last(self, count: int) -> tuple[bool, ...]:
        """Which of the last labels were a yes, the oldest first; fewer where there are fewer."""
        return tuple(self.hits[-count:].tolist())

    @property
    def top_kept(self) -> int:
        return self.top.count("positive")


def yields(
    target: str,
    events: Sequence[Label],
    sources: int,
    ranking: Ranking | None = None,
    *,
    audits: Sequence[Label] = (),
    base_rate: float | None = None,
    vetter: str | None = None,
) -> Yields:
    """Count a list by the labels that hold (`events`, oldest first), as `vetter` sees them, or all.

    `audits`: answers to audits, which are not of `events`: they tell what the top is called and how a vetter repeats
    themselves, but were not found by the list. `base_rate`: the share of targets by an audit; without one it is at
    least found / sources.
    """
    labels = Labels(events)
    called = labels.current(target, vetter)
    mine = [e for e in events if e.target == target and e.value != NOTE]
    first = {e.source_id: e for e in reversed(mine)}
    order = [e for e in mine if first[e.source_id] is e and e.source_id in called]
    values = tuple(called[e.source_id].value for e in order)
    every = sorted([*events, *audits], key=lambda e: e.time) if audits else list(events)
    shown = Labels(every).current(target, vetter)
    top = ranking.ids[:TOP].tolist() if ranking is not None else []
    who = list(dict.fromkeys(e.vetter for e in mine))
    agree = {name: _repeats(every, target, name) for name in who}
    found = values.count("positive")
    return Yields(
        target,
        sources,
        values,
        _chance(found, sources, base_rate),
        tuple(shown[i].value if i in shown else None for i in top),
        tuple(_counts(name, _own(mine, name), *agree[name]) for name in who),
        _counts("", values, *(sum(part) for part in zip((0, 0), *agree.values(), strict=True))),
        _models(order),
        pace(every, vetter),
    )


def pace(events: Iterable[Label], vetter: str | None = None) -> float | None:
    """Seconds that a label takes a vetter, or all: as measured, else between labels; None while there are few."""
    mine = [e for e in events if e.value != NOTE and (not vetter or e.vetter == vetter)]
    looks = [e.seconds for e in mine if 0 < e.seconds <= LONGEST_LOOK]
    if len(looks) < FEWEST_LOOKS:
        by_vetter: dict[str, list[float]] = {}
        for label in mine:
            if (at := _seconds(label.time)) is not None:
                by_vetter.setdefault(label.vetter, []).append(at)
        gaps = [b - a for times in by_vetter.values() for a, b in pairwise(times)]
        looks = [gap for gap in gaps if 0 < gap <= LONGEST_LOOK]
    return float(np.mean(looks)) if len(looks) >= FEWEST_LOOKS else None


def _seconds(time: str) -> float | None:
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:  # of a table that somebody brought
        return None


def _chance(found: int, sources: int, base_rate: float | None) -> Chance | None:
    if base_rate is not None:
        return Chance(min(base_rate, 1.0), True)
    return Chance(min(found / sources, 1.0), False) if sources else None


def _own(events: Sequence[Label], vetter: str) -> tuple[str, ...]:
    """What a vetter calls the sources, whatever others do."""
    latest = {e.source_id: e.value for e in events if e.vetter == vetter}
    return tuple(value for value in latest.values() if value != "clear")


def _counts(vetter: str, values: Sequence[str], again: int, repeats: int) -> Counts:
    yes, unsure, no = (list(values).count(value) for value in ("positive", "unsure", "negative"))
    return Counts(vetter, yes, unsure, no, again, repeats)


def _repeats(events: Sequence[Label], target: str, vetter: str) -> tuple[int, int]:
    """(as before, all): blind labels of a vetter on sources that they had labelled a while before."""
    again = repeats = 0
    before: dict[int, tuple[int, str]] = {}
    mine = [e for e in events if e.target == target and e.vetter == vetter and e.value not in (NOTE, "clear")]
    for number, label in enumerate(mine):
        at, value = before.get(label.source_id, (number, ""))
        if label.blind and number - at > REPEAT_AFTER:
            repeats += 1
            again += label.value == value
        before[label.source_id] = number, label.value
    return again, repeats


def _models(order: Sequence[Label]) -> tuple[tuple[int, str], ...]:
    """Where along the labels another model ranked; labels that no list gave say nothing."""
    changes: list[tuple[int, str]] = []
    for number, label in enumerate(order, 1):
        name = made_by(label.model)
        if name and (not changes or changes[-1][1] != name):
            changes.append((number, name))
    return tuple(changes)

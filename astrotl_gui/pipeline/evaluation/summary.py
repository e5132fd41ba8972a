"""What rounds come to: means and scatter over seeds, at marks and at shares of the set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from astrotl_gui.pipeline.evaluation.metrics import Quality
from astrotl_gui.pipeline.evaluation.play import Played
from astrotl_gui.pipeline.evaluation.protocols import Protocol

SHARES = (0.1, 0.2, 0.3)
"""Shares of the set at which recall is also taken, between rounds too, since the order within a round is known."""

Row = dict[str, Any]


def summarise(
    plays: Sequence[Played], protocol: Protocol, count: int, positives: int, ours: str
) -> list[Row]:
    """One row a method and mark (`share` None), then one a method and share of the set beyond the start.

    Where the set ends before the first mark, its end is one.

    Each has the mean and `_sd` (ddof = 1, None for one seed) over seeds of found, recall and the measures of a round.
    `gain`: what the queries found beyond chance, over what perfect queries would have (0 chance, 1 every query a hit).
    `behind`: recall of `ours` less this method's, paired by seed, with its standard error. Marks beyond the set and
    beyond the last round have None.
    """
    ends = {protocol.end(count), *protocol.marks}
    stops: list[tuple[int, float | None]] = [(mark, None) for mark in sorted(ends)]
    if protocol.starting < SHARES[0] * count:
        stops += [(round(share * count), share) for share in SHARES]
    methods = list(dict.fromkeys(play.method for play in plays))
    groups = {name: [play for play in plays if play.method == name] for name in methods}
    return [
        _row(name, group, groups.get(ours, []), stop, share, protocol, count, positives)
        for stop, share in stops
        for name, group in groups.items()
    ]


def _row(
    name: str,
    plays: Sequence[Played],
    ours: Sequence[Played],
    stop: int,
    share: float | None,
    protocol: Protocol,
    count: int,
    positives: int,
) -> Row:
    found = [found_after(play, stop) for play in plays]
    row: Row = {"method": name, "n_labels": stop, "share": share, "seeds": len(plays)}
    row |= _spread("found", found)
    recall = [None if value is None else value / positives for value in found]
    row |= _spread("recall", recall)
    row |= _spread("gain", [gain(play, stop, protocol, count, positives) for play in plays])
    mine = {play.seed: found_after(play, stop) for play in ours}
    pairs = [(mine.get(play.seed), value) for play, value in zip(plays, found, strict=True)]
    row |= _paired([(a - b) / positives for a, b in pairs if a is not None and b is not None])
    if share is None:
        at = [next((r for r in play.rounds if r.n_labels == stop), None) for play in plays]
        measured = [{**r.quality.values(), "seconds": r.seconds} if r else {} for r in at]
        for key in (*Quality().values(), "seconds"):
            row |= _spread(key, [values.get(key) for values in measured])
    return row


def found_after(play: Played, labels: int) -> int | None:
    """How many wanted objects are among the first `labels` labelled; None beyond the last round."""
    return int(play.hits[:labels].sum()) if labels <= len(play.hits) else None


def gain(play: Played, labels: int, protocol: Protocol, count: int, positives: int) -> float | None:
    """(found − by chance) / (most that could be found − by chance), of the queries up to `labels`; None without any."""
    found, queries = found_after(play, labels), labels - protocol.starting
    if found is None or queries <= 0:
        return None
    rest = positives - protocol.positives
    chance, most = queries * rest / (count - protocol.starting), min(queries, rest)
    return (found - protocol.positives - chance) / (most - chance) if most > chance else None


def _spread(key: str, values: Sequence[float | None]) -> Row:
    known = np.array([value for value in values if value is not None], np.float64)
    sd = float(known.std(ddof=1)) if len(known) > 1 else None
    return {key: float(known.mean()) if len(known) else None, f"{key}_sd": sd}


def _paired(differences: Sequence[float]) -> Row:
    values = np.array(differences, np.float64)
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
    return {"behind": float(values.mean()) if len(values) else None, "behind_se": error}

"""Found against labels: the curve of each method, and of chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.pipeline.evaluation.play import Played
from astrotl_gui.pipeline.evaluation.protocols import Protocol

F64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """Mean recall (n,) over seeds after each of `labels` (n,), and its scatter (n,), 0 for one seed."""

    labels: NDArray[np.int64]
    recall: F64
    scatter: F64


def curves(plays: Sequence[Played], protocol: Protocol, positives: int) -> dict[str, Curve]:
    """Method → curve, from the start to the end of the protocol, label by label."""
    groups: dict[str, list[F64]] = {}
    for play in plays:
        recall = np.concatenate([[0.0], np.cumsum(play.hits) / positives])[protocol.starting :]
        groups.setdefault(play.method, []).append(recall)
    made = {}
    for method, group in groups.items():
        table = np.stack(group)
        scatter = table.std(axis=0, ddof=1) if len(table) > 1 else np.zeros(table.shape[1])
        labels = protocol.starting + np.arange(table.shape[1])
        made[method] = Curve(labels, table.mean(axis=0), scatter)
    return made


def by_chance(protocol: Protocol, count: int, positives: int) -> Curve:
    """What labelling at random finds on average."""
    labels = np.arange(protocol.starting, protocol.end(count) + 1)
    rest = count - protocol.starting
    share = (labels - protocol.starting) / rest if rest else np.zeros(len(labels))
    recall = (protocol.positives + share * (positives - protocol.positives)) / positives
    return Curve(labels, recall, np.zeros(len(labels)))

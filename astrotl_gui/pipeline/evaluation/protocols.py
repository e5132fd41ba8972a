"""Protocols: what is known at the start, how many are labelled a round, and where the count is taken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.evaluation.labelled_set import LabelledSet


@dataclass(frozen=True)
class Protocol:
    """`positives` and `negatives` are labelled at the start, then `batch` a round, to the last of `marks`.

    Marks are numbers of labels, the starting ones included; those beyond the set are not reached. `seeds`: how many
    starts are drawn unless told otherwise.
    """

    name: str
    positives: int
    negatives: int
    batch: int
    marks: tuple[int, ...]
    seeds: int

    @property
    def starting(self) -> int:
        """Labels at the start."""
        return self.positives + self.negatives

    def end(self, count: int) -> int:
        """How many of `count` objects are labelled in the end: the last mark within reach, else all."""
        return max((mark for mark in self.marks if mark <= count), default=count)


FIVE = Protocol("5+45", 5, 45, 20, (70, 90, 110), 5)
ONE = Protocol("one", 1, 0, 5, (26, 51, 101, 201), 10)
UNSUPERVISED = Protocol("none", 0, 0, 5, (0, 25, 50, 100, 200), 5)
"""No label at all: a list is judged as a whole, then read from its top."""
PROTOCOLS = {protocol.name: protocol for protocol in (FIVE, ONE, UNSUPERVISED)}


def start(positive: NDArray[np.bool_], protocol: Protocol, seed: int) -> NDArray[np.int64]:
    """Rows labelled before the first round, wanted ones first; rows are in file order.

    r = numpy.random.default_rng(seed) draws from the wanted rows, then, where the protocol starts with any,
    from the others.
    """
    r = np.random.default_rng(seed)
    wanted, others = np.flatnonzero(positive), np.flatnonzero(~positive)
    if not protocol.positives:
        return np.zeros(0, np.int64)
    if not protocol.negatives:
        return r.choice(wanted, protocol.positives)
    first = r.choice(wanted, protocol.positives, replace=False)
    return np.concatenate([first, r.choice(others, protocol.negatives, replace=False)])


def check(labelled: LabelledSet, protocol: Protocol) -> None:
    """Raise AstroTLError when the set has fewer wanted objects, or others, than the protocol starts with."""
    wanted = int(labelled.positive.sum())
    others = len(labelled) - wanted
    for have, need, what in (
        (wanted, max(protocol.positives, 1), "wanted"),
        (others, max(protocol.negatives, 1), "other"),
    ):
        if have < need:
            raise AstroTLError(
                f"Too few {what} objects",
                f"{labelled.name} has {have:,} {what} of {len(labelled):,}; the protocol {protocol.name} needs {need}.",
            )

"""What every method of ranking looks like to an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
Labels = Mapping[int, int]
"""Row → +1 (wanted) or −1 (not)."""


class Method(Protocol):
    """Scores of N objects, larger = look sooner, given labels of some of them.

    `seed` drives whatever is random in the method; the same labels and seed give the same scores. Without any label
    a method that learns prefers nothing.
    """

    def scores(self, labels: Labels, seed: int) -> F64: ...


def split(labels: Labels) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows labelled wanted and rows labelled not, each in ascending order."""
    rows = np.array(sorted(labels), np.int64)
    wanted = np.array([labels[row] > 0 for row in rows.tolist()], bool)
    return rows[wanted], rows[~wanted]

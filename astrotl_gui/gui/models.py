"""The ranked order held in view: what the gallery shows at which place, and what must not move now."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from .list_order import EMPTY, HeldOrder, ListOrder


class CandidateModel(QObject):
    """Sources by place (row 0 first), following a ListOrder except where that would move what is looked at.

    The hold-still rule: while the list is held, an update leaves every row at or before the later of the
    selected and the hovered row where it is; the rows beyond take the new order at once. `release` (the
    pointer left the list) lets the held rows follow. No source is lost or doubled on the way: one that the
    new order no longer has stays in its held row until the release.

    Numbers under the cutouts are always the ranks of the newest ranking, also in held rows.
    """

    changed = Signal()
    """The rows, their ranks or their scores changed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shown: ListOrder | HeldOrder = EMPTY
        self._next: ListOrder | None = None  # what the rows become on release, when that differs
        self._arrived: NDArray[np.int64] = np.empty(0, np.int64)
        self._found: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._shown)

    @property
    def held(self) -> bool:
        """Whether the rows differ from the newest order."""
        return self._next is not None

    @property
    def total(self) -> int:
        """How many sources the ranking has, shown or hidden."""
        return (self._next or self._shown).total

    @property
    def hidden(self) -> int:
        """How many of them the filter hides."""
        newest = self._next or self._shown
        return newest.total - len(newest)

    @property
    def ids(self) -> NDArray[np.int64]:
        """The shown ids by row, all of them; not to be written to."""
        return self._shown.ids

    def id_at(self, row: int) -> int:
        return self._shown.id_at(row)

    def rank_at(self, row: int) -> int:
        """1-based rank of the source at `row` in the whole ranking."""
        return self._shown.rank_at(row)

    def score_at(self, row: int) -> float:
        return self._shown.score_at(row)

    def row_of(self, source_id: int | None) -> int:
        """The row of a source, −1 when it is not shown."""
        if source_id is None:
            return -1
        if source_id not in self._found:
            self._found[source_id] = self._shown.row_of(source_id)
        return self._found[source_id]

    def is_new(self, source_id: int) -> bool:
        """Whether the last update brought this source to the first hundred from beyond it."""
        return bool(np.any(self._arrived == source_id))

    def reset(self, order: ListOrder) -> None:
        """Show another list: another target, filter or sort. Nothing is held and nothing is new."""
        self._arrived = np.empty(0, np.int64)
        self._show(order, None)

    def update(self, order: ListOrder, still: int = -1) -> None:
        """Take a new order of the same list; rows 0 … `still` keep their places until `release`."""
        before = self._shown.first(100).ids
        held = min(still + 1, len(self._shown))
        shown, waiting = (order, None) if held <= 0 else _hold(self._shown, order, held)
        self._arrived = np.setdiff1d(shown.first(100).ids, before) if len(before) else self._arrived[:0]
        self._show(shown, waiting)

    def release(self) -> bool:
        """Let held rows follow the newest order; True when that changed anything."""
        if self._next is None:
            return False
        self._arrived = self._arrived[:0]
        self._show(self._next, None)
        return True

    def _show(self, order: ListOrder | HeldOrder, waiting: ListOrder | None) -> None:
        self._shown, self._next = order, waiting
        self._found = {}
        self.changed.emit()


def _hold(
    shown: ListOrder | HeldOrder, new: ListOrder, held: int
) -> tuple[ListOrder | HeldOrder, ListOrder | None]:
    """The first `held` rows of `shown`, then the rest of `new`; and `new`, when that is a difference."""
    kept = shown.first(held)
    if np.array_equal(new.ids[:held], kept.ids):
        return new, None
    return HeldOrder(kept, new), new

"""Which candidates are on which page of Cull: fixed once seen, drawn from the queue when one goes on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Draw = Callable[[int, list[int], int], NDArray[np.int64]]
"""(count, seen, seed) → up to `count` ids none of which are among those seen."""


class CullPages:
    """The candidates of one list in the order in which they were seen, cut into pages of `size`.

    What was seen keeps its place for as long as this lives; only the end grows.
    """

    def __init__(self, draw: Draw, size: int = 1) -> None:
        self._draw = draw
        self.size = max(size, 1)
        self.number = 0
        self.seen: list[int] = []
        self._place: dict[int, int] = {}

    @property
    def first(self) -> int:
        """The place of the first candidate of the page, from 0."""
        return self.number * self.size

    def page(self) -> list[int]:
        """The ids of the page in view."""
        return self.seen[self.first : self.first + self.size]

    def show(self) -> None:
        """Fill the page in view from the queue where it has room."""
        lacking = self.first + self.size - len(self.seen)
        if lacking > 0:
            self._grow(self._draw(lacking, self.seen, len(self.seen)))

    def next(self) -> bool:
        """Go to the next page; False, and nothing changes, where nothing is left."""
        self.number += 1
        self.show()
        if self.page():
            return True
        self.number -= 1
        return False

    def back(self) -> bool:
        """Go to the page before; False on the first."""
        if self.number == 0:
            return False
        self.number -= 1
        return True

    def resize(self, size: int, current: int | None) -> None:
        """Cut into pages of another size; the page of `current`, else of the first in view, is in view."""
        place = self._place.get(current, -1) if current is not None else -1
        if not self.first <= place < self.first + self.size:
            place = self.first
        self.size = max(size, 1)
        self.number = min(place, max(len(self.seen) - 1, 0)) // self.size
        self.show()

    def go_to(self, source: int) -> bool:
        """Have the page of a source in view; whether that is another page."""
        place = self._place.get(source)
        if place is None or place // self.size == self.number:
            return False
        self.number = place // self.size
        self.show()
        return True

    def redraw(self) -> None:
        """Draw the newest page anew, by what the queue says now, and show it."""
        self.number = max(len(self.seen) - 1, 0) // self.size
        for source in self.page():
            del self._place[source]
        del self.seen[self.first :]
        self.show()

    def following(self) -> list[int]:
        """What the next page would be now; some of it may have been seen already."""
        end = self.first + self.size
        known = self.seen[end : end + self.size]
        drawn = (
            self._draw(self.size - len(known), self.seen, len(self.seen)) if len(known) < self.size else ()
        )
        return [*known, *map(int, drawn)]

    def _grow(self, ids: NDArray[np.int64]) -> None:
        for source in ids.tolist():
            self._place[source] = len(self.seen)
            self.seen.append(source)

"""Which epochs the project has, what was found in them, and which of them is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from astrotl_gui.core.epoch_table import EpochTable
from astrotl_gui.core.epochs import Series
from astrotl_gui.gui.epoch_order import problematic_first

if TYPE_CHECKING:
    from astrotl_gui.gui.session import Session
    from astrotl_gui.pipeline.epochs.opening import OpenSeries


class EpochState(QObject):
    """`series` and what was found in it (`table`); `opened` reads its pixels. `chosen` is the number of an epoch."""

    changed = Signal()
    """Other epochs, another table, or a measurement begins or ends."""
    flags_changed = Signal()
    """Labels or what was learned from them changed flags."""
    chosen_changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._reset()
        session.selection_changed.connect(self._selected)

    def _reset(self) -> None:
        self.series: Series | None = None
        self.table: EpochTable | None = None
        self.opened: OpenSeries | None = None
        self.chosen = 0
        self.problems_only = True
        self._order: NDArray[np.int64] = np.empty(0, np.int64)

    # -- what is known

    @property
    def row(self) -> int | None:
        """The row of the selected source in the table."""
        source = self._session.selected
        return self.table.row_of(source) if self.table is not None and source is not None else None

    @property
    def stale(self) -> bool:
        """Whether sources were found anew since the epochs were measured."""
        catalog = self._session.catalog
        return (
            self.table is not None
            and len(catalog) > 0
            and (len(catalog) != len(self.table) or not np.array_equal(catalog.ids, self.table.ids))
        )

    @property
    def order(self) -> NDArray[np.int64]:
        """Ids through which one steps: the problematic sources, or all; as it was when they were judged."""
        if self.table is None:
            return np.empty(0, np.int64)
        return self._order if self.problems_only else self.table.ids

    def problematic(self) -> tuple[int, int, int]:
        """(sources with a flagged epoch, flagged epochs of sources, those of them without label)."""
        if self.table is None:
            return 0, 0, 0
        flagged = self.table.flagged
        return (
            int(flagged.any(axis=1).sum()),
            int(flagged.sum()),
            int((flagged & (self.table.labels == 0)).sum()),
        )

    # -- looking

    def choose(self, number: int) -> None:
        """Look at the epoch of this number."""
        if self.table is not None and 0 <= number < len(self.table.facts) and number != self.chosen:
            self.chosen = number
            self.chosen_changed.emit()

    def step(self, by: int) -> None:
        """Look at the next (+1) or previous (−1) epoch; it stops at the ends."""
        self.choose(self.chosen + by)

    def next_source(self, by: int) -> None:
        """Select the next (+1) or previous (−1) source of `order`; the first one from a source that is not in it."""
        order, source = self.order, self._session.selected
        if not len(order) and source is None and self.table is not None:
            order = self.table.ids[np.isfinite(self.table.flux).any(axis=1)]  # not one beyond the edge
        if not len(order):
            return
        here = np.flatnonzero(order == (source or 0))
        place = int(here[0]) + by if len(here) else 0
        if 0 <= place < len(order):
            self._session.select(int(order[place]))

    def following(self, count: int) -> list[int]:
        """The sources that come next, so many of them at most."""
        here = np.flatnonzero(self.order == (self._session.selected or 0))
        first = int(here[0]) + 1 if len(here) else 0
        return [int(source) for source in self.order[first : first + count]]

    def show_all(self, everything: bool) -> None:
        """Step through all sources, or through problematic ones; these then in order anew."""
        self.problems_only = not everything
        if self.table is not None:
            self._order = problematic_first(self.table)
        self.changed.emit()

    def _selected(self) -> None:
        self._choose_first()
        self.chosen_changed.emit()

    def _choose_first(self) -> None:
        """The first flagged epoch without label of the selected source, else the first flagged, else the first."""
        row, table = self.row, self.table
        if row is None or table is None:
            return
        flagged, labels = table.flagged[row], table.labels[row]
        for found in (np.flatnonzero(flagged & (labels == 0)), np.flatnonzero(flagged)):
            if len(found):
                self.chosen = int(found[0])
                return
        self.chosen = 0

"""Cull: page by page through what to label next, keeping what is worth it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from .candidate_menu import add_candidate_menu
from .controls import EmptyState, Line
from .cull_header import CullHeader
from .cull_pages import CullPages
from .cull_rail import CullRail
from .cull_wall import SIDES, CullWall
from .list_order import EMPTY, ListOrder
from .list_waiting import DETECT, Waiting, active_job, waiting
from .models import CandidateModel
from .thumbnails import Thumbnails
from .view import View

if TYPE_CHECKING:
    from .jobs import Job
    from .session import Session

AHEAD_MS = 150
"""How long after the last change the next page’s pixels are asked for."""
SIDE_KEY = "cull/side"


class CullPage(View):
    """The page of the session's target. What was seen keeps its place until another project is opened or the sources
    change.

    `similar_wanted()`: the user chose the tab Similar. `stands(cells)`:
    what the status bar says, (name, figure) pairs.
    """

    lists = True
    similar_wanted = Signal()
    stands = Signal(list)

    def __init__(
        self, session: Session, actions: Mapping[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.model = CandidateModel(self)
        self.thumbnails = Thumbnails(session, self)
        self.wall = CullWall(self.model, self.thumbnails, session.label_of)
        self.header = CullHeader(session, actions)
        self.rail = CullRail(session, self.thumbnails, actions)
        self.stack = QStackedWidget()
        self._of: dict[str, CullPages] = {}
        self._ended: set[str] = set()
        self._empty: Waiting | None = None
        self._emptied: EmptyState | None = None
        self._watched: Job | None = None
        self._ahead = QTimer(self, singleShot=True, interval=AHEAD_MS)
        self._ahead.timeout.connect(self._look_ahead)
        add_candidate_menu(self.wall, actions)
        self._build()
        self._connect()
        kept = QSettings().value(SIDE_KEY)
        if kept is not None and int(kept) in SIDES:
            self._resize(int(kept))

    def _build(self) -> None:
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.stack.addWidget(self.wall)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self.header)
        left.addWidget(self.stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(Line(vertical=True))
        row.addWidget(self.rail)
        self.setFocusProxy(self.wall)

    def _connect(self) -> None:
        session = self.session
        session.project_changed.connect(self._forget)
        session.catalog_changed.connect(self._forget)
        session.target_changed.connect(self._sync)
        session.ranking_changed.connect(self._ranked)
        session.labels_changed.connect(self._labelled)
        session.selection_changed.connect(self._selected)
        session.targets_changed.connect(self._tell)
        session.look_changed.connect(self._tell)
        session.queue.changed.connect(self._redraw)
        session.jobs.changed.connect(self._jobs_changed)
        self.header.lists.chosen.connect(self.choose)
        self.header.turned.connect(self.turn)
        self.wall.chosen.connect(session.select_many)
        self.wall.kept.connect(self.keep)
        self.wall.room_changed.connect(self._fit)
        self.rail.resized.connect(self._resize)
        self.rail.next_button.clicked.connect(lambda: self.turn(1))

    @property
    def pages(self) -> CullPages:
        """Those of the current target."""
        target = self.session.target
        if target not in self._of:
            self._of[target] = CullPages(self.session.queue.next, self.wall.capacity)
        return self._of[target]

    @property
    def ended(self) -> bool:
        """Whether the last page was left and nothing is left to see."""
        return self.session.target in self._ended

    # -- what the window calls ---

    def panes(self) -> list[QWidget]:
        return [self.header.lists, self.wall, self.rail]

    def move_selection(self, where: str, extend: bool = False) -> None:
        if where in ("page-down", "page-up"):
            self.turn(1 if where == "page-down" else -1)
        elif not self.ended:
            self.wall.move_selection(where, extend)

    def select_all(self) -> None:
        self.wall.select_all()

    def resize_cutouts(self, by: int) -> None:
        self.wall.resize_cutouts(by)
        self._resize(self.wall.wanted)

    def neighbour(self, source: int, by: int) -> int | None:
        """The candidate so many places on within the page; the first when it is on another."""
        row = self.model.row_of(source)
        target = 0 if row < 0 else row + by
        return self.model.id_at(target) if 0 <= target < len(self.model) else None

    # -- verbs ---

    def choose(self, name: str) -> None:
        """Show another list, or ask for the similarity search ("similar")."""
        if name == "similar":
            self.similar_wanted.emit()
        else:
            self.session.set_target(name)

    def keep(self, source: int) -> None:
        """Call a candidate yes, or take the yes back."""
        self.session.select(source)
        label = self.session.label_of(source)
        kept = label is not None and label.value == "positive"
        self.session.label("clear" if kept else "positive", advance=False)

    def turn(self, by: int) -> None:
        """One page on or back; past the last comes "All seen"."""
        target, pages = self.session.target, self.pages
        if by > 0:
            if not self.ended and pages.page() and not pages.next():
                self._ended.add(target)
        elif self.ended:
            self._ended.discard(target)
        else:
            pages.back()
        self._show()
        self._select_first()

    def start_over(self) -> None:
        """Back to the first page as it was."""
        self._ended.discard(self.session.target)
        self.pages.number = 0
        self._show()
        self._select_first()

    def _redraw(self) -> None:
        """Another strategy: the newest page is drawn anew."""
        for pages in self._of.values():
            pages.number = max(len(pages.seen) - 1, 0) // pages.size
        self._ended.clear()
        if self.isVisible():
            self.pages.redraw()
            self._show()
            self._select_first()

    def _resize(self, side: int) -> None:
        QSettings().setValue(SIDE_KEY, side)
        self.rail.show_side(side)
        self.wall.set_side(side)

    # -- following the session ---

    def _forget(self) -> None:
        self._of.clear()
        self._ended.clear()
        self.header.strategy.show_strategy()
        self._sync()

    def _sync(self) -> None:
        """Show the current target's page; drawn only while in view, so that it is of now."""
        if not self.isVisible():
            return
        self._fit()
        if self.model.row_of(self.session.selected) < 0:
            self._select_first()

    def _fit(self) -> None:
        """As many cutouts a page as fit now, the current one in view."""
        if self.isVisible():
            self.pages.resize(self.wall.capacity, self.session.selected)
            self._show()

    def _ranked(self, target: str) -> None:
        """The page stays as it is; only its ranks are those of now."""
        if target != self.session.target or not self.isVisible():
            return
        if self.pages.page():
            self._show()
        else:
            self._sync()

    def _labelled(self, sources: list[int]) -> None:
        self._tell()
        self.wall.viewport().update()
        if len(sources) == 1 and self.isVisible():
            self.wall.announce(self.model.row_of(sources[0]))

    def _selected(self) -> None:
        source = self.session.selected
        if self.isVisible() and source is not None and self.pages.go_to(source):  # an undo on an earlier page
            self._ended.discard(self.session.target)
            self._show()
        self.wall.set_selection(self.session.selection)
        self._tell()

    def _select_first(self) -> None:
        if len(self.model) and not self.ended:
            self.session.select(self.model.id_at(0))

    # -- showing ---

    def _show(self) -> None:
        self.wall.noun = self.session.noun()
        self.wall.set_selection(self.session.selection)
        self.model.reset(self._order())
        self.header.lists.tabs.set_value(self.session.target)
        self._show_empty()
        self._tell()
        self._ahead.start()

    def _order(self) -> ListOrder:
        """The page; ranks and scores are those of the newest ranking, 0 for what it has no longer."""
        ranking, ids = self.session.ranking(), self.pages.page()
        if ranking is None or not ids:
            return EMPTY
        ranks = np.array([ranking.rank_of(source) or 0 for source in ids], np.int32)
        scores = np.array([ranking.score_of(source) or 0.0 for source in ids], np.float32)
        return ListOrder(np.array(ids, np.int64), ranks, scores, len(ranking) + ranking.rest)

    def _tell(self) -> None:
        """Header, rail and status bar."""
        if not self.isVisible():
            return
        pages, labels = self.pages, self.session.labels()
        total = len(pages.seen) + self.session.queue.left(pages.seen)
        here = pages.page()
        yes = {source for source, label in labels.items() if label.value == "positive"}
        self.header.show_page(pages.number + 1 if here else 0, -(-total // pages.size), self.ended)
        self.rail.next_button.setEnabled(bool(here) and not self.ended)
        self.rail.show_target()
        self.rail.show_candidate(self.wall.current if self.wall.current_row >= 0 and not self.ended else None)
        self.rail.show_counts(
            0 if self.ended else len(yes.intersection(here)),
            len(yes.intersection(pages.seen)),
            len(pages.seen),
            total,
        )
        self.stands.emit(self._standing(pages, total) if here and not self.ended else [])

    def _standing(self, pages: CullPages, total: int) -> list[tuple[str, str]]:
        last = pages.first + len(pages.page())
        ranking = self.session.ranking()
        by = "your labels" if ranking is not None and ranking.learned else "the order before any label"
        return [
            ("Candidates", f"{pages.first + 1:,} to {last:,}"),
            ("of", f"{total:,}"),
            ("Ranked by", by),
        ]

    def _look_ahead(self) -> None:
        if self.isVisible() and self.pages.page():
            self.wall.expect(self.pages.following())

    def _show_empty(self) -> None:
        state = self._empty_state()
        if state != self._empty:
            self._empty = state
            if self._emptied is not None:
                self.stack.removeWidget(self._emptied)
                self._emptied.deleteLater()
                self._emptied = None
            if state is not None:
                icon, title, detail, button = state
                run = self.session.detect if button == DETECT else self.start_over
                self._emptied = EmptyState(icon, title, detail, button, run)
                self.stack.addWidget(self._emptied)
        self.stack.setCurrentIndex(0 if state is None else 1)

    def _empty_state(self) -> Waiting | None:
        """(icon, title, detail, button) of what stands instead of a page, None with one."""
        ranking, seen = self.session.ranking(), len(self.pages.seen)
        if self.ended:
            found = f"You have seen all {seen:,}. That alone does not mean the list is finished."
            return ("ph.check-circle", "All seen", found, "First page")
        if seen or self.session.project is None:
            return None
        if ranking is None or not len(ranking) or self.session.inputs is None:
            return waiting(self.session)
        return ("ph.check-circle", "All labelled", f"Nothing of the {len(ranking):,} is left to look at.", "")

    def _jobs_changed(self) -> None:
        job = active_job(self.session, "Embedding")
        if job is not None and job is not self._watched:
            job.progressed.connect(self._wait)
        self._watched = job
        self._wait()

    def _wait(self) -> None:
        if self.isVisible() and not len(self.model):
            self._show_empty()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.session.navigator = self.neighbour
        self._sync()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.stands.emit([])

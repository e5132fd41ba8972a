"""The similarity search: examples at the left, the sources most alike at the right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from .controls import EmptyState, Line
from .gallery import Gallery
from .list_order import EMPTY, ListOrder
from .models import CandidateModel
from .search import SimilarSearch
from .similar_order import repeat_radius, similar_order
from .similar_rail import SimilarRail
from .similar_trail import SimilarTrail
from .thumbnails import Thumbnails
from .view import View

if TYPE_CHECKING:
    from .session import Session

COLUMN = 145
"""Width [px] from one cutout to the next, about."""
BEYOND = "Beyond your closest “less like” example"


class SimilarView(View):
    """The page of the session's similarity search."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.model = CandidateModel(self)
        self.thumbnails = Thumbnails(session, self)
        self.gallery = Gallery(
            self.model, self.thumbnails, session.label_of, left=20, gap=13, caption=34, top=16
        )
        self.gallery.noun = "similar"
        self.gallery.setAccessibleName("Similar sources")
        self.gallery.values = self._value
        self._lists_of: dict[int, int] = {}
        self.gallery.divider_text = BEYOND
        self.rail = SimilarRail(session, self.thumbnails)
        self.trail = SimilarTrail(session, self.thumbnails)
        self.pages = QStackedWidget()
        self._shown: SimilarSearch | None = None
        self._build()
        self._connect()
        self._show_search()

    def _build(self) -> None:
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.trail)
        right.addWidget(Line())
        right.addWidget(self.gallery, 1)
        search = QWidget()
        row = QHBoxLayout(search)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(Line(vertical=True))
        row.addLayout(right, 1)
        self.pages.addWidget(search)
        self.pages.addWidget(
            EmptyState("ph.circles-three", "Nothing to compare with", "Choose a source and press S.")
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pages)
        self.setFocusProxy(self.gallery)

    def _connect(self) -> None:
        session = self.session
        session.similar_changed.connect(self._show_search)
        session.project_changed.connect(self._show_search)
        session.target_changed.connect(self._show_examples)
        session.labels_changed.connect(self._labelled)
        session.selection_changed.connect(lambda: self.gallery.set_selection(session.selection))
        self.gallery.chosen.connect(session.select_many)
        self.gallery.acted.connect(self._act)
        self.gallery.left.connect(self.model.release)
        self.rail.filtered.connect(lambda _: self._show_result())
        self.trail.back.connect(session.similar_back)
        self.trail.chosen.connect(self.go_back_to)

    # -- what the window calls ---

    def move_selection(self, where: str, extend: bool = False) -> None:
        self.gallery.move_selection(where, extend)

    def select_all(self) -> None:
        self.gallery.select_all()

    def resize_cutouts(self, by: int) -> None:
        self.gallery.resize_cutouts(by)

    def neighbour(self, source: int, by: int) -> int | None:
        """The source so many places further in the grid; the first when it is not there."""
        row = self.model.row_of(source)
        target = 0 if row < 0 else row + by
        return self.model.id_at(target) if 0 <= target < len(self.model) else None

    def go_back_to(self, search: SimilarSearch) -> None:
        """Return to a search of the trail."""
        while self.session.similar is not None and self.session.similar is not search:
            self.session.similar_back()

    # -- following the session ---

    def _show_search(self) -> None:
        search = self.session.similar
        self.pages.setCurrentIndex(1 if search is None else 0)
        if search is None:
            self.model.reset(EMPTY)
            self._shown = None
            return
        self._show_examples()
        self._show_result()
        if self._shown is None or self._shown.more[0] != search.more[0]:
            self.gallery.verticalScrollBar().setValue(0)
        self._shown = search

    def _show_examples(self) -> None:
        search = self.session.similar
        if search is not None:
            self.rail.show_search(search)
            self.trail.show_trail(search)

    def _show_result(self) -> None:
        order, search = self._order(), self.session.similar
        self._lists_of = search.lists_of if search is not None else {}
        self._divide(order)
        self.gallery.set_selection(self.session.selection)
        self.model.reset(order)

    def _value(self, row: int) -> str:
        """The distance; in a union, how many lists name the source."""
        search = self.session.similar
        if self._lists_of and search is not None:
            return f"{self._lists_of.get(self.model.id_at(row), 0)} of {len(search.more)}"
        return f"{self.model.score_at(row):.3f}"

    def _labelled(self, sources: list[int]) -> None:
        if self.session.similar is None:
            return
        self._show_examples()
        if self.rail.filter.labelled:
            still = self.gallery.still_row if self.isVisible() else -1
            self.model.update(self._order(), still)
        self.gallery.viewport().update()
        if len(sources) == 1 and self.isVisible():
            self.gallery.announce(self.model.row_of(sources[0]))

    def _order(self) -> ListOrder:
        session, search = self.session, self.session.similar
        if search is None or search.result is None or session.mosaic is None or session.project is None:
            return EMPTY
        return similar_order(
            search.result.ids,
            search.result.distances,
            [*search.more, *search.less],
            session.catalog,
            session.mosaic.reference.name,
            repeat_radius(session.project.cutouts.size) / float(session.mosaic.pixel_scale()),
            replace(self.rail.filter, repeats=False) if search.prototypes is not None else self.rail.filter,
            session.labels(),
        )

    def _divide(self, order: ListOrder) -> None:
        """Where the result gets no closer than the examples against, and how many there are."""
        search = self.session.similar
        bound = search.result.nearest_less if search is not None and search.result is not None else None
        beyond = int((order.scores <= bound).sum()) if bound is not None else 0
        self.gallery.split = beyond if beyond < len(order) else 0
        sources = f"{len(order):,} source{'' if len(order) == 1 else 's'}"
        hidden = f", {order.hidden:,} hidden" if order.hidden else ""
        told = ", most alike first"
        if search is not None and self._lists_of:
            told = f" in the lists of {len(search.more):,}, best rank first"
        self.trail.count.setText(f"{sources}{hidden}{told}")

    def _act(self, name: str, source: int) -> None:
        run = {
            "more": self.session.more_like,
            "similar": self.session.find_similar,
            "less": self.session.less_like,
        }[name]
        run(source)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.session.navigator = self.neighbour

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.gallery.set_columns(max(3, round((self.width() - 272 - 20) / COLUMN)))

"""The breadcrumb of a similarity search: from the source one began with to the one searched with now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from . import theme
from .controls import Icon, IconButton, Label
from .gallery_painter import paint_pixels, paint_ring
from .search import SimilarSearch
from .thumbnails import Stamp, Thumbnails

if TYPE_CHECKING:
    from .session import Session

THUMB = 27
SHOWN = 4
"""How many searches the trail shows, the last ones."""


def crumb_text(session: Session, search: SimilarSearch) -> str:
    """Where the source of a search came from: "Lens 7", "Similar 3"; its id when it was in no list."""
    source, before = search.more[0], search.before
    if search.lists_of:
        return f"Prototypes, {len(search.more):,}"
    if search.prototypes is not None:
        return f"Prototype {search.prototypes.prototypes.tolist().index(source) + 1:,}"
    if before is not None and before.result is not None:
        places = (before.result.ids == source).nonzero()[0]
        if len(places):
            return f"Similar {places[0] + 1:,}"
    ranking = session.ranking()
    rank = ranking.rank_of(source) if ranking is not None else None
    return f"{session.targets[session.target]} {rank:,}" if rank is not None else f"Source {source}"


class Crumb(QAbstractButton):
    """One search of the trail: a small cutout and where it came from."""

    def __init__(self, thumbnails: Thumbnails, source: int, text: str, current: bool) -> None:
        super().__init__()
        self._thumbnails, self._source, self._current = thumbnails, source, current
        self.setText(text)
        self.setAccessibleName(text)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.set_font(self, 12, 600)

    def sizeHint(self) -> QSize:
        text = QFontMetricsF(self.font()).horizontalAdvance(self.text())
        return QSize(round(theme.scaled(THUMB) + 8 + text + 4), theme.scaled(36))

    @property
    def stamp(self) -> Stamp | None:
        """The cutout it shows."""
        return self._thumbnails.stamp(self._source, round(theme.scaled(THUMB) * self.devicePixelRatioF()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, side = QPainter(self), theme.scaled(THUMB)
        square = QRect(3, (self.height() - side) // 2, side, side)
        if (stamp := self.stamp) is not None:
            paint_pixels(painter, square, self._thumbnails.picture(stamp), self._thumbnails.coarse(stamp))
        if self._current:
            paint_ring(painter, square, gap=0)
        lit = self._current or self.underMouse()
        painter.setFont(self.font())
        painter.setPen(theme.color("text" if lit else "text2"))
        line = QRectF(square.right() + 8, 0, self.width(), self.height())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, self.text())


class SimilarTrail(QWidget):
    """The bar over the grid. `back()`: to where the search began; `chosen(search)`: to a search of the trail."""

    back = Signal()
    chosen = Signal(object)

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._thumbnails = session, thumbnails
        self.back_button = IconButton("ph.arrow-left", "Back")
        self.back_button.clicked.connect(self.back)
        self.count = Label("", 12, 500, "text2")
        self.crumbs: list[Crumb] = []
        self._parts: list[QWidget] = []
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(16, 0, 16, 0)
        self._line.setSpacing(10)
        self._line.addWidget(self.back_button)
        self._line.addStretch(1)
        self._line.addWidget(self.count)
        self.setFixedHeight(theme.scaled(43))
        thumbnails.ready.connect(lambda _: self._repaint())

    def show_trail(self, search: SimilarSearch) -> None:
        """Show the last few searches up to this one."""
        for part in self._parts:
            self._line.removeWidget(part)
            part.deleteLater()
        self._parts, self.crumbs = [], []
        trail = search.trail[-SHOWN:]
        for step in trail:
            if self.crumbs:
                self._add(Icon("ph.caret-right", 12))
            crumb = Crumb(self._thumbnails, step.more[0], crumb_text(self._session, step), step is search)
            crumb.clicked.connect(lambda checked=False, step=step: self.chosen.emit(step))
            self.crumbs.append(crumb)
            self._add(crumb)
        self._thumbnails.want([crumb.stamp for crumb in self.crumbs], "trail")

    def _add(self, part: QWidget) -> None:
        self._line.insertWidget(1 + len(self._parts), part)
        self._parts.append(part)

    def _repaint(self) -> None:
        for crumb in self.crumbs:
            crumb.update()

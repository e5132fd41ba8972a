"""The rail of a similarity search: what one searches with, and the examples for and against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from . import theme
from .controls import Button, Icon, Label, Line
from .fields import Switch
from .gallery import MIME
from .gallery_painter import paint_dashes, paint_pixels
from .inspector_parts import CutoutPanel
from .search import SimilarSearch
from .similar_order import SimilarFilter, repeat_radius
from .thumbnails import Thumbnails

if TYPE_CHECKING:
    from .session import Session

RAIL = 272
IN_ROW, GAP = 4, 8
PROTOTYPES = 11
"""So many of the prototypes are shown, and a box to add to."""


class ExampleRow(QWidget):
    """Examples as small cutouts and dashed boxes to add more: by drop, or by click for the current source.

    `added(id)`: dropped here, −1 for the current source; `dropped(id)`: an example was clicked away.
    """

    added = Signal(int)
    dropped = Signal(int)

    def __init__(self, thumbnails: Thumbnails, kind: str, tone: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails, self._kind, self._tone = thumbnails, kind, tone
        self._ids: list[int] = []
        self._hover, self._over = -1, False
        self._opens = False
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        thumbnails.ready.connect(lambda _: self.update())

    def show_ids(self, ids: Sequence[int], opens: bool = False) -> None:
        """Show these examples; with `opens` a click on one means its list rather than away with it."""
        self._ids, self._opens = list(ids), opens
        self.setAccessibleName(f"{self._kind}: {len(ids)}")
        self._fit()
        self.update()

    @property
    def boxes(self) -> int:
        """Cutouts and dashed boxes together: whole rows, at least one box to add to."""
        return (len(self._ids) // IN_ROW + 1) * IN_ROW

    def square(self, index: int) -> QRect:
        side = (self.width() - (IN_ROW - 1) * GAP) // IN_ROW
        row, column = divmod(index, IN_ROW)
        return QRect(column * (side + GAP), row * (side + GAP), side, side)

    def _fit(self) -> None:
        self.setFixedHeight(self.square(self.boxes - 1).bottom() + 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for index in range(self.boxes):
            square = self.square(index)
            if index < len(self._ids):
                self._paint_example(painter, square, self._ids[index], index == self._hover)
                continue
            if self._over or index == self._hover:
                theme.paint_box(painter, QRectF(square), theme.tokens().hover, None, theme.RADIUS_CUTOUT)
            paint_dashes(painter, square)
            theme.paint_icon(painter, QRectF(square), "ph.plus", theme.color("text2"), 14)

    def _paint_example(self, painter: QPainter, square: QRect, source: int, hovered: bool) -> None:
        stamp = self._thumbnails.stamp(source, round(square.width() * self.devicePixelRatioF()))
        if stamp is not None:
            paint_pixels(painter, square, self._thumbnails.picture(stamp), self._thumbnails.coarse(stamp))
        if hovered:
            theme.paint_box(painter, QRectF(square), QColor(0, 0, 0, 150), None, theme.RADIUS_CUTOUT)
            theme.paint_icon(
                painter, QRectF(square), "ph.list-numbers" if self._opens else "ph.x", theme.SKY.text, 16
            )
        tone = getattr(theme.SKY, self._tone)
        theme.paint_box(painter, QRectF(square), None, tone, theme.RADIUS_CUTOUT, 2)

    def _at(self, event: QMouseEvent) -> int:
        position = event.position().toPoint()
        return next((i for i in range(self.boxes) if self.square(i).contains(position)), -1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._at(event)
        if 0 <= index < len(self._ids):
            self.dropped.emit(self._ids[index])
        elif index >= 0:
            self.added.emit(-1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = self._at(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = -1
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            known = "Show its list" if self._opens else "Take away"
            tip = known if 0 <= self._hover < len(self._ids) else "Add the selected source"
            QToolTip.showText(event.globalPos(), tip if self._hover >= 0 else "", self)
            return True
        return super().event(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(MIME):
            event.acceptProposedAction()
            self._over = True
            self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._over = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._over = False
        self.update()
        event.acceptProposedAction()
        self.added.emit(int(bytes(event.mimeData().data(MIME).data())))


class SimilarRail(QWidget):
    """Left of the grid. `filtered(SimilarFilter)`: a switch was turned."""

    filtered = Signal(object)

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self._thumbnails = session, thumbnails
        self.query = CutoutPanel(thumbnails)
        self.more = ExampleRow(thumbnails, "More like these", "yes")
        self.less = ExampleRow(thumbnails, "Less like these", "no")
        self._counts = {self.more: Label("", tone="text2"), self.less: Label("", tone="text2")}
        self._heads = {self.more: Label("", 12, 600), self.less: Label("Less like these", 12, 600)}
        self._less_parts: list[QWidget] = [self.less]
        start = SimilarFilter()
        self.brightness = Switch("Similar brightness", start.brightness)
        self.repeats = Switch("Hide near repeats", start.repeats)
        self.labelled = Switch("Hide labelled", start.labelled)
        self.radius = Label("", tone="text2")
        self.use = Button("", height=36)
        self.setProperty("surface", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(RAIL)
        self._build()
        self._connect()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 14, 14, 14)
        column.setSpacing(0)
        column.addWidget(Label("Searching with", 13, 600))
        column.addSpacing(8)
        column.addWidget(self.query)
        for row, icon, tone in (
            (self.more, "ph.plus-circle", "yes"),
            (self.less, "ph.minus-circle", "no"),
        ):
            column.addSpacing(14)
            sign = Icon(icon, 16, tone)
            column.addLayout(_line(sign, self._heads[row], None, self._counts[row]))
            if row is self.less:
                self._less_parts += [sign, self._heads[row], self._counts[row]]
            column.addSpacing(8)
            column.addWidget(row)
        column.addSpacing(14)
        column.addWidget(Line())
        column.addSpacing(10)
        for switch, text, hint in (
            (self.brightness, "Similar brightness", "within 1 mag"),
            (self.repeats, "Hide near repeats", self.radius),
            (self.labelled, "Hide labelled", ""),
        ):
            note = hint if isinstance(hint, Label) else Label(hint, tone="text2")
            name = Label(text)
            column.addLayout(_line(name, None, note, switch))
            column.addSpacing(2)
            if switch is self.repeats:
                self._less_parts += [name, note, switch]
        column.addStretch(1)
        column.addWidget(self.use)

    def _connect(self) -> None:
        session = self.session
        self.more.added.connect(lambda source: self._add(source, self._more))
        self.less.added.connect(lambda source: self._add(source, session.less_like))
        self.more.dropped.connect(self._drop)
        self.less.dropped.connect(session.drop_example)
        for switch in (self.brightness, self.repeats, self.labelled):
            switch.toggled.connect(lambda _: self.filtered.emit(self.filter))
        self.use.clicked.connect(self._use_as_labels)

    @property
    def filter(self) -> SimilarFilter:
        """What the switches hide."""
        return SimilarFilter(self.brightness.isChecked(), self.repeats.isChecked(), self.labelled.isChecked())

    def show_search(self, search: SimilarSearch) -> None:
        """Show what is searched with."""
        session = self.session
        stamp = self._thumbnails.stamp(search.more[0], round((RAIL - 28) * self.devicePixelRatioF()))
        self.query.show_stamp(stamp, session.label_of(search.more[0]))
        small = round(self.more.square(0).width() * self.devicePixelRatioF())
        shown = (
            search.more if search.prototypes is None else search.prototypes.prototypes[:PROTOTYPES].tolist()
        )
        examples = [self._thumbnails.stamp(source, small) for source in (*shown, *search.less)]
        self._thumbnails.want([stamp, *examples], "rail")
        given = search.prototypes.prototypes.tolist() if search.prototypes is not None else None
        self._heads[self.more].setText("More like these" if given is None else "Prototypes")
        self._counts[self.more].setText(str(len(search.more if given is None else given)))
        self._counts[self.less].setText(str(len(search.less)))
        self.more.show_ids(search.more if given is None else given[:PROTOTYPES], given is not None)
        self.less.show_ids(search.less)
        for part in self._less_parts:  # the lists are shown as they are: nothing against, no repeats hidden
            part.setVisible(given is None)
        if session.project is not None:
            self.radius.setText(f"{repeat_radius(session.project.cutouts.size):.2g}″")
        self.use.setText(f"Use as {session.noun()} labels")
        self.use.setAccessibleName(self.use.text())

    def _more(self, source: int) -> None:
        """Another example, or another prototype."""
        search = self.session.similar
        if search is None or search.prototypes is None:
            self.session.more_like(source)
        elif source not in search.prototypes.prototypes:
            self.session.use_as_prototypes([source])

    def _drop(self, source: int) -> None:
        if self.session.similar is not None and self.session.similar.prototypes is not None:
            self.session.show_prototypes(source)
        else:
            self.session.drop_example(source)

    def _add(self, source: int, verb: Callable[[int], object]) -> None:
        chosen = self.session.selected if source < 0 else source
        if chosen is not None:
            verb(chosen)

    def _use_as_labels(self) -> None:
        search, target = self.session.similar, self.session.target
        if search is None:
            return
        for ids, value in ((search.more, "positive"), (search.less, "negative")):
            if ids:
                self.session.label_as(ids, value, target)


def _line(*widgets: QWidget | None) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(8)
    for widget in widgets:
        if widget is None:
            line.addStretch(1)
        else:
            line.addWidget(widget)
    return line

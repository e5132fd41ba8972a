"""A wall of cutouts that paints only what is in view, for any number of sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, QTimer, QVariantAnimation
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from astrotl_gui.core.labels import Label

from . import theme
from .gallery_layout import GridLayout, fit
from .gallery_painter import Cell, paint_actions, paint_cell, paint_pixels
from .models import CandidateModel
from .thumbnails import Picture, Stamp, Thumbnails

NEW_MS = 3000
FADE_MS = 120
ZOOMS = range(-6, 4)
BAR_MOST = 1 << 30
"""Scroll bars count in 32 bits; ten million large cutouts are longer than that in px."""


class CutoutWall(QAbstractScrollArea):
    """The rows of a CandidateModel as cutouts: layout, scrolling, painting."""

    def __init__(
        self,
        model: CandidateModel,
        thumbnails: Thumbnails,
        label_of: Callable[[int], Label | None],
        parent: QWidget | None = None,
        **layout: int,
    ) -> None:
        super().__init__(parent)
        self.model, self.thumbnails, self._label_of = model, thumbnails, label_of
        self._options = layout
        self._zoom = 0
        self._step = 1  # px of the list a step of the scroll bar
        self._upwards = False  # where the list was scrolled last
        self.selection: Sequence[int] = []
        self.hovered, self._hot = -1, ""
        self.values: Callable[[int], str] | None = None  # text instead of the score bar, by row
        self.split, self.divider_text = 0, ""
        self._before: dict[int, int] = {}  # row → id as last painted, to fade from
        self._fading: dict[int, Picture] = {}
        self._asked: tuple[range, int, int, float] | None = (
            None  # rows, eye, size for which pixels were asked
        )
        self._show_new = False
        self._new_timer = QTimer(self, singleShot=True, interval=NEW_MS)
        self._new_timer.timeout.connect(self._end_new)
        self._fade = QVariantAnimation(self, startValue=0.0, endValue=1.0)
        self._fade.valueChanged.connect(lambda _: self.viewport().update())
        self._fade.finished.connect(self._end_fade)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        # Its room stays when there is nothing to scroll, so that no cutout changes its size.
        self.verticalScrollBar().setStyleSheet("QScrollBar::handle:disabled { background: transparent; }")
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        model.changed.connect(self._model_changed)
        thumbnails.ready.connect(lambda _: self.viewport().update())
        thumbnails.emptied.connect(self._ask_again)

    @property
    def current(self) -> int | None:
        """Id of the current source: the one last selected."""
        return self.selection[-1] if self.selection else None

    @property
    def current_row(self) -> int:
        return self.model.row_of(self.current)

    # -- layout ---

    @property
    def grid(self) -> GridLayout:
        """Where the cutouts lie now, in content px."""
        divider = 38 if self.split else 0
        width = self.viewport().width()
        return fit(len(self.model), width, self._zoom, split=self.split, divider=divider, **self._options)

    def resize_cutouts(self, by: int) -> None:
        """Larger (+1) or smaller (−1) cutouts, by one column."""
        before = self.grid.columns
        self._zoom = min(max(self._zoom + by, ZOOMS.start), ZOOMS.stop)
        if self.grid.columns == before:
            self._zoom -= by
        self._lay_out()
        self.show_row(self.current_row)

    def set_columns(self, columns: int) -> None:
        """So many columns, whatever the width; 0 lets the width decide."""
        self._options["columns"] = columns
        self._lay_out()

    def square(self, row: int) -> QRect:
        """Where the cutout of a row is drawn, in viewport px."""
        return self.grid.rect(row, self.scrolled)

    @property
    def scrolled(self) -> int:
        """How much of the list is above the view [px]."""
        return self.verticalScrollBar().value() * self._step

    def visible_rows(self) -> range:
        top = self.scrolled
        return self.grid.visible(top, top + self.viewport().height())

    def show_row(self, row: int) -> None:
        """Scroll as little as needed to have a row in view."""
        if row < 0:
            return
        grid, height = self.grid, self.viewport().height()
        top = grid.row_top(row) - grid.top
        bottom = top + grid.pitch + grid.top
        if top < self.scrolled:
            self.verticalScrollBar().setValue(top // self._step)
        elif bottom > self.scrolled + height:
            self.verticalScrollBar().setValue(-(-(bottom - height) // self._step))

    def _lay_out(self) -> None:
        grid, bar, height = self.grid, self.verticalScrollBar(), self.viewport().height()
        above = self.scrolled
        self._step = 1 + grid.height // BAR_MOST
        bar.setRange(0, -(-max(0, grid.height - height) // self._step))
        bar.setValue(above // self._step)
        bar.setEnabled(bar.maximum() > 0)
        bar.setPageStep(max(height // self._step, 1))
        bar.setSingleStep(max(grid.pitch // 2 // self._step, 1))
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        anchor = self.visible_rows()
        keep = anchor.start if len(anchor) else -1
        super().resizeEvent(event)
        self._lay_out()
        if self.current_row in anchor:
            self.show_row(self.current_row)
        elif keep > 0:
            self.verticalScrollBar().setValue((self.grid.row_top(keep) - self.grid.top) // self._step)

    def row_at(self, position: QPointF) -> int:
        """The row whose cutout or caption is at a viewport position, −1 for none."""
        return self.grid.at(position.x(), position.y() + self.scrolled)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._fading, self._upwards = {}, dy > 0
        if self.hovered >= 0:
            pointer = self.viewport().mapFromGlobal(self.cursor().pos())
            inside = self.viewport().rect().contains(pointer)
            self.hovered = self.row_at(QPointF(pointer)) if inside else -1
        self.viewport().update()

    # -- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        rows = self.visible_rows()
        grid, scrolled = self.grid, self.scrolled
        squares = {row: grid.rect(row, scrolled) for row in rows}
        self._ask_for_pixels(rows)
        for row, square in squares.items():
            paint_cell(painter, square, self.cell(row))
            self._paint_fade(painter, row, square)
            if row == self.hovered:
                paint_actions(painter, square, self._hot)
        self._paint_divider(painter)
        self._before = {row: self.model.id_at(row) for row in rows}

    def cell(self, row: int) -> Cell:
        """What the cutout of a row shows now."""
        model, source = self.model, self.model.id_at(row)
        stamp = self._stamp(source)
        picture = self.thumbnails.picture(stamp) if stamp is not None else None
        coarse = self.thumbnails.coarse(stamp) if picture is None and stamp is not None else None
        readable = picture is None or picture.image is not None
        return Cell(
            rank=f"{model.rank_at(row):,}",
            picture=picture,
            coarse=coarse,
            label=self._label_of(source),
            score=model.score_at(row) if picture is not None and readable else None,
            value=self.values(row) if self.values is not None else "",
            selected=source in self.selection,
            new=self._show_new and model.is_new(source),
        )

    def _paint_fade(self, painter: QPainter, row: int, square: QRect) -> None:
        old = self._fading.get(row)
        if old is not None:
            painter.setOpacity(1.0 - float(self._fade.currentValue() or 0.0))
            paint_pixels(painter, square, old)
            painter.setOpacity(1.0)

    def _paint_divider(self, painter: QPainter) -> None:
        box = self.grid.divider_rect(self.scrolled)
        if box.isEmpty():
            return
        text = QRectF(box).adjusted(0, -4, 0, -12)
        painter.setFont(theme.font(12, 500))
        painter.setPen(theme.color("text2"))
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, self.divider_text)
        start = text.left() + painter.fontMetrics().horizontalAdvance(self.divider_text) + 12
        middle = round(text.center().y())
        theme.paint_line(
            painter, QPointF(start, middle), QPointF(box.right() + 1, middle), QColor(theme.tokens().border)
        )

    # -- pixels ---

    @property
    def _pixels(self) -> int:
        """How wide a cutout is drawn [device px]."""
        return round(self.grid.size * self.devicePixelRatioF())

    def _stamp(self, source: int) -> Stamp | None:
        return self.thumbnails.stamp(source, self._pixels)

    def _picture(self, source: int) -> Picture | None:
        stamp = self._stamp(source)
        return self.thumbnails.picture(stamp) if stamp is not None else None

    def _ask_for_pixels(self, rows: range) -> None:
        """What is in view, nearest to the eye first, then a page on and one back, as the list was scrolled."""
        if not len(rows):
            return
        eye = self.hovered if self.hovered in rows else self.current_row
        if eye not in rows:
            eye = rows[0]
        page, count = len(rows), len(self.model)
        asked = (rows, eye, self.grid.size, self.devicePixelRatioF())
        if asked == self._asked:
            return
        self._asked = asked
        near = sorted(rows, key=lambda row: abs(row - eye))
        below = range(rows.stop, min(rows.stop + page, count))
        above = range(max(0, rows.start - page), rows.start)[::-1]
        on, back = (above, below) if self._upwards else (below, above)
        self.thumbnails.want(self._stamps(near), ahead=self._stamps([*on, *back]))

    def _stamps(self, rows: Iterable[int]) -> list[Stamp | None]:
        side = self._pixels
        return [self.thumbnails.stamp(self.model.id_at(row), side) for row in rows]

    def hideEvent(self, event: QHideEvent) -> None:
        self._asked = None
        self.thumbnails.want([])
        super().hideEvent(event)

    def _ask_again(self) -> None:
        self._asked = None
        self.viewport().update()

    # -- changes ---

    def _model_changed(self) -> None:
        self._asked = None
        count = len(self.model)
        self.hovered = self.hovered if self.hovered < count else -1
        self._fading = {}
        for row, source in self._before.items():
            if row < count and self.model.id_at(row) != source and (old := self._picture(source)) is not None:
                self._fading[row] = old
        self._show_new = True
        self._new_timer.start()
        self._fade.stop()
        if self._fading and (length := theme.duration(FADE_MS)):
            self._fade.setDuration(length)
            self._fade.start()
        else:
            self._fading = {}
        self._lay_out()

    def _end_fade(self) -> None:
        self._fading = {}

    def _end_new(self) -> None:
        self._show_new = False
        self.viewport().update()

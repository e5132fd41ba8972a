"""What was just graded, with its badges, and how long the rest will take."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from astrotl_gui.core.progress import round_time

from .controls import Button, Label, Line
from .gallery_painter import badge_rect, paint_badge, paint_pixels
from .thumbnails import Thumbnails
from .vet_cutout import STAND_IN_SIDE

if TYPE_CHECKING:
    from .session import Session
    from .session_vetting import Vetting

COLUMNS, GAP, SIDE = 4, 8, 60


class GradedWall(QWidget):
    """The last graded, latest first. `chosen(source)`: one was clicked."""

    chosen = Signal(int)

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self._thumbnails = session, thumbnails
        self.sources: list[int] = []
        self._rows = 2
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        thumbnails.ready.connect(lambda _: self.update())
        self.show_rows(2)

    def show_rows(self, rows: int) -> None:
        """One or two rows."""
        self._rows = rows
        self.setFixedHeight(rows * SIDE + (rows - 1) * GAP)

    def show_sources(self, latest_first: list[int]) -> None:
        self.sources = latest_first
        self.setAccessibleName(f"Just graded: {len(latest_first[: 2 * COLUMNS])}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(264, self._rows * (SIDE + GAP))

    def square(self, index: int) -> QRect:
        row, column = divmod(index, COLUMNS)
        return QRect(column * (SIDE + GAP), row * (SIDE + GAP), SIDE, SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for index, source in enumerate(self.sources[: self._rows * COLUMNS]):
            square, stamp = self.square(index), self._thumbnails.stamp(source, STAND_IN_SIDE)
            picture = self._thumbnails.picture(stamp) if stamp is not None else None
            coarse = self._thumbnails.coarse(stamp) if picture is None and stamp is not None else None
            paint_pixels(painter, square, picture, coarse)
            if (label := self.session.own_label(source)) is not None:
                paint_badge(painter, badge_rect(square), label)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = event.position().toPoint()
        for index, source in enumerate(self.sources[: self._rows * COLUMNS]):
            if self.square(index).contains(position):
                self.chosen.emit(source)
                return


class VetGraded(QWidget):
    """Just graded, Undo, and the pace."""

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.wall = GradedWall(session, thumbnails)
        self.undo = Button("Undo", key="Ctrl Z", flat=True, height=28)
        self.pace = Label("", 12, 500, "text2")
        self.undo.clicked.connect(session.undo)
        self.wall.chosen.connect(lambda source: session.select_many([source]))
        head = QHBoxLayout()
        head.addWidget(Label("Just graded", 12, 600, "text2"), 1)
        head.addWidget(self.undo)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(Line())
        column.addLayout(head)
        column.addWidget(self.wall)
        column.addWidget(self.pace)

    def show_vetting(self, vetting: Vetting, can_undo: bool) -> None:
        self.wall.show_sources(vetting.graded[:-9:-1])
        self.undo.setEnabled(can_undo)
        self.pace.setText(pace_text(vetting))


def pace_text(vetting: Vetting) -> str:
    """ "6 s a candidate, about 16 min left"; before there is a pace, how many are left."""
    left, pace = len(vetting.ids) - vetting.place, vetting.pace
    if pace is None:
        return f"{left:,} to go"
    each = f"{pace:.0f} s" if pace >= 1 else "Under 1 s"
    whole = round_time(math.ceil(max(pace, 0.5) * left)).removeprefix("about ")
    return f"{each} a candidate, about {whole} left" if left else f"{each} a candidate"

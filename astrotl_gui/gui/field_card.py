"""A real field on the first page: a picture of its sky, its name, who took it, and what it costs to have."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..core.resources import resource
from ..pipeline.real_fields import RealField
from . import theme
from .controls import Control
from .sky_picture import paint_picture

PICTURE_HEIGHT, GAP, LINE = 132, 9, 18


def cost_text(field: RealField) -> str:
    """What is to be downloaded, "11 MB"; "On this computer" once it is."""
    return "On this computer" if field.here else f"{max(1, round(field.archive.needed / 1e6))} MB"


class FieldCard(Control):
    """One real field; a click opens it."""

    def __init__(self, field: RealField, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._picture = QPixmap(str(resource(f"fields/{field.name}.jpg")))
        self.setText(field.title)
        self.setToolTip(field.credit)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.refresh()

    def refresh(self) -> None:
        """Say again what it costs: it may have been downloaded since."""
        self.cost = cost_text(self.field)
        self.setAccessibleName(f"{self.field.title}, {self.field.facts}, {self.cost}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(180, PICTURE_HEIGHT + GAP + theme.scaled(3 * LINE))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        box = QRectF(0, 0, self.width(), PICTURE_HEIGHT)
        paint_picture(painter, box, self._picture, theme.RADIUS_CONTROL)
        lit = self.hovered() or self.isDown()
        if lit:
            theme.paint_box(painter, box, None, theme.tokens().text2, theme.RADIUS_CONTROL)
        lines = (
            (self.field.title, theme.font(13, 600), "selection" if lit else "text"),
            (self.field.facts, theme.font(12, 400), "text2"),
            (self.cost, theme.font(12, 400), "text2"),
        )
        for number, (text, font, tone) in enumerate(lines):
            painter.setFont(font)
            painter.setPen(theme.color(tone))
            row = QRectF(
                0, PICTURE_HEIGHT + GAP + theme.scaled(number * LINE), self.width(), theme.scaled(LINE)
            )
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, self.width())
            painter.drawText(row, Qt.AlignmentFlag.AlignVCenter, shown)

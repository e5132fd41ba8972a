"""A recent project: a small picture of its sky, its name, what was done in it and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import theme
from .controls import Control
from .sky_picture import paint_picture

HEIGHT, INSET = 76, 8


def day_text(when: date, today: date) -> str:
    """A day as one speaks of it: "today", "yesterday", "18 Nov", "18 Nov 2025"."""
    days = (today - when).days
    if days in (0, 1):
        return ("today", "yesterday")[days]
    return f"{when.day} {when:%b}" + ("" if when.year == today.year else f" {when.year}")


def facts_text(project: Mapping[str, Any], today: date) -> str:
    """ "2,014 sources, 212 labels, today"; what is none is left out."""
    parts = [_counted(int(project.get(key) or 0), key[:-1]) for key in ("sources", "labels")]
    when = _day(project.get("when"))
    return ", ".join(part for part in (*parts, day_text(when, today) if when else "") if part)


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}" if count else ""


def _day(when: object) -> date | None:
    """The local day of a time: ISO text, seconds since 1970 or a datetime."""
    if isinstance(when, str) and when:
        when = datetime.fromisoformat(when)
    if isinstance(when, int | float):
        when = datetime.fromtimestamp(when)
    return when.astimezone().date() if isinstance(when, datetime) else None


class RecentCard(Control):
    """One project of `session.recent()`; a click opens it."""

    def __init__(self, project: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = Path(project["path"])
        self.name = str(project.get("name") or self.path.stem)
        self.facts = facts_text(project, date.today())
        self._picture = QPixmap(str(self.path / "thumbnail.png"))
        self.setText(self.name)
        self.setAccessibleName(f"{self.name}, {self.facts}")
        self.setToolTip(str(self.path))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, theme.scaled(HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = theme.tokens(), QPainter(self)
        lit = self.hovered() or self.isDown()
        theme.paint_box(painter, QRectF(self.rect()), t.control if lit else t.pane, radius=theme.RADIUS_CARD)
        side = self.height() - 2 * INSET
        paint_picture(painter, QRectF(INSET, INSET, side, side), self._picture)
        left = INSET + side + 14
        room = self.width() - left - 12
        middle = self.height() / 2
        lines = ((self.name, theme.font(13, 600), "text", -20), (self.facts, theme.font(12, 400), "text2", 1))
        for text, font, tone, offset in lines:
            painter.setFont(font)
            painter.setPen(theme.color(tone))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room))
            box = QRectF(left, middle + theme.scaled(offset), room, theme.scaled(19))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, shown)

"""The signs of an epoch: flagged, called problematic, called good; each by shape and stroke, not by colour alone."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from astrotl_gui.core.epoch_table import EpochTable, Reason, reason_text
from astrotl_gui.core.labels import Label

from . import theme
from .gallery_painter import paint_badge

GOOD, FLAGGED, PROBLEMATIC, CALLED_GOOD = "", "flagged", "problematic", "good"
"""States of a source in an epoch: nothing against it, flagged, and what a label says."""


def state_of(table: EpochTable, row: int, number: int) -> str:
    """One of the states above."""
    label = int(table.labels[row, number])
    if label:
        return PROBLEMATIC if label > 0 else CALLED_GOOD
    return FLAGGED if table.flagged[row, number] else GOOD


def said(table: EpochTable, row: int, number: int) -> str:
    """The state in words, with its reasons: "Flagged: epoch is dimmed"."""
    state = state_of(table, row, number)
    why = reason_text(int(table.reasons[row, number]) & ~int(Reason.LABEL))
    if state == PROBLEMATIC:
        return "You called it problematic" + (f": {why}" if why else "")
    if state == CALLED_GOOD:
        return "You called it good" + (f", though {why}" if why else "")
    return f"Flagged: {why}" if state == FLAGGED else "Nothing against it"


def paint_sign(painter: QPainter, box: QRectF, state: str) -> None:
    """A hollow square ✕ for flagged, a filled one for what a label calls problematic, a disc ✓ for good."""
    if state == FLAGGED:
        theme.paint_box(painter, box, QColor(10, 10, 10, 190), theme.SKY.no, 3, 1.5)
        painter.setPen(QPen(QColor(theme.SKY.no), 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        inset, size = box.width() / 3, box.width() / 3
        x, y = box.x() + inset, box.y() + inset
        painter.drawLine(QPointF(x, y), QPointF(x + size, y + size))
        painter.drawLine(QPointF(x, y + size), QPointF(x + size, y))
    elif state:
        paint_badge(painter, box, Label(0, "", "negative" if state == PROBLEMATIC else "positive"))

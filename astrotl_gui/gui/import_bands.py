"""The table of bands on the import page: which file is which band, in which colour it is shown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from astrotl_gui.core.bands import PLANE_ROLES, BandSpec

from . import theme
from .controls import IconButton, Label
from .fields import Choice, Field
from .import_draft import BLUE, GREEN, GREY, HIDDEN, RED, Draft, key_of

DOTS = {RED: "#E4666C", GREEN: "#6BC46B", BLUE: "#5B8DEF", GREY: "#A6A6A6"}
CHANNEL_NAMES = {RED: "Red", GREEN: "Green", BLUE: "Blue", HIDDEN: "Not shown", GREY: "Grey"}
ROLE_NAMES = {"rms": "noise", "weight": "weight", "mask": "mask", "psf": "PSF"}
NAME_WIDTH, CHANNEL_WIDTH, ROW_HEIGHT = 78, 112, 44


class FileName(QWidget):
    """The file of a band, shortened in the middle, and below it what goes with the image."""

    def __init__(self) -> None:
        super().__init__()
        self.name, self.beside = "", ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(120, theme.scaled(36))

    def say(self, name: str, beside: str, tip: str) -> None:
        self.name, self.beside = name, beside
        self.setToolTip(tip)
        self.setAccessibleName(f"{name} {beside}".strip())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rect = QRectF(self.rect())
        above, below = (
            (rect.adjusted(0, 4, 0, -18), rect.adjusted(0, 20, 0, -3)) if self.beside else (rect, rect)
        )
        self._line(painter, above, self.name, 12, 500, "text", Qt.TextElideMode.ElideMiddle)
        if self.beside:
            self._line(painter, below, self.beside, 11, 400, "text3", Qt.TextElideMode.ElideRight)

    def _line(
        self,
        painter: QPainter,
        box: QRectF,
        text: str,
        px: int,
        weight: int,
        tone: str,
        cut: Qt.TextElideMode,
    ) -> None:
        painter.setFont(theme.font(px, weight))
        painter.setPen(theme.color(tone))
        shown = painter.fontMetrics().elidedText(text, cut, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, shown)


class BandRow(QWidget):
    """One band: its file, its name, its colour, and a way out."""

    renamed = Signal(str)
    channel_chosen = Signal(str)
    removed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.file = FileName()
        self.name = Field("Band", height=28)
        self.name.setFixedWidth(theme.scaled(NAME_WIDTH))
        self.channel = Choice(height=28)
        self.channel.setFixedWidth(theme.scaled(CHANNEL_WIDTH))
        for channel, colour in DOTS.items():
            self.channel.set_dot(channel, colour)
        self.remove = IconButton("ph.x", "Leave this image out")
        self.setFixedHeight(theme.scaled(ROW_HEIGHT))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 6, 0)
        row.setSpacing(8)
        row.addWidget(self.file, 1)
        row.addWidget(self.name)
        row.addWidget(self.channel)
        row.addSpacing(theme.scaled(40))
        row.addWidget(self.remove)
        self.name.editingFinished.connect(lambda: self.renamed.emit(self.name.text()))
        self.channel.chosen.connect(self.channel_chosen)
        self.remove.clicked.connect(self.removed)

    def show_band(self, draft: Draft, band: BandSpec, shared_file: bool) -> None:
        """Show a band of a draft as it is now."""
        key = key_of(band)
        file = band.image.path.name + (
            str(band.image).removeprefix(str(band.image.path)) if shared_file else ""
        )
        self.file.say(file, _beside(band), _tip(band))
        if self.name.text() != band.name:
            self.name.setText(band.name)
        wrong = draft.name_problem(key)
        self.name.setToolTip(wrong)
        self.name.setProperty("wrong", "true" if wrong else "false")
        self.name.style().polish(self.name)
        self.channel.set_options([(channel, CHANNEL_NAMES[channel]) for channel in draft.channels()])
        self.channel.set_value(draft.channel(key))
        self.channel.setEnabled(len(draft.bands) > 1)
        self.remove.setEnabled(len(draft.bands) > 1)
        self.name.setAccessibleName(f"Band of {file}")
        self.channel.setAccessibleName(f"Colour of {band.name}")

    def paintEvent(self, event: QPaintEvent) -> None:
        theme.paint_box(QPainter(self), QRectF(self.rect()), theme.tokens().pane, radius=theme.RADIUS_CARD)


class BandTable(QWidget):
    """All bands, shortest wavelength first. `changed(draft)` fires when the user corrects something."""

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: dict[str, BandRow] = {}
        self._draft: Draft | None = None
        self._column = QVBoxLayout()
        self._column.setSpacing(6)
        table = QVBoxLayout(self)
        table.setContentsMargins(0, 0, 0, 0)
        table.setSpacing(7)
        table.addLayout(self._head())
        table.addLayout(self._column)

    def show_draft(self, draft: Draft) -> None:
        """Show these bands; rows stay where they are kept, so that what is being typed in stays too."""
        self._draft = draft
        for key in [key for key in self.rows if key not in draft.keys]:
            row = self.rows.pop(key)
            self._column.removeWidget(row)
            row.deleteLater()
        files = [band.image.path for band in draft.bands]
        for place, band in enumerate(draft.bands):
            row = self.rows.get(key_of(band)) or self._new_row(key_of(band))
            if self._column.indexOf(row) != place:
                self._column.removeWidget(row)
                self._column.insertWidget(place, row)
            row.show_band(draft, band, files.count(band.image.path) > 1)

    def _new_row(self, key: str) -> BandRow:
        row = self.rows[key] = BandRow()
        row.renamed.connect(lambda name: self._apply(lambda draft: draft.renamed(key, name)))
        row.channel_chosen.connect(lambda value: self._apply(lambda draft: draft.with_channel(key, value)))
        row.removed.connect(lambda: self._apply(lambda draft: draft.removed(key)))
        return row

    def _apply(self, change: Callable[[Draft], Draft]) -> None:
        if self._draft is not None and (after := change(self._draft)) != self._draft:
            self.changed.emit(after)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 6, 0)
        row.setSpacing(8)
        row.addWidget(Label("File", 12, 500, "text2"), 1)
        for text, width in (("Band", NAME_WIDTH - 8), ("Colour", CHANNEL_WIDTH)):
            label = Label(text, 12, 500, "text2")
            label.setFixedWidth(theme.scaled(width))
            row.addWidget(label)
        row.addSpacing(theme.scaled(40 + 28 + 8))
        return row


def _beside(band: BandSpec) -> str:
    """ "with noise, mask" """
    roles = [ROLE_NAMES[role] for role in PLANE_ROLES if getattr(band, role) is not None]
    return f"with {', '.join(roles)}" if roles else ""


def _tip(band: BandSpec) -> str:
    planes = [(ROLE_NAMES[role].capitalize(), getattr(band, role)) for role in PLANE_ROLES]
    lines = [str(band.image), *(f"{name}: {plane}" for name, plane in planes if plane is not None)]
    return "\n".join(lines)

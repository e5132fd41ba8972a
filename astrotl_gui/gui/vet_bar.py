"""The bar over Vet: what is graded, how far it is, whether blind, and whose grades these are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from astrotl_gui.core.labels import TARGET_NAMES
from astrotl_gui.core.targets import nouns

from . import theme
from .controls import Bar, Icon, IconButton, KeyCap, Label
from .top_bar import HEIGHT, VetterDisc

if TYPE_CHECKING:
    from .session import Session

BLIND, SEEN = "Blind: ranks and other grades hidden", "Not blind: ranks are shown"


class VetBar(QWidget):
    """44 px across the page, the lowest of them a line of progress."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setProperty("surface", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(theme.scaled(HEIGHT) + 1)
        self.close_button = IconButton("ph.x", "Back (Esc)")
        self.title = Label("", 13, 600)
        self.count = Label("", 13, 600)
        self.eye = Icon("ph.eye-slash", 16)
        self.blind = Label("", 12, 500, "text2")
        self.vetter = VetterDisc()
        self.progress = Bar(thickness=2)
        self.progress.setFixedHeight(2)
        left, right = QHBoxLayout(), QHBoxLayout()
        left.addWidget(self.close_button)
        left.addWidget(self.title)
        left.addWidget(KeyCap("Esc"))
        left.addStretch(1)
        right.addStretch(1)
        right.addWidget(self.eye)
        right.addWidget(self.blind)
        right.addWidget(self.vetter)
        left.setSpacing(10)
        right.setSpacing(8)
        row = QHBoxLayout()
        row.setContentsMargins(8, 0, 12, 0)
        row.addLayout(left, 1)
        row.addWidget(self.count, 0, Qt.AlignmentFlag.AlignCenter)
        row.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row, 1)
        column.addWidget(self.progress)

    def show_vetting(self) -> None:
        """Say where the session's queue stands."""
        vetting = self.session.vetting
        self.vetter.show_name(self.session.settings.vetter)
        self.title.setText(vetting.name if vetting and vetting.name else f"Vet {self._plural()}")
        total, place = (len(vetting.ids), vetting.place) if vetting else (0, 0)
        self.count.setText(f"{min(place + 1, total):,} of {total:,}" if total else "")
        self.progress.set_value(place / total if total else 0.0)
        hidden = vetting is not None and vetting.hidden
        self.eye.name = "ph.eye-slash" if hidden else "ph.eye"
        self.eye.update()
        self.blind.setText(BLIND if hidden else SEEN)
        self.eye.setVisible(place < total)
        self.blind.setVisible(place < total)

    def _plural(self) -> str:
        session = self.session
        return nouns(session.targets, session.target) if session.target in TARGET_NAMES else session.noun()

"""The small bar on a companion: what it shows, and the way to close it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from astrotl_gui.core.stretch import COLOUR
from astrotl_gui.gui.companions import Companion
from astrotl_gui.gui.controls import IconButton
from astrotl_gui.gui.mosaic_bar import STRETCH_NAMES, MenuButton


class CompanionBar(QWidget):
    """Bands and stretch of a companion, and the way to close it."""

    def __init__(self, companion: Companion, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("surface", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.bands, self.stretch = MenuButton("Bands"), MenuButton("Stretch")
        self.bands.set_options([(m, "Colour" if m == COLOUR else m) for m in companion.modes])
        self.stretch.set_options(list(STRETCH_NAMES.items()))
        self.close_button = IconButton("ph.x", f"Close {companion.name}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for part in (self.bands, self.stretch, self.close_button):
            row.addWidget(part)
        self.bands.setVisible(len(companion.modes) > 1)
        self.bands.chosen.connect(
            lambda mode: companion.set_look(companion.look.with_(mode=mode, white=None))
        )
        self.stretch.chosen.connect(lambda name: companion.set_look(companion.look.with_(stretch=name)))
        companion.look_changed.connect(lambda: self._take_look(companion))
        self._take_look(companion)

    def _take_look(self, companion: Companion) -> None:
        self.bands.set_value(companion.look.mode)
        self.stretch.set_value(companion.look.stretch)
        self.adjustSize()

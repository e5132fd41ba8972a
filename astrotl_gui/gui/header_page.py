"""What the images say of themselves: the FITS headers of the bands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from . import theme
from .controls import Segmented
from .sheet import Sheet

if TYPE_CHECKING:
    from ..core.mosaic import Mosaic


class HeaderPage(Sheet):
    """One band's header at a time; its text can be selected and copied."""

    def __init__(self, parent: QWidget, mosaic: Mosaic) -> None:
        super().__init__(parent, "Header", mosaic.spec.name, width=760)
        self._headers = {
            band.name: band.header.tostring(sep="\n", endcard=False, padding=False) for band in mosaic.bands
        }
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Header")
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        fixed.setPixelSize(theme.scaled(12))
        self.text.setFont(fixed)
        self.text.setMinimumHeight(theme.scaled(420))
        self.bands = Segmented(list(self._headers))
        self.bands.setAccessibleName("Band")
        self.bands.chosen.connect(self.show_band)
        self.body.addWidget(self.bands)
        self.body.addWidget(self.text, 1)
        self.show_band(self.bands.value)

    def show_band(self, name: str) -> None:
        """Show the header of a band."""
        self.text.setPlainText(self._headers[name])

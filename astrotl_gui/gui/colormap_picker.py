"""The colour maps to choose from, each as a strip with its name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from astrotl_gui.core.stretch import COLORMAPS
from astrotl_gui.core.stretch.colormaps import colormap

from . import theme
from .boxes import Boxes

NAMES = {"blue-red": "Blue–red"}
"""Where a name is more than its id with a capital."""
COLUMNS = 2
ROW, STRIP_WIDTH, STRIP_HEIGHT, GAP = 26, 46, 12, 8
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -COLUMNS, Qt.Key.Key_Down: COLUMNS}


class ColormapPicker(Boxes):
    """One focus stop; arrows move inside. `chosen(name)` when the user chooses."""

    steps = _STEPS

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = COLORMAPS[0]
        self._strips: dict[str, QImage] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Colour map")
        theme.set_font(self, 12, 500)

    @property
    def value(self) -> str:
        return self._value

    def names(self) -> Sequence[str]:
        return COLORMAPS

    def set_value(self, value: str) -> None:
        self._value = value
        self.setAccessibleDescription(colormap_title(value))
        self.update()

    def boxes(self) -> list[QRectF]:
        """Where each colour map is, row by row."""
        width, height = self.width() / COLUMNS, theme.scaled(ROW)
        cells = (divmod(index, COLUMNS) for index in range(len(COLORMAPS)))
        return [QRectF(column * width, row * height, width, height) for row, column in cells]

    def sizeHint(self) -> QSize:
        return QSize(240, -(-len(COLORMAPS) // COLUMNS) * theme.scaled(ROW))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = theme.tokens(), QPainter(self)
        painter.setFont(self.font())
        for index, (name, box) in enumerate(zip(COLORMAPS, self.boxes(), strict=True)):
            if name == self.value:
                theme.paint_box(painter, box.adjusted(0, 1, -2, -1), t.hover)
            top = box.center().y() - STRIP_HEIGHT / 2
            strip = QRectF(box.left() + 6, top, STRIP_WIDTH, STRIP_HEIGHT)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(strip, self._strip(name))
            theme.paint_box(painter, strip, None, t.border, radius=0)
            painter.setPen(theme.color("text" if name == self.value or index == self.hover else "text2"))
            room = box.adjusted(6 + STRIP_WIDTH + GAP, 0, 0, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, colormap_title(name))

    def _strip(self, name: str) -> QImage:
        if name not in self._strips:
            pixels = np.ascontiguousarray(np.round(colormap(name)).astype(np.uint8))
            self._strips[name] = QImage(pixels.data, len(pixels), 1, QImage.Format.Format_RGB888).copy()
        return self._strips[name]


def colormap_title(name: str) -> str:
    """A colour map's name in the window."""
    return NAMES.get(name, name.capitalize())

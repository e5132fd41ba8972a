"""Injected examples as a wall of pairs: left what was drawn, right the host as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect
from PySide6.QtGui import QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from . import theme

if TYPE_CHECKING:
    from astrotl_gui.pipeline.injection.pictures import Example

COLUMNS, SIDE, GAP, BETWEEN = 3, 96, 10, 1
TEXTS = {
    "einstein_radius": "Einstein radius {:.2f}″",
    "magnitude": "Magnitude {:.1f}",
    "colour": "Colour {:.2f} mag",
    "magnification": "Magnification {:.1f}",
    "ratio": "{:.2f} of its host's light",
    "snr": "S/N {:.0f}",
}


class ExampleWall(QWidget):
    """Paints the pairs; a tip says what was drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.examples: list[Example] = []
        self._images: list[tuple[QImage, QImage]] = []
        self.setAccessibleName("Injected examples, each beside its host")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_examples(self, examples: list[Example]) -> None:
        self.examples = examples
        self._images = [(_image(one.injected), _image(one.plain)) for one in examples]
        last = self.cell(max(len(examples), COLUMNS) - 1)
        self.setFixedSize(self.cell(COLUMNS - 1).right() + 1, last.bottom() + 1 if examples else 0)
        self.update()

    def tip(self, number: int) -> str:
        """What was drawn into the host of a pair."""
        facts = self.examples[number].facts
        drawn = [text.format(facts[name]) for name, text in TEXTS.items() if name in facts]
        return f"Host {self.examples[number].host}\n" + "\n".join(drawn)

    def cell(self, number: int) -> QRect:
        """Where a pair stands."""
        side = theme.scaled(SIDE)
        x, y = number % COLUMNS, number // COLUMNS
        return QRect(x * (2 * side + BETWEEN + GAP), y * (side + GAP), 2 * side + BETWEEN, side)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            for number in range(len(self._images)):
                if self.cell(number).contains(event.pos()):
                    QToolTip.showText(event.globalPos(), self.tip(number), self)
                    return True
            QToolTip.hideText()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for number, images in enumerate(self._images):
            cell = self.cell(number)
            for k, image in enumerate(images):
                left = cell.left() + k * (cell.height() + BETWEEN)
                painter.drawImage(QRect(left, cell.top(), cell.height(), cell.height()), image)


def _image(pixels: object) -> QImage:
    """A picture (h, w, 3) as Qt has it, with pixels of its own."""
    import numpy as np

    values = np.ascontiguousarray(pixels)
    height, width = values.shape[:2]
    return QImage(values.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()

"""Injected examples as a wall of pairs: left what was drawn, right the host as it is."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from . import theme

if TYPE_CHECKING:
    from astrotl_gui.pipeline.injection.pictures import Example

COLUMNS, SIDE, GAP, BETWEEN = 3, 96, 10, 1
BY_KIND = 4, 66, 20
"""Columns, side and height of a heading where pairs are parted by kind."""
TEXTS = {
    "einstein_radius": "Einstein radius {:.2f}″",
    "magnitude": "Magnitude {:.1f}",
    "colour": "Colour {:.2f} mag",
    "magnification": "Magnification {:.1f}",
    "ratio": "{:.2f} of its host's light",
    "snr": "S/N {:.0f}",
    "strength": "{:.0f} times the noise",
}


class ExampleWall(QWidget):
    """Paints the pairs; a tip says what was drawn."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.examples: list[Example] = []
        self._images: list[tuple[QImage, QImage]] = []
        self._cells: list[QRect] = []
        self._headings: list[tuple[QRect, str]] = []
        theme.set_font(self, 12, 500)
        self._kinds: list[str] = []
        self.setAccessibleName("Injected examples, each beside its host")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_examples(self, examples: list[Example], kinds: Iterable[str] = ()) -> None:
        """Show pairs; those whose fact "kind" numbers one of `kinds` under its name."""
        self.examples, self._kinds = examples, list(kinds)
        self._images = [(_image(one.injected), _image(one.plain)) for one in examples]
        self._cells, self._headings = [], []
        if any("kind" in one.facts for one in examples):
            self._part()
        else:
            self._cells = [
                self._pair(n % COLUMNS, n // COLUMNS * (theme.scaled(SIDE) + GAP), SIDE)
                for n in range(len(examples))
            ]
        bounds = QRect(0, 0, self._pair(COLUMNS - 1, 0, SIDE).right() + 1, 0)
        for cell in self._cells:
            bounds = bounds.united(cell)
        self.setFixedSize(bounds.size())
        self.update()

    def _part(self) -> None:
        """Place the pairs of each kind below its name."""
        columns, side, head = BY_KIND
        top = 0
        for kind, group in groupby(self.examples, lambda one: int(one.facts["kind"])):
            width = self._pair(columns - 1, 0, side).right() + 1
            self._headings.append((QRect(0, top, width, theme.scaled(head)), self._kinds[kind]))
            top += theme.scaled(head)
            for number, _ in enumerate(group):
                down = number // columns * (theme.scaled(side) + GAP)
                self._cells.append(self._pair(number % columns, top + down, side))
            top = self._cells[-1].bottom() + 1 + GAP // 2

    def tip(self, number: int) -> str:
        """What was drawn into the host of a pair."""
        facts = self.examples[number].facts
        drawn = [text.format(facts[name]) for name, text in TEXTS.items() if name in facts]
        return f"Host {self.examples[number].host}\n" + "\n".join(drawn)

    def cell(self, number: int) -> QRect:
        """Where a pair stands."""
        return self._cells[number]

    def _pair(self, column: int, top: int, side: int) -> QRect:
        side = theme.scaled(side)
        return QRect(column * (2 * side + BETWEEN + GAP), top, 2 * side + BETWEEN, side)

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
        painter.setPen(theme.color("text2"))
        for box, name in self._headings:
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
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

"""Rows of the look panel: a number by slider and field, and a level in σ and in image units."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from . import theme
from .controls import Label
from .fields import NumberField

NAME_WIDTH, FIELD_WIDTH = 68, 76
STEPS = 1000
DIGITS = 4


class LiveNumber(NumberField):
    """A number that acts while it is typed; what is shown from elsewhere waits until the typing is done.

    `typed(value)` for each text that fits; `left()` when the typing is done.
    """

    typed = Signal(float)
    left = Signal()

    def __init__(self, name: str, unit: str = "") -> None:
        super().__init__(None, unit=unit, height=28)
        self.field.setAccessibleName(name)
        self.field.textEdited.connect(self._take)
        self.field.editingFinished.connect(self._done)

    def show_value(self, value: float) -> None:
        """Show a number, unless another is being typed."""
        if not (self.field.hasFocus() and self.field.isModified()):
            self.field.setText(f"{float(f'{value:.{DIGITS}g}') + 0.0:g}".replace("-", "−"))
            self.field.setCursorPosition(0)
            self._check()

    def _range(self) -> str:
        return super()._range().replace("-", "−")

    def set_range(self, low: float, high: float) -> None:
        self.minimum, self.maximum = (float(f"{end:.{DIGITS}g}") for end in (low, high))

    def _take(self) -> None:
        if self.value is not None:
            self.typed.emit(self.value)

    def _done(self) -> None:
        if self.value is not None or not self.field.text().strip():
            self.field.setModified(False)
            self.left.emit()


class NumberRow(QWidget):
    """A named number by slider and by field. `changed(value)` when the user moves or types it."""

    changed = Signal(float)

    def __init__(
        self, name: str, low: float, high: float, *, unit: str = "", logarithmic: bool = False
    ) -> None:
        super().__init__()
        self._low, self._high = low, high
        self.value = low
        self.name = Label(name, 12, 500, "text2")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS)
        self.slider.setPageStep(STEPS // 20)
        self.slider.setSingleStep(STEPS // 50)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.number = LiveNumber(name, unit)
        self.number.setFixedWidth(theme.scaled(FIELD_WIDTH))
        _lay(self, self.name, (self.slider, self.number), self.number.says)
        self.rename(name, logarithmic)
        self.set_range(low, high)
        self.slider.valueChanged.connect(self._slid)
        self.number.typed.connect(self._changed)
        self.number.left.connect(lambda: self.show_value(self.value))

    def rename(self, name: str, logarithmic: bool) -> None:
        """What it is called now, and whether its slider is even in the number or in its logarithm."""
        self.name.setText(name)
        self.slider.setAccessibleName(name)
        self.number.field.setAccessibleName(name)
        self._logarithmic = logarithmic

    def set_range(self, low: float, high: float) -> None:
        self._low, self._high = low, high
        self.number.set_range(low, high)

    def show_value(self, value: float) -> None:
        """Show a number without firing `changed`."""
        self.value = value
        low, high, here = (self._along(v) for v in (self._low, self._high, value))
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(STEPS * (here - low) / (high - low)))
        self.number.show_value(value)

    def _along(self, value: float) -> float:
        return math.log(max(value, 1e-9)) if self._logarithmic else value

    def _slid(self, step: int) -> None:
        low, high = self._along(self._low), self._along(self._high)
        along = low + step / STEPS * (high - low)
        self._changed(math.exp(along) if self._logarithmic else along)

    def _changed(self, value: float) -> None:
        self.value = value
        self.changed.emit(value)


class LevelRow(QWidget):
    """Black, mid or white: in σ above the sky, and in image units where one band is shown. `changed(sigma)`."""

    changed = Signal(float)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._zero, self._unit = 0.0, 1.0
        self._sigma = 0.0
        self.sigma = LiveNumber(f"{name} in σ above the sky", "σ")
        self.image = LiveNumber(f"{name} in image units")
        self.says = Label("", 11, 500, "alert", wrap=True)
        _lay(self, Label(name, 12, 500, "text2"), (self.sigma, self.image), self.sigma.says, self.image.says)
        self.sigma.typed.connect(self.changed)
        self.image.typed.connect(lambda value: self.changed.emit((value - self._zero) / self._unit))
        for number in (self.sigma, self.image):
            number.left.connect(lambda: self._show())

    def show_level(self, sigma: float, low: float, high: float) -> None:
        """Show a level, which may lie from `low` to `high` [σ above the sky]."""
        self._sigma = sigma
        self.sigma.set_range(low, high)
        self.image.set_range(*(self._zero + end * self._unit for end in (low, high)))
        self._show()

    def set_image_units(self, zero: float, size: float) -> None:
        """What 0 σ and 1 σ are in image units; a size of 0 hides them."""
        self._zero, self._unit = zero, size or 1.0
        self.image.setVisible(bool(size))

    def _show(self) -> None:
        self.sigma.show_value(self._sigma)
        self.image.show_value(self._zero + self._sigma * self._unit)


def _lay(row: QWidget, name: Label, parts: tuple[QWidget, ...], *says: QWidget) -> None:
    """A name and its controls side by side; what is wrong is said below all of them."""
    name.setFixedWidth(theme.scaled(NAME_WIDTH))
    line = QHBoxLayout()
    line.setSpacing(8)
    line.addWidget(name)
    for part in parts:
        line.addWidget(part, 1)
    column = QVBoxLayout(row)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addLayout(line)
    for said in says:
        column.addWidget(said)

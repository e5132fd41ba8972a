"""Two numbers, the least and the most; empty ones are automatic and show what that is."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from .controls import Label
from .fields import NumberField

BETWEEN = "to"


class RangeField(QWidget):
    """A named range with its unit. `value` is (least, most), () for automatic, or None while it does not fit."""

    changed = Signal()

    def __init__(self, name: str, unit: str, minimum: float, maximum: float) -> None:
        super().__init__()
        self.name = Label(name, 12, 500, "text2")
        self.unit, self.minimum, self.maximum = unit, minimum, maximum
        self.least = NumberField(None, unit=unit, minimum=minimum, maximum=maximum, height=28)
        self.most = NumberField(None, unit=unit, minimum=minimum, maximum=maximum, height=28)
        self.says = Label("", 11, 500, "alert", wrap=True)
        self.says.hide()
        self._automatic: tuple[float, float] | None = None
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.least, 1)
        row.addWidget(Label(BETWEEN, 12, 400, "text3"))
        row.addWidget(self.most, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.name)
        column.addLayout(row)
        column.addWidget(self.says)
        for end, words in ((self.least, "least"), (self.most, "most")):
            end.field.setAccessibleName(f"{name}, {words}")
            end.says.setMaximumHeight(0)  # said once, below both
            end.changed.connect(self._check)
        self.setFocusProxy(self.least)

    @property
    def value(self) -> tuple[float, ...] | None:
        texts = [end.field.text().strip() for end in (self.least, self.most)]
        if not any(texts):
            return ()
        ends = [
            end.value if text else self._automatic[k] if self._automatic else None
            for k, (end, text) in enumerate(zip((self.least, self.most), texts, strict=True))
        ]
        if ends[0] is None or ends[1] is None or ends[0] > ends[1]:
            return None
        return ends[0], ends[1]

    def set_value(self, value: tuple[float, ...]) -> None:
        """Show a range; () empties both."""
        for k, end in enumerate((self.least, self.most)):
            end.set_value(value[k] if value else None)

    def set_automatic(self, value: tuple[float, float]) -> None:
        """Show in empty fields what they stand for."""
        self._automatic = value
        for number, end in zip(value, (self.least, self.most), strict=True):
            end.field.setPlaceholderText(f"{round(number, 2) + 0.0:.2f}".replace("-", "−"))
        self._check()

    def rename(self, name: str) -> None:
        self.name.setText(name)

    def _check(self) -> None:
        wrong = self.value is None
        limits = f"from {self.minimum:g} to {self.maximum:g}".replace("-", "−")
        self.says.setText(f"Two numbers {limits}, the smaller first" if wrong else "")
        self.says.setVisible(wrong)
        self.changed.emit()

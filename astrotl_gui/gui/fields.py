"""Controls that take a value: text and number fields, choices, switches."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from . import theme
from .controls import Label, cap_width, paint_cap


class Field(QLineEdit):
    """A line of text; shows an icon at its left, and at its right a unit or, while empty, a key cap."""

    def __init__(
        self,
        placeholder: str = "",
        *,
        icon: str | None = None,
        unit: str = "",
        key: str = "",
        height: int = 32,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.icon_name, self.unit, self.key, self._height = icon, unit, key, height
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        theme.set_font(self, 12, 500)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(160, theme.scaled(self._height))

    def minimumSizeHint(self) -> QSize:
        return QSize(48, theme.scaled(self._height))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        left = theme.scaled(16) + 4 if self.icon_name else 0
        unit = self.fontMetrics().horizontalAdvance(self.unit) + 8 if self.unit else 0
        self.setTextMargins(left, 0, unit, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter, rect = QPainter(self), QRectF(self.rect())
        if self.icon_name:
            box = QRectF(8, 0, theme.scaled(16), rect.height())
            theme.paint_icon(painter, box, self.icon_name, theme.color("text2"))
        if self.unit:
            painter.setPen(theme.color("text2"))
            side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(rect.adjusted(0, 0, -10, 0), side, self.unit)
        if self.key and not self.text():
            width, height = cap_width(self.key), theme.scaled(18)
            box = QRectF(rect.width() - width - 6, (rect.height() - height) / 2, width, height)
            paint_cap(painter, box, self.key)


class NumberField(QWidget):
    """A number with its unit. Wrong input stays; what would fit is said below.

    `value` is the number, or None while the text is no number in [minimum, maximum]; an empty text is the
    default. `changed` fires after each edit.
    """

    changed = Signal()

    def __init__(
        self,
        default: float | None = None,
        *,
        unit: str = "",
        minimum: float = 0.0,
        maximum: float = 1e12,
        height: int = 32,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.default, self.minimum, self.maximum = default, minimum, maximum
        self.field = Field("" if default is None else f"{default:g}", unit=unit, height=height)
        self.says = Label("", 11, 500, "alert", wrap=True)
        self.says.hide()
        self.setFocusProxy(self.field)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.field)
        column.addWidget(self.says)
        self.field.textEdited.connect(self._check)

    @property
    def value(self) -> float | None:
        """The number in the field, the default when empty, None when it does not fit."""
        text = self.field.text().strip().replace("−", "-")
        if not text:
            return self.default
        try:
            number = float(text)
        except ValueError:
            return None
        return number if self.minimum <= number <= self.maximum else None

    def set_value(self, value: float | None) -> None:
        """Show a number; None empties the field."""
        self.field.setText("" if value is None else f"{value:g}")
        self._check()

    def _check(self) -> None:
        wrong = bool(self.field.text().strip()) and self.value is None
        self.says.setText(self._range())
        self.says.setVisible(wrong)
        self.field.setProperty("wrong", "true" if wrong else "false")
        self.field.style().polish(self.field)
        self.changed.emit()

    def _range(self) -> str:
        if self.maximum >= 1e12:
            return f"A number, {self.minimum:g} or more"
        return f"A number from {self.minimum:g} to {self.maximum:g}"


class Choice(QComboBox):
    """One of several options (texts, or (id, text) pairs). `chosen(id)` fires when the user chooses.

    An option's colour dot comes from `set_dot(id, "#RRGGBB")`. `flat` has no box.
    """

    chosen = Signal(str)

    def __init__(
        self,
        options: Sequence[str | tuple[str, str]] = (),
        *,
        height: int = 28,
        flat: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._height, self.flat = height, flat
        self._dots: dict[str, str] = {}
        theme.set_font(self, 12, 600)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_options(options)
        self.activated.connect(lambda: self.chosen.emit(self.value))

    @property
    def value(self) -> str:
        """The id of the chosen option."""
        return str(self.currentData() or "")

    def set_value(self, value: str) -> None:
        """Choose an option without firing `chosen`."""
        self.setCurrentIndex(max(0, self.findData(value)))

    def set_options(self, options: Sequence[str | tuple[str, str]]) -> None:
        """Replace the options; the chosen one stays where it still exists."""
        kept = self.value
        self.clear()
        for option in options:
            name, text = (option, option) if isinstance(option, str) else option
            self.addItem(text, name)
        self.set_value(kept)
        self.updateGeometry()

    def set_dot(self, value: str, colour: str) -> None:
        """Show a dot of this colour before an option's text."""
        self._dots[value] = colour
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # scrolling a page must not change what is chosen

    def sizeHint(self) -> QSize:
        texts = [self.itemText(i) for i in range(self.count())] or [""]
        width = max(self.fontMetrics().horizontalAdvance(text) for text in texts)
        return QSize(width + 42 + (16 if self._dots else 0), theme.scaled(self._height))

    def minimumSizeHint(self) -> QSize:
        return QSize(48, theme.scaled(self._height))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter, rect = theme.tokens(), QPainter(self), QRectF(self.rect())
        lit = self.isEnabled() and self.underMouse()
        if not self.flat:
            border = t.border if self.isEnabled() else t.line
            theme.paint_box(painter, rect, t.hover if lit else t.control, border)
        elif lit:
            theme.paint_box(painter, rect, t.hover)
        left = 10.0
        if dot := self._dots.get(self.value):
            theme.paint_box(painter, QRectF(left, rect.height() / 2 - 5, 10, 10), dot, radius=5)
            left += 18
        painter.setFont(self.font())
        painter.setPen(theme.color("text" if self.isEnabled() else "border"))
        room = rect.width() - left - 26
        shown = self.fontMetrics().elidedText(
            self.currentText(), Qt.TextElideMode.ElideRight, round(room + 1)
        )
        painter.drawText(QRectF(left, 0, room + 2, rect.height()), Qt.AlignmentFlag.AlignVCenter, shown)
        caret = QRectF(rect.width() - 24, 0, 16, rect.height())
        theme.paint_icon(painter, caret, "ph.caret-down", t.text2 if self.isEnabled() else t.border, 12)


class Switch(QAbstractButton):
    """On or off, at once."""

    def __init__(self, name: str, checked: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setChecked(checked)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(32), theme.scaled(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = theme.tokens(), QPainter(self)
        height = theme.scaled(18)
        track = QRectF(0, (self.height() - height) / 2, self.width(), height)
        on, tone = self.isChecked(), t.text2 if self.isEnabled() else t.border
        theme.paint_box(painter, track, tone if on else t.control, None if on else t.border, height / 2)
        knob = height - 4
        left = self.width() - knob - 2 if on else 2
        dot = QRectF(left, track.top() + 2, knob, knob)
        theme.paint_box(painter, dot, t.pane if on else tone, radius=knob / 2)

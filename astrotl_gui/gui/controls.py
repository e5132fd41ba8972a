"""The small controls every pane is made of: labels, buttons, key caps, segments, bars, empty states."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QMargins, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from . import theme
from .boxes import Boxes

CAP_HEIGHT, CAP_PADDING = 18, 5
KEY_GAP = 9


def cap_width(text: str) -> float:
    """The width [px] of a key cap that says `text`."""
    metrics = QFontMetricsF(theme.font(11, 500))
    return max(theme.scaled(CAP_HEIGHT), metrics.horizontalAdvance(text) + 2 * CAP_PADDING)


def paint_cap(painter: QPainter, rect: QRectF, text: str, tone: str = "text2") -> None:
    """Draw a key cap: `text`, in the colour of a token, in a thin box."""
    theme.paint_box(painter, rect, None, theme.tokens().border, radius=4)
    painter.setFont(theme.font(11, 500))
    painter.setPen(theme.color(tone))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


class Label(QLabel):
    """Text in one of the three text tones ("text", "text2", "text3") or "alert"."""

    def __init__(
        self,
        text: str = "",
        px: float = 12,
        weight: int = 400,
        tone: str = "text",
        wrap: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        self.setProperty("tone", tone)
        theme.set_font(self, px, weight)


class Line(QWidget):
    """A rule one pixel wide."""

    def __init__(self, vertical: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "line")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(1) if vertical else self.setFixedHeight(1)


class KeyCap(QWidget):
    """A key as it stands on the keyboard."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = text
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(round(cap_width(self.text)), theme.scaled(CAP_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_cap(QPainter(self), QRectF(self.rect()), self.text)


class Control(QAbstractButton):
    """What buttons share: hand them a click and a name, repaint on hover."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def hovered(self) -> bool:
        return self.isEnabled() and self.underMouse()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.isEnabled():
            self.click()
        else:
            super().keyPressEvent(event)


class Button(Control):
    """A verb. `main` marks the one main button of a pane, `flat` a button without a box; `key` is shown.

    `icon` is a Phosphor name; `icon_tone` a token ("yes") for its colour. Heights are 28, 32 or 36.
    """

    def __init__(
        self,
        text: str,
        icon: str | None = None,
        key: str = "",
        main: bool = False,
        *,
        flat: bool = False,
        height: int = 32,
        icon_tone: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setAccessibleName(text)
        self.icon_name, self.key, self.main, self.flat = icon, key, main, flat
        self.icon_tone, self._height = icon_tone, height
        theme.set_font(self, 12, 600)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    def _parts(self) -> tuple[float, float, float]:
        """Widths [px] of icon, text and key, with the gaps before text and key."""
        text = QFontMetricsF(self.font()).horizontalAdvance(self.text())
        icon = theme.scaled(16) + (7 if self.text() else 0) if self.icon_name else 0
        return icon, text, KEY_GAP + cap_width(self.key) if self.key else 0

    def sizeHint(self) -> QSize:
        padding = 0 if self.flat else 2 * 14
        return QSize(round(sum(self._parts()) + padding + 0.5), theme.scaled(self._height))

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self.sizeHint().width(), 48), theme.scaled(self._height))

    def _tone(self) -> str:
        if not self.isEnabled():
            return "border"
        return "main_text" if self.main else "text"

    def _paint_box(self, painter: QPainter) -> None:
        t, rect = theme.tokens(), QRectF(self.rect())
        if self.flat:
            return
        if not self.isEnabled():
            theme.paint_box(painter, rect, None, t.line)
        elif self.main:
            down = self.isDown() or self.hovered()
            theme.paint_box(painter, rect, t.selection if down else t.main)
        else:
            on = self.isDown() or self.isChecked() or self.hovered()
            theme.paint_box(painter, rect, t.hover if on else t.control, t.border)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._paint_box(painter)
        icon, text, key = self._parts()
        left = 0 if self.flat else max(8, (self.width() - icon - text - key) / 2)
        tone, height = theme.color(self._tone()), self.height()
        if self.icon_name:
            box = QRectF(left, 0, theme.scaled(16), height)
            tint = theme.color(self.icon_tone) if self.icon_tone and self.isEnabled() else tone
            theme.paint_icon(painter, box, self.icon_name, tint)
        room = self.width() - left - icon - key - (0 if self.flat else 4)
        shown = QFontMetricsF(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideRight, room + 1)
        painter.setFont(self.font())
        painter.setPen(theme.color("selection") if self.flat and self.hovered() else tone)
        painter.drawText(QRectF(left + icon, 0, room + 2, height), Qt.AlignmentFlag.AlignVCenter, shown)
        if self.key:
            cap = theme.scaled(CAP_HEIGHT)
            start = left + icon + text + KEY_GAP
            box = QRectF(start, (height - cap) / 2, key - KEY_GAP, cap)
            paint_cap(painter, box, self.key, "main_text" if self.main and self.isEnabled() else "text2")


class IconButton(Control):
    """A 28 px button with a Phosphor icon and a tip; checkable ones stay lit."""

    def __init__(
        self, icon: str, tip: str, checkable: bool = False, *, size: int = 28, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.icon_name, self._size = icon, size
        self.setCheckable(checkable)
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(self._size), theme.scaled(self._size))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter, rect = theme.tokens(), QPainter(self), QRectF(self.rect())
        if self.isChecked() or self.isDown() or self.hovered():
            theme.paint_box(painter, rect, t.hover)
        tone = t.text if self.isChecked() or self.hovered() else t.text2
        theme.paint_icon(painter, rect, self.icon_name, tone if self.isEnabled() else t.border, 18)


class Segmented(Boxes):
    """A row of options of which one is chosen. Options are texts, or (id, text) pairs.

    One focus stop; arrows move inside. `chosen(id)` fires only when the user chooses.
    """

    def __init__(
        self, options: Sequence[str | tuple[str, str]], *, padding: int = 12, height: int = 28,
        fill: bool = False, parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._padding, self._height, self._fill = padding, height, fill
        self.track = "window"  # token of what the options stand on; "pane" where the window is behind
        self._options: list[tuple[str, str]] = []
        self._value = ""
        policy = QSizePolicy.Policy.Expanding if fill else QSizePolicy.Policy.Fixed
        self.setSizePolicy(policy, QSizePolicy.Policy.Fixed)
        theme.set_font(self, 12, 600)
        self.set_options(options)

    @property
    def value(self) -> str:
        """The id of the chosen option."""
        return self._value

    def set_value(self, value: str) -> None:
        """Choose an option without firing `chosen`."""
        self._value = value
        self.setAccessibleDescription(dict(self._options).get(value, ""))
        self.update()

    def names(self) -> Sequence[str]:
        return [name for name, _ in self._options]

    def set_options(self, options: Sequence[str | tuple[str, str]]) -> None:
        """Replace the options; the chosen one stays where it still exists."""
        self._options = [(o, o) if isinstance(o, str) else o for o in options]
        ids = self.names()
        if self._value not in ids:
            self._value = ids[0] if ids else ""
        self.updateGeometry()
        self.update()

    def _widths(self) -> list[float]:
        metrics = QFontMetricsF(self.font())
        widths = [metrics.horizontalAdvance(text) + 2 * self._padding for _, text in self._options]
        spare = self.width() - sum(widths) if self._fill else 0
        return [width + max(0, spare) / len(widths) for width in widths]

    def boxes(self) -> list[QRectF]:
        """Where each option is drawn."""
        left, boxes = 0.0, []
        for width in self._widths():
            boxes.append(QRectF(round(left), 0, round(left + width) - round(left), self.height()))
            left += width
        return boxes

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self.font())
        width = sum(metrics.horizontalAdvance(text) + 2 * self._padding for _, text in self._options)
        return QSize(round(width + 0.5), theme.scaled(self._height))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = theme.tokens(), QPainter(self)
        theme.paint_box(painter, QRectF(self.rect()), getattr(t, self.track))
        painter.setFont(self.font())
        for i, ((name, text), box) in enumerate(zip(self._options, self.boxes(), strict=True)):
            if name == self._value:
                theme.paint_box(painter, box.adjusted(0, 1, 0, -1), t.hover)
            lit = name == self._value or i == self.hover
            painter.setPen(theme.color("text" if lit else "text2"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


class Bar(QWidget):
    """A thin grey bar filled to `value` (0–1): a score or a job's progress."""

    def __init__(self, value: float = 0, width: int = 0, thickness: int = 4) -> None:
        super().__init__()
        self._value, self._thickness = value, thickness
        self.setFixedHeight(max(thickness, 4))
        if width:
            self.setFixedWidth(width)

    @property
    def value(self) -> float:
        """How much is filled, 0–1."""
        return self._value

    def set_value(self, value: float) -> None:
        """Fill up to `value` (0–1)."""
        self._value = min(max(value, 0.0), 1.0)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter, radius = theme.tokens(), QPainter(self), self._thickness / 2
        top = (self.height() - self._thickness) / 2
        theme.paint_box(painter, QRectF(0, top, self.width(), self._thickness), t.hover, radius=radius)
        if self._value > 0:
            filled = max(self._thickness, self._value * self.width())
            theme.paint_box(painter, QRectF(0, top, filled, self._thickness), t.main, radius=radius)


class Icon(QWidget):
    """A Phosphor icon in a token's colour."""

    def __init__(self, name: str, size: int = 16, tone: str = "text2", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name, self.tone, self._size = name, tone, size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(self._size), theme.scaled(self._size))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme.paint_icon(painter, QRectF(self.rect()), self.name, theme.color(self.tone), self._size)


class EmptyState(QWidget):
    """What a pane shows when it has nothing: icon, title, how to begin, and the button that does it."""

    def __init__(
        self,
        icon: str,
        title: str,
        detail: str = "",
        button: str = "",
        run: Callable[[], object] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setSpacing(4)
        centre = Qt.AlignmentFlag.AlignHCenter
        column.addStretch(1)
        column.addWidget(Icon(icon, 24), 0, centre)
        column.addSpacing(10)
        self.title = Label(title, 13, 600)
        self.detail = Label(detail, 12, 400, "text2", wrap=True)
        for label in (self.title, self.detail):
            label.setAlignment(centre)
        column.addWidget(self.title, 0, centre)
        column.addWidget(self.detail)
        if button and run:
            self.button = Button(button)
            self.button.clicked.connect(lambda: run())
            column.addSpacing(12)
            column.addWidget(self.button, 0, centre)
        column.addStretch(1)


def scrolling(column: QVBoxLayout) -> QScrollArea:
    """A column that scrolls up and down where there is no room; the bar takes its room from the right margin, so that
    nothing moves when it comes."""
    body = QWidget()
    body.setLayout(column)
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(body)
    free = column.contentsMargins()
    narrow = QMargins(free.left(), free.top(), 2, free.bottom())
    area.verticalScrollBar().rangeChanged.connect(
        lambda least, most: column.setContentsMargins(narrow if most else free)
    )
    return area

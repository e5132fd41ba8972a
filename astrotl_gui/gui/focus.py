"""Where the keys go: the focus ring, and single-key shortcuts that rest while someone types."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QTextEdit,
    QWidget,
)
from shiboken6 import isValid

from . import theme
from .colormap_picker import ColormapPicker
from .controls import Segmented
from .list_tabs import ListTabs

RING, GAP = 2, 1
TEXT_INPUTS = (QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox)
_Key = Qt.Key
_OWN_KEYS: tuple[tuple[type[QWidget], frozenset[int]], ...] = (
    (QAbstractButton, frozenset({_Key.Key_Space, _Key.Key_Return, _Key.Key_Enter})),
    (QComboBox, frozenset({_Key.Key_Space, _Key.Key_Return, _Key.Key_Enter, _Key.Key_Up, _Key.Key_Down})),
    (Segmented, frozenset({_Key.Key_Left, _Key.Key_Right})),
    (QSlider, frozenset({_Key.Key_Left, _Key.Key_Right, _Key.Key_Home, _Key.Key_End})),
    (ColormapPicker, frozenset({_Key.Key_Left, _Key.Key_Right, _Key.Key_Up, _Key.Key_Down})),
    (ListTabs, frozenset({_Key.Key_Left, _Key.Key_Right})),
)


def keeps_key(widget: QObject, event: QKeyEvent) -> bool:
    """Whether `widget`, having the focus, wants this key for itself rather than for a shortcut.

    Text inputs want every key without Ctrl, Alt or Meta, except the function keys; buttons want Space and
    Enter, choices and segments their arrows.
    """
    modifiers = event.modifiers()
    held = Qt.KeyboardModifier
    if modifiers & (held.ControlModifier | held.AltModifier | held.MetaModifier):
        return False
    if isinstance(widget, TEXT_INPUTS):
        return not _Key.Key_F1 <= event.key() <= _Key.Key_F35
    return any(isinstance(widget, kind) and event.key() in keys for kind, keys in _OWN_KEYS)


class FocusRing(QWidget):
    """Draws a ring around the widget that got the focus by key, and keeps its keys for it.

    Tab is seen on its way to the widget that loses the focus; other keys that move it call `by_key()`. Focus that
    came by mouse shows no ring.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        self._target: QWidget | None = None
        self._shown = False
        self._by_key = False
        QApplication.instance().focusChanged.connect(self._focus_changed)  # type: ignore[union-attr]

    def by_key(self) -> None:
        """The next change of focus is by key."""
        self._by_key = True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if keeps_key(watched, event):
                event.accept()
                return True
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self._by_key = event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
        elif kind in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide):
            self._follow()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        selection = theme.tokens().selection
        theme.paint_box(painter, QRectF(self.rect()), None, selection, theme.RADIUS_CONTROL + 3, RING)

    def _focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        if self._target is not None and isValid(self._target):
            self._target.removeEventFilter(self)
        ours = new is not None and new.window() is self.window()
        self._target = new if ours else None
        if self._target is not None:
            self._target.installEventFilter(self)
        self._shown = self._by_key
        self._by_key = False
        self._follow()

    def _follow(self) -> None:
        target = self._target
        if target is None or not isValid(target) or not self._shown or not target.isVisible():
            self.hide()
            return
        out = RING + GAP
        corner = target.mapTo(self.window(), QPoint(0, 0)) - QPoint(out, out)
        self.setGeometry(corner.x(), corner.y(), target.width() + 2 * out, target.height() + 2 * out)
        self.setGeometry(self.geometry().intersected(self.window().rect()))
        self.show()
        self.raise_()


def focus_pane(pane: QWidget) -> bool:
    """Give the keys to a pane, its proxy, or the first of its parts that takes them; whether there is one."""
    proxy = pane.focusProxy()
    for part in [*([proxy] if proxy else []), pane, *pane.findChildren(QWidget)]:
        if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.isVisibleTo(pane) and part.isEnabled():
            part.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
    return False

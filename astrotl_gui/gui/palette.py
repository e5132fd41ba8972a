"""Do anything: the list under the go-to field, of actions that fit and of the place that was typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ..core.labels import TARGET_NAMES
from ..core.names import sources_named
from . import go_to, place_verbs, theme
from .actions import ACTIONS
from .controls import CAP_HEIGHT, cap_width, paint_cap
from .fields import Field
from .keys_page import cap
from .overview import percent

if TYPE_CHECKING:
    from .main_window import MainWindow

ROW, SHOWN, WIDTH, PADDING = 32, 10, 420, 6
MENUS_FIRST = ("Find", "Sources", "Project", "Look", "Window", "Move", "Label")
"""The order before anything is typed: first what has no key under the hand."""


def fit(wanted: str, text: str) -> float | None:
    """How well typed letters fit a text: smaller is better, None when they do not occur in order.

    Letters in a row and at the start of words count for more.
    """
    wanted, text = wanted.lower().replace(" ", ""), text.lower()
    cost, after = 0.0, -1
    for letter in wanted:
        found = text.find(letter, after + 1)
        word = text.find(" " + letter, after + 1) + 1
        if found < 0:
            return None
        if word > 0 and found != after + 1:
            found = word
        starts = found == 0 or not text[found - 1].isalnum()
        cost += 0.0 if found == after + 1 else (1.0 if starts else 3.0 + 0.1 * (found - after))
        after = found
    return cost + 0.01 * len(text)


@dataclass(frozen=True)
class Hit:
    """A line of the list."""

    text: str
    detail: str
    run: Callable[[], object]
    key: str = ""


class Palette(QWidget):
    """Opens below the field while it has the focus; arrows choose, Enter does it, Esc closes."""

    def __init__(self, window: MainWindow, field: Field) -> None:
        super().__init__(window)
        self._window, self._field = window, field
        self.hits: list[Hit] = []
        self.chosen = 0
        self.setMouseTracking(True)
        self.setAccessibleName("What fits")
        self.hide()
        field.installEventFilter(self)
        field.textChanged.connect(self.refresh)

    def open_with(self, text: str) -> None:
        """Take the keys, with `text` already typed."""
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.setText(text)
        self.refresh()

    def end(self) -> None:
        """Close, and give the keys back to the window."""
        self.hide()
        self._field.clear()
        self.hide()
        self._window.take_keys_back()

    def refresh(self) -> None:
        """List what fits the text in the field."""
        if not self._field.hasFocus():
            return
        text = self._field.text().strip()
        found = [*self._places(text), *self._names(text), *self._lists(text), *self._actions(text)]
        self.hits = (found or [*self._online(text)])[:SHOWN]
        self.chosen = 0
        self._place()
        self.setVisible(bool(self.hits))
        self.raise_()
        self.update()

    def _actions(self, text: str) -> Iterable[Hit]:
        scored = []
        for number, row in enumerate(ACTIONS):
            score = fit(text, row.text)
            if score is not None and row.enabled(self._window) and row.id != "find.anything":
                scored.append((score if text else MENUS_FIRST.index(row.menu), number, row))
        for _, _, row in sorted(scored, key=lambda item: item[:2]):
            key = cap(row.shortcuts[0]) if row.shortcuts else ""
            yield Hit(row.text, row.menu, partial(self._window.run_action, row), key)

    def _lists(self, text: str) -> Iterable[Hit]:
        """The astronomer's own lists; the four are actions."""
        names = self._window.session.targets
        for key, name in names.items():
            if text and key not in TARGET_NAMES and fit(text, name) is not None:
                yield Hit(name, "List", partial(self._window.choose_list, key))

    def _places(self, text: str) -> Iterable[Hit]:
        place, window = go_to.parse(text), self._window
        if isinstance(place, go_to.Rank):
            rank = place.rank
            yield Hit(f"Candidate {rank}", "Go to rank", lambda: place_verbs.go_to_rank(window, rank))
        elif isinstance(place, go_to.SourceId):
            yield Hit(f"Source {place.id}", "Go to id", lambda: place_verbs.go_to_id(window, place.id))
        elif isinstance(place, go_to.Place):
            shown = f"{place.ra:.5f}° {place.dec:+.5f}°".replace("-", "−")
            yield Hit(shown, "Go to place", lambda: place_verbs.go_to_sky(window, place.ra, place.dec))
        elif isinstance(place, go_to.Pixel):
            shown = f"Pixel {place.x:g}, {place.y:g}".replace("-", "−")
            yield Hit(shown, "Go to pixel", lambda: place_verbs.go_to_pixel(window, place.x, place.y))
        elif isinstance(place, go_to.Zoom):
            shown = f"Zoom to {percent(place.factor)}"
            yield Hit(shown, "Look", lambda: place_verbs.go_to_zoom(window, place.factor))

    def _names(self, text: str) -> Iterable[Hit]:
        """Sources by what the astronomer's own catalog calls them."""
        for source, name in sources_named(self._window.session.catalog, text):
            yield Hit(name, f"Source {source}", partial(place_verbs.go_to_id, self._window, source))

    def _online(self, text: str) -> Iterable[Hit]:
        """Nothing here fits: what is typed may be the name of an object. Asked only when chosen."""
        mosaic = self._window.session.mosaic
        if (
            len(text) > 1
            and any(letter.isalpha() for letter in text)
            and mosaic is not None
            and mosaic.has_sky
        ):
            yield Hit(
                f"Look up “{text}” online",
                "SIMBAD, NED, VizieR",
                partial(place_verbs.look_up, self._window, text),
            )

    def _do(self) -> None:
        hit = self.hits[self.chosen] if self.chosen < len(self.hits) else None
        if hit is not None:
            self.end()
            hit.run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.FocusIn:
            self.refresh()
        elif kind == QEvent.Type.FocusOut:
            self.hide()
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event.key())
        return False

    def _key(self, key: int) -> bool:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(key))
        if step and self.hits:
            self.chosen = (self.chosen + step) % len(self.hits)
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._do()
        elif key == Qt.Key.Key_Escape:
            self.end()
        else:
            return False
        return True

    def _place(self) -> None:
        width = max(theme.scaled(WIDTH), self._field.width())
        right = self._field.mapTo(self._window, QPoint(self._field.width(), self._field.height() + 6))
        height = len(self.hits) * theme.scaled(ROW) + 2 * PADDING
        self.setGeometry(max(8, right.x() - width), right.y(), width, height)

    def _at(self, point: QPointF) -> int:
        return int((point.y() - PADDING) // theme.scaled(ROW))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if 0 <= self._at(event.position()) < len(self.hits):
            self.chosen = self._at(event.position())
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if 0 <= self._at(event.position()) < len(self.hits):
            self.chosen = self._at(event.position())
            self._do()

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter, row = theme.tokens(), QPainter(self), theme.scaled(ROW)
        theme.paint_box(painter, QRectF(self.rect()), t.control, t.border, radius=theme.RADIUS_CARD)
        for number, hit in enumerate(self.hits):
            box = QRectF(PADDING, PADDING + number * row, self.width() - 2 * PADDING, row)
            self._paint_row(painter, box, hit, number == self.chosen)

    def _paint_row(self, painter: QPainter, box: QRectF, hit: Hit, chosen: bool) -> None:
        if chosen:
            theme.paint_box(painter, box, theme.tokens().hover)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font(12, 500))
        painter.setPen(theme.color("text"))
        painter.drawText(box.adjusted(10, 0, 0, 0), middle, hit.text)
        width = QFontMetricsF(painter.font()).horizontalAdvance(hit.text)
        painter.setFont(theme.font(12, 400))
        painter.setPen(theme.color("text2"))
        painter.drawText(box.adjusted(22 + width, 0, 0, 0), middle, hit.detail)
        if hit.key:
            width, height = cap_width(hit.key), theme.scaled(CAP_HEIGHT)
            cap_box = QRectF(box.right() - width - 8, box.center().y() - height / 2, width, height)
            paint_cap(painter, cap_box, hit.key)

"""The gallery: a wall of cutouts that one selects in, by mouse and by keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleEvent,
    QDrag,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPixmap,
)
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from astrotl_gui.core.labels import Label

from .gallery_painter import ACTION_TIPS, action_rects
from .gallery_wall import CutoutWall
from .models import CandidateModel
from .selection import Selection
from .thumbnails import Thumbnails

MIME = "application/x-astrotl-source"
"""What a dragged cutout carries: its source id as text."""
MOVES = {
    Qt.Key.Key_Left: "previous",
    Qt.Key.Key_Right: "next",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
    Qt.Key.Key_Home: "first",
    Qt.Key.Key_End: "last",
    Qt.Key.Key_PageUp: "page-up",
    Qt.Key.Key_PageDown: "page-down",
}
SIGNS = {"positive": "yes", "negative": "no", "unsure": "unsure"}


class Gallery(CutoutWall):
    """Cutouts to choose from. It knows no session: it asks for labels and says what was done.

    `chosen(ids)`: the selection the user made, the current source last. `acted(name, id)`: one of the actions
    on a hovered cutout ("more", "similar", "less"). `left()`: the pointer left the list.
    """

    chosen = Signal(object)
    opened = Signal()
    """A cutout, now selected, was double-clicked."""
    acted = Signal(str, int)
    left = Signal()

    def __init__(
        self,
        model: CandidateModel,
        thumbnails: Thumbnails,
        label_of: Callable[[int], Label | None],
        parent: QWidget | None = None,
        **layout: int,
    ) -> None:
        super().__init__(model, thumbnails, label_of, parent, **layout)
        self.noun = ""  # what the list is of, for readers of the screen: "lens"
        self._anchor = -1
        self._pressed: tuple[QPoint, int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        model.changed.connect(self._follow)

    # -- selection ---

    @property
    def still_row(self) -> int:
        """The last row that must not move now: the later of the selected and the hovered one."""
        return max(self.current_row, self.hovered if self.hovered < len(self.model) else -1)

    def set_selection(self, ids: Sequence[int]) -> None:
        """Show this selection; the current source scrolls into view when it is another."""
        moved = bool(ids) and (not self.selection or ids[-1] != self.selection[-1])
        self.selection = ids if isinstance(ids, Selection) else list(ids)
        if len(ids) <= 1:
            self._anchor = self.current_row
        if moved:
            self.show_row(self.current_row)
            self._tell(QAccessible.Event.DescriptionChanged)
        self.viewport().update()

    def move_selection(self, where: str, extend: bool = False) -> None:
        """Select previous, next, up, down, first, last, page-up or page-down; `extend` keeps the rest."""
        count = len(self.model)
        if not count:
            return
        row = self.current_row
        target = 0 if row < 0 else self._target(row, where)
        if where == "first" and not extend:
            self.model.release()
        self._choose(target, extend=extend)

    def _target(self, row: int, where: str) -> int:
        grid = self.grid
        page = max(1, self.viewport().height() // grid.pitch)
        match where:
            case "previous" | "next":
                return min(max(row + (1 if where == "next" else -1), 0), len(self.model) - 1)
            case "up" | "down":
                return grid.moved(row, 1 if where == "down" else -1)
            case "page-up" | "page-down":
                return grid.moved(row, page if where == "page-down" else -page)
            case "first":
                return 0
        return len(self.model) - 1

    def select_all(self) -> None:
        """Select every source of the list, the current one staying current."""
        current, ids = self.current, self.model.ids
        if current is not None and self.current_row >= 0:
            ids = np.append(ids[ids != current], current)
        self.chosen.emit(Selection(ids))

    def _choose(self, row: int, extend: bool = False, add: bool = False) -> None:
        source = self.model.id_at(row)
        if extend:
            anchor = self._anchor if 0 <= self._anchor < len(self.model) else max(self.current_row, 0)
            self._anchor = anchor
            step = 1 if row >= anchor else -1
            ids = [self.model.id_at(r) for r in range(anchor, row + step, step)]
        elif add:
            self._anchor = row
            ids = (
                [i for i in self.selection if i != source]
                if source in self.selection
                else [*self.selection, source]
            )
        else:
            self._anchor = row
            ids = [source]
        self.set_selection(ids)
        self.chosen.emit(ids)

    def _follow(self) -> None:
        if len(self.selection) <= 1:
            self._anchor = self.current_row

    # -- keys and mouse ---

    def keyPressEvent(self, event: QKeyEvent) -> None:
        where = MOVES.get(Qt.Key(event.key()))
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if where and held in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier):
            self.move_selection(where, held == Qt.KeyboardModifier.ShiftModifier)
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position())
        if event.button() != Qt.MouseButton.LeftButton or row < 0:
            return
        if action := self._action_at(event.position(), row):
            self.acted.emit(action, self.model.id_at(row))
            return
        modifiers = event.modifiers()
        self._pressed = (event.position().toPoint(), self.model.id_at(row))
        self._choose(
            row,
            extend=bool(modifiers & Qt.KeyboardModifier.ShiftModifier),
            add=bool(modifiers & Qt.KeyboardModifier.ControlModifier),
        )

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position())
        if row < 0 or self._action_at(event.position(), row):
            self.mousePressEvent(event)  # two quick presses of an action
        elif event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(event.position())
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        start, source = self._pressed
        if (event.position().toPoint() - start).manhattanLength() >= QApplication.startDragDistance():
            self._pressed = None
            self._drag(source)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = None

    def _drag(self, source: int) -> None:
        drag = QDrag(self)
        data = QMimeData()
        data.setData(MIME, str(source).encode())
        drag.setMimeData(data)
        picture = self._picture(source)
        if picture is not None and picture.image is not None:
            drag.setPixmap(QPixmap.fromImage(picture.image).scaled(QSize(64, 64)))
        drag.exec(Qt.DropAction.CopyAction)

    def _action_at(self, position: QPointF, row: int) -> str:
        boxes = action_rects(self.square(row))
        return next((name for name, box in boxes.items() if box.contains(position)), "")

    def _hover(self, position: QPointF) -> None:
        row = self.row_at(position)
        hot = self._action_at(position, row) if row >= 0 else ""
        if (row, hot) != (self.hovered, self._hot):
            self.hovered, self._hot = row, hot
            self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Leave:
            self.hovered, self._hot = -1, ""
            self.viewport().update()
            self.left.emit()
        elif kind == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            tip = ACTION_TIPS.get(self._hot, "")
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().viewportEvent(event)

    # -- for everyone ---

    def describe(self, row: int) -> str:
        """A cutout in words: "Rank 3 of 158, lens, no label"."""
        label = self._label_of(self.model.id_at(row))
        said = (
            "no label" if label is None else " ".join([SIGNS.get(label.value, "unsure"), label.grade]).strip()
        )
        parts = [
            f"Rank {self.model.rank_at(row):,} of {self.model.total:,}",
            self.noun,
            said,
        ]
        return ", ".join(part for part in parts if part)

    def announce(self, row: int) -> None:
        """Have a screen reader say a row, e.g. after its label changed."""
        if 0 <= row < len(self.model):
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.describe(row)))

    def _tell(self, kind: QAccessible.Event) -> None:
        row = self.current_row
        self.setAccessibleDescription(self.describe(row) if row >= 0 else "")
        QAccessible.updateAccessibility(QAccessibleEvent(self, kind))

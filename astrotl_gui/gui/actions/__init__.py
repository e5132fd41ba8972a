"""Everything the window can do, in one table; menus, keys, palette, keys page and docs read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence

from .action import Action
from .find import FIND
from .label import LABEL
from .look import LOOK
from .move import MOVE, VIEWS
from .project import PROJECT
from .sources import SOURCES
from .window import WINDOW

if TYPE_CHECKING:
    from ..main_window import MainWindow

__all__ = ["ACTIONS", "MENUS", "PAGES", "VIEWS", "Action", "build", "refresh"]

MENUS = ("Project", "Sources", "Label", "Move", "Look", "Find", "Window")
PAGES = ("Label", "Move", "Look", "Find and do")

ACTIONS: tuple[Action, ...] = (*LABEL, *MOVE, *LOOK, *FIND, *PROJECT, *SOURCES, *WINDOW)


def build(window: MainWindow) -> dict[str, QAction]:
    """Make a QAction of each row and add it to the window, so that its keys work from every pane."""
    made = {}
    for row in ACTIONS:
        action = QAction(row.text, window)
        action.setObjectName(row.id)
        action.setToolTip(row.tip)
        action.setShortcuts([QKeySequence(keys) for keys in row.shortcuts])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setAutoRepeat(row.repeats)
        action.setMenuRole(QAction.MenuRole.NoRole)
        action.setCheckable(row.checked is not None)
        action.triggered.connect(lambda checked=False, row=row: window.run_action(row))
        window.addAction(action)
        made[row.id] = action
    return made


def refresh(window: MainWindow, made: dict[str, QAction]) -> None:
    """Enable and check each action as the window now stands."""
    for row in ACTIONS:
        action = made[row.id]
        action.setEnabled(row.enabled(window))
        if row.checked is not None:
            action.setChecked(action.isEnabled() and row.checked(window))

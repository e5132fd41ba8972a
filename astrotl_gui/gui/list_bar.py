"""The bar over the list: the tabs, a menu of all lists once there are more than four, and a plus for another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from astrotl_gui.core.labels import TARGET_NAMES

from . import theme
from .controls import IconButton
from .list_tabs import SIMILAR, ListTabs

if TYPE_CHECKING:
    from .session import Session

BUTTON = 24
OWN_VERBS = ("list.rename", "list.remove")


class ListBar(QWidget):
    """`chosen(id)`: the user wants that list, or "similar". `actions` are the window's, for new, rename and remove."""

    chosen = Signal(str)

    def __init__(
        self, session: Session, actions: Mapping[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._actions = session, actions
        self.tabs = ListTabs()
        self.all_button = IconButton("ph.caret-down", "All lists", size=BUTTON)
        self.new_button = IconButton("ph.plus", "New list", size=BUTTON)
        self.menu = QMenu(self)
        self.setFixedHeight(theme.scaled(36))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 7, 0)
        row.setSpacing(0)
        row.addWidget(self.tabs, 1)
        row.addWidget(self.all_button)
        row.addWidget(self.new_button)
        self.tabs.chosen.connect(self.chosen)
        self.tabs.asked.connect(self._ask)
        self.all_button.clicked.connect(self.show_all)
        self.new_button.setVisible("list.new" in actions)
        if "list.new" in actions:
            self.new_button.clicked.connect(lambda: actions["list.new"].trigger())
        session.targets_changed.connect(self.show_lists)
        session.project_changed.connect(self.show_lists)
        self.show_lists()

    def show_lists(self) -> None:
        """Show the lists of the open project."""
        names = self._session.targets
        self.tabs.set_lists(names)
        self.all_button.setVisible(len(names) > len(TARGET_NAMES))

    def show_all(self) -> None:
        """Open the menu of every list."""
        self.menu.clear()
        for name, text in (*self._session.targets.items(), SIMILAR):
            entry = self.menu.addAction(text)
            entry.triggered.connect(lambda checked, name=name: self.chosen.emit(name))
            entry.setCheckable(True)
            entry.setChecked(name == self.tabs.value)
        self.menu.addSeparator()
        self._add_verbs("list.new", *OWN_VERBS)
        width = self.menu.sizeHint().width()
        button = self.all_button
        self.menu.popup(button.mapToGlobal(QPoint(button.width() - width, button.height() + 2)))

    def _ask(self, name: str, position: QPoint) -> None:
        """The menu of one of the own lists, which is shown first."""
        if name in TARGET_NAMES or name == SIMILAR[0]:
            return
        self.chosen.emit(name)
        self.menu.clear()
        self._add_verbs(*OWN_VERBS)
        self.menu.popup(position)

    def _add_verbs(self, *names: str) -> None:
        for name in names:
            if name in self._actions:
                self.menu.addAction(self._actions[name])

    def paintEvent(self, event: QPaintEvent) -> None:
        bottom = self.height() - 1
        line = QPointF(0, bottom), QPointF(self.width(), bottom)
        theme.paint_line(QPainter(self), *line, theme.tokens().line)

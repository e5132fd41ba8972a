"""The menus, made from the table of actions: a native bar on macOS, the menu button elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from .actions import ACTIONS, MENUS

if TYPE_CHECKING:
    from .main_window import MainWindow

PROJECT_MENU = ("project.rename", "project.close", "project.new", "project.open", "project.demo")


def build_menus(window: MainWindow, actions: Mapping[str, QAction]) -> QMenu:
    """The whole menu, one submenu for each of `MENUS`; on macOS they also stand in the native bar."""
    whole = QMenu(window)
    for name in MENUS:
        menu = whole.addMenu(name)
        for row in ACTIONS:
            if row.menu == name:
                menu.addAction(actions[row.id])
        if sys.platform == "darwin":
            window.menuBar().addMenu(menu)
    return whole


def project_menu(window: MainWindow, actions: Mapping[str, QAction]) -> QMenu:
    """The menu under the project's name: recent projects, and what can be done with this one."""
    menu = QMenu(window)
    here = window.session.project
    for recent in window.session.recent()[:8]:
        if here is None or recent["path"] != here.path:
            menu.addAction(recent["name"], partial(window.session.open_project, recent["path"]))
    if not menu.isEmpty():
        menu.addSeparator()
    for name in PROJECT_MENU:
        menu.addAction(actions[name])
    return menu

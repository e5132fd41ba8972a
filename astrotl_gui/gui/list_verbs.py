"""What the menus do with lists: a new one, another name, out of view, and which one comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astrotl_gui.core.labels import TARGET_NAMES

from .ask import Ask
from .list_sheet import ListSheet

if TYPE_CHECKING:
    from .main_window import MainWindow


def new_list(window: MainWindow) -> None:
    """Ask for a name; what is selected, or searched with, can be its first Yes."""
    search = window.session.similar if window.page == "similar" else None
    window.open_sheet(ListSheet(window, window.session, search.more if search else window.session.selection))


def on_own_list(window: MainWindow) -> bool:
    """One of the astronomer's own lists is in view."""
    session = window.session
    shown = window.front is not None and window.front.lists
    return shown and session.target in session.targets and session.target not in TARGET_NAMES


def rename_list(window: MainWindow) -> None:
    session, key = window.session, window.session.target
    window.open_sheet(
        Ask(
            window,
            "Rename list",
            "Its labels stay with it.",
            session.targets[key],
            "Rename",
            lambda name: session.rename_target(key, name),
        )
    )


def remove_list(window: MainWindow) -> None:
    window.session.remove_target(window.session.target)


def step_list(window: MainWindow, by: int) -> None:
    """Show the next (+1) or previous (−1) list, around the end."""
    keys = list(window.session.targets)
    window.choose_list(keys[(keys.index(window.session.target) + by) % len(keys)])

"""One row of the table of actions, and when an action can be done."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..main_window import MainWindow

Run = Callable[["MainWindow"], object]
Test = Callable[["MainWindow"], bool]


def always(window: MainWindow) -> bool:
    """Whenever the window is open."""
    return True


def in_project(window: MainWindow) -> bool:
    """A project is open and in view."""
    return window.session.project is not None and window.front is not None


def with_sources(window: MainWindow) -> bool:
    """The project has sources."""
    return in_project(window) and len(window.session.catalog) > 0


def with_selection(window: MainWindow) -> bool:
    """A source is selected and in sight."""
    seen = window.front is not None and window.front.candidates
    return in_project(window) and seen and window.session.selected is not None


def with_sky(window: MainWindow) -> bool:
    """A source with sky coordinates is selected."""
    catalog, source = window.session.catalog, window.session.selected
    if not with_selection(window) or source is None:
        return False
    row = catalog.rows_of([source])[0]
    return bool(row >= 0 and math.isfinite(catalog.ra[row]))


def on_list(window: MainWindow) -> bool:
    """A list of candidates is in view."""
    return in_project(window) and window.front is not None and window.front.lists


def on_explore(window: MainWindow) -> bool:
    """The mosaic is in view."""
    return in_project(window) and window.page == "explore"


def with_noise(window: MainWindow) -> bool:
    """The mosaic is in view, and a band of it has a noise map."""
    mosaic = window.session.mosaic
    return on_explore(window) and mosaic is not None and any(band.has_noise for band in mosaic.bands)


def with_companions(window: MainWindow) -> bool:
    """Other mosaics stand beside the project's."""
    return on_explore(window) and bool(window.session.companions.open)


def on_sky(window: MainWindow) -> bool:
    """The mosaic, or one large cutout of it, is in view."""
    return in_project(window) and window.page in ("explore", "vet")


@dataclass(frozen=True)
class Action:
    """One thing the window does.

    `menu` is its menu; `shortcuts` Qt key sequences, left hand first; `page` the column of the keys page that
    shows it and `row` the text there: neighbours with one text share a row. `held` actions run again when
    their key is let go after a while (blink). `checked` makes it a checkable menu entry.
    """

    id: str
    menu: str
    text: str
    tip: str
    shortcuts: tuple[str, ...]
    run: Run
    enabled: Test = always
    page: str = ""
    row: str = ""
    repeats: bool = False
    held: bool = False
    checked: Test | None = None

    @property
    def shown(self) -> str:
        """The text without a menu's trailing dots, for the keys page."""
        return self.row or self.text

"""Keys that mean on the page in front what they mean on the list elsewhere: next, yes and no, blink, judge again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .epoch_export import EpochExport
from .epoch_sheet import EpochSheet
from .epochs_page import STAMPS
from .export_sheet import ExportSheet
from .message import Message

if TYPE_CHECKING:
    from pathlib import Path

    from .main_window import MainWindow


def on_epochs(window: MainWindow) -> bool:
    """The page of epochs is in front."""
    return window.page == "epochs"


def has_flags(window: MainWindow) -> bool:
    """The project has epochs that were measured."""
    return window.front is not None and window.session.epochs.table is not None


def step(window: MainWindow, by: int) -> None:
    if window.front is None or not window.front.step(by):
        window.session.step(by)


def label(window: MainWindow, value: str, grade: str = "") -> None:
    if window.front is None or not window.front.label(value):
        window.session.label(value, grade) if value != "clear" else window.session.clear_label()


def toggle_blink(window: MainWindow) -> None:
    if window.front is None or not window.front.toggle_blink():
        window.blinker.toggle()


def rank_again(window: MainWindow) -> None:
    """Order the lists from the labels; on the page of epochs judge these by them."""
    window.epochs.judge_again() if on_epochs(window) else window.session.rank_again()


def problematic_source(window: MainWindow, by: int) -> None:
    """Look at the next (+1) or previous (−1) source with a problematic epoch."""
    window.session.epochs.next_source(by)
    if not on_epochs(window):
        window.show_page("epochs")


def load_epochs(window: MainWindow, paths: list[Path] | None = None) -> None:
    """Choose the images of the epochs; stamps have no field that others could show."""
    mosaic = window.session.mosaic
    if mosaic is not None and mosaic.spec.stamp_side:
        window.messages.show(Message(*STAMPS))
        return
    window.open_sheet(EpochSheet(window.session, window, paths))


def export(window: MainWindow) -> None:
    """Lists and labels; on the page of epochs their light curves and flags."""
    if on_epochs(window) and has_flags(window):
        window.open_sheet(EpochExport(window.session, window))
    else:
        window.open_sheet(ExportSheet(window.session, window))

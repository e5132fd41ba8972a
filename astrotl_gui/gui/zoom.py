"""Zooms by name: the presets of the menu under the overview, the selection, and how a zoom is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

if TYPE_CHECKING:
    from astrotl_gui.gui.mosaic_view import MosaicView

PRESETS = (8.0, 4.0, 2.0, 1.0, 1 / 2, 1 / 4, 1 / 8)
"""Device pixels an image pixel, nearest first."""
SELECTION_SHARE = 0.5
"""What is zoomed to takes this share of the view."""
LEAST_BOX = 60.0
"""The smallest box [image px] that is zoomed to."""


def zoom_of(view: MosaicView) -> float:
    """Device pixels an image pixel."""
    return view.viewport.scale * view.devicePixelRatioF()


def set_zoom(view: MosaicView, factor: float) -> None:
    """Zoom to so many device pixels an image pixel, about the middle of the view."""
    view.zoom_by(factor / zoom_of(view))


def zoom_to_selection(view: MosaicView) -> None:
    """Bring all selected sources into view, with room around them."""
    places = [place for source in view.session.selection if (place := view.marks.place_of(source))]
    if not places:
        return
    xs, ys = zip(*places, strict=True)
    wide, high = (max(max(axis) - min(axis), LEAST_BOX) for axis in (xs, ys))
    viewport = view.viewport
    scale = SELECTION_SHARE * min(viewport.width / wide, viewport.height / high)
    middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    view.look_at(viewport.zoomed(scale / viewport.scale).centred(*middle))


def ratio_text(factor: float) -> str:
    """A preset in words: "2:1", "1:4"."""
    return f"{factor:.0f}:1" if factor >= 1 else f"1:{1 / factor:.0f}"


def zoom_menu(view: MosaicView) -> QMenu:
    """Presets, the whole mosaic, the selection, and a way to type any other zoom."""
    menu = QMenu(view)
    menu.aboutToHide.connect(menu.deleteLater)
    group = QActionGroup(menu)
    for factor in PRESETS:
        action = menu.addAction(f"{ratio_text(factor)}   {100 * factor:g} %")
        action.setCheckable(True)
        action.setChecked(abs(zoom_of(view) / factor - 1) < 1e-6)
        action.triggered.connect(lambda _=False, factor=factor: set_zoom(view, factor))
        group.addAction(action)
    menu.addSeparator()
    menu.addAction("Whole mosaic", view.fit)
    selection = menu.addAction("Zoom to the selection", lambda: zoom_to_selection(view))
    selection.setEnabled(bool(view.session.selection))
    menu.addAction("Type a zoom…", view.zoom_typed.emit)
    return menu

"""The menu of a right click on the mosaic."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from astrotl_gui.gui.mosaic_marks import REACH_PX
from astrotl_gui.gui.place_verbs import sky_text

if TYPE_CHECKING:
    from astrotl_gui.gui.mosaic_view import MosaicView


def show_menu(view: MosaicView, at: QPointF) -> None:
    """Offer what can be done at a point of the view."""
    if view.canvas is not None:
        build_menu(view, at).popup(view.mapToGlobal(at.toPoint()))


def build_menu(view: MosaicView, at: QPointF) -> QMenu:
    """The menu for a point of the view: its source first, then the place, then the view."""
    menu = QMenu(view)
    menu.aboutToHide.connect(menu.deleteLater)
    session = view.session
    source = view.source_at(at)
    if source is not None:
        menu.addAction("Select this source", lambda: session.select(source))
        menu.addAction("Find similar", lambda: session.find_similar(source))
        menu.addAction("Use as prototype", lambda: session.use_as_prototypes([source]))
        menu.addSeparator()
    x, y = view.viewport.to_image(at.x(), at.y())
    for file, row in session.overlays.near(x, y, REACH_PX / view.viewport.scale):
        if file.content is not None and (name := file.content.names[row]):
            menu.addAction(f"Copy “{name}” of {file.name}", partial(_copy, name))
    menu.addAction("Centre here", lambda: view.centre_on(x, y))
    mosaic = session.mosaic
    if mosaic is not None and mosaic.has_sky:
        ra, dec = (float(value) for value in mosaic.sky(x, y))
        menu.addAction("Copy coordinates", lambda: _copy(sky_text(ra, dec)))
        menu.addAction("Copy coordinates in degrees", lambda: _copy(sky_text(ra, dec, degrees=True)))
    menu.addAction("Copy pixel position", lambda: _copy(f"{x:.2f} {y:.2f}"))
    menu.addSeparator()
    menu.addAction("Whole mosaic", view.fit)
    return menu


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)

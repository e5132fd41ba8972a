"""What a click, a double-click and a box on the mosaic select."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt

from astrotl_gui.gui.selection import joined

if TYPE_CHECKING:
    from astrotl_gui.gui.mosaic_view import MosaicView


def pick(view: MosaicView, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
    """Select the source that is meant; with Ctrl as well as others, with Alt find similar ones."""
    source = view.source_at(position)
    if source is None:
        return
    if modifiers & Qt.KeyboardModifier.AltModifier:
        view.session.find_similar(source)
    else:
        view.session.select(source, add=bool(modifiers & Qt.KeyboardModifier.ControlModifier))


def pick_to_vet(view: MosaicView, position: QPointF) -> None:
    """Ask to grade the source that is meant."""
    source = view.source_at(position)
    if source is not None:
        view.vet_requested.emit(source)


def pick_box(view: MosaicView, box: QRectF, modifiers: Qt.KeyboardModifier) -> None:
    """Select the sources in a box; with Ctrl as well as others."""
    found = view.marks.inside(view.viewport, box)
    if found:
        add = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        view.session.select_many(joined(view.session.selection, found) if add else found)

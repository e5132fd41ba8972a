"""The menu of a candidate: what can be done with the one under the pointer."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from .gallery import Gallery

ENTRIES = (
    ("find.similar", "find.why"),
    ("label.certain", "label.unsure", "label.no", "label.clear"),
    ("label.note", "find.copy"),
)


def add_candidate_menu(gallery: Gallery, actions: Mapping[str, QAction]) -> None:
    """A right click selects the candidate, unless it is among those selected, and opens its menu."""

    def open_at(place: QPoint) -> None:
        row = gallery.row_at(QPointF(place))
        if row < 0:
            return
        source = gallery.model.id_at(row)
        if source not in gallery.selection:
            gallery.chosen.emit([source])
        menu = candidate_menu(gallery, actions)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(gallery.viewport().mapToGlobal(place))

    gallery.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    gallery.customContextMenuRequested.connect(open_at)


def candidate_menu(gallery: Gallery, actions: Mapping[str, QAction]) -> QMenu:
    menu = QMenu(gallery)
    menu.setAccessibleName("Candidate")
    for group in ENTRIES:
        if not menu.isEmpty():
            menu.addSeparator()
        for name in group:
            menu.addAction(actions[name])
    return menu

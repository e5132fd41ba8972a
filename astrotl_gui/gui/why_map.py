"""The map of a cutout in "Why is it here?": the cutout, the map on it, and the buttons that make it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from astrotl_gui.core.overlay import overlay

from . import theme
from .controls import Bar, Button, Label
from .inspector_parts import CutoutPanel
from .thumbnails import Thumbnails

if TYPE_CHECKING:
    from astrotl_gui.pipeline.occlusion import OcclusionMap

    from .session import Session

SIDE = 136
HINTS = {
    "unlabelled": "A map of the cutout needs labels: press A or X on a few candidates.",
    "idle": "Hide one part of the cutout after another and see what the score loses.",
    "flat": "Hiding any one part changes nothing.",
    "shown": "Blue parts speak for it, orange parts against.",
}


class MapCutout(CutoutPanel):
    """A cutout with a translucent map on it."""

    def __init__(self, thumbnails: Thumbnails, side: int) -> None:
        super().__init__(thumbnails, side)
        self.overlay: QImage | None = None

    def show_map(self, found: OcclusionMap | None) -> None:
        self.overlay = map_image(found) if found is not None else None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.overlay is None:
            return
        painter, path = QPainter(self), QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), theme.RADIUS_CUTOUT, theme.RADIUS_CUTOUT)
        painter.setClipPath(path)
        painter.drawImage(
            self.rect(),
            self.overlay.scaled(
                self.size() * self.devicePixelRatioF(),
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            ),
        )


def map_image(found: OcclusionMap) -> QImage | None:
    """The map as an image of one pixel a cell, y up; None where hiding changes nothing."""
    pixels = overlay(found.drops)
    if pixels is None:
        return None
    rows, columns = pixels.shape[:2]
    return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888).copy()


class WhyMap(QWidget):
    """The cutout at the left; beside it what to do for a map, how far it is, or how to read it."""

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self._thumbnails = session, thumbnails
        self._source: int | None = None
        self._hidden = False
        self.cutout = MapCutout(thumbnails, SIDE)
        self.hint = Label("", 12, 400, "text2", wrap=True)
        self.bar = Bar()
        self.button = Button("Map the cutout", height=28)
        self.button.clicked.connect(self._clicked)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        line.addWidget(self.cutout, 0, Qt.AlignmentFlag.AlignTop)
        side = QVBoxLayout()
        side.setSpacing(8)
        side.addWidget(self.hint)
        side.addStretch(1)
        side.addWidget(self.bar)
        side.addWidget(self.button)
        line.addLayout(side, 1)

    def show_source(self, source: int, labelled: bool) -> None:
        """Show a source's cutout and, where there is one, its map; `labelled`: whether labels rank it."""
        if source != self._source:
            self._source, self._hidden = source, False
        session = self.session
        found = session.occlusion(source) if labelled else None
        # What the network saw, where the map lies; a published recipe has a size of its own.
        pixels, size = round(self.cutout.width() * self.devicePixelRatioF()), found.size if found else 0.0
        self.cutout.show_stamp(self._thumbnails.stamp(source, pixels, size=size), session.label_of(source))
        self.cutout.show_map(None if self._hidden else found)
        running = session.is_mapping(source)
        self.bar.setVisible(running)
        self.button.setVisible(labelled)
        if running and session.mapping is not None:
            job = session.mapping
            self.bar.set_value(job.done / job.total if job.total else 0)
        self.button.setText(self._verb(found is not None, running))
        self.button.setAccessibleName(self.button.text())
        self.hint.setText(HINTS[self._state(found, labelled)])

    def _verb(self, found: bool, running: bool) -> str:
        if running:
            return "Cancel"
        if not found:
            return "Map the cutout"
        return "Show map" if self._hidden else "Hide map"

    def _state(self, found: OcclusionMap | None, labelled: bool) -> str:
        if not labelled:
            return "unlabelled"
        if found is None:
            return "idle"
        return "shown" if map_image(found) is not None else "flat"

    def _clicked(self) -> None:
        source, session = self._source, self.session
        if source is None:
            return
        if session.is_mapping(source):
            session.stop_mapping()
        elif session.occlusion(source) is None:
            session.map_cutout(source)
        else:
            self._hidden = not self._hidden
            self.show_source(source, True)

"""The first page: drop images, open a project, or go on where one was."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from astrotl_gui import __version__

from ..pipeline.real_fields import FIELDS
from . import theme
from .controls import Button, Icon, KeyCap, Label
from .dropped import dropped_paths
from .field_card import FieldCard
from .file_dialogs import FITS, STAMPS, choose_files, choose_folder
from .recent_card import RecentCard

if TYPE_CHECKING:
    from .session import Session

WIDTH, MARGIN, BUTTON_WIDTH = 1040, 24, 168
SHOWN_PROJECTS, COLUMNS = 6, 3
SECTION_GAP, TOP, TOP_LOW = 42, 80, 32
"""Room between sections and above the page [logical px]; less above where the page would not fit."""


class DropZone(QWidget):
    """The dashed box, with the three ways to begin."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.armed = False
        self.images = Button("Open images…", main=True, height=36)
        self.project = Button("Open project…", height=36)
        self.demo = Button("Open demo sky", height=36)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addStretch(1)
        for button in (self.images, self.project, self.demo):
            button.setMinimumWidth(theme.scaled(BUTTON_WIDTH))
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 31, MARGIN, 36)
        column.setSpacing(0)
        column.addWidget(Icon("ph.stack", 32), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(10)
        title = Label("Drop FITS images here, one for each band, or a folder of stamps", 15, 600)
        column.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(21)
        column.addLayout(row)

    def arm(self, armed: bool) -> None:
        """Light up while something droppable hovers."""
        self.armed = armed
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, rect = QPainter(self), QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(theme.color("control" if self.armed else "pane"))
        pen = QPen(theme.color("selection" if self.armed else "border"), 1.0)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.drawRoundedRect(rect, theme.RADIUS_CARD + 2, theme.RADIUS_CARD + 2)


class WelcomePage(QWidget):
    """Drop zone, recent projects, real fields, footer.

    What is dropped or chosen goes out as `paths_chosen`; recent projects and fields open through the session.
    """

    paths_chosen = Signal(list)
    keys_wanted = Signal()
    settings_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setObjectName("page")
        self.setAcceptDrops(True)
        self.zone = DropZone()
        self.zone.images.clicked.connect(self.choose_images)
        self.zone.project.clicked.connect(self.choose_project)
        self.zone.demo.clicked.connect(lambda: session.open_demo())
        self.cards: list[RecentCard] = []
        self.fields = [FieldCard(field) for field in FIELDS.values()]
        self._recent = QWidget()
        self._grid = QGridLayout()
        self._build()

    def choose_images(self) -> None:
        """Ask for images or stamps for a new project."""
        choose_files(self, "Open images", f"{FITS};;{STAMPS}", self.paths_chosen.emit)

    def choose_project(self) -> None:
        """Ask for a project folder."""
        choose_folder(self, "Open project", lambda folder: self.paths_chosen.emit([folder]))

    def refresh(self) -> None:
        """Show the recent projects, and which fields are here, as they are now."""
        for card in self.cards:
            self._grid.removeWidget(card)
            card.deleteLater()
        self.cards = [RecentCard(project) for project in self.session.recent()[:SHOWN_PROJECTS]]
        for number, card in enumerate(self.cards):
            card.clicked.connect(lambda checked=False, path=card.path: self.session.open_project(path))
            self._grid.addWidget(card, number // COLUMNS, number % COLUMNS)
        self._recent.setVisible(bool(self.cards))
        for field in self.fields:
            field.refresh()
        for before, after in pairwise([self.zone.demo, *self.cards, *self.fields]):
            QWidget.setTabOrder(before, after)
        self._fit_top()

    def _fit_top(self) -> None:
        """Leave less room above where the page would not fit otherwise."""
        for top in (TOP, TOP_LOW):
            self._column.setContentsMargins(0, top, 0, 24)
            if self._column.sizeHint().height() <= self.height():
                return

    # --- drops -------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event.mimeData()):
            self.zone.arm(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.zone.arm(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.zone.arm(False)
        event.acceptProposedAction()
        self.paths_chosen.emit(dropped_paths(event.mimeData()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_top()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    # --- layout ------------------------------------------------------------------------------------

    def _build(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        self._column = column
        column.setSpacing(0)
        column.addWidget(Label("AstroTL", 28, 600))
        column.addSpacing(8)
        column.addWidget(Label("Open a mosaic and see which sources deserve a look.", 15, 400, "text2"))
        column.addSpacing(32)
        column.addWidget(self.zone)
        column.addSpacing(SECTION_GAP)
        column.addWidget(self._recent_projects())
        column.addLayout(self._real_sky())
        column.addStretch(1)
        column.addSpacing(24)
        column.addLayout(self._footer())
        content.setMaximumWidth(theme.scaled(WIDTH))
        centred = QWidget()
        row = QHBoxLayout(centred)
        row.setContentsMargins(MARGIN, 0, MARGIN, 0)
        row.addStretch(1)
        row.addWidget(content, 1000)
        row.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidgetResizable(True)
        scroll.setWidget(centred)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(scroll)

    def _recent_projects(self) -> QWidget:
        column = QVBoxLayout(self._recent)
        column.setContentsMargins(0, 0, 0, SECTION_GAP)
        column.setSpacing(13)
        column.addWidget(Label("Recent", 13, 600))
        self._grid.setSpacing(16)
        for number in range(COLUMNS):
            self._grid.setColumnStretch(number, 1)
        column.addLayout(self._grid)
        return self._recent

    def _real_sky(self) -> QVBoxLayout:
        title = QHBoxLayout()
        title.addWidget(Label("Try it on real sky", 13, 600))
        title.addStretch(1)
        title.addWidget(Label("Downloaded once, then kept", 12, 400, "text2"))
        row = QHBoxLayout()
        row.setSpacing(16)
        for card in self.fields:
            card.clicked.connect(lambda checked=False, name=card.field.name: self.session.open_field(name))
            row.addWidget(card, 1)
        column = QVBoxLayout()
        column.setSpacing(13)
        column.addLayout(title)
        column.addLayout(row)
        return column

    def _footer(self) -> QHBoxLayout:
        keys, settings = Button("Keyboard", flat=True), Button("Settings", flat=True)
        keys.clicked.connect(self.keys_wanted)
        settings.clicked.connect(self.settings_wanted)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(keys)
        row.addSpacing(10)
        row.addWidget(KeyCap("?"))
        row.addSpacing(26)
        row.addWidget(settings)
        row.addStretch(1)
        row.addWidget(Label(f"Version {__version__}", 12, 500, "text2"))
        return row

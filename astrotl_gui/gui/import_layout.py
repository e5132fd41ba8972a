"""Where things stand on the import page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from . import theme
from .controls import Button, IconButton, KeyCap, Label, Line
from .fields import NumberField
from .import_bands import BandTable
from .import_form import CutoutsForm, ProjectForm, SourcesForm, row
from .import_preview import ImportPreview
from .notice import Notice, replace_notices

FORM_WIDTH, MARGIN, GAP = 540, 24, 32
BAR = 14  # room for the scroll bar, taken from the page's margin


class ImportLayout:
    """Builds the page's widgets into it and holds them by name."""

    def __init__(self, page: QWidget) -> None:
        self.title = Label("New project", 13, 600)
        self.close = IconButton("ph.x", "Cancel")
        self.preview = ImportPreview()
        self.bands = BandTable()
        self.add = Button("Add images…", icon="ph.plus")
        self.planes = Button("Noise, mask, weight…")
        self.zeropoints = Label("", 12, 400, "text2")
        self.zeropoints.setToolTip("Zero points are changed under “Noise, mask, weight…”")
        self.scale = NumberField(None, unit="″", minimum=1e-4, maximum=3600, height=28)
        self.scale.setFixedWidth(theme.scaled(150))
        self.scale_row = row("Pixel scale", None, self.scale)
        self.sources = SourcesForm()
        self.cutouts = CutoutsForm()
        self.project = ProjectForm()
        self.estimate = Label("", 12, 400, "text2")
        self.cancel = Button("Cancel", height=36)
        self.main = Button("Create project and rank", main=True, height=36)
        self.main.setToolTip("Ctrl+Enter")
        self._notices = QVBoxLayout()
        self._notices.setSpacing(8)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(Line())
        column.addLayout(self._body(), 1)
        column.addWidget(Line())
        column.addWidget(self._foot())

    def show_notices(self, notices: list[Notice]) -> None:
        """Replace the cards above the bands."""
        replace_notices(self._notices, notices)

    def _head(self) -> QWidget:
        bar = _pane(44)
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(8, 0, 14, 0)
        layout.setSpacing(4)
        layout.addWidget(self.close)
        layout.addWidget(self.title)
        layout.addSpacing(6)
        layout.addWidget(KeyCap("Esc"))
        layout.addStretch(1)
        return bar

    def _foot(self) -> QWidget:
        bar = _pane(28)
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.addWidget(
            Label("Your images are read where they are. Nothing is copied or changed.", 12, 400, "text2")
        )
        return bar

    def _body(self) -> QHBoxLayout:
        right = QWidget()
        right.setFixedWidth(theme.scaled(FORM_WIDTH) + BAR)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._scrolled(), 1)
        column.addSpacing(12)
        column.addWidget(self.estimate)
        column.addSpacing(16)
        column.addLayout(self._verbs())
        body = QHBoxLayout()
        body.setContentsMargins(MARGIN, MARGIN - 2, MARGIN - BAR, 16)
        body.setSpacing(GAP)
        body.addWidget(self.preview, 1)
        body.addWidget(right)
        return body

    def _scrolled(self) -> QScrollArea:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, BAR, 0)
        column.setSpacing(0)
        column.addWidget(Label("Bands", 13, 600))
        column.addSpacing(12)
        column.addLayout(self._notices)
        column.addSpacing(12)
        column.addWidget(self.bands)
        self.after_bands = QWidget()
        column.addWidget(self.after_bands)
        column.addStretch(1)
        rest = QVBoxLayout(self.after_bands)
        rest.setContentsMargins(0, 10, 0, 0)
        rest.setSpacing(22)
        rest.addWidget(self._band_verbs())
        for block in (self.sources, self.cutouts, self.project):
            rest.addWidget(block)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidgetResizable(True)
        area.setWidget(content)
        bar = area.verticalScrollBar()
        bar.rangeChanged.connect(  # the bar takes its room from the margin, so that nothing moves
            lambda low, high: column.setContentsMargins(0, 0, BAR - (bar.width() if high > low else 0), 0)
        )
        return area

    def _band_verbs(self) -> QWidget:
        block = QWidget()
        column = QVBoxLayout(block)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.add)
        line.addWidget(self.planes)
        line.addStretch(1)
        line.addWidget(self.zeropoints)
        column.addLayout(line)
        column.addWidget(self.scale_row)
        self.scale_row.hide()
        return block

    def _verbs(self) -> QHBoxLayout:
        self.cancel.setFixedWidth(theme.scaled(120))
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, BAR, 0)
        line.setSpacing(8)
        line.addWidget(self.cancel)
        line.addWidget(self.main, 1)
        return line


def _pane(height: int) -> QWidget:
    bar = QWidget()
    bar.setProperty("surface", "pane")
    bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    bar.setFixedHeight(theme.scaled(height))
    return bar

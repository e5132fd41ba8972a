"""The popover of the overlays: what is drawn over the sky, how much of it, and files to add."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from . import theme
from .controls import Button, IconButton, Label, Line
from .fields import Choice, Switch
from .overlay_glyphs import paint_sample
from .overlays import CANDIDATES, DETECTIONS, LABELS, TOPS, Overlays, UserOverlay

WIDTH = 324
NAME_PX = 168
NONE_YET = {
    CANDIDATES: "no ranking yet",
    LABELS: "no labels yet",
    DETECTIONS: "no sources yet",
}


class Sample(QWidget):
    """What an overlay looks like on the sky."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(26), theme.scaled(26))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, rect = QPainter(self), QRectF(self.rect())
        theme.paint_box(painter, rect, theme.SKY.behind_sky, radius=theme.RADIUS_CUTOUT)
        painter.translate(rect.center())
        paint_sample(painter, self._name)


class OverlayPopover(QWidget):
    """A switch for each overlay. `add_wanted()`, `save_wanted()`: choose files; a click elsewhere closes it."""

    add_wanted = Signal()
    save_wanted = Signal()

    def __init__(self, overlays: Overlays, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.NoDropShadowWindowHint)
        self._overlays = overlays
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAccessibleName("Overlays")
        self.switches: dict[str, Switch] = {}
        self.removes: dict[str, IconButton] = {}
        self.top = Choice([(str(n), f"first {n:,}" if n else "all") for n in TOPS])
        self.top.setAccessibleName("How many candidates")
        self.top.chosen.connect(lambda n: overlays.set_top(int(n)))
        self.add = Button("Add catalog or regions…", height=28)
        self.save = Button("Save regions…", height=28, flat=True)
        for button, wanted in ((self.add, self.add_wanted), (self.save, self.save_wanted)):
            button.clicked.connect(self.close)
            button.clicked.connect(wanted)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 12, 16, 14)
        self._column.setSpacing(2)
        self._list: QWidget | None = None
        verbs = QHBoxLayout()
        verbs.setContentsMargins(0, 8, 0, 0)
        verbs.addWidget(self.add)
        verbs.addStretch(1)
        verbs.addWidget(self.save)
        self._column.addLayout(verbs)
        self.setFixedWidth(theme.scaled(WIDTH))
        overlays.listed.connect(self._follow)

    def open_below(self, button: QWidget) -> None:
        """Open with the right edge under the right edge of `button`."""
        self._build()
        corner = button.mapToGlobal(QPoint(button.width() - self.width(), button.height() + 2))
        self.move(corner)
        self.show()
        self.switches[CANDIDATES].setFocus()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        theme.paint_box(QPainter(self), QRectF(self.rect()), t.pane, t.border, theme.RADIUS_CARD)

    def _follow(self) -> None:
        """Another file is there, or one that was read: list anew, unless a switch here says so itself."""
        if self.isVisible() and self._shown_now() != self._built:
            self._build()

    def _shown_now(self) -> tuple[object, ...]:
        overlays = self._overlays
        files = tuple((file, file.content) for file in overlays.files)
        return (*files, *(overlays.count(kind) for kind in NONE_YET), overlays.index is None)

    def _build(self) -> None:
        overlays = self._overlays
        self._built = self._shown_now()
        self.top.setParent(None)
        if self._list is not None:
            self._list.deleteLater()
        self._list = QWidget()
        column = QVBoxLayout(self._list)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.switches.clear()
        self.removes.clear()
        target = overlays.session.target
        names = {CANDIDATES: overlays.session.targets[target], LABELS: "Labels", DETECTIONS: "Detections"}
        samples = {CANDIDATES: f"target {target}", LABELS: f"label {target} positive", DETECTIONS: "ellipse"}
        for kind, name in names.items():
            count = overlays.count(kind)
            says: QWidget = Label(self._count(kind, count), 12, 400, "text2")
            if kind == CANDIDATES and count:
                self.top.set_value(str(overlays.top))
                says = self.top
            switch = Switch(name, overlays.shows(kind))
            switch.toggled.connect(lambda on, kind=kind: overlays.show(kind, on))
            self._add(column, kind, samples[kind], name, says, switch)
        if overlays.files:
            column.addSpacing(6)
            column.addWidget(Line())
            column.addSpacing(6)
        for number, file in enumerate(overlays.files):
            self._add_file(column, f"file {number}", file)
        self._column.insertWidget(0, self._list)
        self._list.show()
        self.adjustSize()

    def _count(self, kind: str, count: int) -> str:
        if kind == DETECTIONS and count and self._overlays.index is None:
            return "being sorted"
        return f"{count:,}" if count else NONE_YET[kind]

    def _add_file(self, column: QVBoxLayout, key: str, file: UserOverlay) -> None:
        overlays, content = self._overlays, file.content
        switch = Switch(file.name, file.shown)
        switch.toggled.connect(lambda on: overlays.show_file(file, on))
        says = Label("being read" if content is None else f"{content.here:,}", 12, 400, "text2")
        remove = IconButton("ph.x", f"Take {file.name} off the sky")
        remove.clicked.connect(lambda: overlays.remove(file))
        self.removes[key] = remove
        sample = "circle" if content is not None and content.outlines is not None else file.glyph
        self._add(column, key, sample, file.name, says, switch, remove)

    def _add(
        self,
        column: QVBoxLayout,
        key: str,
        sample: str,
        name: str,
        says: QWidget,
        switch: Switch,
        remove: IconButton | None = None,
    ) -> None:
        self.switches[key] = switch
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        text = Label("", 12, 500)
        room = theme.scaled(NAME_PX - 60 if remove is not None else NAME_PX - 40)
        short = QFontMetricsF(text.font()).elidedText(name, Qt.TextElideMode.ElideMiddle, room)
        text.setText(short)
        text.setToolTip(name)
        row.addWidget(Sample(sample))
        row.addWidget(text, 1)
        row.addWidget(says)
        if remove is not None:
            row.addWidget(remove)
        row.addWidget(switch)
        column.addLayout(row)

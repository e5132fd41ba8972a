"""Explore: the mosaic, the lists, the inspector, in panes that suit the window's width."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSettings, Qt
from PySide6.QtGui import QAction, QRegion, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QSplitterHandle, QVBoxLayout, QWidget

from . import theme
from .controls import Line
from .inspector import Inspector
from .list_pane import ListPane
from .mosaic_bar import MosaicBar
from .mosaic_panes import MosaicPanes
from .mosaic_view import MosaicView
from .overlay_popover import OverlayPopover
from .view import View
from .why_panel import WhyPanel

if TYPE_CHECKING:
    from .session import Session

MOSAIC_SHARE = 0.45
GRIP = 8


@dataclass(frozen=True)
class Panes:
    """Pane widths [px], their left line included, for one class of window widths.

    No inspector width: it folds under the list.
    """

    name: str
    from_width: int
    list: int
    inspector: int | None


LAYOUTS = (
    Panes("compact", 0, 372, None),
    Panes("normal", 1360, 384, 280),
    Panes("wide", 1500, 500, 312),
    Panes("huge", 2100, 760, 360),
)


def layout_for(width: int) -> Panes:
    """The panes of a window of this width [px at text size 100 %]."""
    return [panes for panes in LAYOUTS if width >= panes.from_width][-1]


class _Grip(QSplitterHandle):
    """A line one pixel wide that can be taken within 8."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        margin = GRIP // 2
        self.setAttribute(Qt.WidgetAttribute.WA_MouseNoMask)
        self.setContentsMargins(margin, 0, margin, 0)
        self.setMask(QRegion(self.contentsRect()))


class PaneSplitter(QSplitter):
    """Panes side by side, divided by thin lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)

    def createHandle(self) -> QSplitterHandle:
        return _Grip(self.orientation(), self)


class ExplorePage(View):
    """Lays out mosaic, list and inspector, and remembers the widths that the user drags."""

    notes = True
    lists = True
    mosaics: MosaicPanes

    def __init__(
        self, session: Session, actions: Mapping[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.view = MosaicView(session)
        self.bar = MosaicBar(session, self.view)
        self.overlays = OverlayPopover(session.overlays, self)
        self.bar.overlays_wanted.connect(self.show_overlays)
        self.list_pane = ListPane(session, actions)
        self.list_pane.setFocusProxy(self.list_pane.gallery)
        self.inspector = Inspector(session)
        self.folded = Inspector(session, compact=True)
        self.why = WhyPanel(session)
        self.why.hide()
        self.setFocusProxy(self.list_pane.gallery)
        self._panes: Panes | None = None
        self._scale = 1.0
        self._why_shown = False
        self._bar_line = Line()
        self.mosaics = MosaicPanes(self.view)
        self._mosaic = _column(self.bar, self._bar_line, _beside(self.mosaics, self.why))
        self._fold_line = Line()
        self._side = _column(self.list_pane, self._fold_line, self.folded)
        self._splitter = PaneSplitter()
        for pane in (self._mosaic, self._side, self.inspector):
            self._splitter.addWidget(pane)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setStretchFactor(1, 0)
        self._splitter.setStretchFactor(2, 0)
        self._splitter.splitterMoved.connect(self._remember)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._splitter)

    @property
    def shown_inspector(self) -> Inspector:
        """The inspector in view: beside the list, or folded under it."""
        return self.folded if self._panes and self._panes.inspector is None else self.inspector

    @property
    def why_shown(self) -> bool:
        """Whether "Why is it here?" is open, though "only the sky" may hide it."""
        return self._why_shown

    def show_overlays(self) -> None:
        """Open the list of what is drawn over the sky."""
        self.overlays.open_below(self.bar.overlays)

    def show_why(self, shown: bool) -> None:
        """Open or close "Why is it here?" at the right of the mosaic, which gives it room."""
        self._why_shown = shown
        self.why.setVisible(shown and self._side.isVisibleTo(self))
        self._fit_view()

    @property
    def look_shown(self) -> bool:
        """Whether the card with all of the look is open."""
        return self.bar.panel.isVisible()

    def toggle_look(self) -> None:
        """Open or close the card with all of the look."""
        self.bar.panel.toggle()

    def panes(self) -> list[QWidget]:
        return [self.view, self.list_pane, self.shown_inspector]

    def move_selection(self, where: str, extend: bool = False) -> None:
        self.list_pane.move_selection(where, extend)

    def select_all(self) -> None:
        self.list_pane.select_all()

    def resize_cutouts(self, by: int) -> None:
        self.list_pane.resize_cutouts(by)

    def write_note(self) -> None:
        self.shown_inspector.write_note()

    def toggle_wide(self) -> None:
        self.shown_inspector.toggle_wide()

    def toggle_fit(self) -> None:
        self.view.toggle_zoom()

    def zoom(self, steps: int) -> None:
        self.view.zoom_in() if steps > 0 else self.view.zoom_out()

    def back(self) -> bool:
        if self.look_shown:
            self.toggle_look()
            return True
        if self._why_shown:
            self.show_why(False)
            return True
        return False

    def show_only_sky(self, only: bool) -> None:
        """Hide or show everything but the mosaic."""
        self._side.setVisible(not only)
        self.bar.setVisible(not only)
        self.show_why(self._why_shown)
        self._bar_line.setVisible(not only)
        self.inspector.setVisible(not only and self.shown_inspector is self.inspector)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._suit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._suit()

    def _suit(self) -> None:
        """Lay out anew where the width, in units of the text size, asks for other panes."""
        scale = theme.scaled(100) / 100
        panes = layout_for(round(self.width() / scale))
        if (panes, scale) != (self._panes, self._scale):
            self._scale = scale
            self._arrange(panes)
        self._fit_view()

    def _fit_view(self) -> None:
        beside = self.why.width() if self.why.isVisibleTo(self) else 0
        self.mosaics.setMinimumWidth(max(0, round(MOSAIC_SHARE * self.width()) - beside))

    def _arrange(self, panes: Panes) -> None:
        self._panes = panes
        beside = panes.inspector is not None
        self.inspector.setVisible(beside and self._side.isVisibleTo(self))
        self.folded.setVisible(not beside)
        self._fold_line.setVisible(not beside)
        kept = QSettings().value(self._key(panes))
        side, inspector = theme.scaled(panes.list), theme.scaled(panes.inspector or 0)
        if isinstance(kept, list) and len(kept) == 2:
            side, inspector = int(kept[0]) + 1, int(kept[1]) + 1
        self._splitter.setSizes([max(1, self.width() - side - inspector), side - 1, max(0, inspector - 1)])

    def _key(self, panes: Panes) -> str:
        return f"explore/{panes.name}-{round(100 * self._scale)}"

    def _remember(self) -> None:
        if self._panes is not None:
            sizes = self._splitter.sizes()
            QSettings().setValue(self._key(self._panes), sizes[1:])


def _beside(*widgets: QWidget) -> QWidget:
    """Widgets side by side; the first takes the room."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for index, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if index == 0 else 0)
    return row


def _column(*widgets: QWidget) -> QWidget:
    """Widgets on top of each other; the tallest-growing one takes the room by its own size policy."""
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget)
    return column

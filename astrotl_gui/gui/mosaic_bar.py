"""The bar over the mosaic: which bands, which stretch, black and white, and what else is drawn on the sky."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QWidget

from astrotl_gui.core.stretch import COLOUR, channel_levels, spread
from astrotl_gui.gui import looks, theme
from astrotl_gui.gui.controls import Control, IconButton, Segmented
from astrotl_gui.gui.histogram import Histogram
from astrotl_gui.gui.look_panel import STRETCH_NAMES, LookPanel
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.session import Session

HEIGHT = 36


class MenuButton(Control):
    """The chosen one of several options, the others in a menu. `chosen(id)` when the user takes one."""

    chosen = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options: list[tuple[str, str]] = []
        self._value = ""
        self.setAccessibleName(name)
        self.setToolTip(name)
        theme.set_font(self, 12, 600)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: self.menu().popup(self.mapToGlobal(self.rect().bottomLeft())))

    def set_options(self, options: list[tuple[str, str]]) -> None:
        """Offer these (id, text) pairs."""
        self._options = options
        self.updateGeometry()
        self.update()

    def set_value(self, value: str) -> None:
        """Choose an option without firing `chosen`."""
        self._value = value
        self.setText(dict(self._options).get(value, ""))
        self.updateGeometry()
        self.update()

    def menu(self) -> QMenu:
        """The options, the chosen one checked."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        group = QActionGroup(menu)
        for value, text in self._options:
            action = QAction(text, group, checkable=True, checked=value == self._value)
            action.triggered.connect(lambda _=False, value=value: self.chosen.emit(value))
            menu.addAction(action)
        return menu

    def sizeHint(self) -> QSize:
        width = QFontMetricsF(self.font()).horizontalAdvance(self.text())
        return QSize(round(width + theme.scaled(34)), theme.scaled(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter, rect = theme.tokens(), QPainter(self), QRectF(self.rect())
        if self.hovered() or self.isDown():
            theme.paint_box(painter, rect, t.hover)
        painter.setFont(self.font())
        painter.setPen(theme.color("text"))
        painter.drawText(rect.adjusted(8, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())
        caret = QRectF(rect.right() - theme.scaled(21), 0, theme.scaled(14), rect.height())
        theme.paint_icon(painter, caret, "ph.caret-down", t.text2, 12)


class MosaicBar(QWidget):
    """Shows and sets the session's look, and what the view draws. `only_sky_wanted` hides the rest,
    `overlays_wanted` asks for their list."""

    only_sky_wanted = Signal()
    overlays_wanted = Signal()

    def __init__(self, session: Session, view: MosaicView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._view = session, view
        self.setProperty("surface", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.bands = Segmented([], padding=12, height=27)
        self.bands.setAccessibleName("Bands")
        self.band_menu = MenuButton("Bands")
        self.stretch = MenuButton("Stretch")
        self.stretch.set_options(list(STRETCH_NAMES.items()))
        self.histogram = Histogram()
        self.histogram.setToolTip("Drag black, mid and white. Double-click for the usual ones.")
        self.panel = LookPanel(view)
        self.look = IconButton("ph.sliders-horizontal", "Look (Shift+T)", checkable=True)
        self.panel.anchor = self.look
        self.invert = IconButton("ph.circle-half", "Invert (V)", checkable=True)
        self.marks = IconButton("ph.crosshair-simple", "Marks on the sky (M)", checkable=True)
        self.overlays = IconButton("ph.stack", "Overlays (Shift+L)")
        self.grid = IconButton("ph.grid-four", "Coordinate grid (G)", checkable=True)
        self.ruler = IconButton("ph.ruler", "Ruler (Y)", checkable=True)
        self.only_sky = IconButton("ph.corners-out", "Only the sky (Ctrl+B)")
        self._lay()
        self._connect()
        self._take_project()
        self._take_shown()

    def _lay(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(11, 0, 11, 0)
        row.setSpacing(2)
        row.addWidget(self.bands)
        row.addWidget(self.band_menu)
        row.addSpacing(4)
        row.addWidget(self.stretch)
        row.addSpacing(4)
        row.addWidget(self.histogram)
        row.addSpacing(4)
        row.addWidget(self.look)
        row.addStretch(1)
        for icon in (self.invert, self.marks, self.overlays, self.grid, self.ruler, self.only_sky):
            row.addWidget(icon)

    def _connect(self) -> None:
        session, view = self._session, self._view
        session.project_changed.connect(self._take_project)
        session.look_changed.connect(self._take_look)
        view.shown_changed.connect(self._take_shown)
        for choice in (self.bands, self.band_menu):
            choice.chosen.connect(lambda mode: self._set(mode=mode, white=None))
        self.stretch.chosen.connect(lambda name: self._set(stretch=name))
        self.histogram.moved.connect(lambda which, sigma: looks.move_level(session, which, sigma))
        self.histogram.reset.connect(lambda: looks.usual_levels(session))
        self.look.clicked.connect(self.panel.toggle)
        self.panel.shown_changed.connect(lambda: self.look.setChecked(self.panel.isVisible()))
        self.invert.clicked.connect(lambda: looks.invert(session))
        self.marks.clicked.connect(lambda: view.toggle("marks"))
        self.grid.clicked.connect(lambda: view.toggle("grid"))
        self.ruler.clicked.connect(lambda: view.toggle("ruler"))
        self.overlays.clicked.connect(self.overlays_wanted)
        self.only_sky.clicked.connect(self.only_sky_wanted)

    def _set(self, **changes: object) -> None:
        self._session.set_look(self._session.look.with_(**changes))

    @Slot()
    def _take_project(self) -> None:
        options = [(mode, "Colour" if mode == COLOUR else mode) for mode in looks.modes(self._session)]
        self.bands.set_options(options)
        self.band_menu.set_options(options)
        self._take_look()
        self._make_room()

    @Slot()
    def _take_look(self) -> None:
        look = self._session.look
        self.bands.set_value(look.mode)
        self.band_menu.set_value(look.mode)
        self.stretch.set_value(look.stretch)
        self.invert.setChecked(look.invert)
        curve, mosaic = looks.curve(self._session), self._session.mosaic
        if curve is not None and mosaic is not None:
            channels = channel_levels(self._session.levels, mosaic.spec, look)
            self.histogram.show_curve(curve, spread(tuple(channels)))

    @Slot()
    def _take_shown(self) -> None:
        self.marks.setChecked(self._view.shows("marks"))
        self.grid.setChecked(self._view.shows("grid"))
        self.ruler.setChecked(self._view.shows("ruler"))

    # --- room --------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(600, theme.scaled(HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(320, theme.scaled(HEIGHT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._make_room()

    def _make_room(self) -> None:
        """Where it is narrow, the bands become a menu; where it is very narrow, the histogram goes too."""
        icons = 7 * (theme.scaled(28) + 2)
        fixed = icons + self.stretch.sizeHint().width() + 60
        bands, histogram = self.bands.sizeHint().width(), self.histogram.sizeHint().width()
        segmented = fixed + bands + histogram <= self.width()
        self.bands.setVisible(segmented)
        self.band_menu.setVisible(not segmented)
        menu = self.band_menu.sizeHint().width()
        self.histogram.setVisible(segmented or fixed + menu + histogram <= self.width())

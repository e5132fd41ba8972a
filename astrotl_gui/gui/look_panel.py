"""The whole look in one card over the sky: stretch, limits, levels, colours, smoothing, and what is laid over."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QShowEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from astrotl_gui.core.stretch import (
    AUTO,
    COLOUR,
    GAMMA_RANGE,
    LIMITS,
    SCALE_RANGE,
    SMOOTH_RANGE,
    SOFTNESS_RANGE,
    Curve,
    Look,
    bands_shown,
    channel_levels,
    spread,
)

from . import looks, theme
from .colormap_picker import ColormapPicker
from .controls import Button, IconButton, Label, scrolling
from .fields import Choice, Switch
from .histogram import Histogram
from .look_rows import NAME_WIDTH, LevelRow, NumberRow
from .mosaic_view import MosaicView

WIDTH, MARGIN, AWAY = 312, 14, 8
CLEAR = 72
"""The compass reaches so far from the left [px]."""
STRETCH_NAMES = {
    "asinh": "Asinh",
    "log": "Log",
    "sqrt": "Square root",
    "linear": "Linear",
    "square": "Square",
    "histogram": "Histogram",
}
LIMIT_NAMES = {AUTO: "Sky and noise", "zscale": "ZScale", "minmax": "Least to most"}
LIMIT_OPTIONS = [(name, LIMIT_NAMES.get(name, f"{name} %")) for name in LIMITS]
BY_HAND = "hand"
LEVELS = ("black", "mid", "white")
LOWEST, HIGHEST = -1e4, 1e7
"""What black and white may be [σ above the sky]."""


class LookPanel(QWidget):
    """Shows and sets the session's look, over the mosaic of `view`. `shown_changed()`: opened or closed."""

    shown_changed = Signal()

    def __init__(self, view: MosaicView) -> None:
        super().__init__(view)
        self.session, self._view = view.session, view
        self.anchor: QWidget | None = None
        self.close_button = IconButton("ph.x", "Close")
        self.reset = Button("Reset", flat=True, height=28)
        self.stretch = Choice(list(STRETCH_NAMES.items()))
        self.limits = Choice(LIMIT_OPTIONS)
        self.histogram = Histogram(56, fill=True)
        self.unit = Label("", 11, 400, "text3")
        self.levels = {name: LevelRow(name.capitalize()) for name in LEVELS}
        self.shape = NumberRow("Q", *SOFTNESS_RANGE, logarithmic=True)
        self.turns = Label("", 11, 400, "text3")
        self.colours_title = Label("Colour map", 12, 600, "text2")
        self.colormap = ColormapPicker()
        self.scales: dict[str, NumberRow] = {}
        self._scale_rows = QVBoxLayout()
        self.smooth = NumberRow("Smoothing", *SMOOTH_RANGE, unit="px")
        self.invert = Switch("Invert")
        self._switched: dict[Switch, Label] = {}
        self.overlays = {"mask": Switch("Mask"), "depth": Switch("Depth")}
        self.smooth.setToolTip("σ of a Gaussian, in pixels of the mosaic (Shift+G)")
        self.overlays["mask"].setToolTip("Hatch what is masked or has no value (Shift+M)")
        self.setAccessibleName("Look")
        self.setFixedWidth(theme.scaled(WIDTH))
        self._build()
        self._connect()
        self.hide()

    # --- opening and closing -----------------------------------------------------------------------------

    def toggle(self) -> None:
        """Open or close; what was open takes the keys back to the mosaic."""
        self.setVisible(not self.isVisible())
        if self.isVisible():
            self.raise_()
            self.stretch.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)
        self.shown_changed.emit()

    def place(self) -> None:
        """Under the button that opens it, within the view; beside the overview where the compass has room too."""
        view = self._view
        left = self.anchor.mapTo(self.anchor.window(), self.anchor.rect().topLeft()).x() if self.anchor else 0
        left -= view.mapTo(view.window(), view.rect().topLeft()).x()
        self.setFixedHeight(max(80, min(self._wanted_height(), view.height() - 2 * AWAY)))
        clear = view.overview.x() - self.width() - AWAY
        if clear >= CLEAR:
            left = min(left, clear)
        self.move(max(AWAY, min(left, view.width() - self.width() - AWAY)), AWAY)

    def _wanted_height(self) -> int:
        return self._head.sizeHint().height() + self._body.sizeHint().height() + MARGIN

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        grown = QEvent.Type.Resize if watched is self._view else QEvent.Type.LayoutRequest
        if event.type() == grown and self.isVisible():
            self.place()
        return False

    def showEvent(self, event: QShowEvent) -> None:
        self.refresh()
        self.place()

    # --- building ----------------------------------------------------------------------------------------

    def _build(self) -> None:
        self._head = QHBoxLayout()
        self._head.setContentsMargins(MARGIN, 6, 8, 2)
        self._head.addWidget(Label("Look", 13, 600))
        self._head.addStretch(1)
        self._head.addWidget(self.reset)
        self._head.addSpacing(8)
        self._head.addWidget(self.close_button)
        self._body = QVBoxLayout()
        self._body.setContentsMargins(MARGIN, 0, MARGIN, 0)
        self._body.setSpacing(6)
        for name, control in (("Stretch", self.stretch), ("Limits", self.limits)):
            self._body.addLayout(_named(name, control))
        self._body.addWidget(self.histogram)
        self._body.addLayout(self._unit_row())
        for row in (*self.levels.values(), self.shape, self.turns):
            self._body.addWidget(row)
        self._body.addSpacing(4)
        self._body.addWidget(self.colours_title)
        self._body.addWidget(self.colormap)
        self._scale_rows.setSpacing(6)
        self._body.addLayout(self._scale_rows)
        self._body.addSpacing(4)
        self._body.addWidget(self.smooth)
        self._body.addLayout(self._switches())
        self._body.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, MARGIN - 4)
        column.setSpacing(0)
        column.addLayout(self._head)
        scroll = scrolling(self._body)
        scrolled = scroll.widget()
        assert scrolled is not None
        self._scrolled: QWidget = scrolled
        column.addWidget(scroll, 1)

    def _unit_row(self) -> QHBoxLayout:
        """The unit of the right-hand fields below, over them."""
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addSpacing(theme.scaled(NAME_WIDTH) + 8)
        row.addWidget(QWidget(), 1)
        row.addWidget(self.unit, 1)
        return row

    def _switches(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        for switch in (self.invert, *self.overlays.values()):
            row.addWidget(switch)
            self._switched[switch] = label = Label(switch.accessibleName(), 12, 500)
            row.addWidget(label)
            row.addStretch(1)
        return row

    def _connect(self) -> None:
        session, view = self.session, self._view
        session.look_changed.connect(self._refresh_shown)
        session.project_changed.connect(self._refresh_shown)
        view.shown_changed.connect(self._refresh_shown)
        view.installEventFilter(self)
        self._scrolled.installEventFilter(self)
        self.close_button.clicked.connect(self.toggle)
        self.reset.clicked.connect(lambda: session.set_look(Look(session.look.mode)))
        self.stretch.chosen.connect(lambda name: self._set(stretch=name))
        self.limits.chosen.connect(self._limit)
        self.histogram.moved.connect(self._move)
        self.histogram.reset.connect(self._usual)
        for name, row in self.levels.items():
            row.changed.connect(lambda sigma, name=name: self._move(name, sigma))
        self.shape.changed.connect(self._bend)
        self.colormap.chosen.connect(lambda name: self._set(colormap=name))
        self.smooth.changed.connect(lambda sigma: self._set(smooth=sigma))
        self.invert.clicked.connect(lambda: looks.invert(session))
        for name, switch in self.overlays.items():
            switch.clicked.connect(lambda _=False, name=name: view.toggle(name))

    # --- what the user does ------------------------------------------------------------------------------

    def _set(self, **changes: object) -> None:
        self.session.set_look(self.session.look.with_(**changes))

    def _limit(self, name: str) -> None:
        if name != BY_HAND:
            self._set(limits=name, black=Look.black, white=Look.white)

    def _move(self, which: str, sigma: float) -> None:
        looks.move_level(self.session, which, sigma)

    def _usual(self) -> None:
        looks.usual_levels(self.session)

    def _bend(self, value: float) -> None:
        now = looks.curve(self.session)
        if now is None:
            return
        if now.stretch == "asinh":
            self._set(softness=now.with_q(value).softness)
        else:
            self._set(**{"softness" if now.stretch == "log" else "gamma": value})

    # --- what is shown -----------------------------------------------------------------------------------

    @Slot()
    def _refresh_shown(self) -> None:
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """Show the session's look."""
        session, look = self.session, self.session.look
        mosaic, now = session.mosaic, looks.curve(session)
        if mosaic is None or now is None:
            return
        channels = channel_levels(session.levels, mosaic.spec, look)
        self.stretch.set_value(look.stretch)
        self._show_limits(look)
        self.histogram.show_curve(now, spread(tuple(channels)))
        single = channels[0] if len(channels) == 1 else None
        self.unit.setVisible(single is not None)
        self.unit.setText(mosaic.band(bands_shown(mosaic.spec, look)[0][0]).unit or "Image units")
        for name, row in self.levels.items():
            row.set_image_units(single.black if single else 0.0, single.noise if single else 0.0)
            low = now.black + 0.5 if name == "white" else LOWEST if name == "black" else now.black
            high = HIGHEST if name == "white" else now.white - 0.5 if name == "black" else now.white
            row.show_level(getattr(now, name), low, high)
        self._show_shape(now)
        self._show_colours(single is not None)
        self.smooth.show_value(look.smooth)
        self.invert.setChecked(look.invert)
        for name, switch in self.overlays.items():
            switch.setChecked(self._view.shows(name))
        deep = any(band.has_noise for band in mosaic.bands)
        for part in (self.overlays["depth"], self._switched[self.overlays["depth"]]):
            part.setEnabled(deep)
            part.setToolTip(
                "The noise map in place of the sky" if deep else "No band has a noise or weight map."
            )

    def _show_limits(self, look: Look) -> None:
        hand = (BY_HAND, "By hand")
        if look.by_hand != (self.limits.findData(BY_HAND) >= 0):
            self.limits.set_options([*([hand] if look.by_hand else []), *LIMIT_OPTIONS])
        self.limits.set_value(BY_HAND if look.by_hand else look.limits)

    def _show_shape(self, now: Curve) -> None:
        low, high = SOFTNESS_RANGE
        if now.stretch == "asinh":
            self.shape.rename("Q", logarithmic=False)
            self.shape.set_range(now.with_softness(high).q, now.with_softness(low).q)
            self.shape.show_value(now.q)
        elif now.stretch == "log":
            self.shape.rename("Softness", logarithmic=True)
            self.shape.set_range(low, high)
            self.shape.show_value(now.softness)
        else:
            self.shape.rename("Gamma", logarithmic=True)
            self.shape.set_range(*GAMMA_RANGE)
            self.shape.show_value(now.gamma)
        self.turns.setText(f"Linear below {now.softness:.3g} σ, logarithmic above.")
        self.turns.setVisible(now.stretch in ("asinh", "log"))

    def _show_colours(self, single: bool) -> None:
        look, mosaic = self.session.look, self.session.mosaic
        assert mosaic is not None
        self.colours_title.setText("Colour map" if single else "Bands in colour")
        self.colormap.setVisible(single)
        self.colormap.set_value(look.colormap)
        channels = bands_shown(mosaic.spec, look.with_(mode=COLOUR))
        names = list(dict.fromkeys(name for names in channels for name in names))
        if list(self.scales) != names:
            self._make_scales(names)
        for name, row in self.scales.items():
            row.setVisible(not single)
            row.show_value(look.scale_of(name))

    def _make_scales(self, names: list[str]) -> None:
        for row in self.scales.values():
            self._scale_rows.removeWidget(row)
            row.deleteLater()
        self.scales = {name: NumberRow(name, *SCALE_RANGE, unit="×", logarithmic=True) for name in names}
        for name, row in self.scales.items():
            self._scale_rows.addWidget(row)
            row.changed.connect(
                lambda factor, name=name: self.session.set_look(self.session.look.with_scale(name, factor))
            )

    # --- the card and its keys ----------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter = theme.tokens(), QPainter(self)
        theme.paint_box(painter, QRectF(self.rect()), t.pane, t.border, radius=theme.RADIUS_CARD)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:  # fields keep it from the window
            self.toggle()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()  # not meant for the sky below

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()


def _named(name: str, control: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    label = Label(name, 12, 500, "text2")
    label.setFixedWidth(theme.scaled(NAME_WIDTH))
    control.setAccessibleName(name)
    row.addWidget(label)
    row.addWidget(control, 1)
    return row

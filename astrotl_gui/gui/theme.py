"""Colours, type and icons: the token table of the design, and the palette and style sheet made from it."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from functools import cache
from string import Template

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPen
from PySide6.QtWidgets import QApplication, QWidget

from ..core.resources import resource

THEMES = ("dark", "light", "system")
TEXT_SIZES = (90, 200)
"""Smallest and largest text size [%]."""
RADIUS_CUTOUT, RADIUS_CONTROL, RADIUS_CARD = 3, 6, 8


@dataclass(frozen=True)
class Tokens:
    """The colours of one theme, as #RRGGBB."""

    window: str
    pane: str
    control: str
    hover: str
    line: str
    border: str
    selection: str
    main: str
    main_text: str
    text: str
    text2: str
    text3: str
    yes: str
    no: str
    unsure: str
    alert: str
    behind_sky: str


SKY = Tokens(
    window="#121212",
    pane="#1A1A1A",
    control="#242424",
    hover="#333333",
    line="#2C2C2C",
    border="#6E6E6E",
    selection="#F0F0F0",
    main="#D2D2D2",
    main_text="#141414",
    text="#D2D2D2",
    text2="#A6A6A6",
    text3="#8E8E8E",
    yes="#56B4E9",
    no="#E06A1A",
    unsure="#DCCB5A",
    alert="#FF8F87",
    behind_sky="#0A0A0A",
)
"""The dark column: also for everything drawn on sky, in both themes."""

LIGHT = Tokens(
    window="#E6E6E6",
    pane="#F4F4F4",
    control="#FFFFFF",
    hover="#D6D6D6",
    line="#D0D0D0",
    border="#838383",
    selection="#1C1C1C",
    main="#2A2A2A",
    main_text="#FFFFFF",
    text="#1C1C1C",
    text2="#454545",
    text3="#5C5C5C",
    yes="#005EA8",
    no="#A84600",
    unsure="#3E3600",
    alert="#A8201A",
    behind_sky="#0A0A0A",
)


class _Applied:
    """What `apply` last set; widgets read it while painting."""

    tokens = SKY
    scale = 1.0
    reduce_motion = False


def tokens() -> Tokens:
    """The colours of the theme now applied."""
    return _Applied.tokens


def color(name: str) -> QColor:
    """The colour of a token by its name, e.g. `color("text2")`."""
    return QColor(getattr(_Applied.tokens, name))


def scaled(px: float) -> int:
    """A length [logical px] that grows with the text size: heights of bars, rows, buttons."""
    return round(px * _Applied.scale)


def duration(ms: int) -> int:
    """An animation's length [ms]: 0 with reduced motion."""
    return 0 if _Applied.reduce_motion else ms


def font(px: float = 12, weight: int = 400) -> QFont:
    """Inter with tabular figures, `px` at text size 100 %; the system's font where Inter cannot be loaded."""
    return QFont(_font(_family(), max(1, scaled(px)), weight))


@cache
def _font(family: str, pixels: int, weight: int) -> QFont:
    """Kept: every text of every frame asks for one."""
    made = QFont(family)
    made.setPixelSize(pixels)
    made.setWeight(QFont.Weight(weight))
    made.setFeature(QFont.Tag("tnum"), 1)
    made.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    return made


def set_font(widget: QWidget, px: float = 12, weight: int = 400) -> None:
    """Give a widget this font, again after each change of the text size."""
    widget.setProperty("type", (px, weight))
    widget.setFont(font(px, weight))


def icon(name: str, color: str | None = None) -> QIcon:
    """A Phosphor icon, e.g. `icon("ph.crosshair")`; text 2 unless a colour is given."""
    t = tokens()
    return _qtawesome().icon(name, color=color or t.text2, color_disabled=t.border)


def paint_icon(painter: QPainter, rect: QRectF, name: str, color: QColor | str, size: float = 16) -> None:
    """Draw a Phosphor icon centred in `rect`, `size` logical px at text size 100 %; sharp at any scale."""
    painter.save()
    glyphs = _qtawesome().font(name.split(".")[0], scaled(size))
    painter.setFont(glyphs)
    painter.setPen(QColor(color))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, _qtawesome().charmap(name))
    painter.restore()


def hairline(painter: QPainter, width: float = 1) -> float:
    """The width [logical px] of a line of `width` px that covers whole device pixels."""
    ratio = painter.device().devicePixelRatioF()
    return max(1, round(width * ratio)) / ratio


def paint_box(
    painter: QPainter,
    rect: QRectF,
    fill: QColor | str | None,
    border: QColor | str | None = None,
    radius: float = RADIUS_CONTROL,
    width: float = 1,
) -> None:
    """Draw a rounded box just inside `rect`, its border on whole device pixels."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(fill) if fill is not None else Qt.BrushStyle.NoBrush)
    if border is None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(rect, radius, radius)
        return
    line = hairline(painter, width)
    painter.setPen(QPen(QColor(border), line))
    inside = rect.adjusted(line / 2, line / 2, -line / 2, -line / 2)
    painter.drawRoundedRect(inside, radius - line / 2, radius - line / 2)


def paint_line(painter: QPainter, start: QPointF, end: QPointF, colour: QColor | str) -> None:
    """Draw a straight one-pixel rule from `start` to `end` (horizontal or vertical) without blur."""
    line = hairline(painter)
    if start.y() == end.y():
        painter.fillRect(QRectF(start.x(), start.y(), end.x() - start.x(), line), QColor(colour))
    else:
        painter.fillRect(QRectF(start.x(), start.y(), line, end.y() - start.y()), QColor(colour))


def apply(app: QApplication, theme: str = "dark", text_size: int = 100, reduce_motion: bool = False) -> None:
    """Set the theme ("dark", "light" or "system") and the text size [%, 90–200] of the whole application."""
    dark = theme != "light"
    if theme == "system":
        dark = app.styleHints().colorScheme() != Qt.ColorScheme.Light
    before = _Applied.scale
    _Applied.tokens = SKY if dark else LIGHT
    _Applied.scale = min(max(text_size, TEXT_SIZES[0]), TEXT_SIZES[1]) / 100
    _Applied.reduce_motion = reduce_motion
    sheet = _style_sheet(_Applied.tokens)
    if app.styleSheet() == sheet and _Applied.scale == before:
        return  # a style sheet costs a look at every widget there is
    app.setStyle("Fusion")
    app.setFont(font(12, 500))
    app.setPalette(_palette(_Applied.tokens))
    app.setStyleSheet(sheet)
    for widget in app.allWidgets():
        if typeface := widget.property("type"):
            widget.setFont(font(*typeface))
        widget.updateGeometry()


def _style_sheet(t: Tokens) -> str:
    return Template(resource("style.qss").read_text(encoding="utf-8")).substitute(asdict(t))


def _palette(t: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    colours = {
        role.Window: t.window,
        role.Base: t.control,
        role.AlternateBase: t.pane,
        role.Button: t.control,
        role.ToolTipBase: t.control,
        role.WindowText: t.text,
        role.Text: t.text,
        role.ButtonText: t.text,
        role.ToolTipText: t.text,
        role.PlaceholderText: t.text2,
        role.Highlight: t.text,
        role.HighlightedText: t.window,
        role.Accent: t.selection,
        role.Link: t.text,
        role.Mid: t.line,
        role.Dark: t.line,
        role.Light: t.hover,
    }
    for part, colour in colours.items():
        palette.setColor(part, QColor(colour))
    for part in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, part, QColor(t.border))
    return palette


@cache
def _family() -> str:
    names = [f"fonts/Inter-{weight}.otf" for weight in ("Regular", "Medium", "SemiBold")]
    loaded = [QFontDatabase.addApplicationFont(str(resource(name))) for name in names]
    return "Inter" if min(loaded) >= 0 else QFont().family()


@cache
def _qtawesome():  # type: ignore[no-untyped-def]  # qtawesome has no types
    os.environ.setdefault("QT_API", "pyside6")
    import qtawesome

    return qtawesome

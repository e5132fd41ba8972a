"""Drawing one cutout of a list: pixels, ring, badge, hatch, rank and score, as in the components sheet."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPixmap, QPixmapCache

from astrotl_gui.core.labels import Label

from . import theme
from .thumbnails import Picture

BADGE = 18
BADGE_INSET = 4
ACTIONS = ("more", "similar", "less")
ACTION_TIPS = {"more": "More like this", "similar": "Find similar", "less": "Less like this"}
ACTION_ICONS = {"more": "ph.plus-circle", "similar": "ph.circles-three", "less": "ph.minus-circle"}
ACTION_TONES = {"more": theme.SKY.yes, "similar": theme.SKY.text, "less": theme.SKY.no}
ACTION_SIDE = 28
STRIP_INSET = 4
INK = "#141414"


@dataclass(frozen=True, eq=False)
class Cell:
    """What one cutout shows. `picture` None: still being read, `coarse` (if any) stands in for it."""

    rank: str
    picture: Picture | None = None
    coarse: QImage | None = None
    label: Label | None = None
    score: float | None = None
    value: str = ""
    selected: bool = False
    new: bool = False


def paint_cell(painter: QPainter, square: QRect, cell: Cell) -> None:
    """Draw a cutout in `square` and its caption below."""
    paint_pixels(painter, square, cell.picture, cell.coarse)
    if cell.label is not None:
        paint_badge(painter, badge_rect(square), cell.label)
    if cell.selected:
        paint_ring(painter, square)
    paint_caption(painter, square, cell)


def paint_pixels(
    painter: QPainter, square: QRect, picture: Picture | None, coarse: QImage | None = None
) -> None:
    """The picture with rounded corners; a dashed box for an unreadable one; coarse pixels while reading."""
    if picture is not None and picture.image is None:
        _paint_unreadable(painter, square)
        return
    side, ratio = square.width(), painter.device().devicePixelRatioF()
    if picture is None or picture.image is None:
        painter.drawPixmap(square.topLeft(), _stand_in(coarse, side, ratio))
        return
    if (side, ratio) not in picture.drawn:
        picture.drawn.clear()
        picture.drawn[side, ratio] = _scaled(picture.image, picture.masked, side, ratio)
    painter.drawPixmap(square.topLeft(), picture.drawn[side, ratio])


def _stand_in(coarse: QImage | None, side: int, ratio: float) -> QPixmap:
    """A list being scrolled shows the same ones frame after frame."""
    key = f"coarse {coarse.cacheKey() if coarse is not None else 0} {side} {ratio}"
    drawn = QPixmap()
    if not QPixmapCache.find(key, drawn):
        drawn = _scaled(coarse, None, side, ratio)
        QPixmapCache.insert(key, drawn)
    return drawn


def _scaled(image: QImage | None, masked: QImage | None, side: int, ratio: float) -> QPixmap:
    """The image `side` logical px wide with rounded corners, hatched where `masked` has alpha."""
    flat = _canvas(side, ratio)
    flat.fill(QColor(theme.SKY.behind_sky))
    painter = QPainter(flat)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    if image is not None:
        painter.drawImage(QRectF(0, 0, side, side), image)
    if masked is not None:
        painter.drawImage(0, 0, _hatch(masked, side, ratio))
    painter.end()
    rounded = _canvas(side, ratio)
    rounded.fill(Qt.GlobalColor.transparent)
    painter = QPainter(rounded)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(flat))
    painter.drawRoundedRect(QRectF(0, 0, side, side), theme.RADIUS_CUTOUT, theme.RADIUS_CUTOUT)
    painter.end()
    return QPixmap.fromImage(rounded)


def _canvas(side: int, ratio: float) -> QImage:
    pixels = max(1, round(side * ratio))
    image = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    return image


def _hatch(masked: QImage, side: int, ratio: float) -> QImage:
    """Diagonal lines on black where `masked` has alpha."""
    image = _canvas(side, ratio)
    image.fill(QColor("#060606"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor("#4A4A4A"), 1))
    for offset in range(0, 2 * side, 7):
        painter.drawLine(QPointF(offset, 0), QPointF(offset - side, side))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    painter.drawImage(QRectF(0, 0, side, side), masked)
    painter.end()
    return image


def _paint_unreadable(painter: QPainter, square: QRect) -> None:
    t = theme.tokens()
    theme.paint_box(painter, QRectF(square), t.pane, None, theme.RADIUS_CUTOUT)
    paint_dashes(painter, square)
    theme.paint_icon(painter, QRectF(square), "ph.warning", t.text2, 18)


def paint_dashes(painter: QPainter, square: QRect) -> None:
    """The dashed outline of a place without a picture."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(theme.color("text3"), 1)
    pen.setDashPattern([3, 2])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(
        QRectF(square).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS_CUTOUT, theme.RADIUS_CUTOUT
    )
    painter.restore()


def paint_ring(painter: QPainter, square: QRect, colour: str = "", gap: float = 1) -> None:
    """The ring of a selected cutout: 2 px wide, `gap` px outside of it."""
    reach = gap + 2
    ring = QRectF(square).adjusted(-reach, -reach, reach, reach)
    theme.paint_box(painter, ring, None, colour or theme.tokens().selection, theme.RADIUS_CUTOUT + reach, 2)


def badge_rect(square: QRect) -> QRectF:
    """Where the badge of a cutout goes: top right."""
    side = min(BADGE, square.width() / 2)
    return QRectF(square.right() + 1 - BADGE_INSET - side, square.top() + BADGE_INSET, side, side)


def paint_badge(painter: QPainter, box: QRectF, label: Label) -> None:
    """A label as colour, shape and sign: blue disc ✓ A B, yellow disc ? C, orange square ✕ X."""
    tone = {"positive": theme.SKY.yes, "negative": theme.SKY.no}.get(label.value, theme.SKY.unsure)
    radius = 3 if label.value == "negative" else box.width() / 2
    theme.paint_box(painter, box, tone, None, radius)
    if label.grade:
        painter.setFont(theme.font(12, 600))
        painter.setPen(QColor(INK))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, label.grade)
    elif label.value == "unsure":
        painter.setFont(theme.font(12, 600))
        painter.setPen(QColor(INK))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, "?")
    else:
        _paint_sign(painter, box, label.value == "positive")


def _paint_sign(painter: QPainter, box: QRectF, tick: bool) -> None:
    """A bold ✓ or ✕."""
    x, y, s = box.x(), box.y(), box.width() / 18
    pen = QPen(QColor(INK), 1.7 * s)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    if tick:
        points = [QPointF(x + a * s, y + b * s) for a, b in ((5, 9.4), (7.8, 12.2), (13, 6.6))]
        painter.drawPolyline(points)
    else:
        for start, end in (((6, 6), (12, 12)), ((6, 12), (12, 6))):
            painter.drawLine(
                QPointF(x + start[0] * s, y + start[1] * s), QPointF(x + end[0] * s, y + end[1] * s)
            )


def paint_caption(painter: QPainter, square: QRect, cell: Cell) -> None:
    """Rank at the left, with the dot of one newly here; score bar or value at the right."""
    t = theme.tokens()
    line = QRectF(square.left(), square.bottom() + 1, square.width(), 25)
    left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    painter.setFont(theme.font(11, 600))
    painter.setPen(QColor(t.text if cell.selected else t.text2))
    painter.drawText(line.adjusted(2, 0, 0, 0), left, cell.rank)
    middle = line.center().y()
    if cell.new:
        after = line.left() + 2 + painter.fontMetrics().horizontalAdvance(cell.rank) + 8
        theme.paint_box(painter, QRectF(after - 2.5, middle - 2.5, 5, 5), t.text, None, 2.5)
    if cell.value:
        painter.setFont(theme.font(11, 500))
        painter.setPen(QColor(t.text2))
        painter.drawText(line.adjusted(0, 0, -2, 0), right, cell.value)
    elif cell.score is not None:
        paint_score(painter, QRectF(line.center().x(), middle - 2, line.width() / 2, 4), cell.score)


def paint_score(painter: QPainter, bar: QRectF, score: float, tone: str = "text2") -> None:
    """A relative score as a bar."""
    t = theme.tokens()
    theme.paint_box(painter, bar, t.hover, None, bar.height() / 2)
    filled = QRectF(bar)
    filled.setWidth(max(bar.height(), bar.width() * min(max(score, 0.0), 1.0)))
    theme.paint_box(painter, filled, theme.color(tone), None, bar.height() / 2)


def action_rects(square: QRect) -> dict[str, QRectF]:
    """The three targets on a hovered cutout, none on one too small for them."""
    if square.width() < 3 * ACTION_SIDE + 2 * STRIP_INSET:
        return {}
    side, top = ACTION_SIDE, square.bottom() + 1 - STRIP_INSET - ACTION_SIDE
    start = square.left() + STRIP_INSET + 2
    end = square.right() + 1 - STRIP_INSET - 2 - side
    middle = (start + end) / 2
    return {name: QRectF(x, top, side, side) for name, x in zip(ACTIONS, (start, middle, end), strict=True)}


def paint_actions(painter: QPainter, square: QRect, hot: str = "") -> None:
    """The dark strip inside a hovered cutout with its three round actions; `hot` is under the pointer."""
    boxes = action_rects(square)
    if not boxes:
        return
    strip = QRectF(
        square.left() + STRIP_INSET, boxes["more"].top(), square.width() - 2 * STRIP_INSET, ACTION_SIDE
    )
    theme.paint_box(painter, strip, QColor(0, 0, 0, 190), None, 4)
    for name, box in boxes.items():
        if name == hot:
            theme.paint_box(painter, box.adjusted(2, 2, -2, -2), QColor(255, 255, 255, 40), None, 12)
        theme.paint_icon(painter, box, ACTION_ICONS[name], ACTION_TONES[name], 16)

"""Writing the view to a PNG or PDF file, with a caption and what programs want to know of its sky."""

from __future__ import annotations

import math
import queue
from dataclasses import dataclass
from pathlib import Path

from astropy.io import fits
from PySide6.QtCore import QMarginsF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QImageWriter,
    QPageSize,
    QPainter,
    QPdfWriter,
    QPicture,
)

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.gui import theme
from astrotl_gui.gui.ruler import angle_text
from astrotl_gui.gui.status_bar import dec_text, ra_text
from astrotl_gui.gui.viewport import Viewport

CAPTION_HEIGHT, CAPTION_MARGIN, CAPTION_PX = 32, 12, 11
PAPER, PRINT = "#FFFFFF", "#1C1C1C"
POINTS_PER_PX = 0.75
"""A logical px is 1/96 inch on paper."""
WAIT_SECONDS = 0.2


@dataclass(frozen=True)
class ViewFile:
    """What goes to `path`: what stands on the sky, a caption ("" = none), and text by keyword for the file's head."""

    path: Path
    furniture: QPicture
    caption: str
    facts: dict[str, str]


def caption_of(name: str, bands: list[str], mosaic: Mosaic, viewport: Viewport) -> str:
    """Name, bands, centre and size of what is in view, in a line."""
    parts = [name, " ".join(bands)]
    scale = mosaic.pixel_scale(viewport.x, viewport.y) / viewport.scale
    if mosaic.has_sky:
        ra, dec = (float(value) for value in mosaic.sky(viewport.x, viewport.y))
        parts.append(f"{ra_text(ra)} {dec_text(dec)} (ICRS)")
    parts.append(f"{angle_text(viewport.width * scale)} × {angle_text(viewport.height * scale)}")
    return "  ·  ".join(filter(None, parts))


def picture_wcs(mosaic: Mosaic, viewport: Viewport, ratio: float) -> str:
    """FITS cards (TAN, one a line) that tell the sky of a picture's pixels, its rows counted upwards from 1.

    They hold exactly in its middle; "" without a WCS.
    """
    angle, flipped = mosaic.north(viewport.x, viewport.y)
    if not math.isfinite(angle):
        return ""
    ra, dec = (float(value) for value in mosaic.sky(viewport.x, viewport.y))
    step = mosaic.pixel_scale(viewport.x, viewport.y) / viewport.scale / ratio / 3600
    north = -math.sin(math.radians(angle)), math.cos(math.radians(angle))
    east = (north[1], -north[0]) if flipped else (-north[1], north[0])
    cards = {
        "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "RADESYS": "ICRS", "CRVAL1": ra, "CRVAL2": dec,
        "CRPIX1": viewport.width * ratio / 2 + 0.5, "CRPIX2": viewport.height * ratio / 2 + 0.5,
        "CD1_1": step * east[0], "CD1_2": step * east[1], "CD2_1": step * north[0], "CD2_2": step * north[1],
    }  # fmt: skip
    return fits.Header(cards).tostring(sep="\n", endcard=False, padding=False)


def write_when_painted(inbox: queue.Queue[object], file: ViewFile, *, progress: Progress = SILENT) -> Path:
    """Wait for the sky's picture, reporting the (done, total) that come before it, then write the file.

    Raises what comes instead of the picture, and AstroTLError when the file cannot be written.
    """
    done, total = 0, 1
    while True:
        progress(done, total + 1, "Painting the sky")
        try:
            item = inbox.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            continue
        if isinstance(item, QImage):
            break
        if isinstance(item, BaseException):
            raise item
        done, total = item  # type: ignore[misc]
    with atomic_write(file.path) as temporary:
        (write_pdf if file.path.suffix.lower() == ".pdf" else write_png)(item, file, temporary)
    progress(1, 1)
    return file.path


def write_png(sky: QImage, file: ViewFile, path: Path) -> None:
    """Write the picture with what stands on it drawn in."""
    ratio = sky.devicePixelRatioF()
    width, height = (round(length / ratio) for length in (sky.width(), sky.height()))
    extra = round(CAPTION_HEIGHT * ratio) if file.caption else 0
    image = QImage(sky.width(), sky.height() + extra, QImage.Format.Format_RGB32)
    image.fill(QColor(PAPER))
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    _paint(painter, sky, file, width, height)
    for key, text in file.facts.items():
        image.setText(key, text)
    writer = QImageWriter(str(path), b"png")
    if not writer.write(image):
        raise AstroTLError("The view was not saved", f"{file.path} cannot be written. Choose another place.")


def write_pdf(sky: QImage, file: ViewFile, path: Path) -> None:
    """Write a page with the sky as a picture, and lines and letters on it as such."""
    ratio = sky.devicePixelRatioF()
    width, height = (round(length / ratio) for length in (sky.width(), sky.height()))
    below = CAPTION_HEIGHT if file.caption else 0
    writer = QPdfWriter(str(path))
    page = QSizeF(width * POINTS_PER_PX, (height + below) * POINTS_PER_PX)
    writer.setPageSize(QPageSize(page, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setTitle(file.facts.get("Title", ""))
    writer.setCreator("AstroTL")
    painter = QPainter()
    if not painter.begin(writer):
        raise AstroTLError("The view was not saved", f"{file.path} cannot be written. Choose another place.")
    painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering)
    scale = writer.logicalDpiX() * POINTS_PER_PX / 72
    painter.scale(scale, scale)
    _paint(painter, sky, file, width, height)


def _paint(painter: QPainter, sky: QImage, file: ViewFile, width: int, height: int) -> None:
    """Paint it all and end the painter, which must not outlive what it paints on."""
    try:
        _paint_parts(painter, sky, file, width, height)
    finally:
        painter.end()


def _paint_parts(painter: QPainter, sky: QImage, file: ViewFile, width: int, height: int) -> None:
    painter.drawImage(QRectF(0, 0, width, height), sky)
    painter.save()
    # A recorded picture is played at the resolution of the device; here a px is a px.
    own = file.furniture.logicalDpiX() / painter.device().logicalDpiX()
    painter.scale(own, own)
    painter.drawPicture(QPointF(0, 0), file.furniture)
    painter.restore()
    if file.caption:
        font = QFont(theme.font(CAPTION_PX, 400))
        font.clearFeatures()
        room = width - 2 * CAPTION_MARGIN
        text = QFontMetricsF(font).elidedText(file.caption, Qt.TextElideMode.ElideRight, room)
        painter.setFont(font)
        painter.setPen(QColor(PRINT))
        box = QRectF(CAPTION_MARGIN, height, room, CAPTION_HEIGHT)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)

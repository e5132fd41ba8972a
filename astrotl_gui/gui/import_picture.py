"""The sky on the import page: a picture with compass and scale bar, and a small one for each band."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from astrotl_gui.core.mosaic import Mosaic

from . import theme
from .sky_furniture import paint_compass, paint_scale_bar
from .sky_ink import write
from .viewport import Viewport


def to_image(bgra: NDArray[np.uint8]) -> QImage:
    """Rendered pixels (h, w, 4), row 0 the lowest y, as a picture with y up."""
    upright = np.ascontiguousarray(bgra[::-1])
    height, width = upright.shape[:2]
    return QImage(upright.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


class SkyPicture(QWidget):
    """The whole mosaic, as large as it fits; compass and scale bar where the sky is known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.says = ""
        self._image = QImage()
        self._mosaic: Mosaic | None = None
        self._scaled = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Preview of the mosaic")

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 160)

    @property
    def image(self) -> QImage:
        return self._image

    def show_text(self, text: str) -> None:
        """Say why there is no picture yet."""
        self.says, self._image = text, QImage()
        self.update()

    def show_image(self, image: QImage, mosaic: Mosaic, scaled: bool) -> None:
        """A picture of the whole mosaic; without `scaled` its pixel scale is not known yet."""
        self._image, self._mosaic, self._scaled = image, mosaic, scaled
        self.update()

    def frame(self) -> QRectF:
        """Where the picture is drawn."""
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRectF(
            (self.width() - size.width()) / 2,
            (self.height() - size.height()) / 2,
            size.width(),
            size.height(),
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, rect = QPainter(self), QRectF(self.rect())
        theme.paint_box(painter, rect, theme.SKY.behind_sky, radius=theme.RADIUS_CUTOUT)
        if self._image.isNull():
            painter.setFont(theme.font(12, 500))
            painter.setPen(QColor(theme.SKY.text2))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self.says)
            return
        frame = self.frame()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(frame, self._image)
        if self._mosaic is not None and self._scaled:
            painter.translate(frame.topLeft())
            viewport = Viewport(self._mosaic.shape).resized(frame.width(), frame.height()).fitted()
            paint_compass(painter, self._mosaic, viewport)
            paint_scale_bar(painter, self._mosaic, viewport)


class BandPicture(QAbstractButton):
    """One band in grey, filling its box; pressed it is shown large."""

    picked = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.clicked.connect(self.picked)

    def show_band(self, name: str, image: QImage) -> None:
        self._image = image
        self.setText(name)
        self.setAccessibleName(f"Band {name}")
        self.setToolTip(f"Show {name} large")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(80, theme.scaled(119))

    def minimumSizeHint(self) -> QSize:
        return QSize(28, theme.scaled(60))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, rect = QPainter(self), QRectF(self.rect())
        shape = QPainterPath()
        shape.addRoundedRect(rect, theme.RADIUS_CUTOUT, theme.RADIUS_CUTOUT)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.setClipPath(shape)
        painter.fillRect(rect, QColor(theme.SKY.behind_sky))
        if not self._image.isNull():
            painter.drawImage(rect, self._image, self._cut())
        write(painter, QPointF(15, rect.height() - 19), self.text())
        if self.isChecked():
            painter.setClipping(False)
            theme.paint_box(painter, rect, None, theme.tokens().selection, theme.RADIUS_CUTOUT, 2)

    def _cut(self) -> QRectF:
        """The middle of the picture, in the shape of the box."""
        factor = max(self.width() / self._image.width(), self.height() / self._image.height())
        width, height = self.width() / factor, self.height() / factor
        return QRectF((self._image.width() - width) / 2, (self._image.height() - height) / 2, width, height)

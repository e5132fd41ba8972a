"""The middle of a large mosaic, to try settings on."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from astrotl_gui.core.band import Box
from astrotl_gui.core.mosaic import Floats, Mosaic
from astrotl_gui.core.plane_reader import Step


class MosaicPart(Mosaic):
    """A rectangle of a mosaic as a mosaic of its own; positions count from its lower left corner."""

    def __init__(self, whole: Mosaic, box: Box) -> None:
        self.__dict__.update(whole.__dict__)
        self._whole = whole
        self._x0, self._y0 = box[0], box[1]
        self.shape = box[3] - box[1], box[2] - box[0]

    def sky(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        return self._whole.sky(np.asarray(x) + self._x0, np.asarray(y) + self._y0)

    def pixel(self, ra: ArrayLike, dec: ArrayLike) -> tuple[Floats, Floats]:
        x, y = self._whole.pixel(ra, dec)
        return x - self._x0, y - self._y0

    def pixel_scales(self, x: ArrayLike, y: ArrayLike) -> Floats:
        return self._whole.pixel_scales(np.asarray(x) + self._x0, np.asarray(y) + self._y0)

    def north(self, x: float | None = None, y: float | None = None) -> tuple[float, bool]:
        x, y = self._centre(x, y)
        return self._whole.north(x + self._x0, y + self._y0)

    def to_band(self, name: str, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        return self._whole.to_band(name, np.asarray(x) + self._x0, np.asarray(y) + self._y0)

    def read(self, name: str, box: Box, step: Step = 1) -> NDArray[np.float32]:
        return self._whole.read(name, self._moved(box), step)

    def noise(self, name: str, box: Box, step: int = 1) -> NDArray[np.float32] | None:
        return self._whole.noise(name, self._moved(box), step)

    def bad(self, name: str, box: Box, step: int = 1) -> NDArray[np.bool_]:
        return self._whole.bad(name, self._moved(box), step)

    def zeropoint(self, name: str) -> float | None:
        return self._whole.zeropoint(name)

    def _moved(self, box: Box) -> Box:
        return box[0] + self._x0, box[1] + self._y0, box[2] + self._x0, box[3] + self._y0


def central_part(mosaic: Mosaic, pixels: int) -> tuple[Mosaic, float]:
    """The central part, about `pixels` px, and its share of the mosaic's area (1: all of it)."""
    ny, nx = mosaic.shape
    if nx * ny <= pixels:
        return mosaic, 1.0
    shrink = math.sqrt(pixels / (nx * ny))
    width, height = max(1, round(nx * shrink)), max(1, round(ny * shrink))
    x0, y0 = (nx - width) // 2, (ny - height) // 2
    share = width * height / (nx * ny)
    return MosaicPart(mosaic, (x0, y0, x0 + width, y0 + height)), share

"""The part of a mosaic that cutouts and regions use: bands in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Plain:
    """In-memory bands of 0.2 arcsec per px."""

    planes: dict[str, np.ndarray]
    scale: float = 0.2
    bits: dict[str, np.ndarray] = field(default_factory=dict)
    pixels_read: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        return next(iter(self.planes.values())).shape

    def pixel_scale(self, x: float | None = None, y: float | None = None) -> float:
        return self.scale

    def _cut(self, plane: np.ndarray, box: tuple[int, int, int, int], fill: float) -> np.ndarray:
        x0, y0, x1, y1 = box
        out = np.full((y1 - y0, x1 - x0), fill, plane.dtype)
        ny, nx = plane.shape
        ya, yb, xa, xb = max(y0, 0), min(y1, ny), max(x0, 0), min(x1, nx)
        if ya < yb and xa < xb:
            out[ya - y0 : yb - y0, xa - x0 : xb - x0] = plane[ya:yb, xa:xb]
        return out

    def read(self, name: str, box: tuple[int, int, int, int], step: int = 1) -> np.ndarray:
        self.pixels_read += (box[2] - box[0]) * (box[3] - box[1])
        return self._cut(self.planes[name].astype(np.float32), box, np.nan)

    def bad(self, name: str, box: tuple[int, int, int, int]) -> np.ndarray:
        if name in self.bits:
            return self._cut(self.bits[name], box, True)
        return np.isnan(self.read(name, box))

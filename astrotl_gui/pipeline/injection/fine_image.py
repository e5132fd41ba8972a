"""Light on a grid finer than the pixels around a host, and what the bands of a mosaic make of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from astrotl_gui.pipeline.injection.injector import Square
from astrotl_gui.pipeline.injection.instrument import Instrument
from astrotl_gui.pipeline.injection.kernel import binned

Floats = NDArray[np.float64]

FINEST = 9
WELL_SAMPLED = 3.0
"""Pixels in the width of a PSF from which blurring binned light is blurring light, to 2 % of the width."""
NOTHING: Floats = np.zeros((0, 0))


@dataclass(frozen=True, eq=False)
class FineImage:
    """`values` on pixels `fine` times smaller (an odd number), in the `half` pixels around pixel (column, row)."""

    column: int
    row: int
    half: int
    fine: int
    values: Floats = field(default_factory=lambda: NOTHING)

    @classmethod
    def around(cls, square: Square, reach: float, detail: float) -> FineImage:
        """A grid about the host that reaches `reach` px far, within the square, with cells of `detail` px or less."""
        half = min(ceil(reach), square.planes.shape[-1] // 2)
        fine = min(ceil(1 / detail), FINEST)
        return cls(round(square.x), round(square.y), half, fine + 1 - fine % 2)

    def coarser(self, fine: int) -> FineImage:
        """The same light on pixels `fine` times smaller; the present number is a multiple of it."""
        return replace(self, fine=fine, values=binned(self.values, self.fine // fine))

    def holding(self, values: Floats) -> FineImage:
        return replace(self, values=values)

    def offsets(self, square: Square) -> tuple[Floats, Floats]:
        """Columns and rows of the cells relative to the host [px]."""
        side = (2 * self.half + 1) * self.fine
        axis = (np.arange(side) - (side - 1) / 2) / self.fine
        return axis + self.column - square.x, axis + self.row - square.y

    def seen(self, instrument: Instrument, square: Square, fluxes: Floats, sharp: bool = False) -> Floats:
        """Blurred by each band's PSF, binned, and times the band's flux (B,): (B, L, L) of the square's pixels.

        Where the PSF is well sampled, pixels are fine enough to blur on, but for a `sharp` point.
        """
        count, length = len(instrument.bands), square.planes.shape[-1]
        light = np.zeros((count, length, length))
        for number, band in enumerate(instrument.bands):
            image = self.coarser(1) if band.fwhm >= WELL_SAMPLED and not sharp else self
            blurred = fftconvolve(image.values, band.kernel(image.fine), mode="full")
            seen = binned(_whole(blurred, image.fine), image.fine)
            _put(light[number], np.maximum(seen, 0) * fluxes[number], self.row, self.column)
        return light


def signal_to_noise(instrument: Instrument, square: Square, light: Floats) -> float:
    """Of a matched filter over all bands, in the noise of the sky and of the host's own light."""
    total = 0.0
    for number, band in enumerate(instrument.bands):
        host = square.planes[number] - np.nanmedian(square.planes[number])
        photons = np.maximum(np.nan_to_num(host), 0) / band.gain if band.gain else 0.0
        total += float((light[number] ** 2 / (band.sigma**2 + photons)).sum())
    return float(np.sqrt(total))


def _whole(values: Floats, fine: int) -> Floats:
    """Padded alike on all sides, so that the side is an odd number of pixels."""
    side = values.shape[0]
    pixels = ceil(side / fine)
    pixels += 1 - pixels % 2
    return np.asarray(np.pad(values, (pixels * fine - side) // 2))


def _put(plane: Floats, stamp: Floats, row: int, column: int) -> None:
    """Add a stamp of odd side centred on a pixel; what lies beyond the plane is lost."""
    half, length = stamp.shape[0] // 2, plane.shape[0]
    top, left = row - half, column - half
    y0, y1, x0, x1 = (
        max(top, 0),
        min(top + 2 * half + 1, length),
        max(left, 0),
        min(left + 2 * half + 1, length),
    )
    plane[y0:y1, x0:x1] += stamp[y0 - top : y1 - top, x0 - left : x1 - left]

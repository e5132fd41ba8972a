"""Drawing light: a canvas of unconvolved surface brightness and pixel-integrated Sérsic profiles."""

from __future__ import annotations

from math import ceil, cos, exp, gamma, log, pi, sin

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from astrotl_gui.pipeline.simulation.instrument import BANDS, MARGIN, Array, psf, psf_image

FAINTEST = 0.02  # a profile ends where its surface brightness falls below this fraction of the sky noise


class Canvas:
    """Light in every band, with `MARGIN` px around the field.

    `extended` is convolved with the PSF at the end; `optics` (stars, nuclei) carries the PSF already.
    Coordinates are 0-based px of the field.
    """

    def __init__(self, size: int) -> None:
        side = size + 2 * MARGIN
        self.size = size
        self.extended = np.zeros((len(BANDS), side, side), np.float32)
        self.optics = np.zeros_like(self.extended)

    def add(self, x0: int, y0: int, stamp: Array, counts: Array, plane: Array | None = None) -> None:
        """Add `stamp` (h, w) with its first pixel at (x0, y0), times `counts` (bands,); clipped to the canvas."""
        plane = self.extended if plane is None else plane
        for k in range(len(BANDS)):
            self.add_one(k, x0, y0, stamp * np.float32(counts[k]), plane)

    def add_one(self, k: int, x0: int, y0: int, light: Array, plane: Array) -> None:
        """Add `light` (h, w) to one band of `plane`."""
        side, (height, width) = plane.shape[1], light.shape
        left, top = x0 + MARGIN, y0 + MARGIN
        xs, ys = slice(max(left, 0), min(left + width, side)), slice(max(top, 0), min(top + height, side))
        if xs.start < xs.stop and ys.start < ys.stop:
            plane[k, ys, xs] += light[ys.start - top : ys.stop - top, xs.start - left : xs.stop - left]

    def add_point(self, x: float, y: float, counts: Array, reach: float) -> None:
        """Add a point source through the PSF, followed out to `reach` px."""
        x0, y0, dx, dy = grid(x, y, reach)
        r2 = dx**2 + dy**2
        fade = smooth_end(np.sqrt(r2) / reach)
        for k, band in enumerate(BANDS):
            self.add_one(k, x0, y0, (counts[k] * psf(band, r2) * fade).astype(np.float32), self.optics)

    def observed(self, k: int) -> NDArray[np.float32]:
        """Band `k` of the field through the PSF, without noise: float32 (size, size)."""
        side = self.extended.shape[1]
        kernel = psf_image(BANDS[k]).astype(np.float32)
        length = fft.next_fast_len(side, real=True)
        padded = np.zeros((length, length), np.float32)
        reach = kernel.shape[0]
        padded[:reach, :reach] = kernel
        transfer = fft.rfft2(np.roll(padded, (-MARGIN, -MARGIN), (0, 1)), workers=2)
        light = fft.irfft2(
            fft.rfft2(self.extended[k], (length, length), workers=2) * transfer, (length, length), workers=2
        )
        inner = slice(MARGIN, MARGIN + self.size)
        return (np.maximum(light[inner, inner], 0) + self.optics[k][inner, inner]).astype(np.float32)


def grid(x: float, y: float, reach: float, s: int = 1) -> tuple[int, int, Array, Array]:
    """A square grid around (x, y): first pixel and offsets [px] of its (sub-)pixels, s × s to a pixel."""
    x0, y0, side = round(x) - ceil(reach), round(y) - ceil(reach), 2 * ceil(reach) + 1
    sub = (np.arange(side * s) + 0.5) / s - 0.5
    return x0, y0, (x0 - x + sub)[None, :], (y0 - y + sub)[:, None]


def block_sum(fine: Array, s: int) -> Array:
    """Sum s × s blocks."""
    if s == 1:
        return fine
    h, w = fine.shape[0] // s, fine.shape[1] // s
    return fine.reshape(h, s, w, s).sum(axis=(1, 3))


def smooth_end(t: Array) -> Array:
    """1 inside, falling to 0 between t = 0.75 and 1 (no visible edge)."""
    u = np.clip((1 - t) / 0.25, 0, 1)
    return u * u * (3 - 2 * u)


def sersic_b(n: float) -> float:
    """b_n of the Sérsic law (Ciotti & Bertin 1999, eq. 18)."""
    return 2 * n - 1 / 3 + 4 / (405 * n) + 46 / (25515 * n**2)


def sersic_reach(counts: float, noise: float, r50: float, n: float, q: float) -> float:
    """Radius [px] at which a profile of `counts` falls to `FAINTEST` · noise, at most 9 r50 (5 for n < 1.5)."""
    b = sersic_b(n)
    mean = counts * exp(-b) * b ** (2 * n) / (2 * pi * n * r50**2 * q * gamma(2 * n))
    depth = max(log(max(mean / (FAINTEST * noise), 1e-9)) / b + 1, 0.0)
    return max(5.0, 2.5 * r50, min(r50 * depth**n, r50 * (5 if n < 1.5 else 9), 480.0))


def elliptical(dx: Array, dy: Array, q: float, theta: float) -> Array:
    """Elliptical radius [px] along the major axis at pixel angle `theta` [rad]."""
    u, v = dx * cos(theta) + dy * sin(theta), (dy * cos(theta) - dx * sin(theta)) / q
    return np.sqrt(u * u + v * v)


def sersic(
    x: float, y: float, r50: float, n: float, q: float, theta: float, reach: float
) -> tuple[int, int, Array]:
    """A unit-flux Sérsic stamp integrated over pixels: (x0, y0, stamp). Lengths in px, theta in rad."""
    s = int(np.clip(ceil(3.0 / (r50 * q)), 1, 4))
    stamp = _sersic_sum(x, y, r50, n, q, theta, reach, s)
    x0, y0 = round(x) - ceil(reach), round(y) - ceil(reach)
    if n > 0.8 and ceil(reach) > 3:  # the cusp wants a finer grid than the rest
        core, edge = _sersic_sum(x, y, r50, n, q, theta, reach, 11, half=2), ceil(reach) - 2
        stamp[edge : edge + 5, edge : edge + 5] = core
    return x0, y0, stamp / stamp.sum()


def _sersic_sum(
    x: float,
    y: float,
    r50: float,
    n: float,
    q: float,
    theta: float,
    reach: float,
    s: int,
    half: int | None = None,
) -> Array:
    _, _, dx, dy = grid(x, y, reach if half is None else half, s)
    r = elliptical(dx, dy, q, theta)
    light = np.exp(-sersic_b(n) * (r / r50) ** (1 / n)) * smooth_end(r / (reach + 0.5))
    return block_sum(light, s) / s**2

"""Ellipses as second moments: on pixels, on another grid, on the sky."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.mosaic import Mosaic

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Central second moments of sources, float64 (N,), in squared pixels (or arcsec²) of two axes."""

    xx: Floats
    yy: Floats
    xy: Floats

    @property
    def parts(self) -> tuple[Floats, Floats, Floats]:
        return self.xx, self.yy, self.xy

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Moments:
        """The moments of some sources."""
        return Moments(self.xx[rows], self.yy[rows], self.xy[rows])

    def sound(self) -> NDArray[np.bool_]:
        """Where they belong to an ellipse that is nowhere thinner than a pixel."""
        smallest = 1 / 12
        determinant = (self.xx - smallest) * (self.yy - smallest) - self.xy**2
        return (self.xx > smallest) & (self.yy > smallest) & (determinant > 0)

    def axes(self) -> tuple[Floats, Floats, Floats]:
        """(a, b, θ): rms sizes along and across the major axis and its angle [rad] from +x to +y, in ±π/2."""
        mean, difference = (self.xx + self.yy) / 2, (self.xx - self.yy) / 2
        root = np.hypot(difference, self.xy)
        major, minor = np.sqrt(np.maximum(mean + root, 0)), np.sqrt(np.maximum(mean - root, 0))
        return major, minor, 0.5 * np.arctan2(self.xy, difference)

    @classmethod
    def of_axes(cls, a: Floats, b: Floats, theta: Floats) -> Moments:
        """The inverse of `axes`."""
        cos, sin = np.cos(theta), np.sin(theta)
        return cls(a**2 * cos**2 + b**2 * sin**2, a**2 * sin**2 + b**2 * cos**2, (a**2 - b**2) * cos * sin)

    def at_least(self, sigma: float) -> Moments:
        """The same with neither axis below `sigma`."""
        a, b, theta = self.axes()
        return Moments.of_axes(np.maximum(a, sigma), np.maximum(b, sigma), theta)

    def blurred(self, variance: Floats | float) -> Moments:
        """The same, convolved with a round function of this variance."""
        return Moments(self.xx + variance, self.yy + variance, self.xy)

    def mapped(self, jacobian: tuple[Floats, Floats, Floats, Floats]) -> Moments:
        """On other axes (u, v); `jacobian` = (du/dx, dv/dx, du/dy, dv/dy)."""
        ux, vx, uy, vy = jacobian
        return Moments(
            ux**2 * self.xx + 2 * ux * uy * self.xy + uy**2 * self.yy,
            vx**2 * self.xx + 2 * vx * vy * self.xy + vy**2 * self.yy,
            ux * vx * self.xx + (ux * vy + uy * vx) * self.xy + uy * vy * self.yy,
        )


def segment_moments(
    values: NDArray[np.float32], segments: NDArray[np.int32], count: int
) -> tuple[Floats, Floats, Moments]:
    """(x, y, moments) of the light in the segments 1…count of an image (h, w); NaN where its sum is not positive."""
    rows, columns = np.nonzero(segments)
    index = segments[rows, columns]
    light = values[rows, columns].astype(float)

    def total(weights: Floats) -> Floats:
        return np.bincount(index, weights, count + 1)[1:].astype(float)

    flux = total(light)
    flux[flux <= 0] = np.nan
    x, y = total(light * columns) / flux, total(light * rows) / flux
    dx, dy = columns - np.append(np.nan, x)[index], rows - np.append(np.nan, y)[index]
    xx, yy, xy = (total(light * part) / flux for part in (dx * dx, dy * dy, dx * dy))
    return x, y, Moments(xx, yy, xy)


def sky_jacobian(mosaic: Mosaic, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """(dE/dx, dN/dx, dE/dy, dN/dy) [arcsec per px]; without a WCS north is up and east to the left."""
    if mosaic.reference.sky is not None:
        return mosaic.reference.sky.jacobian(x, y)
    scale = np.full(np.shape(x), mosaic.pixel_scale())
    return -scale, np.zeros_like(scale), np.zeros_like(scale), scale


def band_jacobian(mosaic: Mosaic, name: str, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """(du/dx, dv/dx, du/dy, dv/dy): band pixels (u, v) per reference pixel (x, y)."""
    right, left = mosaic.to_band(name, x + 0.5, y), mosaic.to_band(name, x - 0.5, y)
    up, down = mosaic.to_band(name, x, y + 0.5), mosaic.to_band(name, x, y - 0.5)
    return right[0] - left[0], right[1] - left[1], up[0] - down[0], up[1] - down[1]


def on_sky(mosaic: Mosaic, x: Floats, y: Floats, moments: Moments) -> tuple[Floats, Floats, Floats]:
    """(a, b [arcsec], θ [deg East of North, 0–180)) of moments on reference pixels."""
    a, b, from_east = moments.mapped(sky_jacobian(mosaic, x, y)).axes()
    return a, b, (90 - np.degrees(from_east)) % 180

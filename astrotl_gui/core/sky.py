"""Pixels to sky and back for one image: any celestial WCS, always in ICRS degrees."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import astropy.units as u
import numpy as np
from astropy.coordinates import FK5, ICRS, BaseCoordinateFrame, Galactic, SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import wcs_to_celestial_frame
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
ARCSEC_PER_RADIAN = 180 * 3600 / np.pi
SCALE_LIMITS = (1e-5, 1800.0)
"""Pixel scales [arcsec] outside these are taken for a broken WCS."""
MOST_STRETCHED = 10.0
"""Pixels longer than wide by this factor are taken for a broken WCS."""


class NoSky(Exception):
    """Why a header gives no usable celestial WCS."""


class Sky:
    """The celestial WCS of one image. Pixels are 0-based; coordinates are ICRS degrees.

    astropy's WCS alters itself during a call and is not safe between threads: every call holds a lock.
    """

    def __init__(self, wcs: WCS, frame: BaseCoordinateFrame) -> None:
        self.wcs = wcs
        self.frame = frame
        self._to_icrs = _rotation(frame)
        self._distorted = bool(wcs.has_distortion)
        self._lock = threading.Lock()

    @classmethod
    def of(cls, header: fits.Header, shape: tuple[int, int]) -> Sky:
        """Build from a header and the image shape (ny, nx). Raises NoSky (with the reason) when it cannot."""
        wcs = _celestial(header)
        try:
            frame = wcs_to_celestial_frame(wcs)
        except ValueError as problem:
            raise NoSky(f"the coordinate system is not known ({wcs.wcs.ctype[0]})") from problem
        sky = cls(wcs, frame)
        sky._check(shape)
        return sky

    def sky(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """(ra, dec) [deg, ICRS] of pixels; NaN where the projection has no sky."""
        lon, lat = self._native(x, y)
        if self._to_icrs is not None:
            return _angles(_vectors(lon, lat) @ self._to_icrs.T)
        good = np.isfinite(lon) & np.isfinite(lat)
        coordinates = SkyCoord(
            np.where(good, lon, 0) * u.deg, np.where(good, lat, 0) * u.deg, frame=self.frame
        )
        icrs = coordinates.icrs
        return np.where(good, icrs.ra.deg, np.nan), np.where(good, icrs.dec.deg, np.nan)

    def pixel(self, ra: ArrayLike, dec: ArrayLike) -> tuple[Floats, Floats]:
        """0-based (x, y) of ICRS positions [deg]; NaN where the projection cannot show them."""
        ra, dec = np.broadcast_arrays(np.asarray(ra, float), np.asarray(dec, float))
        good = np.isfinite(ra) & np.isfinite(dec)
        ra, dec = np.where(good, ra, 0.0), np.where(good, dec, 0.0)
        if self._to_icrs is not None:
            lon, lat = _angles(_vectors(ra, dec) @ self._to_icrs)
        else:
            native = SkyCoord(ra * u.deg, dec * u.deg).transform_to(self.frame).spherical
            lon, lat = native.lon.deg, native.lat.deg
        x, y = self._pixels(lon, lat)
        return np.where(good, x, np.nan), np.where(good, y, np.nan)

    def jacobian(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
        """(dE/dx, dN/dx, dE/dy, dN/dy) [arcsec per px], east and north on the tangent plane at each pixel."""
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        ra, dec = np.radians(self.sky(x, y))
        along_x = _vectors(*self.sky(x + 0.5, y)) - _vectors(*self.sky(x - 0.5, y))
        along_y = _vectors(*self.sky(x, y + 0.5)) - _vectors(*self.sky(x, y - 0.5))
        east = np.stack([-np.sin(ra), np.cos(ra), np.zeros_like(ra)], axis=-1)
        north = np.stack([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)], axis=-1)
        parts = [
            np.sum(a * b, axis=-1) * ARCSEC_PER_RADIAN for a in (along_x, along_y) for b in (east, north)
        ]
        return parts[0], parts[1], parts[2], parts[3]

    def scale(self, x: ArrayLike, y: ArrayLike) -> Floats:
        """Local pixel scale [arcsec per px]: the square root of the pixel's area on the sky."""
        ex, nx, ey, ny = self.jacobian(x, y)
        return np.asarray(np.sqrt(np.abs(ex * ny - nx * ey)))

    def north(self, x: float, y: float) -> tuple[float, bool]:
        """(angle of north [deg] from +y toward −x, whether east is to the right of north) at a pixel."""
        ex, nx, ey, ny = (float(value) for value in self.jacobian(x, y))
        determinant = ex * ny - nx * ey
        # The pixel step that moves by (0, 1) on the sky, by Cramer's rule.
        dx, dy = -ey / determinant, ex / determinant
        return float(np.degrees(np.arctan2(-dx, dy))), determinant > 0

    def _native(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        with self._lock:
            lon, lat = self._forward(x.ravel(), y.ravel())
        return np.reshape(lon, x.shape), np.reshape(lat, x.shape)

    def _forward(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        return self._in_order(*self.wcs.all_pix2world(x, y, 0))

    def _in_order(self, first: Floats, second: Floats) -> tuple[Floats, Floats]:
        """Swap where the header has the latitude first."""
        return (first, second) if self.wcs.wcs.lng == 0 else (second, first)

    def _pixels(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        shape = lon.shape
        flat = lon.ravel(), lat.ravel()
        with self._lock:
            # The inversion of a distortion stops at `tolerance` [px]; without one it is exact.
            x, y = self.wcs.all_world2pix(*self._in_order(*flat), 0, quiet=True, tolerance=1e-7)
            if self._distorted:
                # The inversion iterates and, far off the image, ends anywhere: keep only what maps back.
                back = self._forward(x, y)
        if self._distorted:
            with np.errstate(invalid="ignore"):
                away = np.linalg.norm(_vectors(*back) - _vectors(*flat), axis=-1) * ARCSEC_PER_RADIAN
                wrong = ~(away < 3600 * 0.01 * abs(self.wcs.pixel_scale_matrix).max())
            x, y = np.where(wrong, np.nan, x), np.where(wrong, np.nan, y)
        return np.reshape(x, shape), np.reshape(y, shape)

    def _check(self, shape: tuple[int, int]) -> None:
        y, x = (shape[0] - 1) / 2, (shape[1] - 1) / 2
        try:
            scale = float(self.scale(x, y))
            ex, nx, ey, ny = (float(value) for value in self.jacobian(x, y))
            there = [float(value) for value in self.pixel(*self.sky(x, y))]
        except Exception as problem:  # wcslib raises its own many kinds, all of which mean the same here
            raise NoSky(f"the WCS cannot be used ({_first_line(problem)})") from problem
        if not SCALE_LIMITS[0] < scale < SCALE_LIMITS[1]:
            raise NoSky(f"the WCS gives {scale:.3g}″ for a pixel")
        sides = sorted((np.hypot(ex, nx), np.hypot(ey, ny)))
        if not sides[1] < MOST_STRETCHED * sides[0]:
            raise NoSky(f"the WCS gives pixels of {sides[0]:.3g}″ × {sides[1]:.3g}″")
        if not max(abs(there[0] - x), abs(there[1] - y)) < 0.5:
            raise NoSky("the WCS does not map back onto itself")


def _celestial(header: fits.Header) -> WCS:
    if not any(str(header.get(f"CTYPE{axis}", "")).strip() for axis in range(1, 5)):
        raise NoSky("the header has no WCS")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # FITSFixedWarning: what was mended is of no use to the reader
        try:
            # Cards of other HDUs' tables or of compression would only confuse wcslib.
            wcs = WCS(header)
            celestial = wcs.celestial
        except Exception as problem:  # wcslib raises its own many kinds, all of which mean the same here
            raise NoSky(f"the WCS cannot be used ({_first_line(problem)})") from problem
    if celestial.naxis != 2 or not celestial.has_celestial:
        raise NoSky("the WCS is not celestial")
    return celestial


def _first_line(problem: Exception) -> str:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else type(problem).__name__


def _rotation(frame: BaseCoordinateFrame) -> NDArray[np.float64] | None:
    """The matrix that turns unit vectors of a frame into ICRS; None where it is not a pure rotation."""
    if isinstance(frame, ICRS):
        return np.eye(3)
    if not isinstance(frame, FK5 | Galactic):
        return None
    axes = SkyCoord([0, 90, 0] * u.deg, [0, 0, 90] * u.deg, frame=frame).icrs
    return np.asarray(_vectors(axes.ra.deg, axes.dec.deg)).T


def _vectors(lon: Any, lat: Any) -> Floats:
    lon, lat = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def _angles(vectors: Floats) -> tuple[Floats, Floats]:
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    # arctan2 keeps full precision at the poles, where arcsin(z) loses half the digits.
    return np.degrees(np.arctan2(y, x)) % 360.0, np.degrees(np.arctan2(z, np.hypot(x, y)))

"""Fluxes in the same ellipses in every band, each on its own pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import sep
from numpy.typing import NDArray

from astrotl_gui.core.flags import Flag
from astrotl_gui.core.mosaic import Box, Mosaic
from astrotl_gui.pipeline.band_model import BandModel
from astrotl_gui.pipeline.extraction import Window
from astrotl_gui.pipeline.shapes import Moments, band_jacobian

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KRON_FACTOR = 2.5
RADII = (3.0, 10.0)
"""The ellipse is at least and at most this many rms sizes."""
LARGEST_READ = 5120**2
"""More pixels than this of a band are read in parts."""


@dataclass(frozen=True)
class Apertures:
    """Elliptical apertures on reference pixels: centres, moments, radius in rms sizes, segment numbers."""

    x: Floats
    y: Floats
    moments: Moments
    radius: Floats
    segment: Ints

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Ints) -> Apertures:
        moments = self.moments.take(rows)
        return Apertures(self.x[rows], self.y[rows], moments, self.radius[rows], self.segment[rows])

    def reach(self) -> tuple[Floats, Floats]:
        """Half widths of the apertures [px] along x and y."""
        return self.radius * np.sqrt(self.moments.xx), self.radius * np.sqrt(self.moments.yy)


@dataclass(frozen=True)
class Fluxes:
    """Flux and 1σ (image units summed over pixels; NaN without data), share of bad pixels, `Flag` bits."""

    flux: Floats
    error: Floats
    bad_share: Floats
    flags: Ints

    @classmethod
    def none(cls, count: int) -> Fluxes:
        nan = np.full(count, np.nan)
        return cls(nan, nan.copy(), np.ones(count), np.zeros(count, np.int64))

    def put(self, rows: Ints, part: Fluxes) -> None:
        for name in ("flux", "error", "bad_share", "flags"):
            getattr(self, name)[rows] = getattr(part, name)


def kron_apertures(
    window: Window, x: Floats, y: Floats, moments: Moments, segment: Ints, sigma: float
) -> Apertures:
    """Kron (1980) ellipses of 2.5 first-moment radii in the detection image, none below the PSF (`sigma`, px).

    Pixels of other sources are left out.
    """
    shape = moments.at_least(sigma)
    a, b, theta = shape.axes()
    kron, _ = sep.kron_radius(
        window.values,
        x - window.box[0],
        y - window.box[1],
        a,
        b,
        theta,
        6.0,
        mask=window.bad,
        seg_id=segment.astype(np.int32),
        segmap=window.segments,
    )
    radius = np.clip(np.nan_to_num(KRON_FACTOR * np.asarray(kron, float), nan=0.0), *RADII)
    return Apertures(x, y, shape, radius, segment)


def detection_fluxes(window: Window, apertures: Apertures) -> tuple[Fluxes, Floats]:
    """(fluxes, half-light radius [px]) in the detection image."""
    place = _Place(window.values, window.sigma, window.bad, window.segments, window.box)
    fluxes = _sums(place, apertures)
    a, _, _ = apertures.moments.axes()
    radius, _ = sep.flux_radius(
        window.values,
        apertures.x - window.box[0],
        apertures.y - window.box[1],
        a * apertures.radius,
        0.5,
        normflux=np.maximum(np.nan_to_num(fluxes.flux), 1e-30),
        mask=window.bad,
        seg_id=apertures.segment.astype(np.int32),
        segmap=window.segments,
        subpix=5,
    )
    return fluxes, np.where(fluxes.flux > 0, radius, np.nan)


def band_fluxes(
    mosaic: Mosaic, name: str, model: BandModel, window: Window, apertures: Apertures, sigma: float
) -> Fluxes:
    """Fluxes in one band on its own grid.

    The ellipses are carried over by the two WCS, and widened where the band's PSF is broader than that of the
    detection image (rms `sigma`, reference px), so that the same part of the light is inside.
    """
    count = len(apertures)
    result = Fluxes.none(count)
    if not count:
        return result
    x, y = mosaic.to_band(name, apertures.x, apertures.y)
    jacobian = band_jacobian(mosaic, name, apertures.x, apertures.y)
    scale2 = np.abs(jacobian[0] * jacobian[3] - jacobian[1] * jacobian[2])
    widening = np.maximum(model.psf_sigma**2 - scale2 * sigma**2, 0.0)
    here = replace(apertures, x=x, y=y, moments=apertures.moments.mapped(jacobian).blurred(widening))
    ny, nx = model.pixels.shape
    on_band = np.isfinite(x) & np.isfinite(y) & (x > -0.5) & (y > -0.5) & (x < nx - 0.5) & (y < ny - 0.5)
    rows = np.flatnonzero(on_band)
    for part in _parts(here, rows, model.pixels.shape):
        box = _box(here.take(part), model.pixels.shape)
        result.put(part, _measure(mosaic, name, model, window, here.take(part), box))
    return result


def _measure(
    mosaic: Mosaic, name: str, model: BandModel, window: Window, apertures: Apertures, box: Box
) -> Fluxes:
    values, sigma = model.values(box)
    bad = ~np.isfinite(values)
    values, sigma = np.where(bad, np.float32(0), values), np.where(bad, np.float32(0), sigma)
    segments = _segments_on(mosaic, name, window, box)
    place = _Place(values, sigma, bad, segments, box)
    fluxes = _sums(place, apertures)
    saturated = model.saturated(box)
    if saturated.any():
        touched = _sum(saturated.astype(np.float32), place, apertures, radius=3.0) > 0.5
        fluxes.flags[touched] |= int(Flag.SATURATED)
    return fluxes


@dataclass(frozen=True)
class _Place:
    """An image to sum in, its σ (or nothing), bad pixels and segments, at a box of its grid."""

    values: NDArray[np.float32]
    sigma: NDArray[np.float32]
    bad: NDArray[np.bool_]
    segments: NDArray[np.int32]
    box: Box


def _sums(place: _Place, apertures: Apertures) -> Fluxes:
    a, b, theta = apertures.moments.axes()
    flux, error, flags = sep.sum_ellipse(
        place.values,
        apertures.x - place.box[0],
        apertures.y - place.box[1],
        a,
        b,
        theta,
        apertures.radius,
        err=place.sigma,
        mask=place.bad,
        seg_id=apertures.segment.astype(np.int32),
        segmap=place.segments,
        subpix=5,
    )
    area = np.pi * a * b * apertures.radius**2
    bad = (
        _sum(place.bad.astype(np.float32), place, apertures) / area
        if place.bad.any()
        else np.zeros(len(area))
    )
    bad = np.clip(bad + _outside(place, apertures, area), 0, 1)
    flags = flags.astype(np.int64) & int(
        Flag.APERTURE_TRUNCATED | Flag.APERTURE_NONPOSITIVE | Flag.APERTURE_ALL_MASKED
    )
    flags[bad > 0.001] |= int(Flag.APERTURE_HAS_MASKED)
    lost = (flags & int(Flag.APERTURE_ALL_MASKED)) != 0
    return Fluxes(np.where(lost, np.nan, flux), np.where(lost, np.nan, error), bad, flags)


def _sum(
    values: NDArray[np.float32], place: _Place, apertures: Apertures, radius: Floats | float | None = None
) -> Floats:
    a, b, theta = apertures.moments.axes()
    total, _, _ = sep.sum_ellipse(
        values,
        apertures.x - place.box[0],
        apertures.y - place.box[1],
        a,
        b,
        theta,
        apertures.radius if radius is None else radius,
        subpix=3,
    )
    return np.asarray(total, float)


def _outside(place: _Place, apertures: Apertures, area: Floats) -> Floats:
    """Share of each aperture that lies beyond the box read, that is beyond the image."""
    rx, ry = apertures.reach()
    x, y = apertures.x - place.box[0], apertures.y - place.box[1]
    height, width = place.values.shape
    beyond = (x - rx < -0.5) | (y - ry < -0.5) | (x + rx > width - 0.5) | (y + ry > height - 0.5)
    share = np.zeros(len(apertures))
    if beyond.any():
        rows = np.flatnonzero(beyond)
        inside = _sum(np.ones(place.values.shape, np.float32), place, apertures.take(rows))
        share[rows] = 1 - inside / area[rows]
    return np.where(share > 0.002, share, 0.0)


def _parts(apertures: Apertures, rows: Ints, shape: tuple[int, int]) -> list[Ints]:
    """Groups of rows whose common box is small enough to read."""
    if not len(rows):
        return []
    x0, y0, x1, y1 = _box(apertures.take(rows), shape)
    if (x1 - x0) * (y1 - y0) <= LARGEST_READ or len(rows) == 1:
        return [rows]
    along = apertures.x[rows] if x1 - x0 > y1 - y0 else apertures.y[rows]
    order = rows[np.argsort(along, kind="stable")]
    half = len(order) // 2
    return _parts(apertures, order[:half], shape) + _parts(apertures, order[half:], shape)


def _box(apertures: Apertures, shape: tuple[int, int]) -> Box:
    rx, ry = apertures.reach()
    x0, y0 = int(np.floor((apertures.x - rx).min())) - 1, int(np.floor((apertures.y - ry).min())) - 1
    x1, y1 = int(np.ceil((apertures.x + rx).max())) + 2, int(np.ceil((apertures.y + ry).max())) + 2
    return max(x0, 0), max(y0, 0), min(x1, shape[1]), min(y1, shape[0])


def _segments_on(mosaic: Mosaic, name: str, window: Window, box: Box) -> NDArray[np.int32]:
    """The window's segmentation map on a box of the band's grid, by the nearest pixel.

    Over one window the map between the grids is taken as affine: fractions of a pixel do not matter here.
    """
    x0, y0, x1, y1 = window.box
    gx, gy = (part.ravel() for part in np.meshgrid(np.linspace(x0, x1 - 1, 5), np.linspace(y0, y1 - 1, 5)))
    u, v = mosaic.to_band(name, gx, gy)
    known = np.isfinite(u) & np.isfinite(v)
    to_window, *_ = np.linalg.lstsq(
        np.column_stack([u, v, np.ones_like(u)])[known],
        np.column_stack([gx - x0, gy - y0])[known],
        rcond=None,
    )
    columns, rows = np.arange(box[0], box[2]), np.arange(box[1], box[3])[:, None]
    height, width = window.segments.shape
    j = np.rint(columns * to_window[0, 1] + rows * to_window[1, 1] + to_window[2, 1]).astype(np.int64)
    i = np.rint(columns * to_window[0, 0] + rows * to_window[1, 0] + to_window[2, 0]).astype(np.int64)
    inside = (i >= 0) & (j >= 0) & (i < width) & (j < height)
    segments = window.segments[np.clip(j, 0, height - 1), np.clip(i, 0, width - 1)]
    return np.where(inside, segments, 0).astype(np.int32)

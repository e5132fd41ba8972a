"""Stars: a locus of colours, PSF wings, diffraction spikes and bleeding columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.simulation.instrument import (
    BANDS,
    MARGIN,
    PIXEL_SCALE,
    SATURATION_MAG,
    SPIKE_ANGLES,
    Array,
    counts_of,
    psf,
)
from astrotl_gui.pipeline.simulation.profiles import FAINTEST, Canvas, grid, smooth_end

PER_ARCMIN2 = 4.6  # to i = 25 at high galactic latitude
SPIKE_STRENGTH = 1.3e-3  # spike counts per px and count of the star, at 1 px, before the r^-1.7 fall
_RADII = np.arange(1.0, 520.0)


@dataclass
class Stars:
    """Positions [px] and (g, r, i) AB magnitudes (N, 3)."""

    x: Array
    y: Array
    mags: Array

    @property
    def radius(self) -> Array:
        """How far [px] each star disturbs its neighbours."""
        return np.clip(9.0 * 10 ** (0.13 * (20.0 - self.mags[:, 2])), 7.0, 170.0)


def draw_stars(rng: np.random.Generator, size: int) -> Stars:
    """Stars of the field and its margin, i = 13.2 to 25, and one bright one within it."""
    side = size + 2 * MARGIN
    number = int(rng.poisson(PER_ARCMIN2 * (side * PIXEL_SCALE / 60) ** 2))
    axis = np.arange(13.8, 25.0, 0.02)
    density = 10 ** (0.17 * np.minimum(axis, 20) + 0.09 * np.maximum(axis - 20, 0))
    mag = rng.choice(axis, number, p=density / density.sum())
    x, y = rng.uniform(-MARGIN, size + MARGIN, (2, number))
    if size >= 1500:
        mag[0], x[0], y[0] = 12.9, 0.24 * size, 0.71 * size
    return Stars(x, y, _locus(rng, mag))


def _locus(rng: np.random.Generator, mag_i: Array) -> Array:
    """Magnitudes along the stellar locus: halo and disc dwarfs, more M dwarfs among the faint."""
    number = len(mag_i)
    cool = rng.uniform(size=number) < np.interp(mag_i, [14, 18, 22], [0.12, 0.3, 0.62])
    g_r = np.where(cool, rng.normal(1.38, 0.09, number), 0.32 + rng.gamma(2.2, 0.16, number))
    warm = np.minimum(g_r, 1.25)
    r_i = np.where(cool, 0.58 + rng.gamma(1.8, 0.22, number), 0.36 * warm - 0.03 + 0.12 * warm**2)
    r = mag_i + r_i + rng.normal(0, 0.02, number)
    return np.stack([r + np.minimum(g_r, 1.6), r, mag_i], axis=-1)


def draw(canvas: Canvas, stars: Stars, progress: Progress = SILENT) -> None:
    """Draw every star through the PSF, with spikes on the bright ones."""
    counts = counts_of(stars.mags)
    for k in range(len(stars.x)):
        if k % 100 == 0:
            progress(k, len(stars.x), "Stars")
        canvas.add_point(float(stars.x[k]), float(stars.y[k]), counts[k], point_reach(counts[k]))
        if stars.mags[k, 2] < SATURATION_MAG + 0.6:
            _add_spikes(canvas, float(stars.x[k]), float(stars.y[k]), counts[k])


def point_reach(counts: Array, level: float = FAINTEST) -> float:
    """Radius [px] at which a point source of `counts` (bands,) sinks below `level` · noise in all bands."""
    reach = 8.0
    for k, band in enumerate(BANDS):
        visible = counts[k] * psf(band, _RADII**2) > level * band.sky_noise
        reach = max(reach, float(_RADII[visible].max(initial=0)))
    return reach


def _add_spikes(canvas: Canvas, x: float, y: float, counts: Array) -> None:
    """Four spikes falling as r^-1.7 (longer at longer wavelengths), plain power law smoothed at its end."""
    reach = spike_reach(counts)
    x0, y0, dx, dy = grid(x, y, reach)
    fade = smooth_end(np.hypot(dx, dy) / reach)
    for k, band in enumerate(BANDS):
        light = np.zeros_like(fade)
        for angle in SPIKE_ANGLES:
            along = np.abs(dx * np.cos(angle) + dy * np.sin(angle))
            across = dy * np.cos(angle) - dx * np.sin(angle)
            width = 0.85 + 0.004 * along
            light += (along + 4.0) ** -1.7 * np.exp(-0.5 * (across / width) ** 2)
        scale = SPIKE_STRENGTH * counts[k] * (band.wavelength / 622.0) ** 0.5
        canvas.add_one(k, x0, y0, (scale * light * fade).astype(np.float32), canvas.optics)


def spike_reach(counts: Array, level: float = 0.08) -> float:
    """Radius [px] at which the spikes of a star sink below `level` · noise in all bands."""
    strongest = float((counts / [band.sky_noise for band in BANDS]).max())
    return float(np.clip((SPIKE_STRENGTH * strongest / level) ** (1 / 1.7), 12, 420))


def bleed(
    k: int,
    image: NDArray[np.float32],
    mask: NDArray[np.uint8],
    stars: Stars,
    rng: np.random.Generator,
    bit: int,
) -> None:
    """Let the wells of saturated stars overflow along columns of band `k`, in place; the overflow gets `bit`."""
    band, size = BANDS[k], image.shape[0]
    for x, y, mag in zip(stars.x, stars.y, stars.mags[:, k], strict=True):
        excess = float(band.counts(mag)) * 0.063 / band.saturate
        if excess < 4 or not (0 <= x < size and -MARGIN <= y < size + MARGIN):
            continue
        for column in range(round(x) - 2, round(x) + 3):
            offset = abs(column - x)
            length = 2.6 * excess**0.72 * np.exp(-0.5 * (offset / 0.8) ** 2) * rng.uniform(0.85, 1.15)
            rows = slice(max(round(y - length), 0), min(round(y + length) + 1, size))
            if 0 <= column < size and length > 4 and rows.start < rows.stop:
                image[rows, column] = band.saturate * rng.normal(1.0, 0.004, rows.stop - rows.start)
                mask[rows, column] |= bit

"""Stars: counts, a locus of colours, and bright ones with aureole, halo and diffraction spikes."""

from __future__ import annotations

from dataclasses import dataclass

import galsim
import numpy as np

from astrotl_gui.pipeline.simulation.camera import Array, Camera
from astrotl_gui.pipeline.simulation.canvas import Canvas
from astrotl_gui.pipeline.simulation.psf import CORE_REACH, REACH, Psf
from astrotl_gui.pipeline.simulation.spectra import Filter

BRIGHTEST, FAINTEST = 13.0, 25.5  # in i
BRIGHT = 18.5  # stars brighter than this in any band carry an aureole of their own
FADING = 0.05  # a halo ends where it sinks below this fraction of the sky noise

# (g − i) of dwarfs and their colours to i [AB], at the pivots of u g r i z y J H; after Covey et al. (2007)
LOCUS_G_I = np.array([0.12, 0.34, 0.57, 0.82, 1.46, 1.99, 2.40, 2.90, 3.50])
LOCUS_PIVOTS = np.array([365.0, 477.0, 622.0, 763.0, 905.0, 970.0, 1250.0, 1640.0])
LOCUS = np.array([
    [1.12, 0.12, 0.02, 0.0, 0.03, 0.04, 0.15, 0.35],
    [1.29, 0.34, 0.08, 0.0, -0.01, -0.01, 0.05, 0.20],
    [1.92, 0.57, 0.13, 0.0, -0.04, -0.05, -0.05, 0.00],
    [2.57, 0.82, 0.21, 0.0, -0.09, -0.11, -0.20, -0.25],
    [3.86, 1.46, 0.41, 0.0, -0.22, -0.28, -0.50, -0.70],
    [4.54, 1.99, 0.64, 0.0, -0.36, -0.46, -0.85, -0.95],
    [4.90, 2.40, 0.98, 0.0, -0.54, -0.70, -1.30, -1.35],
    [5.50, 2.90, 1.42, 0.0, -0.78, -1.00, -1.85, -1.85],
    [6.30, 3.50, 1.95, 0.0, -1.08, -1.40, -2.60, -2.60],
])  # fmt: skip


@dataclass
class Stars:
    """Positions [arcsec on the tangent plane], AB magnitudes in i and (N, bands) in the bands, own seeds."""

    x: Array
    y: Array
    i_mag: Array
    mags: Array
    seed: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


def draw_stars(rng: np.random.Generator, mean: float, bands: tuple[str, ...]) -> Stars:
    """About `mean` stars, at the origin."""
    number = int(rng.poisson(mean))
    axis = np.arange(BRIGHTEST, FAINTEST, 0.02)
    density = 10 ** (0.17 * np.minimum(axis, 20) + 0.09 * np.maximum(axis - 20, 0))
    mag = rng.choice(axis, number, p=density / density.sum()) + rng.uniform(0, 0.02, number)
    cool = rng.uniform(size=number) < np.interp(mag, [14, 18, 22], [0.12, 0.3, 0.62])
    warm_colour = 0.38 + rng.gamma(2.2, 0.2, number)
    g_i = np.where(cool, 1.9 + rng.gamma(2.2, 0.3, number), warm_colour)
    seed, scatter = rng.integers(0, 2**62, number), rng.normal(0, 0.015, number)
    colours = star_colours(np.clip(g_i + scatter, 0.12, 3.5), bands)
    return Stars(np.zeros(number), np.zeros(number), mag, mag[:, None] + colours, seed)


def star_colours(g_i: Array, bands: tuple[str, ...]) -> Array:
    """Band − i (N, bands) of dwarfs along the stellar locus; between its bands the spectrum is smooth."""
    at_pivots = np.column_stack([np.interp(g_i, LOCUS_G_I, column) for column in LOCUS.T])
    wanted = [Filter.named(name).effective for name in bands]
    return np.array([np.interp(wanted, LOCUS_PIVOTS, row) for row in at_pivots]).reshape(len(g_i), len(bands))


def draw_star(canvas: Canvas, x: float, y: float, mags: Array) -> None:
    """Add one star at (x, y) [arcsec]."""
    light = np.array([float(band.counts(m)) for band, m in zip(canvas.camera.bands, mags, strict=True)])
    if mags.min() > BRIGHT:
        canvas.add_point(x, y, light)
        return
    for k in range(len(light)):
        _add_bright(canvas, k, *canvas.pixel(x, y), float(light[k]))


def star_reach(camera: Camera, psfs: list[Psf] | tuple[Psf, ...], mags: Array) -> float:
    """Radius [px] beyond which a star leaves nothing to see."""
    reach = CORE_REACH + 2.0
    for band, psf, mag in zip(camera.bands, psfs, mags, strict=True):
        if mag <= BRIGHT:
            counts, noise = float(band.counts(mag)), band.noise(camera.pixel_scale)
            reach = max(reach, halo_reach(psf, counts, noise), spike_reach(camera, counts, noise))
    return reach


def halo_reach(psf: Psf, counts: float, noise: float, level: float = FADING) -> float:
    """Radius [px] at which the aureole of a star of `counts` sinks below `level` · noise."""
    radii = np.arange(4.0, 900.0, 2.0)
    visible = psf.camera.wings * counts * psf.aureole_at(radii) > level * noise
    return float(radii[visible].max(initial=CORE_REACH))


def spike_reach(camera: Camera, counts: float, noise: float, level: float = 0.1) -> float:
    """Radius [px] at which the spikes of a star of `counts` sink below `level` · noise."""
    return float(np.clip((camera.spikes * counts / (level * noise)) ** (1 / 1.7), 0.0, 420.0))


def _add_bright(canvas: Canvas, k: int, px: float, py: float, counts: float) -> None:
    """The whole PSF in real space, with the aureole's far wings and spikes."""
    psf, noise = canvas.psfs[k], canvas.noise[k]
    reach = max(halo_reach(psf, counts, noise), spike_reach(canvas.camera, counts, noise), REACH / 2)
    if not canvas.sees(px, py, reach):
        return
    half = int(reach) + 1
    x0, y0 = round(px) - half, round(py) - half
    dx = np.arange(x0, x0 + 2 * half + 1)[None, :] - px
    dy = np.arange(y0, y0 + 2 * half + 1)[:, None] - py
    r = np.hypot(dx, dy)
    fade = np.clip((1 - r / (half + 0.5)) / 0.3, 0, 1)
    halo = psf.aureole_at(r) * fade
    stamp = canvas.camera.wings * halo / halo.sum()
    core = galsim.Image(np.zeros(r.shape), xmin=x0, ymin=y0, scale=canvas.camera.pixel_scale)
    inner = galsim.BoundsI(*(f(c) for c in (px, py) for f in (lambda c: int(c) - 26, lambda c: int(c) + 27)))
    inner &= core.bounds
    psf.point(px, py).drawImage(
        image=core[inner], center=galsim.PositionD(px, py), method="no_pixel", add_to_image=True
    )
    stamp += (1 - canvas.camera.wings) * core.array
    if canvas.camera.spikes:
        stamp += _spikes(canvas.camera, dx, dy, canvas.wavelengths[k]) * fade
    canvas.add_finished(k, x0, y0, counts * stamp)


def _spikes(camera: Camera, dx: Array, dy: Array, wavelength: float) -> Array:
    """Diffraction spikes falling as r^−1.7 for a star of unit flux, a little rainbow-like: longer in the red."""
    light = np.zeros((dy.shape[0], dx.shape[1]))
    for angle in camera.spike_angles:
        along = np.abs(dx * np.cos(angle) + dy * np.sin(angle))
        across = dy * np.cos(angle) - dx * np.sin(angle)
        light += (along + 4.0) ** -1.7 * np.exp(-0.5 * (across / (0.85 + 0.004 * along)) ** 2)
    return camera.spikes * (wavelength / 622.0) ** 0.5 * light

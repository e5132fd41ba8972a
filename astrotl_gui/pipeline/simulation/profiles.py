"""The light of ordinary galaxies as GalSim profiles, smooth or with structure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import galsim
import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma

from astrotl_gui.pipeline.simulation.camera import Array, rng_for
from astrotl_gui.pipeline.simulation.canvas import FAINTEST, LARGEST, Canvas
from astrotl_gui.pipeline.simulation.population import Galaxies
from astrotl_gui.pipeline.simulation.structure import EXTENT, MOST_CELLS, disc_maps, irregular_maps

Shape = Callable[[int], galsim.GSObject]
INDICES = np.arange(1.5, 5.75, 0.5)
TRUNCATION, WIDEST = 8.0, 24.0
"""Where profiles end, in half-light radii: soon, which keeps their transforms small, unless the end would be seen."""
STRUCTURED = 1.0  # half-light radius, in FWHM of the PSF, above which structure survives the seeing
STRUCTURED_SNR = 25.0
FAINT_SNR = (
    8.0  # below it a galaxy is drawn photon by photon, which is quick, and its own noise drowns in the sky's
)


def draw_galaxies(canvas: Canvas, galaxies: Galaxies) -> None:
    """Add galaxies to the canvas: those whose light reaches it."""
    light = _Light.of(canvas, galaxies)
    scale, (dx, dy) = canvas.camera.pixel_scale, canvas.offset
    x0, y0, x1, y1 = canvas.box
    px, py = galaxies.x / scale - 0.5 + dx, galaxies.y / scale - 0.5 + dy
    seen = (
        (px > x0 - light.reach) & (px < x1 + light.reach) & (py > y0 - light.reach) & (py < y1 + light.reach)
    )
    for row in np.flatnonzero(seen):
        _draw(canvas, galaxies, int(row), light, float(galaxies.x[row]), float(galaxies.y[row]))


def add_body(canvas: Canvas, galaxies: Galaxies, row: int, x: float, y: float, share: float = 1.0) -> None:
    """Add bulge and disc of one galaxy at (x, y) [arcsec], with `share` of their light."""
    one = galaxies.take(np.array([row]))
    _draw(canvas, one, 0, _Light.of(canvas, one, share), x, y)


def counts(canvas: Canvas, mags: Array) -> Array:
    """AB magnitudes (..., bands) → image units."""
    return np.stack([band.counts(mags[..., k]) for k, band in enumerate(canvas.camera.bands)], axis=-1)


@dataclass(frozen=True)
class _Light:
    """What galaxies send to a camera: image units (N, bands) of disc and bulge, the reach of their stamps [px],
    total S/N over the area of the PSF, whether the bulge is seen beyond `TRUNCATION`, whether structure shows."""

    disc: Array
    bulge: Array
    reach: Array
    snr: Array
    wide: NDArray[np.bool_]
    structured: NDArray[np.bool_]

    @classmethod
    def of(cls, canvas: Canvas, galaxies: Galaxies, share: float = 1.0) -> _Light:
        disc, bulge = share * counts(canvas, galaxies.disc), share * counts(canvas, galaxies.bulge)
        scale, noise = canvas.camera.pixel_scale, np.array(canvas.noise)
        fwhm = np.array([band.fwhm for band in canvas.camera.bands]) / scale
        disc_peak, bulge_peak = (disc / noise).max(axis=1), (bulge / noise).max(axis=1)
        bulge_r50 = galaxies.bulge_r50 / scale
        disc_reach = sersic_reach(disc_peak, galaxies.r50 / scale, np.ones(len(galaxies)), galaxies.q)
        bulge_reach = sersic_reach(bulge_peak, bulge_r50, galaxies.bulge_n, galaxies.bulge_q)
        reach = np.maximum(np.maximum(disc_reach, bulge_reach), 3 * fwhm.max()) + fwhm.max()
        snr = ((disc + bulge) / (noise * fwhm)).max(axis=1) / 1.5
        r50 = galaxies.r50 / scale
        large = r50 * np.sqrt(galaxies.q) > STRUCTURED * fwhm.min()
        bright = disc_peak > STRUCTURED_SNR * np.sqrt(np.pi * galaxies.q) * r50
        late = (galaxies.kind == "spiral") | (galaxies.kind == "irregular")
        return cls(disc, bulge, reach, snr, bulge_reach > TRUNCATION * bulge_r50, large & bright & late)


def _draw(canvas: Canvas, galaxies: Galaxies, row: int, light: _Light, x: float, y: float) -> None:
    disc, bulge = light.disc[row], light.bulge[row]
    end = TRUNCATION
    if light.wide[row]:
        end = min(WIDEST, max(LARGEST * canvas.camera.pixel_scale / float(galaxies.bulge_r50[row]), 1.0))
    bulge_shape = sersic(
        galaxies.bulge_n[row], galaxies.bulge_r50[row], galaxies.bulge_q[row], galaxies.theta[row], end
    )
    disc_shape: Shape
    if light.structured[row]:
        disc_shape = _structured_disc(canvas, galaxies, row)
    else:
        smooth = sersic(1.0, galaxies.r50[row], galaxies.q[row], galaxies.theta[row])
        disc_shape = lambda k: smooth  # noqa: E731

    def shape(k: int) -> galsim.GSObject:
        if bulge[k] < 1e-4 * disc[k]:
            return disc_shape(k) * float(disc[k])
        if disc[k] < 1e-4 * bulge[k]:
            return bulge_shape * float(bulge[k])
        return galsim.Add([bulge_shape * float(bulge[k]), disc_shape(k) * float(disc[k])])

    seed = int(galaxies.seed[row]) if light.snr[row] < FAINT_SNR else None
    canvas.add(x, y, float(light.reach[row]), shape, seed)


def sersic(n: float, r50: float, q: float, theta: float, end: float = TRUNCATION) -> galsim.GSObject:
    """A unit-flux Sérsic profile: half-light radius along the major axis [arcsec], angle [rad] from +x, `end` in
    half-light radii.

    The index is rounded to a half, so that its tables are made once; n = 1 is exact.
    """
    n = 1.0 if n == 1.0 else float(INDICES[np.argmin(np.abs(INDICES - n))])
    radius = float(r50 * sqrt(q))
    if n == 1.0:
        profile: galsim.GSObject = galsim.Exponential(half_light_radius=radius)
    else:
        profile = galsim.Sersic(n=n, half_light_radius=radius, trunc=end * radius)
    return profile.shear(q=float(min(q, 1.0)), beta=float(theta) * galsim.radians)


def sersic_reach(snr: Array, r50: Array, n: Array, q: Array) -> Array:
    """Radius [px] at which profiles of `snr` (counts over σ of a pixel) fall to `FAINTEST` σ, at most `WIDEST`."""
    b = 2 * n - 1 / 3 + 4 / (405 * n)  # Ciotti & Bertin (1999)
    mean = snr * np.exp(-b) * b ** (2 * n) / (2 * np.pi * n * r50**2 * q * gamma(2 * n))
    depth = np.maximum(np.log(np.maximum(mean / FAINTEST, 1e-9)) / b + 1, 0.0)
    return np.asarray(np.minimum(r50 * depth**n, r50 * WIDEST))


def _structured_disc(canvas: Canvas, galaxies: Galaxies, row: int) -> Shape:
    """A disc with arms, bar, knots and dust, or an irregular one: unit flux in each band."""
    rng = rng_for(int(galaxies.seed[row]), "structure")
    r50, q, theta = (float(v[row]) for v in (galaxies.r50, galaxies.q, galaxies.theta))
    sharpest = min(band.fwhm for band in canvas.camera.bands)
    step = max(min(sharpest / 3.5, r50 / 4), EXTENT * r50 / MOST_CELLS)
    maps = irregular_maps if galaxies.kind[row] == "irregular" else disc_maps
    planes = maps(rng, r50 / step, q, theta, canvas.wavelengths)
    return lambda k: pixels(planes[k], step)


def pixels(plane: Array, step: float) -> galsim.InterpolatedImage:
    """A unit-flux profile from an image of pixels of `step` arcsec, its middle pixel at the origin."""
    return galsim.InterpolatedImage(
        galsim.Image(np.ascontiguousarray(plane, float), scale=step),
        x_interpolant="cubic", k_interpolant="quintic", flux=1.0, calculate_stepk=False, calculate_maxk=False,
    )  # fmt: skip

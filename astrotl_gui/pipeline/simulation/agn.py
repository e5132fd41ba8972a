"""Active nuclei: a point source with a power-law spectrum in the middle of a host, and quasars that outshine theirs.

Photometric model: f_ν ∝ ν^α with α = −0.5 ± 0.3 (Vanden Berk et al. 2001), so g − r ≈ 0.14 and r − i ≈ 0.11, and
0.05 mag of scatter a band for emission lines. Hosts are half early spirals, a quarter late ones, a quarter
ellipticals at z = 0.04–0.6; the nucleus holds 0.35 to 3 times the host's i-band light.
"""

from __future__ import annotations

import numpy as np

from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.simulation.galaxies import Disc, add_sersic, draw_spiral, magnitudes_of
from astrotl_gui.pipeline.simulation.instrument import BANDS, PIXEL_SCALE, Array, counts_of, position_angle
from astrotl_gui.pipeline.simulation.population import magnitudes, typical_size
from astrotl_gui.pipeline.simulation.profiles import Canvas
from astrotl_gui.pipeline.simulation.stars import point_reach
from astrotl_gui.pipeline.simulation.truth import Places, Truth


def nucleus_magnitudes(mag_i: float, slope: float, lines: Array) -> Array:
    """(g, r, i) of f_ν ∝ ν^slope normalised at i, plus `lines` (bands,) mag."""
    wavelength = np.array([band.wavelength for band in BANDS])
    return mag_i + 2.5 * slope * np.log10(wavelength / wavelength[-1]) + lines


def draw(
    canvas: Canvas,
    truth: Truth,
    places: Places,
    rng: np.random.Generator,
    number: int,
    progress: Progress = SILENT,
) -> None:
    """Draw `number` active nuclei; one in five is a quasar without a visible host."""
    for k in range(number):
        progress(k, number, "Active nuclei")
        quasar = k % 5 == 4
        host_mag = rng.uniform(18.0, 20.9)
        x, y = places.find(rng, 18.0 if quasar else 40.0)
        mag = float(
            rng.uniform(18.4, 21.6) if quasar else host_mag - 2.5 * np.log10(10 ** rng.uniform(-0.45, 0.48))
        )
        nucleus = counts_of(nucleus_magnitudes(mag, rng.normal(-0.5, 0.3), rng.normal(0, 0.05, len(BANDS))))
        canvas.add_point(x, y, nucleus, point_reach(nucleus))
        if quasar:
            mags = magnitudes_of(nucleus)
            truth.add("agn", "quasar", x, y, mags, z=rng.uniform(0.6, 2.6), nucleus_mag_i=float(mags[-1]))
        else:
            _add_host(canvas, truth, rng, x, y, float(host_mag), nucleus, elliptical=k % 5 == 1)


def _add_host(
    canvas: Canvas,
    truth: Truth,
    rng: np.random.Generator,
    x: float,
    y: float,
    mag: float,
    nucleus: Array,
    elliptical: bool,
) -> None:
    z, theta = rng.uniform(0.04, 0.35) + 0.1 * (mag - 18), rng.uniform(0, np.pi)
    r50 = float(1.25 * typical_size(mag) * 10 ** rng.normal(0, 0.1))
    q = float(rng.uniform(0.65, 0.98) if elliptical else rng.uniform(0.4, 0.95))
    if elliptical:
        host = counts_of(magnitudes("old", mag, z))
        add_sersic(canvas, x, y, r50 / PIXEL_SCALE, 3.6, q, theta, host)
    else:
        bulge = float(rng.uniform(0.15, 0.45))
        light = {
            "old": bulge * counts_of(magnitudes("old", mag, z)),
            "spiral": (1 - bulge) * 0.65 * counts_of(magnitudes("spiral", mag, z)),
            "young": (1 - bulge) * 0.35 * counts_of(magnitudes("young", mag, z)),
        }
        disc = Disc(x, y, r50 / PIXEL_SCALE, q, theta, bulge)
        draw_spiral(canvas, disc, light, rng, structured=r50 > 0.7)
        host = sum(light.values(), np.zeros(len(BANDS)))
    truth.add(
        "agn", "elliptical host" if elliptical else "spiral host", x, y, magnitudes_of(host + nucleus), z=z, r50=r50,
        sersic_n=3.6 if elliptical else 1.0, q=q, theta=float(position_angle(theta)),
        nucleus_mag_i=float(magnitudes_of(nucleus)[-1]),
    )  # fmt: skip

"""Drawing galaxies: smooth Sérsic light, and for large ones spiral arms, bars, clumps and dust."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.simulation.instrument import BANDS, PIXEL_SCALE, Array, counts_of
from astrotl_gui.pipeline.simulation.population import Galaxies, magnitudes
from astrotl_gui.pipeline.simulation.profiles import (
    Canvas,
    block_sum,
    elliptical,
    grid,
    sersic,
    sersic_reach,
    smooth_end,
)

NOISE = BANDS[-1].sky_noise
STRUCTURED_SIZE = 0.85 / PIXEL_SCALE  # r50 [px] above which structure survives the seeing
STRUCTURED_MAG = 22.3


@dataclass
class Disc:
    """One disc galaxy: place and lengths in px, angles in rad."""

    x: float
    y: float
    r50: float
    q: float
    theta: float
    bulge: float


def draw(canvas: Canvas, galaxies: Galaxies, rng: np.random.Generator, progress: Progress = SILENT) -> Array:
    """Draw every galaxy; returns their (g, r, i) magnitudes (N, 3)."""
    mags = np.empty((len(galaxies), len(BANDS)))
    shifts = rng.normal(0, 0.09, len(galaxies))
    for k in range(len(galaxies)):
        if k % 250 == 0:
            progress(k, len(galaxies), "Galaxies")
        kind = str(galaxies.kind[k])
        shift = shifts[k] * (0.4 if kind == "elliptical" else 1.0)
        disc = Disc(
            *(
                float(v[k])
                for v in (galaxies.x, galaxies.y, galaxies.r50, galaxies.q, galaxies.theta, galaxies.bulge)
            )
        )
        light = _parts(kind, float(galaxies.mag[k]), float(galaxies.z[k]), disc.bulge, shift)
        large = disc.r50 > STRUCTURED_SIZE and galaxies.mag[k] < STRUCTURED_MAG
        if kind == "elliptical":
            add_sersic(
                canvas, disc.x, disc.y, disc.r50, float(galaxies.n[k]), disc.q, disc.theta, light["old"]
            )
        elif kind == "spiral":
            draw_spiral(canvas, disc, light, rng, structured=bool(large))
        else:
            draw_irregular(canvas, disc, light["young"], rng, clumps=bool(galaxies.mag[k] < 24.0))
        mags[k] = magnitudes_of(sum(light.values()))
    return mags


def magnitudes_of(counts: Array | float) -> Array:
    """Image units (bands,) → AB magnitudes."""
    return -2.5 * np.log10(np.asarray(counts)) + np.array([band.zeropoint for band in BANDS])


def add_sersic(
    canvas: Canvas, x: float, y: float, r50: float, n: float, q: float, theta: float, counts: Array
) -> None:
    """One Sérsic component of `counts` (bands,) image units."""
    reach = sersic_reach(float(counts[-1]), NOISE, r50, n, q)
    canvas.add(*sersic(x, y, r50, n, q, theta, reach), counts)


def _parts(kind: str, mag: float, z: float, bulge: float, shift: float) -> dict[str, Array]:
    """Counts (bands,) of the stellar populations of one galaxy, which sum to its i magnitude."""
    if kind == "elliptical":
        return {"old": counts_of(magnitudes("old", mag, z, shift))}
    if kind == "irregular":
        return {"young": counts_of(magnitudes("young", mag, z, 1.5 * shift))}
    disc = 1 - bulge
    young = 0.48 - 1.2 * shift  # bluer discs hold more young stars
    return {
        "old": bulge * counts_of(magnitudes("old", mag, z, -0.1)),
        "spiral": disc * (1 - young) * counts_of(magnitudes("spiral", mag, z, shift)),
        "young": disc * young * counts_of(magnitudes("young", mag, z, shift)),
    }


def draw_spiral(
    canvas: Canvas, disc: Disc, light: dict[str, Array], rng: np.random.Generator, structured: bool
) -> None:
    """Bulge and disc; when `structured`, arms and clumps in the young light and dust in inclined discs."""
    thick = max(disc.q, 0.75)
    add_sersic(canvas, disc.x, disc.y, max(0.22 * disc.r50, 0.4), 2.8, thick, disc.theta, light["old"])
    if not structured:
        both = light["spiral"] + light["young"]
        add_sersic(canvas, disc.x, disc.y, disc.r50, 1.0, disc.q, disc.theta, both)
        return
    reach = sersic_reach(float((light["spiral"] + light["young"])[-1]), NOISE, disc.r50, 1.0, disc.q)
    s = 2 if disc.r50 * disc.q < 5 else 1
    x0, y0, dx, dy = grid(disc.x, disc.y, reach, s)
    r = elliptical(dx, dy, disc.q, disc.theta)
    smooth = np.exp(-1.678 * r / disc.r50) * smooth_end(r / reach)
    arms = smooth * _arms(rng, disc, dx, dy, r)
    clumpy = arms / arms.sum() * 0.72 + 0.28 * _clumps(rng, disc, dx, dy, arms)
    dust = _dust(rng, disc, dx, dy, r)
    gentle = smooth * 0.75 + arms * 0.25 * smooth.sum() / arms.sum()
    for k in range(len(BANDS)):
        both = light["spiral"][k] * gentle / gentle.sum() + light["young"][k] * clumpy
        shaded = both * dust ** (1.0, 0.72, 0.55)[k]
        canvas.add_one(
            k, x0, y0, block_sum(shaded * (both.sum() / shaded.sum()), s).astype(np.float32), canvas.extended
        )


def _arms(rng: np.random.Generator, disc: Disc, dx: Array, dy: Array, r: Array) -> Array:
    """Arm contrast ≥ 0 with mean about 1: two logarithmic arms (three in some), flocculent noise, a bar in a third."""
    u, v = (
        dx * np.cos(disc.theta) + dy * np.sin(disc.theta),
        (dy * np.cos(disc.theta) - dx * np.sin(disc.theta)) / disc.q,
    )
    phi = np.arctan2(v, u)
    number, pitch = (2 if rng.uniform() < 0.75 else 3), np.deg2rad(rng.uniform(13, 26)) * rng.choice([-1, 1])
    start = rng.uniform(0, 2 * np.pi)
    wind = np.log(np.maximum(r, 0.15 * disc.r50) / disc.r50) / np.tan(pitch)
    wobble = 0.35 * np.sin(2.3 * wind + rng.uniform(0, 6.28)) + 0.25 * np.sin(3 * phi + rng.uniform(0, 6.28))
    crest = (0.5 + 0.5 * np.cos(number * (phi - wind) + start + wobble)) ** 2.6
    strength = rng.uniform(0.75, 0.95) * np.clip(r / (0.55 * disc.r50), 0, 1) ** 1.5
    arms = 1 - strength + strength * 3.0 * crest
    if rng.uniform() < 0.33:
        angle = phi + 0.5 * start
        bar = (
            np.exp(-0.5 * ((r * np.sin(angle)) / (0.13 * disc.r50)) ** 2)
            * (r < 0.75 * disc.r50)
            * np.abs(np.cos(angle))
        )
        arms = arms + 1.6 * bar
    return arms


def _clumps(rng: np.random.Generator, disc: Disc, dx: Array, dy: Array, light: Array) -> Array:
    """Star-forming knots, unit total: Gaussians at pixels drawn from `light`, brighter ones rarer."""
    number = int(rng.integers(12, 26) + min(disc.r50, 40))
    outer = light * elliptical(dx, dy, disc.q, disc.theta) / disc.r50
    picked = rng.choice(light.size, number, p=(outer / outer.sum()).ravel())
    rows, columns = np.unravel_index(picked, light.shape)
    knots = np.zeros_like(light)
    strength = rng.pareto(1.6, number) + 0.3
    width = np.maximum(0.045 * disc.r50 * rng.uniform(0.6, 1.4, number), 0.5)
    for k in range(number):
        row = np.exp(-0.5 * ((dx[0] - dx[0, columns[k]]) / width[k]) ** 2)
        column = np.exp(-0.5 * ((dy[:, 0] - dy[rows[k], 0]) / width[k]) ** 2)
        knots += min(strength[k], 4.0) * column[:, None] * row[None, :]
    return knots / knots.sum()


def _dust(rng: np.random.Generator, disc: Disc, dx: Array, dy: Array, r: Array) -> Array:
    """Transmission in g: a lane just off the major axis of discs seen nearly edge-on, else 1."""
    if disc.q > 0.34 or rng.uniform() < 0.25:
        return np.ones_like(r)
    v = dy * np.cos(disc.theta) - dx * np.sin(disc.theta)
    side = rng.choice([-1, 1]) * 0.35 * disc.q * disc.r50
    lane = np.exp(-0.5 * ((v - side) / max(0.22 * disc.q * disc.r50, 0.5)) ** 2) * np.exp(
        -r / (1.6 * disc.r50)
    )
    return np.exp(-1.6 * lane)


def draw_irregular(canvas: Canvas, disc: Disc, counts: Array, rng: np.random.Generator, clumps: bool) -> None:
    """A lopsided blue body; when `clumps`, a few knots with part of the light."""
    if not clumps:
        add_sersic(canvas, disc.x, disc.y, disc.r50, 0.9, disc.q, disc.theta, counts)
        return
    shares = rng.dirichlet(np.full(int(rng.integers(2, 6)), 1.5)) * 0.45
    add_sersic(canvas, disc.x, disc.y, disc.r50, 0.8, disc.q, disc.theta, counts * (1 - shares.sum()))
    for share in shares:
        along, across = rng.normal(0, 0.75, 2) * disc.r50 * np.array([1, disc.q])
        x = disc.x + along * np.cos(disc.theta) - across * np.sin(disc.theta)
        y = disc.y + along * np.sin(disc.theta) + across * np.cos(disc.theta)
        add_sersic(
            canvas,
            x,
            y,
            max(0.25 * disc.r50, 0.5),
            0.7,
            rng.uniform(0.6, 1),
            rng.uniform(0, np.pi),
            counts * share,
        )

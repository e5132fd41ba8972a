"""The odd ones: mergers with tails, collisional rings, galaxies with streams and shells."""

from __future__ import annotations

import numpy as np

from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.simulation.galaxies import Disc, add_sersic, draw_spiral, magnitudes_of
from astrotl_gui.pipeline.simulation.instrument import BANDS, PIXEL_SCALE, Array, counts_of, position_angle
from astrotl_gui.pipeline.simulation.population import magnitudes
from astrotl_gui.pipeline.simulation.profiles import Canvas, elliptical, grid, smooth_end
from astrotl_gui.pipeline.simulation.truth import Places, Truth

KINDS = ("merger", "ring galaxy", "tidal stream", "merger", "shells", "ring galaxy", "merger")


def draw(
    canvas: Canvas,
    truth: Truth,
    places: Places,
    rng: np.random.Generator,
    number: int,
    progress: Progress = SILENT,
) -> None:
    """Draw `number` outliers of the kinds in turn."""
    for k in range(number):
        progress(k, number, "Mergers and rings")
        kind, mag = KINDS[k % len(KINDS)], float(rng.uniform(17.2, 19.6))
        z, theta = float(0.03 + 0.05 * (mag - 16.5) * rng.uniform(0.7, 1.4)), float(rng.uniform(0, np.pi))
        r50 = float(2.3 * 10 ** (-0.11 * (mag - 18) + rng.normal(0, 0.08)))
        x, y = places.find(rng, 20 + 4.5 * r50 / PIXEL_SCALE, border=60)
        disc = Disc(x, y, r50 / PIXEL_SCALE, float(rng.uniform(0.5, 0.95)), theta, 0.2)
        light = {"merger": _merger, "ring galaxy": _ring, "tidal stream": _stream, "shells": _shells}[kind](
            canvas, disc, mag, z, rng
        )
        angle = float(position_angle(theta))
        truth.add("outlier", kind, x, y, magnitudes_of(light), z=z, r50=r50, q=disc.q, theta=angle)


def _spiral_light(mag: float, z: float, bulge: float = 0.2) -> dict[str, Array]:
    share = {"old": bulge, "spiral": 0.55 * (1 - bulge), "young": 0.45 * (1 - bulge)}
    return {name: part * counts_of(magnitudes(name, mag, z)) for name, part in share.items()}


def _merger(canvas: Canvas, disc: Disc, mag: float, z: float, rng: np.random.Generator) -> Array:
    """Two discs in contact, a bridge, and two tails opening from their far sides. The brighter one is at (x, y)."""
    apart = rng.uniform(1.1, 2.1) * disc.r50
    cx, cy = disc.x + apart * np.cos(disc.theta), disc.y + apart * np.sin(disc.theta)
    first, second = _spiral_light(mag + 0.55, z), _spiral_light(mag + 1.25, z, 0.3)
    other = Disc(cx, cy, 0.6 * disc.r50, float(rng.uniform(0.5, 0.9)), rng.uniform(0, np.pi), 0.3)
    draw_spiral(
        canvas, Disc(disc.x, disc.y, 0.75 * disc.r50, disc.q, disc.theta + 0.6, 0.2), first, rng, True
    )
    draw_spiral(canvas, other, second, rng, True)
    debris = 0.5 * counts_of(magnitudes("spiral", mag + 1.2, z)) + 0.5 * counts_of(
        magnitudes("young", mag + 1.2, z)
    )
    turn, length = rng.choice([-1, 1]), rng.uniform(3.0, 4.2) * disc.r50
    _add_tail(canvas, disc.x, disc.y, disc.theta + np.pi, turn, length, 0.20 * disc.r50, 0.55 * debris, rng)
    _add_tail(
        canvas, cx, cy, disc.theta, turn, rng.uniform(0.35, 0.9) * length, 0.17 * disc.r50, 0.45 * debris, rng
    )
    return sum(first.values(), np.zeros(len(BANDS))) + sum(second.values(), np.zeros(len(BANDS))) + debris


def _add_tail(
    canvas: Canvas, x: float, y: float, angle: float, turn: int, length: float, width: float, counts: Array,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """A curved tail of overlapping Gaussians that widens and fades outwards, with a few knots."""
    steps = np.linspace(0.12, 1, 90)
    bend = angle + turn * 1.5 * steps**1.2
    px, py = x + length * steps * np.cos(bend), y + length * steps * np.sin(bend)
    strength = (1.15 - steps) * (1 + 0.5 * np.sin(9 * steps + rng.uniform(0, 6.28))) * (1 + rng.pareto(4, 90))
    _add_blobs(canvas, x, y, px, py, width * (0.6 + 0.9 * steps), strength, counts)


def _add_blobs(
    canvas: Canvas, x: float, y: float, px: Array, py: Array, width: Array, strength: Array, counts: Array
) -> None:
    """Gaussians at (px, py) with shares `strength` of `counts`, on one stamp around (x, y)."""
    reach = float(np.hypot(px - x, py - y).max() + 4 * width.max())
    x0, y0, dx, dy = grid(x, y, reach)
    light = np.zeros((dy.shape[0], dx.shape[1]))
    for cx, cy, w, s in zip(px - x, py - y, np.maximum(width, 0.5), strength, strict=True):
        light += s / w**2 * np.exp(-0.5 * ((dy - cy) / w) ** 2) * np.exp(-0.5 * ((dx - cx) / w) ** 2)
    canvas.add(x0, y0, light / light.sum(), counts)


def _ring(canvas: Canvas, disc: Disc, mag: float, z: float, rng: np.random.Generator) -> Array:
    """A blue knotty ring about an old nucleus (a collisional ring, or Hoag's object when round)."""
    core, ring = counts_of(magnitudes("old", mag + 1.1, z)), counts_of(magnitudes("young", mag + 0.7, z))
    faint = counts_of(magnitudes("spiral", mag + 2.2, z))
    add_sersic(canvas, disc.x, disc.y, 0.28 * disc.r50, 2.5, max(disc.q, 0.8), disc.theta, core)
    add_sersic(canvas, disc.x, disc.y, 1.1 * disc.r50, 0.7, disc.q, disc.theta, faint)
    radius, width = rng.uniform(1.2, 1.6) * disc.r50, rng.uniform(0.1, 0.17) * disc.r50
    away = rng.uniform(0.05, 0.35) * disc.r50  # the intruder passed beside the nucleus
    x0, y0, dx, dy = grid(disc.x, disc.y, 2.7 * disc.r50)
    r = elliptical(dx - away, dy, disc.q, disc.theta)
    light = np.exp(-0.5 * ((r - radius) / width) ** 2) * smooth_end(r / (2.4 * disc.r50))
    phi = np.arctan2(dy, dx)
    light *= 1 + 0.6 * np.cos(phi - rng.uniform(0, 6.28)) + 0.25 * np.cos(3 * phi + rng.uniform(0, 6.28))
    canvas.add(x0, y0, light / light.sum(), 0.5 * ring)
    t = rng.uniform(0, 2 * np.pi, 26)
    u, v = radius * np.cos(t), radius * disc.q * np.sin(t)
    px = disc.x + away + u * np.cos(disc.theta) - v * np.sin(disc.theta) + rng.normal(0, 0.4 * width, 26)
    py = disc.y + u * np.sin(disc.theta) + v * np.cos(disc.theta) + rng.normal(0, 0.4 * width, 26)
    sizes = np.full(26, 0.075 * disc.r50)
    _add_blobs(canvas, disc.x, disc.y, px, py, sizes, np.minimum(rng.pareto(1.5, 26) + 0.3, 4), 0.5 * ring)
    return core + ring + faint


def _stream(canvas: Canvas, disc: Disc, mag: float, z: float, rng: np.random.Generator) -> Array:
    """A spiral with the loop of a disrupted satellite around it."""
    light, loop = _spiral_light(mag, z, 0.35), counts_of(magnitudes("spiral", mag + 2.6, z, 0.05))
    draw_spiral(canvas, disc, light, rng, True)
    t = np.linspace(0, rng.uniform(3.6, 5.0), 120) + rng.uniform(0, 6.28)
    u, v = 3.1 * disc.r50 * np.cos(t) + 0.7 * disc.r50, 1.9 * disc.r50 * np.sin(t)
    turn = disc.theta + 0.8
    px, py = disc.x + u * np.cos(turn) - v * np.sin(turn), disc.y + u * np.sin(turn) + v * np.cos(turn)
    strength = np.interp(np.arange(120), [0, 20, 95, 119], [0.2, 1, 1, 2.0])
    _add_blobs(canvas, disc.x, disc.y, px, py, np.full(120, 0.16 * disc.r50), strength, loop)
    return sum(light.values(), np.zeros(len(BANDS))) + loop


def _shells(canvas: Canvas, disc: Disc, mag: float, z: float, rng: np.random.Generator) -> Array:
    """An elliptical with sharp-edged shells, alternating on either side of its major axis."""
    body, shells = (
        counts_of(magnitudes("old", mag + 0.08, z)),
        counts_of(magnitudes("old", mag + 2.9, z, -0.2)),
    )
    add_sersic(canvas, disc.x, disc.y, disc.r50, 4.0, max(disc.q, 0.7), disc.theta, body)
    x0, y0, dx, dy = grid(disc.x, disc.y, 4.6 * disc.r50)
    r = elliptical(dx, dy, 0.85, disc.theta)
    phi = np.arctan2(dy, dx) - disc.theta
    light = np.zeros_like(r)
    for k, radius in enumerate((1.5, 2.1, 2.8, 3.7)):
        inside = (radius * disc.r50 - r) / disc.r50
        edge = np.where(inside > 0, np.exp(-inside / 0.35), np.exp(-0.5 * (inside / 0.06) ** 2))
        light += (
            edge / radius * np.exp(-((1 - np.cos(phi - np.pi * (k % 2) - rng.normal(0, 0.2))) ** 2) / 0.12)
        )
    canvas.add(x0, y0, light / light.sum(), shells)
    return body + shells

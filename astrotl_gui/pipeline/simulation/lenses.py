"""Strong lenses: a luminous red galaxy, and a blue source ray-traced through its singular isothermal ellipsoid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.simulation.galaxies import add_sersic, magnitudes_of
from astrotl_gui.pipeline.simulation.instrument import PIXEL_SCALE, Array, counts_of, position_angle
from astrotl_gui.pipeline.simulation.population import magnitudes
from astrotl_gui.pipeline.simulation.profiles import Canvas, block_sum, elliptical, grid, sersic_b
from astrotl_gui.pipeline.simulation.truth import Places, Truth

KINDS = (
    "arc",
    "ring",
    "arc",
    "quad",
    "arc",
    "double",
    "quad",
    "arc",
    "ring",
    "double",
    "arc",
    "quad",
    "ring",
)
FINE = 6  # sub-pixels to a pixel side while tracing rays


@dataclass(frozen=True)
class LensModel:
    """An SIE with external shear. Lengths in arcsec, angles in rad from +x."""

    einstein_radius: float
    q: float
    theta: float
    shear: float = 0.0
    shear_theta: float = 0.0

    def deflection(self, x: Array, y: Array) -> tuple[Array, Array]:
        """α(x, y) of the SIE (Kormann et al. 1994, in the form of Keeton 2001) plus shear; the critical curve
        of the SIE alone encloses the area π·einstein_radius²."""
        c, s = np.cos(self.theta), np.sin(self.theta)
        u, v = x * c + y * s, y * c - x * s
        q = min(self.q, 0.9999)
        f = np.sqrt(1 - q * q)
        psi = np.maximum(np.sqrt((q * u) ** 2 + v * v), 1e-9)
        b = self.einstein_radius * np.sqrt(q)
        au, av = (
            b / f * np.arctan(f * u / psi),
            b / f * np.arctanh(np.clip(f * v / psi, -1 + 1e-12, 1 - 1e-12)),
        )
        g1, g2 = self.shear * np.cos(2 * self.shear_theta), self.shear * np.sin(2 * self.shear_theta)
        return au * c - av * s + g1 * x + g2 * y, au * s + av * c + g2 * x - g1 * y

    def cusp(self, across: bool) -> float:
        """Distance of the tangential caustic's cusp from the centre [arcsec] along the mass's major axis, or
        `across` it; without shear."""
        alone = LensModel(self.einstein_radius, min(self.q, 0.9999), 0.0)
        b = self.einstein_radius * np.sqrt(alone.q)
        x, y = (0.0, b) if across else (b / alone.q, 0.0)  # where the critical curve crosses the axis
        return float(np.hypot(*alone.source_position(np.array(x), np.array(y))))

    def source_position(self, x: Array, y: Array) -> tuple[Array, Array]:
        """The lens equation β = θ − α(θ)."""
        ax, ay = self.deflection(x, y)
        return x - ax, y - ay


@dataclass(frozen=True)
class Source:
    """A blue exponential with knots, in the source plane [arcsec]."""

    x: float
    y: float
    r50: float
    q: float
    theta: float
    knots: tuple[tuple[float, float, float], ...] = ()  # (dx, dy, share)

    def brightness(self, x: Array, y: Array) -> Array:
        """Surface brightness per arcsec² of unit flux."""
        b = sersic_b(1.0)
        body = np.exp(-b * elliptical(x - self.x, y - self.y, self.q, self.theta) / self.r50)
        total = (
            (1 - sum(share for *_, share in self.knots)) * body * b**2 / (2 * np.pi * self.q * self.r50**2)
        )
        for dx, dy, share in self.knots:
            sigma = 0.22 * self.r50
            r2 = (x - self.x - dx) ** 2 + (y - self.y - dy) ** 2
            total = total + share * np.exp(-0.5 * r2 / sigma**2) / (2 * np.pi * sigma**2)
        return np.asarray(total)


def lensed_image(model: LensModel, source: Source, x: float, y: float) -> tuple[int, int, Array]:
    """All images of a unit-flux source on the pixel grid of a lens at (x, y) px: (x0, y0, stamp).

    The stamp sums to the total magnification (surface brightness is conserved along rays).
    """
    reach = (2.6 * model.einstein_radius + 4 * source.r50 + 0.6) / PIXEL_SCALE
    x0, y0, dx, dy = grid(x, y, reach, FINE)
    bx, by = model.source_position(dx * PIXEL_SCALE, dy * PIXEL_SCALE)
    return x0, y0, block_sum(source.brightness(bx, by), FINE) * (PIXEL_SCALE / FINE) ** 2


def draw(
    canvas: Canvas,
    truth: Truth,
    places: Places,
    rng: np.random.Generator,
    number: int,
    progress: Progress = SILENT,
) -> None:
    """Draw `number` lenses where they can be seen, and note them in the truth."""
    for k in range(number):
        progress(k, number, "Lenses")
        radius = float(0.9 + 1.6 * rng.beta(1.4, 1.7))
        x, y = places.find(rng, 24 + 3 * radius / PIXEL_SCALE)
        _draw_one(canvas, truth, rng, KINDS[k % len(KINDS)], radius, x, y, faint=k % 5 == 4)


def _draw_one(
    canvas: Canvas,
    truth: Truth,
    rng: np.random.Generator,
    kind: str,
    radius: float,
    x: float,
    y: float,
    faint: bool,
) -> None:
    q, theta = _axis_ratio(rng, kind), rng.uniform(0, np.pi)
    model = LensModel(radius, q, theta, abs(rng.normal(0, 0.035)), rng.uniform(0, np.pi))
    z, z_source = rng.uniform(0.25, 0.7), rng.uniform(1.0, 2.6)
    mag = float(np.clip(20.2 - 1.0 * (radius - 0.9) + 1.5 * (z - 0.5) + rng.normal(0, 0.25), 18.0, 20.8))
    r50 = float(10 ** (0.06 - 0.13 * (mag - 18.5) + rng.normal(0, 0.06)))
    host = counts_of(magnitudes("old", mag, z, rng.normal(0, 0.03)))
    n = float(np.clip(rng.normal(4.2, 0.6), 3, 5.5))
    add_sersic(canvas, x, y, r50 / PIXEL_SCALE, n, float(np.clip(q + 0.05, 0.6, 0.98)), theta, host)
    x0, y0, images = lensed_image(model, _source(rng, kind, model), x, y)
    arc_mag = float(rng.uniform(22.6, 23.3) if faint else rng.uniform(20.7, 22.2)) - 0.5 * (radius - 1.3)
    colour = magnitudes("young", 0.0, z_source, rng.normal(-0.12, 0.05))
    light = counts_of(colour - colour[0] + arc_mag)
    canvas.add(x0, y0, images / images.sum(), light)
    truth.add(
        "lens", kind, x, y, magnitudes_of(host + light), z=z, z_source=z_source, einstein_radius=radius, r50=r50,
        sersic_n=n, q=q, theta=float(position_angle(theta)), arc_mag_g=arc_mag, magnification=float(images.sum()),
    )  # fmt: skip


def _axis_ratio(rng: np.random.Generator, kind: str) -> float:
    low, high = {"ring": (0.86, 0.97), "quad": (0.62, 0.78)}.get(kind, (0.66, 0.88))
    return float(rng.uniform(low, high))


def _source(rng: np.random.Generator, kind: str, model: LensModel) -> Source:
    """A source placed for the kind: on the centre for rings, inside the astroid for quads, on a cusp for arcs,
    aside for doubles."""
    size = {"ring": (0.16, 0.28), "quad": (0.06, 0.11), "arc": (0.13, 0.26), "double": (0.08, 0.16)}[kind]
    across, angle, r50 = bool(rng.uniform() < 0.5), rng.uniform(0, 2 * np.pi), float(rng.uniform(*size))
    if kind == "arc":
        beta = max(model.cusp(across) * rng.uniform(0.65, 1.1), 0.1 * model.einstein_radius)
        angle = model.theta + rng.choice([0.0, np.pi]) + across * np.pi / 2 + rng.normal(0, 0.12)
    else:
        offset = {"ring": (0.0, 0.07), "quad": (0.03, 0.12), "double": (0.45, 0.7)}[kind]
        beta = model.einstein_radius * rng.uniform(*offset)
    knots = tuple(
        (float(rng.normal(0, 0.8 * r50)), float(rng.normal(0, 0.8 * r50)), float(rng.uniform(0.05, 0.18)))
        for _ in range(0 if kind == "quad" else 2)
    )
    return Source(
        beta * np.cos(angle), beta * np.sin(angle), r50, rng.uniform(0.5, 0.95), rng.uniform(0, np.pi), knots
    )

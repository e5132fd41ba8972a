"""Strong lenses: massive ellipticals and clusters, and what they make of the galaxies and quasars behind them.

Rays are traced by caustics through a singular isothermal ellipsoid with external shear (Kormann et al. 1994).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from math import ceil, cos, hypot, pi, sin, sqrt
from typing import TYPE_CHECKING

import numpy as np

from astrotl_gui.pipeline.simulation.camera import Array
from astrotl_gui.pipeline.simulation.canvas import Canvas
from astrotl_gui.pipeline.simulation.population import Galaxies, Population, add_magnitudes
from astrotl_gui.pipeline.simulation.profiles import add_body, counts, pixels
from astrotl_gui.pipeline.simulation.spectra import COSMOLOGY

if TYPE_CHECKING:
    from caustics import SinglePlane

KINDS = (
    "arc",
    "ring",
    "arc",
    "quad",
    "arc",
    "double",
    "arc",
    "quasar quad",
    "ring",
    "double",
    "arc",
    "quad",
    "quasar double",
)
LIGHT_SPEED = 299_792.458  # km/s
RADII = (1.0, 3.0)  # Einstein radii of galaxies that are drawn [arcsec]
SAMPLES = 4.0  # of the traced image, in a FWHM of the PSF


@dataclass(frozen=True)
class LensModel:
    """A singular isothermal ellipsoid with shear at the origin. Lengths in arcsec, angles in rad from +x.

    The critical curve of the ellipsoid alone encloses π·einstein_radius².
    """

    einstein_radius: float
    q: float = 1.0
    theta: float = 0.0
    shear: float = 0.0
    shear_theta: float = 0.0

    def source_position(self, x: Array, y: Array) -> tuple[Array, Array]:
        """β = θ − α(θ): where rays that arrive at (x, y) come from."""
        import torch

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what caustics still asks of numpy and torch is theirs to mend
            plane = self._plane()
            plane.to(dtype=torch.float64)
            rays = (torch.from_numpy(np.ascontiguousarray(part, float)) for part in (x, y))
            bx, by = plane.raytrace(*rays)
        return bx.numpy(), by.numpy()

    def _plane(self) -> SinglePlane:
        """The model in caustics; the redshifts do not matter where angles are given."""
        from caustics import SIE, ExternalShear, FlatLambdaCDM, SinglePlane

        cosmology = FlatLambdaCDM(name="cosmology")
        mass = SIE(
            cosmology=cosmology, name="mass", x0=0.0, y0=0.0, q=min(self.q, 0.999), phi=self.theta,
            Rein=self.einstein_radius, s=1e-5,
        )  # fmt: skip
        outside = ExternalShear(
            cosmology=cosmology, name="outside", x0=0.0, y0=0.0,
            gamma_1=self.shear * cos(2 * self.shear_theta), gamma_2=self.shear * sin(2 * self.shear_theta),
        )  # fmt: skip
        return SinglePlane(cosmology=cosmology, lenses=[mass, outside], name="plane", z_l=0.5, z_s=1.5)

    @property
    def caustic(self) -> float:
        """Size [arcsec] of the tangential caustic, along the mass's axes: θ_E (1 − q) / (1 + q) · 1.5, about."""
        return self.einstein_radius * (1.5 * (1 - self.q) / (1 + self.q) + 1.5 * self.shear) + 0.01


@dataclass(frozen=True)
class LensedSource:
    """Light in the source plane [arcsec]: an exponential body with knots, or a point of a few milliarcsec."""

    x: float
    y: float
    r50: float
    q: float = 1.0
    theta: float = 0.0
    knots: tuple[tuple[float, float, float], ...] = ()  # (dx, dy, share)

    def brightness(self, x: Array, y: Array) -> Array:
        """Surface brightness per arcsec² of unit flux at source-plane positions."""
        dx, dy = x - self.x, y - self.y
        u = dx * cos(self.theta) + dy * sin(self.theta)
        v = (dy * cos(self.theta) - dx * sin(self.theta)) / self.q
        h = self.r50 / 1.678
        body = np.exp(-np.hypot(u, v) / h) / (2 * pi * h**2 * self.q)
        total = (1 - sum(share for *_, share in self.knots)) * body
        for kx, ky, share in self.knots:
            s = 0.2 * self.r50
            total = total + share * np.exp(-0.5 * ((dx - kx) ** 2 + (dy - ky) ** 2) / s**2) / (2 * pi * s**2)
        return np.asarray(total)


def lensed_image(model: LensModel, source: LensedSource, step: float) -> Array:
    """Flux of all images of a unit-flux source in cells of `step` arcsec about the lens: (N, N), N odd.

    Surface brightness is conserved along rays, so the sum is the total magnification.
    """
    fine = min(step, source.r50 / 2.5)
    sub = max(1, ceil(step / fine))
    half = ceil((2.2 * model.einstein_radius + hypot(source.x, source.y) + 5 * source.r50) / step)
    axis = (np.arange((2 * half + 1) * sub) + 0.5) / sub * step - (half + 0.5) * step
    bx, by = model.source_position(*np.meshgrid(axis, axis))
    image = source.brightness(bx, by) * (step / sub) ** 2
    side = 2 * half + 1
    return np.asarray(image.reshape(side, sub, side, sub).sum(axis=(1, 3)))


@dataclass(frozen=True)
class Lens:
    """One lens at (x, y) [arcsec on the tangent plane]: `host` is its galaxy (one row), `source` lies behind it."""

    kind: str
    x: float
    y: float
    host: Galaxies
    model: LensModel
    source: LensedSource
    z_source: float
    source_mags: Array
    sigma_v: float
    class_: str = field(default="lens", init=False)

    @property
    def reach(self) -> float:
        """Radius [arcsec] of everything drawn."""
        return 12 * float(self.host.bulge_r50[0]) + 4 * self.model.einstein_radius

    def draw(self, canvas: Canvas) -> dict[str, object]:
        """Add the lens to the canvas; returns what the truth table holds beside the host's own columns."""
        add_body(canvas, self.host, 0, self.x, self.y)
        step = min(band.fwhm for band in canvas.camera.bands) / SAMPLES
        image = lensed_image(self.model, self.source, step)
        light = counts(canvas, self.source_mags) * image.sum()
        shape = pixels(image, step)
        reach = (image.shape[0] * step / 2 + 3) / canvas.camera.pixel_scale
        canvas.add(self.x, self.y, reach, lambda k: shape * float(light[k]))
        magnification = float(image.sum())
        arcs = self.source_mags - 2.5 * np.log10(magnification)
        return {
            "mags": add_magnitudes(self.host.mags[0], arcs),
            "arc_mags": arcs,
            "einstein_radius": self.model.einstein_radius,
            "z_source": self.z_source,
            "sigma_v": self.sigma_v,
            "magnification": magnification,
            "lens_q": self.model.q,
        }


def draw_lens(rng: np.random.Generator, population: Population, number: int) -> Lens:
    """A galaxy that lenses, at the origin; `number` picks the kind in turn."""
    while True:
        z, z_source, log_mass = rng.uniform(0.2, 0.75), rng.uniform(1.0, 2.8), 11.0 + 0.8 * rng.beta(1.6, 1.6)
        sigma = 10 ** (2.34 + 0.24 * (log_mass - 11) + rng.normal(0, 0.04))
        radius = einstein_radius(sigma, z, z_source)
        if RADII[0] < radius < RADII[1]:
            break
    host = population.make(rng, np.array([z]), np.array([log_mass]), np.array([True]))
    round_host = host.bulge_share[0] > 0.99
    q, theta = float(host.bulge_q[0] if round_host else host.q[0]), float(host.theta[0])
    kind = KINDS[number % len(KINDS)]
    mass_q = float(
        {"ring": 0.92, "quad": 0.68, "quasar quad": 0.65}.get(kind, np.clip(q, 0.6, 0.9))
        + rng.uniform(-0.04, 0.04)
    )
    model = LensModel(radius, mass_q, theta, abs(rng.normal(0, 0.03)), rng.uniform(0, pi))
    source = _source(rng, kind, model)
    mags = _source_mags(rng, population, kind, z_source)
    return Lens(kind, 0.0, 0.0, host, model, source, z_source, mags, sigma)


def cluster_lens(rng: np.random.Generator, population: Population, central: Galaxies, radius: float) -> Lens:
    """A giant arc around the brightest galaxy of a cluster."""
    z_source = max(rng.uniform(1.0, 2.0), 2.0 * float(central.z[0]))
    model = LensModel(radius, rng.uniform(0.65, 0.8), float(central.theta[0]), 0.05, rng.uniform(0, pi))
    angle = model.theta + rng.choice([0, pi / 2, pi])
    offset = model.caustic * rng.uniform(0.8, 1.0)
    r50 = rng.uniform(0.25, 0.4)
    source = LensedSource(
        offset * cos(angle), offset * sin(angle), r50, rng.uniform(0.4, 0.8), rng.uniform(0, pi)
    )
    distance = _distance_ratio(float(central.z[0]), z_source)
    sigma = LIGHT_SPEED * sqrt(radius * pi / 180 / 3600 / (4 * pi * distance))
    mags = _source_mags(rng, population, "arc", z_source)
    return Lens("cluster arc", 0.0, 0.0, central, model, source, z_source, mags, sigma)


def einstein_radius(sigma_v: float, z_lens: float, z_source: float) -> float:
    """Of an isothermal sphere of velocity dispersion `sigma_v` [km/s]: 4π (σ/c)² D_ls / D_s [arcsec]."""
    return float(4 * pi * (sigma_v / LIGHT_SPEED) ** 2 * _distance_ratio(z_lens, z_source) * 180 * 3600 / pi)


def _distance_ratio(z_lens: float, z_source: float) -> float:
    between = COSMOLOGY.angular_diameter_distance(z_lens, z_source)
    return float(between / COSMOLOGY.angular_diameter_distance(z_source))


def _source(rng: np.random.Generator, kind: str, model: LensModel) -> LensedSource:
    """A source placed for the kind: on the centre for rings, inside the caustic for quads, near it for arcs."""
    offset = {
        "ring": rng.uniform(0, 0.05) * model.einstein_radius,
        "quad": rng.uniform(0.1, 0.6) * model.caustic,
        "quasar quad": rng.uniform(0.15, 0.6) * model.caustic,
        "arc": rng.uniform(0.6, 1.3) * model.caustic + 0.03 * model.einstein_radius,
    }.get(kind, rng.uniform(0.4, 0.7) * model.einstein_radius)
    angle = model.theta + rng.choice([0.0, pi / 2, pi, -pi / 2]) + rng.normal(0, 0.25)
    x, y = offset * cos(angle), offset * sin(angle)
    if kind.startswith("quasar"):
        return LensedSource(x, y, 0.03)
    low, high = {"ring": (0.14, 0.26), "quad": (0.06, 0.12), "arc": (0.12, 0.24)}.get(kind, (0.1, 0.2))
    r50 = rng.uniform(low, high)
    return LensedSource(x, y, r50, rng.uniform(0.45, 0.95), rng.uniform(0, pi), _knots(rng, r50))


def _knots(rng: np.random.Generator, r50: float) -> tuple[tuple[float, float, float], ...]:
    return tuple(
        (float(rng.normal(0, 0.8 * r50)), float(rng.normal(0, 0.8 * r50)), float(rng.uniform(0.05, 0.16)))
        for _ in range(int(rng.integers(1, 4)))
    )


def _source_mags(rng: np.random.Generator, population: Population, kind: str, z: float) -> Array:
    """Unlensed AB magnitudes (bands,) of a blue galaxy, or of a quasar."""
    if kind.startswith("quasar"):
        return population.photometry.quasar(rng.uniform(21.0, 22.8), z)[0]
    blue = np.array([9.5]), rng.uniform(2.9, 4.0, 1), rng.uniform(0, 0.4, 1), np.array([z])
    i_mag = float(rng.uniform(22.7, 24.7))
    return np.asarray(population.photometry.galaxy(*blue)[0] - population.i_band.galaxy(*blue)[0] + i_mag)

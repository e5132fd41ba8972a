"""Lenses obey the lens equation: analytic SIS and SIE cases, magnification, the critical curve, truth."""

from __future__ import annotations

from math import atan, atanh, cos, hypot, pi, sin, sqrt

import numpy as np
import pytest
from scipy.optimize import fsolve

from astrotl_gui.pipeline.simulation.camera import GROUND, rng_for
from astrotl_gui.pipeline.simulation.lenses import (
    KINDS,
    LensedSource,
    LensModel,
    draw_lens,
    einstein_radius,
    lensed_image,
)
from astrotl_gui.pipeline.simulation.population import Population
from astrotl_gui.pipeline.simulation.spectra import Photometry

STEP = 0.05  # arcsec
PIXEL = GROUND.pixel_scale


@pytest.fixture(scope="module")
def population() -> Population:
    return Population(Photometry(("g", "r", "i")))


def axes(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    half = image.shape[0] // 2
    line = (np.arange(image.shape[0]) - half) * STEP
    return np.meshgrid(line, line)


def centroid(image: np.ndarray, x: float, y: float, radius: float = 0.3) -> tuple[float, float]:
    """Of the light within `radius` arcsec of (x, y)."""
    gx, gy = axes(image)
    light = np.where(np.hypot(gx - x, gy - y) < radius, image, 0)
    return float((gx * light).sum() / light.sum()), float((gy * light).sum() / light.sum())


def test_sis_ring_lies_at_the_einstein_radius() -> None:
    image = lensed_image(LensModel(1.5), LensedSource(0, 0, 0.03), STEP)
    gx, gy = axes(image)
    radius = float((np.hypot(gx, gy) * image).sum() / image.sum())
    assert radius == pytest.approx(1.5, abs=0.1 * PIXEL)


@pytest.mark.parametrize("beta", [0.2, 0.5, 0.9])
def test_sis_images_and_magnification_are_analytic(beta: float) -> None:
    """β < θE: images at θE + β and −(θE − β) on the line through the source; magnification 2 θE / β."""
    image = lensed_image(LensModel(1.4), LensedSource(beta, 0, 0.03), STEP)
    for expected in (1.4 + beta, beta - 1.4):
        x, y = centroid(image, expected, 0)
        assert hypot(x - expected, y) < 0.1 * PIXEL
    assert image.sum() == pytest.approx(2 * 1.4 / beta, rel=0.03)


def sie_deflection(x: float, y: float, radius: float, q: float, theta: float) -> tuple[float, float]:
    """α of the singular isothermal ellipsoid, written down independently (Kormann et al. 1994, in the convention of
    intermediate-axis normalisation: the critical curve encloses π·radius²)."""
    c, s = cos(theta), sin(theta)
    u, v = x * c + y * s, y * c - x * s
    f = sqrt(1 - q * q)
    psi = sqrt(q * q * u * u + v * v)
    au, av = radius * sqrt(q) / f * atan(f * u / psi), radius * sqrt(q) / f * atanh(f * v / psi)
    return au * c - av * s, au * s + av * c


@pytest.mark.parametrize(("q", "theta"), [(0.9, 0.0), (0.7, 0.5), (0.6, 2.2)])
def test_sie_rays_are_analytic(q: float, theta: float) -> None:
    model = LensModel(1.3, q, theta)
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-3, 3, (2, 200))
    bx, by = model.source_position(x, y)
    expected = np.array([sie_deflection(a, b, 1.3, q, theta) for a, b in zip(x, y, strict=True)])
    assert np.abs(np.column_stack([x - bx, y - by]) - expected).max() < 1e-3


@pytest.mark.parametrize(("bx", "by"), [(0.06, 0.04), (0.45, -0.2)])
def test_sie_images_lie_where_the_lens_equation_puts_them(bx: float, by: float) -> None:
    """Roots of θ − α(θ) = β, found independently, are where the images of a small source are."""
    radius, q, theta = 1.5, 0.7, 0.4
    image = lensed_image(LensModel(radius, q, theta), LensedSource(bx, by, 0.02), STEP)

    def equation(point: np.ndarray) -> np.ndarray:
        ax, ay = sie_deflection(point[0], point[1], radius, q, theta)
        return np.array([point[0] - ax - bx, point[1] - ay - by])

    roots: list[tuple[float, float]] = []
    for angle in np.linspace(0, 2 * pi, 60, endpoint=False):
        for r in (0.4, 1.0, 1.5, 2.0):
            root, _, success, _ = fsolve(equation, [r * cos(angle), r * sin(angle)], full_output=True)
            if (
                success == 1
                and hypot(*equation(root)) < 1e-8
                and all(hypot(root[0] - a, root[1] - b) > 0.05 for a, b in roots)
            ):
                roots.append((float(root[0]), float(root[1])))
    assert len(roots) == (4 if bx < 0.1 else 2)
    for x, y in roots:
        found = centroid(image, x, y, 0.12)
        assert hypot(found[0] - x, found[1] - y) < 0.1 * PIXEL


def test_sie_critical_curve_encloses_the_einstein_area() -> None:
    axis = np.linspace(-4, 4, 1601)
    bx, by = LensModel(1.7, 0.6, 0.4).source_position(*np.meshgrid(axis, axis))
    step = axis[1] - axis[0]
    (bxy, bxx), (byy, byx) = np.gradient(bx, step), np.gradient(by, step)
    inside = (bxx * byy - bxy * byx < 0) | (np.hypot(*np.meshgrid(axis, axis)) < 0.1)
    assert inside.sum() * step**2 == pytest.approx(pi * 1.7**2, rel=0.01)


def test_a_source_far_outside_is_hardly_changed() -> None:
    image = lensed_image(LensModel(0.1), LensedSource(3.0, 0, 0.2), STEP)
    assert image.sum() == pytest.approx(1.0, rel=0.05)


def test_einstein_radius_of_a_velocity_dispersion() -> None:
    """4π (σ/c)² Dls/Ds: a 250 km/s galaxy at 0.3 before a source at 2 has 1.39″ (Ωm = 0.3)."""
    assert einstein_radius(250, 0.3, 2.0) == pytest.approx(1.39, abs=0.02)
    assert einstein_radius(500, 0.3, 2.0) == pytest.approx(4 * einstein_radius(250, 0.3, 2.0))


def test_lensed_light_lies_at_the_einstein_radius(population: Population) -> None:
    """For every kind as drawn, the light-weighted radius is within 35 % of θE, doubles up to θE + β."""
    for number, kind in enumerate(KINDS):
        lens = draw_lens(rng_for(3, "lens test", number), population, number)
        assert lens.kind == kind
        image = lensed_image(lens.model, lens.source, STEP)
        gx, gy = axes(image)
        ratio = float((np.hypot(gx, gy) * image).sum() / image.sum()) / lens.model.einstein_radius
        assert 0.65 < ratio < (1.75 if "double" in kind else 1.35), (kind, ratio)
        assert image.sum() > 1.2, kind


def test_lenses_are_massive_and_sources_lie_behind(population: Population) -> None:
    for number in range(30):
        lens = draw_lens(rng_for(4, "lens test", number), population, number)
        assert lens.host.log_mass[0] > 10.99 and lens.z_source > lens.host.z[0]
        assert 1.0 < lens.model.einstein_radius < 3.0
        radius = einstein_radius(lens.sigma_v, float(lens.host.z[0]), lens.z_source)
        assert lens.model.einstein_radius == pytest.approx(radius)

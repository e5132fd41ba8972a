"""The lens equation, against what is known in closed form."""

from __future__ import annotations

from math import atan, atanh, cos, pi, sin, sqrt
from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.injection import lens_model
from astrotl_gui.pipeline.injection.fine_image import FineImage
from astrotl_gui.pipeline.injection.lens import lensed
from astrotl_gui.pipeline.injection.lens_model import Mass, Source, brightness, trace
from tests.pipeline.injection.small_field import SCALE, empty_square, field, instrument

TENTH = 0.1 * SCALE
"""A tenth of a pixel [arcsec]."""


def isothermal(radius: float, q: float, x: float, y: float) -> tuple[float, float]:
    """Deflection of the singular isothermal ellipsoid along its axes (Kormann et al. 1994)."""
    f, psi = sqrt(1 - q * q), sqrt(q * q * x * x + y * y)
    return radius * sqrt(q) / f * atan(f * x / psi), radius * sqrt(q) / f * atanh(f * y / psi)


@pytest.mark.parametrize("q", [0.55, 0.7, 0.9])
@pytest.mark.parametrize("angle", [0.0, 0.6])
def test_slope_one_is_the_isothermal_ellipsoid_to_a_tenth_of_a_pixel(q: float, angle: float) -> None:
    rng = np.random.default_rng(1)
    u, v = rng.uniform(-3, 3, (2, 60))
    x, y = u * cos(angle) - v * sin(angle), u * sin(angle) + v * cos(angle)
    bx, by = trace(Mass(1.4, q, angle), x, y)
    along, across = (
        np.array(part)
        for part in zip(*(isothermal(1.4, q, *uv) for uv in np.stack([u, v], axis=1)), strict=True)
    )
    ax, ay = along * cos(angle) - across * sin(angle), along * sin(angle) + across * cos(angle)
    assert np.hypot(bx - (x - ax), by - (y - ay)).max() < TENTH / 10


def test_a_round_power_law_deflects_by_its_enclosed_mass() -> None:
    r = np.linspace(0.2, 3, 40)
    bx, by = trace(Mass(1.2, 0.9999, 0.0, slope=1.2), r, np.zeros(40))
    assert bx == pytest.approx(r - 1.2 * (r / 1.2) ** (1 - 1.2), abs=TENTH / 10)
    assert by == pytest.approx(0, abs=TENTH / 10)


def test_shear_stretches_along_its_direction() -> None:
    without, with_shear = (
        np.array(
            trace(Mass(1.0, 0.8, 0.3, shear=shear, shear_angle=pi / 6), np.array([1.0]), np.array([2.0]))
        )[:, 0]
        for shear in (0.0, 0.1)
    )
    g1, g2 = 0.1 * cos(pi / 3), 0.1 * sin(pi / 3)
    assert without - with_shear == pytest.approx([g1 * 1 + g2 * 2, g2 * 1 - g1 * 2], abs=1e-5)


@pytest.mark.parametrize("offset", [0.3, 0.5])
def test_images_of_a_compact_source_stand_where_the_lens_equation_says(offset: float, tmp_path: Path) -> None:
    made, square, radius = instrument(field(tmp_path)), empty_square(), 1.5
    image = lensed(Mass(radius, 0.9999, 0.0), Source(offset, 0.0, 0.05), made, square)
    x, y = (axis * SCALE for axis in image.offsets(square))
    for side, place in ((1, radius + offset), (-1, offset - radius)):
        light = image.values * (side * x > 0)[None, :]
        radius_of_light = (
            light * np.hypot(x, y[:, None])
        ).sum() / light.sum()  # images are arcs about the lens
        assert radius_of_light == pytest.approx(abs(place), abs=TENTH)
        assert (light * y[:, None]).sum() / light.sum() == pytest.approx(0.0, abs=TENTH)


def test_magnification_is_that_of_the_isothermal_sphere_to_one_per_cent(tmp_path: Path) -> None:
    made, square = instrument(field(tmp_path)), empty_square()
    image = lensed(Mass(1.5, 0.9999, 0.0), Source(0.5, 0.0, 0.05), made, square)
    assert image.values.sum() == pytest.approx(2 * 1.5 / 0.5, rel=0.01)


@pytest.mark.parametrize("index", [0.7, 1.0, 2.0])
@pytest.mark.parametrize("q", [0.4, 1.0])
def test_a_source_has_unit_flux_and_half_of_it_within_its_radius(index: float, q: float) -> None:
    axis = (np.arange(1201) - 600) / 100
    x, y = np.meshgrid(axis, axis)
    light = brightness(Source(0.0, 0.0, 0.4, index, q, 0.0), x, y) * 0.01**2
    assert light.sum() == pytest.approx(1, abs=0.01)
    assert light[np.hypot(x * sqrt(q), y / sqrt(q)) < 0.4].sum() == pytest.approx(0.5, abs=0.01)


def test_without_the_library_it_says_which_extra_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lens_model, "find_spec", lambda name: None)
    with pytest.raises(AstroTLError, match="extra: inject"):
        trace(Mass(1.0, 0.8, 0.0), np.ones(2), np.ones(2))


def test_a_grid_reaches_as_far_as_asked_and_lies_about_the_host() -> None:
    square = empty_square(x=30.3, y=29.8)
    grid = FineImage.around(square, 5, 0.3)
    x, y = grid.offsets(square)
    assert grid.fine % 2 == 1 and 1 / grid.fine <= 0.3
    assert len(x) == 11 * grid.fine
    assert x.mean() == pytest.approx(30 - 30.3) and y.mean() == pytest.approx(30 - 29.8)

"""Light in pixels: flux, place, PSF and noise of what is injected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.core.settings import InjectionSettings
from astrotl_gui.pipeline.injection.injector import Square, light_painter
from astrotl_gui.pipeline.injection.instrument import gain
from astrotl_gui.pipeline.injection.kernel import binned, kernel
from astrotl_gui.pipeline.injection.lens import LensInjector
from astrotl_gui.pipeline.injection.nucleus import NucleusInjector
from astrotl_gui.pipeline.psf import adaptive_widths
from tests.pipeline.injection.small_field import GAIN, ZEROPOINT, empty_square, field, instrument

BRIGHT = InjectionSettings(
    source_magnitude=(20.0, 20.0), source_colour=(0.5, 0.5), einstein_radius=(1.2, 1.2)
)


def test_arcs_have_the_flux_of_their_magnitude_to_one_per_cent(tmp_path: Path) -> None:
    made = instrument(field(tmp_path, gain=None))
    for seed in range(4):
        paint, facts = LensInjector(BRIGHT).draw(
            made, empty_square(length=121, x=60.2, y=60.4), np.random.default_rng(seed)
        )
        total = paint(1.0).sum(axis=(1, 2)) / facts["magnification"]
        # The reference band is g; 0.5 mag redder is 0.5 mag brighter in i.
        assert -2.5 * np.log10(total) + ZEROPOINT == pytest.approx([20.0, 19.5], abs=0.0108)


def test_a_nucleus_has_its_share_of_the_hosts_flux_to_one_per_cent_and_stands_on_it(tmp_path: Path) -> None:
    made = instrument(field(tmp_path, gain=None))
    settings = InjectionSettings(nucleus_ratio=(0.5, 0.5), nucleus_colour=(-0.2, -0.2))
    square = empty_square()
    paint, facts = NucleusInjector(settings).draw(made, square, np.random.default_rng(0))
    light = paint(1.0)
    flux = light.sum(axis=(1, 2))
    assert flux[0] == pytest.approx(0.5 * 4000, rel=0.01)
    assert flux[1] == pytest.approx(0.5 * 4000 * 10 ** (-0.4 * 0.2), rel=0.01)
    index = np.arange(light.shape[-1])
    assert (light[0].sum(axis=0) * index).sum() / flux[0] == pytest.approx(square.x, abs=0.12)
    assert (light[0].sum(axis=1) * index).sum() / flux[0] == pytest.approx(square.y, abs=0.12)
    assert facts["ratio"] == pytest.approx(0.5)


@pytest.mark.parametrize("injector", [LensInjector(BRIGHT), NucleusInjector(InjectionSettings())])
def test_at_strength_zero_the_pixels_are_those_of_the_host(tmp_path: Path, injector: LensInjector) -> None:
    made = instrument(field(tmp_path))
    planes = np.random.default_rng(3).normal(0, 1, (2, 61, 61)).astype(np.float32)
    planes[:, 28:33, 30] = np.nan
    paint, _ = injector.draw(made, Square(0, planes, 30.0, 30.0, 58.0), np.random.default_rng(1))
    assert np.array_equal(paint(0.0), planes, equal_nan=True)
    drawn = paint(1.0)
    assert np.array_equal(np.isnan(drawn), np.isnan(planes))
    assert np.nansum(drawn - planes) > 0


def test_noise_is_that_of_the_added_photons_alone(tmp_path: Path) -> None:
    made = instrument(field(tmp_path))
    light = np.zeros((2, 200, 200))
    light[:, :, :100] = 40.0
    square = Square(0, np.zeros((2, 200, 200), np.float32), 100.0, 100.0, 197.0)
    added = light_painter(made, square, light, np.random.default_rng(0))(1.0)
    assert added[:, :, 100:].max() == 0
    assert added[:, :, :100].mean() == pytest.approx(40.0, rel=0.002)
    assert added[:, :, :100].var() == pytest.approx(40.0 / GAIN, rel=0.03)


@pytest.mark.parametrize("fwhm", [2.0, 3.5, 6.0])
@pytest.mark.parametrize("fine", [1, 3, 5])
def test_the_psf_has_the_width_that_was_measured(fwhm: float, fine: int) -> None:
    psf = kernel(fwhm, fine)
    assert psf.sum() == pytest.approx(1)
    stamp = np.pad(binned(psf, fine), 20)
    assert adaptive_widths(stamp[None]).fwhm[0] == pytest.approx(fwhm, rel=0.02)


def test_an_image_of_the_psf_is_taken_as_it_is() -> None:
    axis = np.arange(31) - 15
    image = np.exp(-(axis[:, None] ** 2 / 8 + axis[None, :] ** 2 / 4)).astype(np.float32)
    fine = kernel(4.0, 3, image / image.sum())
    assert fine.sum() == pytest.approx(1)
    half = fine.shape[0] // 2
    assert fine[half::3, half][:4] / fine[half, half] == pytest.approx(image[15:19, 15], rel=1e-3)


@pytest.mark.parametrize(
    ("cards", "expected"),
    [
        ({"GAIN": 66.0}, 66.0),
        ({"GAIN": 0.0}, None),
        ({"GAIN": "unknown"}, None),
        ({}, None),
        ({"BUNIT": "electrons"}, 1.0),
        ({"BUNIT": "ELECTRONS/S", "EXPTIME": 500.0, "GAIN": 2.0}, 500.0),
    ],
)
def test_gain_is_electrons_per_image_unit(cards: dict[str, object], expected: float | None) -> None:
    assert gain(fits.Header(cards)) == expected


def test_what_is_not_known_is_assumed_and_said(tmp_path: Path) -> None:
    known = instrument(field(tmp_path))
    assert known.notes == ()
    assert known.magnitudes(20.0, 0.5) == pytest.approx([20.0, 19.5])
    unknown = instrument(field(tmp_path, zeropoint=None, gain=None, fwhm=None))
    said = " ".join(unknown.notes)
    for words in ("No zero point in g, i", "No GAIN in g, i", "PSF not measured in g, i: 3 px are assumed"):
        assert words in said
    # Sources of median brightness, twice as bright in i, count as redder than flat by 3 mag a decade.
    ratio = unknown.fluxes(20.0, 3.0 * unknown.baseline)
    assert ratio[1] / ratio[0] == pytest.approx(2.0)


def test_depth_is_five_sigma_of_a_point_source(tmp_path: Path) -> None:
    band = instrument(field(tmp_path)).reference
    area = 4 * np.pi * (4.0 / 2.355) ** 2  # FWHM 0.8″ of 0.2″ px
    assert band.depth == pytest.approx(ZEROPOINT - 2.5 * np.log10(5 * np.sqrt(area)), abs=0.15)

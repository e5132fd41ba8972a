"""Registration, photometry and zero points on small simulated epochs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.stats import SigmaClip
from photutils.aperture import ApertureStats, CircularAnnulus, CircularAperture

from astrotl_gui.core.epochs import read_series
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import EpochSettings
from astrotl_gui.core.variability import variability
from astrotl_gui.pipeline.epochs import registration
from astrotl_gui.pipeline.epochs.judging import whole_epoch
from astrotl_gui.pipeline.epochs.opening import OpenSeries
from astrotl_gui.pipeline.epochs.photometry import _correlations, aperture_fluxes
from astrotl_gui.pipeline.epochs.registration import register
from astrotl_gui.pipeline.epochs.run import Measured, measure_series
from astrotl_gui.pipeline.epochs.tie import tie
from tests.pipeline.epochs.sky import GAIN, Visits, make_visits

SHIFTS = {1: (3.3, -2.1), 4: (-0.8, 0.0)}
DIMS = {2: 0.5}


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Visits:
    return make_visits(tmp_path_factory.mktemp("epochs"), epochs=12, shifts=SHIFTS, dims=DIMS)


@pytest.fixture(scope="module")
def measured(visits: Visits) -> Measured:
    return measure_series(visits.mosaic, read_series(visits.files), visits.catalog, EpochSettings())


def test_shifts_are_measured_and_followed_or_flagged(visits: Visits, measured: Measured) -> None:
    for number, fact in enumerate(measured.facts):
        dx, dy = SHIFTS.get(number, (0, 0))
        assert (fact.dx, fact.dy) == pytest.approx((dx, dy), abs=0.05) and fact.shift_error < 0.05
        assert fact.fwhm == pytest.approx(2.355 * 1.6 * 0.3, rel=0.25)
    flags = [bits != 0 for bits in whole_epoch(measured.facts, aligned=False)]
    assert [k for k, flag in enumerate(flags) if flag] == [1, 2, 4]  # two misregistered, one dimmed
    assert [k for k, bits in enumerate(whole_epoch(measured.facts, aligned=True)) if bits] == [2]


def test_fluxes_are_those_of_a_photutils_script(visits: Visits) -> None:
    opened = OpenSeries.open(visits.mosaic, read_series(visits.files))
    view, radius = opened.views[0], 4.0
    flux, error, missing = aperture_fluxes(view, visits.catalog.x, visits.catalog.y, radius)
    data = view.read((0, 0, 220, 220)).astype(float)
    places = np.stack([visits.catalog.x, visits.catalog.y], axis=1)
    clip = SigmaClip(sigma=3.0, maxiters=5)
    sky = ApertureStats(data, CircularAnnulus(places, 2 * radius, 3 * radius), sigma_clip=clip)
    aperture = CircularAperture(places, radius)
    inside = ~((places < 12.5).any(axis=1) | (places > 206).any(axis=1))
    expected = ApertureStats(data, aperture).sum - sky.median * aperture.area
    assert flux[inside] == pytest.approx(expected[inside], rel=1e-6)
    count = clip_counts(data, places, radius, clip)
    noise = np.sqrt(aperture.area * sky.mad_std**2 + aperture.area**2 * sky.mad_std**2 * np.pi / 2 / count)
    assert error[inside] == pytest.approx(noise[inside], rel=1e-6)
    assert np.allclose(missing, 0, atol=1e-9)


def clip_counts(data: np.ndarray, places: np.ndarray, radius: float, clip: SigmaClip) -> np.ndarray:
    masks = CircularAnnulus(places, 2 * radius, 3 * radius).to_mask(method="center")
    return np.array([np.isfinite(clip(mask.get_values(data), masked=False)).sum() for mask in masks])


def test_constant_stars_pull_with_unit_width_and_variables_are_recovered(
    visits: Visits, measured: Measured
) -> None:
    truth = visits.flux[:, :1]
    constant = np.arange(36) < 33
    mean = np.average(measured.flux[constant], axis=1, weights=1 / measured.error[constant] ** 2)
    pulls = (measured.flux[constant] - mean[:, None]) / measured.error[constant]
    assert pulls.std() * np.sqrt(12 / 11) == pytest.approx(1, abs=0.1)
    assert measured.facts[2].offset == pytest.approx(2.5 * np.log10(DIMS[2]), abs=0.02)
    shape = measured.flux[33:] / mean_of(measured.flux[33:])
    expected = visits.flux[33:] / mean_of(visits.flux[33:])
    away = (shape - expected) / (measured.error[33:] / mean_of(measured.flux[33:]))
    assert np.abs(away).max() < 4 and 0.6 < away.std() < 1.4
    found = variability(np.arange(12.0), measured.flux, measured.error, np.ones(measured.flux.shape, bool))
    assert (found.chi2[33:] > 20).all() and np.median(found.chi2[:33]) == pytest.approx(1, abs=0.35)
    intrinsic = np.var(expected, axis=1, ddof=1)
    assert np.abs((found.excess[33:] - intrinsic) / found.excess_error[33:]).max() < 3
    assert truth.shape == (36, 1)


def mean_of(flux: np.ndarray) -> np.ndarray:
    return flux.mean(axis=1, keepdims=True)


def test_the_gain_brings_photon_noise(measured: Measured, visits: Visits) -> None:
    bright = int(np.argmax(visits.flux[:33, 0]))
    assert measured.error[bright, 0] > np.sqrt(measured.flux[bright, 0] / GAIN)


def test_the_error_of_a_shift_is_that_of_a_median(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, zeros = np.random.default_rng(2), np.zeros(4000)
    away = rng.normal(0, 0.2, (2, 4000))
    monkeypatch.setattr(registration, "_coarse", lambda image, reference: (0, 0))
    monkeypatch.setattr(registration, "_centroids", lambda image, x, y: (away[0], away[1]))
    monkeypatch.setattr(registration, "_fwhm", lambda image, x, y: 3.0)
    shift = registration._shift(
        np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32), zeros, zeros, (zeros, zeros)
    )
    assert shift.error == pytest.approx(1.2533 * 0.2 / np.sqrt(4000), rel=0.03)


def test_the_error_of_a_mean_counts_the_epochs_that_are_there() -> None:
    rng = np.random.default_rng(3)
    flux = rng.normal(0, 1, (4000, 4))
    flux[:, 2:] = np.where(rng.random((4000, 2)) < 0.8, np.nan, flux[:, 2:])
    factor = _correlations(flux, np.where(np.isfinite(flux), 1.0, np.nan))
    assert factor == pytest.approx(np.ones(4), abs=0.08)


def test_a_tie_without_stars_leaves_zero_points_alone() -> None:
    nothing = tie(np.full((5, 4), np.nan), np.ones((5, 4)), np.ones(5, bool))
    assert nothing.offset.tolist() == [0] * 4 and np.isnan(nothing.error).all()
    flux = np.outer([100.0, 200, 300, 400], [1, 1, 0.8])
    assert tie(flux, flux / 200, np.ones(4, bool)).scales == pytest.approx([1, 1, 1.25], rel=1e-6)


def test_registering_without_bright_sources_says_so(visits: Visits) -> None:
    opened = OpenSeries.open(visits.mosaic, read_series(visits.files[:3]))
    shifts = register(opened, visits.catalog.take([0, 1]))
    assert all(shift.dx == 0 and np.isnan(shift.error) and shift.stars <= 2 for shift in shifts)


def test_an_epoch_elsewhere_on_the_sky_is_refused(visits: Visits, tmp_path: Path) -> None:
    from astropy.io import fits

    data, header = fits.getdata(visits.files[0], header=True)
    header["CRVAL1"], header["MJD-OBS"] = 200.0, 59999.0
    fits.writeto(tmp_path / "far.fits", data, header)
    with pytest.raises(AstroTLError, match="do not overlap"):
        OpenSeries.open(visits.mosaic, read_series([*visits.files, tmp_path / "far.fits"]))

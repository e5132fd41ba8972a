"""Variability statistics against known answers."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.core.variability import LAGS, variability

RNG = np.random.default_rng(1)


def test_constant_sources_have_no_excess_and_chi2_one() -> None:
    mjd, error = np.arange(40.0), np.full((400, 40), 2.0)
    flux = 100 + RNG.normal(0, 2, error.shape)
    found = variability(mjd, flux, error, np.ones(flux.shape, bool))
    assert found.chi2.mean() == pytest.approx(1, abs=0.03)
    assert found.von_neumann.mean() == pytest.approx(2, abs=0.05)
    assert (found.excess / found.excess_error).std() == pytest.approx(1, abs=0.15)
    assert abs(found.excess.mean()) < 3 * found.excess_error.mean() / np.sqrt(400)
    assert found.mean.std() / found.mean_error.mean() == pytest.approx(1, abs=0.1)


def test_a_slow_sine_is_recovered_within_its_error_and_smooth() -> None:
    mjd = np.linspace(0, 50, 60)
    error = np.full((200, 60), 1.0)
    flux = 100 * (1 + 0.1 * np.sin(2 * np.pi * mjd / 50)) + RNG.normal(0, 1, error.shape)
    found = variability(mjd, flux, error, np.ones(flux.shape, bool))
    truth = np.var(0.1 * np.sin(2 * np.pi * mjd / 50), ddof=1)
    assert found.excess.mean() == pytest.approx(truth, rel=0.05)
    assert np.abs((found.excess - truth) / found.excess_error).mean() < 1.5
    assert found.von_neumann.max() < 0.5
    assert found.structure.shape == (200, LAGS) and (found.structure[:, 0] < found.structure[:, 1]).all()
    # √⟨Δf²⟩ over all pairs of a sine is √2 times its standard deviation.
    assert np.sqrt((found.structure**2).mean()) == pytest.approx(np.sqrt(2 * truth), rel=0.05)


def test_what_is_not_used_does_not_count() -> None:
    mjd, error = np.arange(5.0), np.ones((2, 5))
    flux = np.array([[1.0, 2, 3, 999, np.nan], [5, 5, 5, 5, 5]])
    used = np.ones((2, 5), bool)
    used[0, 3] = False
    found = variability(mjd, flux, error, used)
    assert found.count.tolist() == [3, 5] and found.mean.tolist() == [2, 5]
    assert found.chi2.tolist() == [1, 0] and found.von_neumann[0] == pytest.approx(1)
    assert np.isnan(variability(mjd, flux, error, np.zeros((2, 5), bool)).chi2).all()

"""Estimators of physical parameters: known answers, errors that hold, and what lies outside."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.ml.parameters import METHODS, Features, conformal

N = 260


def sky(seed: int = 0, noise: float = 0.1) -> tuple[Features, np.ndarray]:
    """Sources whose value is a smooth function of their embedding and of one column, with noise."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(N, 3))
    vectors = hidden @ rng.normal(size=(3, 24)) + 0.02 * rng.normal(size=(N, 24)) + 3
    column = rng.normal(size=(N, 1))
    features = Features.of(vectors, np.hstack([column, rng.normal(size=(N, 1))]))
    seen = features.values[:, 2]
    return features, 10 + 2 * np.tanh(seen) + 0.8 * column[:, 0] + noise * rng.normal(size=N)


@pytest.mark.parametrize(
    ("method", "most"), [("combined", 0.4), ("gp", 0.25), ("ridge", 0.5), ("neighbours", 0.9)]
)
def test_each_learns_what_can_be_learned(method: str, most: float) -> None:
    features, values = sky()
    known, rest = np.arange(200), np.arange(200, N)
    made = METHODS[method]().fit(features, known, values[known]).predict(features, rest)
    error = made.value - values[rest]
    assert np.sqrt(np.mean(error**2)) < most < values.std()
    assert abs(error.mean()) < 0.25 * most
    assert (made.sigma > 0).all()


def test_the_process_says_how_wrong_it_is() -> None:
    features, values = sky(noise=0.3)
    made = METHODS["gp"]().fit(features, np.arange(200), values[:200]).predict(features, np.arange(200, N))
    pull = (made.value - values[200:]) / made.sigma
    assert 0.75 < pull.std() < 1.3


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_the_known_does_not_matter(method: str) -> None:
    features, values = sky()
    known = np.arange(60)
    shuffled = np.random.default_rng(1).permutation(known)
    first = METHODS[method]().fit(features, known, values[known]).predict(features, np.arange(60, 80))
    second = METHODS[method]().fit(features, shuffled, values[shuffled]).predict(features, np.arange(60, 80))
    np.testing.assert_allclose(first.value, second.value, atol=0.02)


def test_one_wild_or_missing_column_changes_little() -> None:
    rng = np.random.default_rng(0)
    vectors, columns = rng.normal(size=(50, 8)), rng.normal(size=(50, 2))
    wild = columns.copy()
    wild[3, 0], wild[4, 1] = 1e12, np.nan
    plain, mended = Features.of(vectors, columns).values, Features.of(vectors, wild).values
    assert np.isfinite(mended).all()
    assert np.abs(mended).max() <= 5.0 or np.abs(plain).max() > 5.0
    others = np.setdiff1d(np.arange(50), [3, 4])
    np.testing.assert_allclose(mended[others], plain[others], atol=0.5)
    empty = Features.of(vectors, np.full((50, 1), np.nan)).values
    assert (empty[:, 0] == 0).all()


def test_stretched_intervals_hold_the_share_asked_for() -> None:
    rng = np.random.default_rng(0)
    error, sigma = 3 * rng.standard_t(4, 4000), np.ones(4000)
    for share in (0.6827, 0.9545):
        half = conformal(error[:2000], sigma[:2000], share)
        assert np.mean(np.abs(error[2000:]) <= half) == pytest.approx(share, abs=0.025)
    assert conformal(np.array([1.0]), np.array([0.5]), 0.95) == 2.0

"""The ranking space: known eigenvalues, unit length, every size of sample."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.ml.space import Space, unit


def test_components_are_those_of_a_singular_value_decomposition() -> None:
    rng = np.random.default_rng(0)
    for shape in ((40, 100), (300, 20)):
        vectors = rng.normal(size=shape) * np.linspace(1, 3, shape[1])
        space = Space.fit(vectors, 6)
        rows = unit(vectors) - unit(vectors).mean(axis=0)
        _, singular, axes = np.linalg.svd(rows, full_matrices=False)
        np.testing.assert_allclose(space.eigenvalues, singular[:6] ** 2 / (shape[0] - 1), rtol=1e-3)
        np.testing.assert_allclose(np.abs(np.diag(axes[:6] @ space.axes)), 1, atol=1e-2)


def test_half_whitening_leaves_the_fourth_root_of_the_variance() -> None:
    vectors = np.random.default_rng(1).normal(size=(500, 30)) * np.geomspace(4, 0.3, 30)
    space = Space.fit(vectors)
    before = space.components(vectors) / space.eigenvalues**0.25
    np.testing.assert_allclose(before.var(axis=0, ddof=1), np.sqrt(space.eigenvalues), rtol=0.02)
    np.testing.assert_allclose(np.linalg.norm(space.transform(vectors), axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 30, 200])
def test_any_number_of_sources(count: int) -> None:
    vectors = np.random.default_rng(2).normal(size=(count, 64)).astype(np.float16)
    space = Space.fit(vectors)
    assert space.axes.shape[1] == max(1, min(count - 2, 64))
    assert np.isfinite(space.transform(vectors)).all()


def test_equal_zero_and_nan_rows_do_no_harm() -> None:
    vectors = np.zeros((6, 16), np.float32)
    assert np.isfinite(Space.fit(vectors).transform(vectors)).all()
    vectors[3] = np.nan
    vectors[4, 0] = np.inf
    assert np.isfinite(Space.fit(vectors).transform(vectors)).all()

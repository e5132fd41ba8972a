"""One flag of several tests: what is unlike the known, at the rate that was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.ml.outside_flag import outside
from astrotl_gui.ml.parameters import Features

KNOWN, NEW, ODD, FOLDS = 300, 300, 20, 3


def sky(odd: str, columns: bool = True, statistics: bool = True) -> Features:
    """Known sources, others like them, and at the end sources that are odd in one kind of number."""
    rng = np.random.default_rng(0)
    count = KNOWN + NEW + ODD
    seen = np.hstack([rng.normal(size=(count, 6)), np.full((count, 1), 8.0)])
    given, measured = rng.normal(size=(count, 2)), rng.normal(size=(count, 5))
    given[:, 1] = given[:, 0] + 0.05 * given[:, 1]  # a sequence, as of colours
    if odd == "image":
        seen[-ODD:, 0] += 40
    elif odd == "statistics":
        measured[-ODD:, :3] += 6
    elif odd == "columns":
        given[-ODD:] = np.array([1.0, -1.0]) + 0.05 * rng.normal(size=(ODD, 2))  # off it, each value common
    return Features.of(seen, given if columns else None, measured if statistics else None)


def flagged(
    features: Features, rate: float = 0.05, plane: tuple[int, ...] = (0, 1), folds: int = FOLDS
) -> NDArray[np.bool_]:
    return outside(features, np.arange(KNOWN), np.arange(len(features)) % folds, plane, rate)


@pytest.mark.parametrize("odd", ["image", "statistics", "columns"])
def test_what_is_odd_in_any_kind_of_number_is_flagged(odd: str) -> None:
    found = flagged(sky(odd))
    assert found[-ODD:].mean() >= 0.9
    assert found[KNOWN:-ODD].mean() == pytest.approx(0.05, abs=0.04)


@pytest.mark.parametrize(("columns", "statistics"), [(False, False), (True, False), (False, True)])
def test_what_is_not_there_is_not_asked(columns: bool, statistics: bool) -> None:
    found = flagged(sky("image", columns, statistics), plane=(0, 1) if columns else ())
    assert found[-ODD:].all()
    assert found[KNOWN:-ODD].mean() < 0.1


def test_the_rate_is_kept() -> None:
    for rate in (0.01, 0.2):
        assert flagged(sky("none"), rate, folds=5)[KNOWN:].mean() == pytest.approx(rate, abs=0.06)


def test_a_crowd_that_hides_among_the_known_is_found() -> None:
    """Each of its numbers is common; that hundreds without a value share them is not."""
    rng = np.random.default_rng(3)
    count = 900
    given = rng.normal(size=(count, 2))
    crowd = np.arange(count) >= 700
    given[crowd] = np.array([0.8, -0.8]) + 0.03 * rng.normal(size=(crowd.sum(), 2))
    seen = np.hstack([rng.normal(size=(count, 6)), np.full((count, 1), 8.0)])
    found = outside(Features.of(seen, given), np.arange(500), np.arange(count) % FOLDS)
    assert found[crowd].mean() >= 0.9
    assert found[500:700].mean() < 0.1


def test_a_lone_stranger_is_found_without_its_like() -> None:
    features = sky("image")
    alone = np.arange(len(features) - ODD + 1)  # one of the odd, and no rest to speak of
    few = Features(features.values[alone], features.columns, features.statistics[alone])
    found = outside(few, np.arange(KNOWN + NEW - 10), np.arange(len(few)) % FOLDS, (0, 1))
    assert found[-1]
    assert found.mean() < 0.1


def test_where_the_rest_is_fainter_the_rate_holds_for_what_is_as_bright() -> None:
    rng = np.random.default_rng(0)
    count = 1500
    signal = rng.normal(size=count)
    given = np.stack([rng.normal(size=count), signal], axis=1)
    seen = np.hstack([rng.normal(size=(count, 6)), np.full((count, 1), 8.0)])
    known = np.flatnonzero((signal > 0) & (np.arange(count) % 2 == 0))
    like = np.flatnonzero((signal > 0.2) & (np.arange(count) % 2 == 1))
    found = outside(Features.of(seen, given), known, np.arange(count) % FOLDS, (0, 1))
    assert found[like].mean() == pytest.approx(0.05, abs=0.04)


def test_it_can_be_cancelled() -> None:
    class Stop(Progress):
        def __call__(self, done: float, total: float, text: str = "") -> None:
            if done:
                raise Cancelled

    with pytest.raises(Cancelled):
        outside(sky("none"), np.arange(KNOWN), np.arange(KNOWN + NEW + ODD) % FOLDS, progress=Stop())

"""One flag of several tests: what is unlike the known, at the rate that was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.ml.outside_flag import Cloud
from astrotl_gui.ml.parameters import Features

KNOWN, NEW, ODD = 300, 300, 20


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


@pytest.mark.parametrize("odd", ["image", "statistics", "columns"])
def test_what_is_odd_in_any_kind_of_number_is_flagged(odd: str) -> None:
    features = sky(odd)
    outside = (
        Cloud(plane=(0, 1))
        .fit(features, np.arange(KNOWN), np.arange(KNOWN) % 5)
        .outside(features, np.arange(len(features)))
    )
    assert outside[-ODD:].mean() >= 0.9
    assert outside[KNOWN:-ODD].mean() == pytest.approx(0.05, abs=0.04)


@pytest.mark.parametrize(("columns", "statistics"), [(False, False), (True, False), (False, True)])
def test_what_is_not_there_is_not_asked(columns: bool, statistics: bool) -> None:
    features = sky("image", columns, statistics)
    plane = (0, 1) if columns else ()
    cloud = Cloud(plane=plane).fit(features, np.arange(KNOWN), np.arange(KNOWN) % 5)
    assert len(cloud.scores) == 1 + (columns or statistics) + columns
    outside = cloud.outside(features, np.arange(KNOWN, len(features)))
    assert outside[-ODD:].all() and outside[:-ODD].mean() < 0.1


def test_the_rate_is_kept() -> None:
    features = sky("none")
    rows, fold = np.arange(KNOWN), np.arange(KNOWN) % 5
    for rate in (0.01, 0.2):
        new = Cloud(rate).fit(features, rows, fold).outside(features, np.arange(KNOWN, len(features)))
        assert new.mean() == pytest.approx(rate, abs=0.06)

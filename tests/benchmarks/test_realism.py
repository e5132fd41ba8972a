"""The realism benchmark on made-up tables: chance where there is nothing to tell, 1 where there is, nothing leaks."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.realism import Seen, alike, auroc


def seen(seed: int, count: int, mosaic: int = 0, shift: float = 0.0, faint: float = 24.0) -> Seen:
    """Sources of random places over 30 × 30 cutouts; `shift` moves every column."""
    rng = np.random.default_rng(seed)
    tables = {kind: rng.normal(shift, 1, (count, 40)) for kind in ("embedding", "catalog")}
    place = np.column_stack([rng.uniform(0, 30, (count, 2)), np.full(count, 1000 * mosaic)])
    return Seen(tables, rng.uniform(20, faint, count), place)


@pytest.mark.parametrize("kind", ["embedding", "catalog"])
def test_chance_and_certainty(kind: str) -> None:
    a, b, far = seen(1, 200), seen(2, 200, mosaic=1), seen(3, 200, mosaic=2, shift=2.0)
    assert np.mean([auroc(kind, a, b, seed)[0] for seed in range(3)]) == pytest.approx(0.5, abs=0.08)
    assert auroc(kind, a, far, 0)[0] > 0.95


def test_matched_magnitudes_are_no_clue() -> None:
    """Magnitude itself as the only column: neither more nor less than chance."""
    values = []
    for seed in range(6):
        pair = [seen(10 * seed + k, 60, mosaic=k, faint=24 - k) for k in (0, 1)]
        pair = [Seen({"catalog": one.mag[:, None]}, one.mag, one.place) for one in pair]
        values.append(auroc("catalog", *pair, seed)[0])
    assert np.mean(values) == pytest.approx(0.5, abs=0.07)


def test_samples_are_alike_in_magnitude() -> None:
    a, b = seen(1, 400, faint=25.0), seen(2, 150, faint=23.0)
    mag, y = np.concatenate([a.mag, b.mag]), np.repeat([0, 1], [400, 150])
    rows = alike(mag, y, np.random.default_rng(0))
    assert len(rows) > 200
    bins = np.arange(20, 25.5, 0.5)
    first, second = (np.histogram(mag[rows][y[rows] == kind], bins)[0] for kind in (0, 1))
    np.testing.assert_array_equal(first, second)


def test_what_a_neighbourhood_shares_is_no_help() -> None:
    """Each neighbourhood has its own look and lies wholly in one half: only who learns by heart could tell."""
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 40, (40, 2)) // 4 * 4
    look = rng.normal(0, 5, (40, 8))
    which = np.repeat(np.arange(40), 8)
    place = np.column_stack([corner[which] + rng.uniform(0, 1, (320, 2)), np.zeros(320)])
    table = look[which] + rng.normal(0, 0.1, (320, 8))
    half = rng.permutation(40)[which] < 20
    a, b = (Seen({"catalog": table[part]}, np.full(part.sum(), 22.0), place[part]) for part in (half, ~half))
    assert auroc("catalog", a, b, 0)[0] < 0.75

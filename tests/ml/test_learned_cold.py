"""A cold score learned from injected examples: it finds what is like them, whatever the units."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.core.injected import Injected
from astrotl_gui.ml.learned_cold import Seen, learned_score, learned_scores, normal_scores_among
from astrotl_gui.ml.placing import Placing

RNG = np.random.default_rng(2)
N, K, M = 1500, 24, 6
SHIFT = RNG.normal(0, 1, K).astype(np.float32)


def seen(count: int, of_target: int = 0, seed: int = 0) -> Seen:
    """Sources of which the first `of_target` are of the target: moved along one direction, brighter in one number."""
    rng = np.random.default_rng(seed)
    vectors, table = rng.normal(0, 1, (count, K)), rng.normal(0, 1, (count, M))
    vectors[:of_target] += SHIFT
    table[:of_target, 2] += 1.5
    return Seen(vectors.astype(np.float32), table.astype(np.float32))


def test_what_is_like_the_injected_comes_first() -> None:
    scores = learned_score(seen(N, 20), seen(60, 60, seed=1), seen(60, seed=2))
    assert scores.shape == (N,)
    assert (np.argsort(-scores)[:30] < 20).sum() >= 12  # 0.4 by chance


def test_units_of_the_statistics_do_not_matter() -> None:
    def exp(part: Seen) -> Seen:
        return Seen(part.vectors, (1e-20 * np.exp(part.statistics.astype(float) * 3)).astype(np.float32))

    parts = seen(N, 20), seen(60, 60, seed=1), seen(60, seed=2)
    plain, other = learned_score(*parts), learned_score(*map(exp, parts))
    assert plain == pytest.approx(other, abs=1e-3)


def test_the_same_pairs_give_the_same_scores() -> None:
    parts = seen(N, 20), seen(60, 60, seed=1), seen(60, seed=2)
    assert np.array_equal(learned_score(*parts), learned_score(*parts))


def test_unknown_statistics_and_constant_vectors_are_taken() -> None:
    sources, drawn, plain = seen(50), seen(20, 20, seed=1), seen(20, seed=2)
    blank = np.full((20, M), np.nan, np.float32)
    scores = learned_score(sources, Seen(drawn.vectors, blank), Seen(plain.vectors, blank))
    assert np.isfinite(scores).all()
    flat = Seen(np.ones((50, K), np.float32), sources.statistics)
    assert np.isfinite(learned_score(flat, drawn, plain)).all()


def test_ranks_are_those_among_the_reference() -> None:
    reference = np.arange(9, dtype=np.float32)[:, None]
    scores = normal_scores_among(reference, np.array([[4.0], [-1.0], [100.0], [np.nan]], np.float32))[:, 0]
    assert scores[0] == pytest.approx(0, abs=1e-6)
    assert scores[3] == 0
    assert scores[1] == pytest.approx(-scores[2], abs=1e-6) and scores[2] > 1.5


def test_targets_without_pairs_or_of_other_statistics_have_no_score() -> None:
    vectors, table = RNG.normal(size=(40, 30)).astype(np.float32), RNG.normal(size=(40, M)).astype(np.float32)
    placing = Placing.fit(vectors, {"last": slice(0, 30)}, table, ())
    half = vectors[:20].astype(np.float16)
    fits = Injected("lens", np.arange(20), half, half, table[:20], table[:20])
    other = Injected("agn", np.arange(20), half, half, table[:20, :2], table[:20, :2])
    ranked = placing.layer("last", vectors)
    found = learned_scores({"lens": fits, "agn": other}, placing, ranked, table)
    assert list(found) == ["lens"] and found["lens"].shape == (40,)
    none = Injected.none("lens", {}, ("why",))
    assert learned_scores({"lens": none}, placing, ranked, table) == {}
    assert learned_scores({"lens": fits}, Placing.nothing(), ranked[:0], table[:0]) == {}

"""What to label next: never what is done, the same for the same seed, all in the end; what each strategy is for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import QueueSettings
from astrotl_gui.pipeline.queue import STRATEGIES, Left, next_to_label
from astrotl_gui.pipeline.rank import rank
from tests.pipeline.test_rank import inputs

MADE, TRUTH = inputs(150, 12)
LABELS = {int(i): 1 for i in MADE.ids[TRUTH][:3]} | {int(i): -1 for i in MADE.ids[~TRUTH][:4]}
COLD, LEARNED = rank(MADE, "lens", {}), rank(MADE, "lens", LABELS)
DONE = np.array(sorted(LABELS))
NOTHING = np.empty(0, np.int64)


def ask(
    strategy: str, count: int, seed: int = 0, done: np.ndarray = DONE, ranking: Ranking = LEARNED
) -> list[int]:
    return next_to_label(MADE, ranking, done, count, QueueSettings(strategy), seed).tolist()


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(STRATEGIES)),
    st.integers(0, 200),
    st.integers(0, 9),
    st.sets(st.integers(101, 250)),
    st.booleans(),
)
def test_each_strategy_asks_about_what_is_left(
    strategy: str, count: int, seed: int, done: set[int], cold: bool
) -> None:
    known = np.array(sorted(done), np.int64)
    asked = ask(strategy, count, seed, known, COLD if cold else LEARNED)
    assert asked == ask(strategy, count, seed, known, COLD if cold else LEARNED)
    assert len(asked) == len(set(asked)) == min(count, 150 - len(done))
    assert not done & set(asked) and set(asked) <= set(MADE.ids.tolist())


def test_the_top_is_the_top() -> None:
    expected = [i for i in LEARNED.ids.tolist() if i not in LABELS]
    assert ask("top", 20) == expected[:20]
    assert ask("of a newer version", 20) == expected[:20]
    left = Left(LEARNED, DONE)
    assert left.first(len(left)).tolist() == expected


def test_some_places_are_random_the_others_the_top() -> None:
    top, asked = ask("top", 20), ask("explore", 20)
    random = [place for place in range(20) if (place + 1) % 5 == 0]
    assert [asked[place] for place in range(20) if place not in random] == top[:16]
    assert not {asked[place] for place in random} & set(top[:16])
    assert ask("explore", 20, seed=1) != asked
    share = next_to_label(MADE, LEARNED, DONE, 20, QueueSettings("explore", 0.0))
    assert share.tolist() == top


def test_the_most_uncertain_are_nearest_one_half() -> None:
    asked = ask("uncertain", 15)
    away = {int(i): abs(float(s) - 0.5) for i, s in zip(LEARNED.ids, LEARNED.scores, strict=True)}
    rest = [away[i] for i in away if i not in asked and i not in LABELS]
    assert [away[i] for i in asked] == sorted(away[i] for i in asked)
    assert max(away[i] for i in asked) <= min(rest)
    assert ask("uncertain", 15, ranking=COLD) == ask("top", 15, ranking=COLD), "no ranker, no probability"


def test_the_diverse_are_farther_apart_than_the_top() -> None:
    def nearest(ids: list[int]) -> float:
        vectors = np.asarray(MADE.vectors[MADE.rows.of(ids)], np.float64)
        apart = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
        return float((apart + 1e9 * np.eye(len(ids))).min(axis=1).mean())

    asked, top = ask("diverse", 10), ask("top", 50)
    assert asked[0] == top[0] and set(asked) <= set(top)
    assert [top.index(i) for i in asked] == sorted(top.index(i) for i in asked), "as ranked"
    assert nearest(asked) > nearest(top[:10])
    assert next_to_label(None, LEARNED, DONE, 10, QueueSettings("diverse")).tolist() == top[:10]


def test_look_alikes_are_asked_about_once() -> None:
    vectors = np.repeat(np.array([[0.0, 0], [9, 0], [0, 9]], np.float32), 5, axis=0)
    ids = np.arange(1, 16)
    made = replace(MADE, ids=ids, vectors=vectors)
    ranking = Ranking("lens", ids, np.linspace(1, 0, 15, dtype=np.float32), "cold lens")
    assert next_to_label(made, ranking, NOTHING, 3, QueueSettings("diverse")).tolist() == [1, 6, 11]


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_what_is_outside_of_a_pool_comes_too(strategy: str) -> None:
    pool = Ranking("lens", LEARNED.ids[:40], LEARNED.scores[:40], LEARNED.model, rest=110)
    assert sorted(ask(strategy, 999, ranking=pool)) == sorted(set(MADE.ids.tolist()) - set(LABELS))
    if strategy == "uncertain":
        assert set(ask(strategy, 33, ranking=pool)) <= set(pool.ids.tolist())


def test_an_empty_list_asks_about_nothing() -> None:
    empty = Ranking("mine", NOTHING, np.empty(0, np.float32), "")
    assert all(next_to_label(None, empty, NOTHING, 9, QueueSettings(s)).size == 0 for s in STRATEGIES)

"""The ranker: exactness, order of labels, and that it learns."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrotl_gui.core.statistics import local_background, statistics
from astrotl_gui.ml.kernel import Kernel, normal_scores, uniform_ranks
from astrotl_gui.ml.ranker import Ranker
from astrotl_gui.ml.space import Space
from tests.ml.clusters import clustered


@cache
def kernel(count: int, rare: int, seed: int = 0) -> tuple[Kernel, np.ndarray]:
    vectors, table, truth = clustered(count, rare, seed)
    return fitted(vectors, table), truth


def fitted(vectors: np.ndarray, table: np.ndarray) -> Kernel:
    ranked = Space.fit(vectors).transform(vectors)
    return Kernel.fit({"last": ranked}, {"shape": normal_scores(table)}, len(table))


def test_posterior_mean_is_that_of_the_textbook() -> None:
    k, truth = kernel(80, 12)
    rows = np.arange(0, 80, 5)
    y = np.where(truth[rows], 1.0, -1.0)
    prior = np.linspace(-1, -0.5, 80)
    full = k.between(slice(None), np.arange(80)).astype(float)
    want = prior + full[:, rows] @ np.linalg.solve(
        full[np.ix_(rows, rows)] + 0.5 * np.eye(len(rows)), y - prior[rows]
    )
    np.testing.assert_allclose(Ranker(k, prior).fit(rows, y).decision_function(), want, atol=1e-4)


@given(st.permutations(list(range(14))), st.integers(1, 13))
@settings(max_examples=40, deadline=None)
def test_any_order_and_any_batches_give_the_same_ranking(order: list[int], cut: int) -> None:
    k, truth = kernel(120, 15)
    rows = np.flatnonzero(truth)[:5].tolist() + np.flatnonzero(~truth)[:9].tolist()
    y = np.where(truth[rows], 1, -1)
    at_once = Ranker(k).fit(rows, y).decision_function()
    one = Ranker(k)
    one.partial_fit([rows[i] for i in order[:cut]], y[order[:cut]])
    for i in order[cut:]:
        one.partial_fit(rows[i], y[i])
    np.testing.assert_allclose(one.decision_function(), at_once, atol=2e-6)
    assert np.array_equal(np.argsort(one.decision_function().round(5)), np.argsort(at_once.round(5)))


def test_a_new_label_replaces_the_old_one() -> None:
    k, _ = kernel(80, 12)
    changed = Ranker(k).fit([1, 2, 3], [1, 1, -1]).partial_fit([2, 4, 4], [-1, -1, 1])
    fresh = Ranker(k).fit([1, 2, 3, 4], [1, -1, -1, 1])
    np.testing.assert_allclose(changed.decision_function(), fresh.decision_function(), atol=1e-6)


def test_one_positive_ranks_by_similarity_to_it() -> None:
    k, truth = kernel(80, 12)
    example = int(np.flatnonzero(truth)[0])
    scores = Ranker(k).fit([example], [1]).decision_function()
    alike = k.column(example)
    assert np.array_equal(np.argsort(-scores, kind="stable"), np.argsort(-alike.astype(float), kind="stable"))
    assert scores.argmax() == example


def test_only_negatives_and_no_labels_stay_finite() -> None:
    k, _ = kernel(80, 12)
    assert (Ranker(k).decision_function() == -1).all()
    scores = Ranker(k, np.linspace(-1, -0.5, 80)).fit([79, 78], [-1, -1]).decision_function()
    assert np.isfinite(scores).all()
    assert scores[79] < -0.6


def test_probabilities_follow_the_mean_and_bad_labels_are_refused() -> None:
    k, truth = kernel(80, 12)
    ranker = Ranker(k).fit(np.arange(20), np.where(truth[:20], 1, -1))
    p = ranker.predict_proba()
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert ((p >= 0) & (p <= 1)).all()
    assert np.array_equal(np.argsort(p[:, 1]), np.argsort(ranker.decision_function()))
    with pytest.raises(ValueError, match="labels"):
        ranker.partial_fit([3], [0])


@pytest.mark.parametrize(("count", "rare"), [(150, 15), (1_000, 30), (20_000, 100)])
def test_it_beats_random_at_every_size(count: int, rare: int) -> None:
    for seed in range(2):
        k, truth = kernel(count, rare, seed)
        ranker = Ranker(k).fit([int(np.flatnonzero(truth)[0])], [1])
        for _ in range(50):  # ask for the top of the ranking, as a person does
            scores = ranker.decision_function()
            scores[ranker.rows] = -np.inf
            best = int(scores.argmax())
            ranker.partial_fit([best], [1 if truth[best] else -1])
        found = int(truth[ranker.rows].sum()) - 1
        by_chance = 50 * (rare - 1) / (count - 1)
        assert found > by_chance + 3 * np.sqrt(by_chance) + 1, (seed, found, by_chance)
        rest = np.setdiff1d(np.arange(count), ranker.rows)
        if truth[rest].any():
            assert auc(truth[rest], ranker.decision_function()[rest]) > 0.6
    assert 0 < ranker.score(np.arange(count), np.where(truth, 1, -1)) <= 1


def test_score_is_average_precision() -> None:
    k, _ = kernel(80, 12)
    ranker = Ranker(k, np.linspace(1, -1, 80))
    assert ranker.score([0, 1, 2, 3], [1, -1, 1, -1]) == pytest.approx((1 + 2 / 3) / 2)
    assert np.isnan(ranker.score([0, 1], [-1, -1]))


def test_normal_scores_share_ties_and_ignore_nan() -> None:
    column = np.array([[3.0], [1.0], [3.0], [np.nan], [2.0]])
    got = normal_scores(column)[:, 0]
    assert got[0] == got[2] > got[4] > got[1]
    assert got[3] == 0
    np.testing.assert_allclose(uniform_ranks(np.array([5.0, 5.0])), 0.5)
    thirds = normal_scores(np.array([[1.0], [np.nan], [2.0], [2.0]]))[:, 0]  # quantiles 1/6 and 2/3
    np.testing.assert_allclose(thirds, [-0.9674, 0, 0.4307, 0.4307], atol=1e-4)


def auc(truth: np.ndarray, scores: np.ndarray) -> float:
    ranks = uniform_ranks(scores) * len(scores) + 0.5
    good = int(truth.sum())
    return float((ranks[truth].sum() - good * (good + 1) / 2) / (good * (len(truth) - good)))


@cache
def labelled(folder: Path) -> tuple[Kernel, np.ndarray]:
    from PIL import Image

    from astrotl_gui.ml.encoder import Encoder
    from astrotl_gui.ml.encoders import card

    rows = list(csv.DictReader((folder / "truth.csv").read_text().splitlines()))
    paths = {path.name: path for path in folder.rglob("*.png")}
    images = [Image.open(paths[row["filename"]]).convert("RGB") for row in rows]
    large = np.stack([np.asarray(image.resize((224, 224))).transpose(2, 0, 1) for image in images])
    stamps = np.stack([np.asarray(image, np.float32).transpose(2, 0, 1)[::-1] for image in images])
    sky, noise = local_background(stamps)
    table, _ = statistics(stamps, sky, np.maximum(noise, 1))
    vectors = Encoder.of_pictures(card(), device="cpu").embed(large)
    truth = np.array([row["label"] == "anomaly" for row in rows])
    return fitted(vectors, table), truth


@pytest.mark.parametrize("name", ["lenses", "morph"])
def test_it_beats_random_on_real_labelled_skies(name: str, shared_data: Path) -> None:
    if not (shared_data / "labelled" / name / "truth.csv").exists():
        pytest.skip(f"labelled/{name} is not on this machine")
    k, truth = labelled(shared_data / "labelled" / name)
    lifts, areas = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        known = np.r_[
            rng.choice(np.flatnonzero(truth), 5, replace=False),
            rng.choice(np.flatnonzero(~truth), 45, replace=False),
        ]
        rest = np.setdiff1d(np.arange(len(truth)), known)
        scores = Ranker(k).fit(known, np.where(truth[known], 1, -1)).decision_function()[rest]
        areas.append(auc(truth[rest], scores))
        top = rest[np.argsort(-scores)[:25]]
        lifts.append(truth[top].mean() / truth[rest].mean())
    # Random gives 0.5 and 1, with a scatter over ten seeds of about 0.02 and 0.1.
    assert np.mean(areas) > 0.55, areas
    assert np.mean(lifts) > 1.15, lifts


def test_left_out_is_what_a_ranker_without_that_label_says() -> None:
    similar, truth = kernel(120, 12)
    rows = np.random.default_rng(2).permutation(120)[:15]
    labels = np.where(truth[rows], 1, -1)
    whole = Ranker(similar).fit(rows, labels)
    for k, row in enumerate(rows):
        others = np.arange(len(rows)) != k
        without = Ranker(similar).fit(rows[others], labels[others])
        assert whole.left_out()[k] == pytest.approx(without.decision_function([row])[0], abs=1e-5)
    assert len(Ranker(similar).left_out()) == 0

"""The published rule, the signs of artifacts, and the learned score, on vectors and pixels with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.ml import epoch_score
from astrotl_gui.ml.epoch_rule import flagged_by_distance, flagged_by_flux, nearest_other
from astrotl_gui.ml.epoch_score import ColdScore, LeafKernel, labelled_scores
from astrotl_gui.ml.epoch_signs import ALL_NAMES, epoch_signs, median_image

RNG = np.random.default_rng(3)


def test_an_epoch_farther_from_all_others_than_the_stack_is_flagged() -> None:
    epochs = np.array([[[0, 0], [1, 0], [0, 1], [9, 9]]], np.float32)
    distance, threshold = nearest_other(epochs, np.array([[0.5, 2.0]], np.float32))
    assert distance[0].tolist() == [1, 1, 1, np.float32(np.hypot(9, 8))]
    assert threshold[0] == np.float32(
        np.hypot(0.5, 1)
    )  # the stack's nearest epoch; no epoch has the stack for one
    assert flagged_by_distance(distance, threshold).tolist() == [[False, False, False, True]]


def test_epochs_without_an_embedding_are_nobodys_neighbours() -> None:
    epochs = np.array([[[0, 0], [np.nan, np.nan], [3, 4]], [[np.nan] * 2, [np.nan] * 2, [1, 1]]], np.float32)
    distance, threshold = nearest_other(epochs, np.zeros((2, 2), np.float32))
    assert distance[0, [0, 2]].tolist() == [5, 5] and np.isnan(distance[0, 1]) and np.isnan(distance[1]).all()
    assert threshold.tolist() == [0, np.float32(np.sqrt(2))]
    assert not flagged_by_distance(distance, threshold)[1].any()


def test_the_clipped_flux_flags_what_is_far_or_missing() -> None:
    flux = np.array([[10, 10.1, 9.9, 10, 20, np.nan]])
    assert flagged_by_flux(flux, np.full((1, 6), 0.2)).tolist() == [[False] * 4 + [True, True]]


def stars(moved: float = 0.0, wider: float = 0.0, brighter: float = 0.0) -> np.ndarray:
    """Six noisy cutouts of one star, the last changed."""
    row, column = np.mgrid[:40, :40] - 19.5
    images = []
    for k in range(6):
        off, size, light = (moved, 2 + wider, 80 * (1 + brighter)) if k == 5 else (0, 2, 80)
        image = light * np.exp(-((column - off) ** 2 + row**2) / (2 * size**2))
        images.append(image + RNG.normal(0, 1, image.shape))
    return np.array(images, np.float32)[None]


def signs(cutouts: np.ndarray) -> dict[str, np.ndarray]:
    ones = np.ones(cutouts.shape[:2], np.float32)
    found = epoch_signs(cutouts, ones, np.zeros_like(ones), median_image(cutouts))
    assert found.shape == (*cutouts.shape[:2], len(ALL_NAMES)) and np.isfinite(found).all()
    return {name: found[0, :, k] for k, name in enumerate(ALL_NAMES)}


def test_signs_tell_what_happened_to_the_pixels() -> None:
    assert (
        np.expm1(signs(stars(moved=1.5))["shift"][5])
        > 1
        > np.expm1(signs(stars(moved=1.5))["shift"][:5].max())
    )
    assert signs(stars(wider=0.8))["width"][5] > 0.5
    brighter = signs(stars(brighter=0.5))
    assert 0.4 < brighter["flux"][5] < 0.6 and abs(brighter["flux"][:5]).max() < 0.1
    assert brighter["chi2_core_over_median"][5] < 0.5  # a variable is no artifact: the fit explains it
    column = stars()
    column[0, 5, :, 10] += 4
    assert signs(column)["column_over_median"][5] > 0.5 and signs(column)["line"].argmax() == 5
    hit = stars()
    hit[0, 5, 30, 31] += 60
    hit[0, 4, :5] = np.nan
    assert signs(hit)["highest"].argmax() == 5 and signs(hit)["missing"][4] == 0.125


def test_an_epoch_without_pixels_leaves_the_others_their_signs() -> None:
    cutouts, ones = stars(), np.ones((1, 6), np.float32)
    cutouts[0, 5, :, 10] += 4
    cutouts[0, 2], ones[0, 2] = np.nan, np.nan
    sky = np.where(np.isnan(ones), ones, 0)
    found = epoch_signs(cutouts, ones, sky, median_image(cutouts))[
        0, :, ALL_NAMES.index("column_over_median")
    ]
    assert found[5] > 0.5 and found[2] == 0 and abs(np.median(found[[0, 1, 3, 4, 5]])) < 1e-6


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epoch_score, "TREES", 20)


def drawn_and_clean() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    clean, bad = RNG.normal(0, 1, (400, 6)), RNG.normal(0, 1, (60, 6))
    bad[:, 0] += 5
    return clean.astype("f4"), np.arange(400) % 40, bad.astype("f4"), np.arange(60) % 40


def test_the_cold_score_tells_drawn_artifacts_and_flags_few_others() -> None:
    clean, of, bad, bad_of = drawn_and_clean()
    cold = ColdScore.fit(clean, of, bad, bad_of)
    assert (cold.scores(clean, of) > 0.5).mean() < 0.04 and (cold.scores(bad, bad_of) > 0.5).mean() > 0.8
    lonely = ColdScore.fit(
        clean, np.zeros(400, int), bad, np.zeros(60, int)
    )  # one source: no fold without it
    assert np.isfinite(lonely.scores(bad, np.zeros(60, int))).all()


def test_labels_move_the_score_of_what_looks_alike() -> None:
    clean, of, bad, bad_of = drawn_and_clean()
    cold = ColdScore.fit(clean, of, bad, bad_of)
    other = RNG.normal([2.2, 0, 0, 0, 0, 0], 0.3, (40, 6))  # fainter than what was drawn
    signs = np.concatenate([clean, other]).astype("f4")
    sources = np.concatenate([of, np.arange(40)])
    before = labelled_scores(cold, signs, sources, {})
    after = labelled_scores(cold, signs, sources, {400: 1, 401: 1, 402: 1, 0: -1, 1: -1})
    assert np.array_equal(before, cold.scores(signs, sources))
    alike, far = after[403:] - before[403:], after[2:400] - before[2:400]
    assert alike.mean() > 0 and alike.mean() > far.mean() + 0.05
    assert (after > 0.5).sum() <= (before > 0.5).sum()  # labels say which, not how many


def test_weights_in_leaves_are_those_of_the_similarities() -> None:
    clean, of, drawn, drawn_of = drawn_and_clean()
    kernel = LeafKernel(ColdScore.fit(clean, of, drawn, drawn_of), clean)
    rows, weights, at = np.array([3, 3, 8]), np.array([0.5, -2.0, 1.0]), np.array([8, 1, 3])
    assert kernel.weighted(rows, weights, at) == pytest.approx(kernel.between(at, rows) @ weights, abs=1e-6)
    assert len(kernel.weighted(rows, weights)) == len(clean)

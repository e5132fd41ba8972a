"""Outliers: each method is its library's, planted oddities come first, and nothing depends on order or copies."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.ml.coldstart import Columns
from astrotl_gui.ml.outlier import MEMBERS, METHODS, SINGLE, cold_scores, combine, method_scores, worth
from astrotl_gui.ml.reference import REFERENCE, Seen
from astrotl_gui.ml.space import unit

QUICK = [name for name in SINGLE if name != "autoencoder"]


def crowd(count: int = 400, odd: int = 4, seed: int = 0) -> np.ndarray:
    """Embeddings on a ten-dimensional sheet, the first `odd` far out on it and off it."""
    rng = np.random.default_rng(seed)
    on_sheet = rng.normal(size=(count, 10))
    on_sheet[:odd] *= 8
    vectors = 20 + on_sheet @ rng.normal(size=(10, 200)) + 0.1 * rng.normal(size=(count, 200))
    vectors[:odd] += 6 * rng.normal(size=(odd, 200))
    return vectors.astype(np.float16)


CROWD = crowd()
SEEN = Seen.of(CROWD)


def scored(method: str) -> np.ndarray:
    """A method's scores of the distinct embeddings of CROWD, in the order in which `Seen` has them."""
    return SINGLE[method](SEEN)


def test_principal_components_are_those_of_scikit_learn() -> None:
    from sklearn.decomposition import PCA

    model = PCA(32, svd_solver="full").fit(SEEN.distinct.units(SEEN.usual).astype(np.float64))
    units = SEEN.distinct.units(np.arange(400)).astype(np.float64)
    known = model.transform(units)
    signs = np.sign((known * SEEN.components).sum(axis=0))
    np.testing.assert_allclose(SEEN.components[:, :10], (known * signs)[:, :10], atol=1e-4)
    rest = ((units - model.inverse_transform(known)) ** 2).sum(axis=1)
    assert np.corrcoef(scored("pca"), rest)[0, 1] > 0.9999


def test_mahalanobis_is_scikit_learns() -> None:
    from sklearn.covariance import LedoitWolf

    fitted = LedoitWolf().fit(SEEN.components[SEEN.usual])
    np.testing.assert_allclose(scored("mahalanobis"), fitted.mahalanobis(SEEN.components), rtol=1e-6)


def test_neighbours_are_scikit_learns() -> None:
    from sklearn.neighbors import NearestNeighbors

    distances, _ = NearestNeighbors(n_neighbors=11).fit(SEEN.components).kneighbors(SEEN.components)
    np.testing.assert_allclose(scored("knn"), distances[:, 5], rtol=1e-3)
    np.testing.assert_allclose(scored("novelty"), distances[:, 1:].mean(axis=1), rtol=1e-3)


def test_local_outlier_factor_is_scikit_learns() -> None:
    from sklearn.neighbors import LocalOutlierFactor

    factor = LocalOutlierFactor(20).fit(SEEN.components)
    np.testing.assert_allclose(scored("lof"), -factor.negative_outlier_factor_, rtol=1e-6)


def test_isolation_forest_is_scikit_learns() -> None:
    from sklearn.ensemble import IsolationForest

    trees = IsolationForest(n_estimators=200, random_state=0).fit(SEEN.components[SEEN.reference])
    np.testing.assert_allclose(scored("forest"), -trees.score_samples(SEEN.components))


def test_k_means_is_scikit_learns() -> None:
    from sklearn.cluster import KMeans

    centres = KMeans(16, n_init=1, random_state=0).fit(SEEN.components[SEEN.usual])
    known = np.linalg.norm(SEEN.components[:, None] - centres.cluster_centers_[None], axis=2).min(axis=1)
    np.testing.assert_allclose(scored("kmeans"), known, rtol=1e-6)


def test_the_autoencoder_reproduces_the_usual_and_itself() -> None:
    first = scored("autoencoder")
    assert np.array_equal(first, scored("autoencoder"))
    assert np.median(first) < 0.5  # of a variance of one


def test_the_combination_is_the_mean_of_ranks() -> None:
    from scipy.stats import rankdata

    known = np.mean([(rankdata(s) - 0.5) / 400 for s in method_scores(CROWD).values()], axis=0)
    np.testing.assert_allclose(METHODS["combined"](CROWD), known)
    assert list(method_scores(CROWD)) == list(MEMBERS)


@pytest.mark.parametrize("method", [name for name in METHODS if name != "lof"])
def test_planted_outliers_come_first(method: str) -> None:
    assert set(np.argsort(-METHODS[method](CROWD))[:4]) == {0, 1, 2, 3}


@pytest.mark.parametrize("method", ["combined", *QUICK])
def test_copies_do_not_hide_an_outlier(method: str) -> None:
    """Thirty copies of one odd embedding are as odd as one of it, and nothing else moves."""
    copies = np.concatenate([CROWD, np.repeat(CROWD[:1], 29, axis=0)])
    once, often = METHODS[method](CROWD), METHODS[method](copies)
    if method != "combined":  # its ranks count the copies
        np.testing.assert_allclose(often[:400], once, rtol=1e-9)
    assert np.ptp(often[np.r_[0, 400:429]]) == 0
    assert often[400] > np.quantile(often[:400], 0.98)


@pytest.mark.parametrize("count", [400, REFERENCE + 900])
def test_the_order_of_the_rows_does_not_matter(count: int) -> None:
    vectors = crowd(count, seed=1)
    order = np.random.default_rng(2).permutation(count)
    straight, mixed = method_scores(vectors, QUICK), method_scores(vectors[order], QUICK)
    for method in QUICK:
        np.testing.assert_allclose(mixed[method], straight[method][order], rtol=1e-6, err_msg=method)


def test_many_sources_are_held_against_a_sample() -> None:
    vectors = crowd(REFERENCE + 900, odd=3, seed=3)
    seen = Seen.of(vectors)
    assert len(seen.reference) == REFERENCE and len(seen.components) == len(vectors)
    for method, scores in method_scores(vectors, QUICK).items():
        if method != "lof":
            assert set(np.argsort(-scores)[:3]) == {0, 1, 2}, method


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 150])
def test_any_number_of_sources(count: int) -> None:
    vectors = np.random.default_rng(2).normal(size=(count, 64)).astype(np.float16)
    for scores in (*method_scores(vectors, QUICK).values(), METHODS["combined"](vectors)):
        assert scores.shape == (count,) and np.isfinite(scores).all()


def test_constant_embeddings_are_all_alike() -> None:
    for scores in method_scores(np.ones((60, 32)), [*QUICK, "autoencoder"]).values():
        assert np.ptp(scores) == 0


def test_nan_counts_as_zero() -> None:
    broken = np.where(np.random.default_rng(4).random(CROWD.shape) < 0.01, np.nan, CROWD)
    whole = np.nan_to_num(broken)
    assert np.array_equal(unit(broken), unit(whole))
    found = method_scores(broken)
    for method, scores in method_scores(whole).items():
        assert np.isfinite(found[method]).all()
        np.testing.assert_allclose(found[method].sum(), scores.sum(), rtol=0.05)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(KeyError):
        method_scores(CROWD, ["guess"])


def test_faint_and_cut_off_sources_count_less() -> None:
    snr = np.array([np.nan, -3, 3.0, 10.0, 100.0, 1000.0, 1000.0])
    columns = Columns(7, {"snr": snr, "bad_fraction": np.array([0, 0, 0, 0, 0, 0, 0.9])})
    value = worth(columns)
    assert value[3] == pytest.approx(0.5, abs=0.01) == value[0]  # unknown is neutral
    assert (np.diff(value[1:6]) > 0).all() and value[1] < value[2] < 0.01 and value[5] > 0.99
    assert value[6] == pytest.approx(0.5, abs=0.01)


def test_a_noisy_oddity_does_not_lead_the_list() -> None:
    snr = np.full(400, 50.0)
    snr[0] = 2
    scores = combine(list(cold_scores(CROWD, Columns(400, {"snr": snr})).values()))
    assert 0 not in np.argsort(-scores)[:50] and set(np.argsort(-scores)[:3]) == {1, 2, 3}

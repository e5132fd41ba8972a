"""The methods side by side: kept beside the embeddings, any of them the list; and the autoencoder of cutouts."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import EmbeddingStore, Shard
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.outlier_table import OutlierTable
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import OUTLIER_METHODS, CutoutSettings, EncoderSettings
from astrotl_gui.ml import autoencoder
from astrotl_gui.ml.outlier import METHODS, SINGLE
from astrotl_gui.pipeline import outliers as module
from astrotl_gui.pipeline.artifact_filter import likely_artifacts
from astrotl_gui.pipeline.export import export_table
from astrotl_gui.pipeline.lists import load_inputs
from astrotl_gui.pipeline.making import making
from astrotl_gui.pipeline.outliers import compare_outliers, kept_table, scores_by, with_method
from astrotl_gui.pipeline.picture_outliers import compare_pictures, picture_errors
from astrotl_gui.pipeline.rank import RankInputs, rank
from tests.pipeline.small_sky import make_catalog, make_sky

CUTOUTS, ENCODER = CutoutSettings(size=6.0, context=18.0), EncoderSettings()
QUICK = ("mahalanobis", "knn", "pca", "kmeans")

Sky = tuple[Mosaic, Catalog, Path]


@pytest.fixture
def sky(tmp_path: Path) -> Sky:
    """Forty sources with embeddings; the twentieth is odd, the thirtieth a likely artifact."""
    mosaic, catalog = make_sky(tmp_path)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 64)) + 0.1 * rng.normal(size=(40, 64)) + 5
    vectors[19] += 6 * rng.normal(size=64)
    folder = tmp_path / "embeddings"
    store = EmbeddingStore(folder, "test")
    places = np.stack([catalog.x, catalog.y], axis=1)
    negative = np.zeros((40, 1))
    negative[29] = 1
    store.append(Shard(catalog.ids, places, vectors, negative))
    made = {**making(mosaic, CUTOUTS, ENCODER), "views": 8}
    store.write_meta({"statistics": ["negative"], "making": made})
    return mosaic, catalog, folder


def compare(sky: Sky, methods: tuple[str, ...] = QUICK) -> OutlierTable:
    return compare_outliers(*sky, CUTOUTS, ENCODER, methods)


def inputs_of(sky: Sky, method: str = "combined") -> RankInputs:
    mosaic, catalog, folder = sky
    made = load_inputs(folder, catalog, mosaic, CUTOUTS, ENCODER, method)
    assert made is not None
    return made


def test_every_method_has_its_name() -> None:
    assert set(METHODS) | {"pictures"} == set(OUTLIER_METHODS)


def test_the_odd_one_leads_by_every_method(sky: Sky) -> None:
    table = compare(sky)
    assert table.methods == QUICK and table.ids.tolist() == sky[1].ids.tolist()
    assert table.ranks[19].tolist() == [1] * 4 and table.agreement[19] == 4
    assert ((table.scores >= 0) & (table.scores <= 1)).all()


def test_it_is_computed_once(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compare(sky)
    monkeypatch.setattr(module, "cold_scores", lambda *_: pytest.fail("computed again"))
    assert np.array_equal(compare(sky).scores, first.scores)
    kept = kept_table(sky[0], sky[1], sky[2], CUTOUTS, ENCODER)
    assert kept is not None and np.array_equal(kept.scores, first.scores)


def test_only_what_is_missing_is_added(sky: Sky) -> None:
    assert compare(sky, ("knn",)).methods == ("knn",)
    assert compare(sky).methods == ("knn", "mahalanobis", "pca", "kmeans")


def test_other_places_are_other_content(sky: Sky) -> None:
    compare(sky)
    mosaic, catalog, folder = sky
    moved = make_catalog(catalog.x + 1, catalog.y)
    assert kept_table(mosaic, moved, folder, CUTOUTS, ENCODER) is None


def test_without_embeddings(sky: Sky, tmp_path: Path) -> None:
    with pytest.raises(AstroTLError, match="not embedded"):
        compare_outliers(sky[0], sky[1], tmp_path / "none", CUTOUTS, ENCODER)


def test_combined_is_what_ranking_starts_with(sky: Sky) -> None:
    inputs, table = inputs_of(sky), compare(sky)
    by_table = with_method(inputs, table, "combined")
    assert by_table is not None and np.array_equal(by_table.cold["outlier"], inputs.cold["outlier"])
    assert rank(inputs, "outlier", {}).model == "cold outlier by combined"
    assert rank(inputs, "outlier", {}).ids[0] == 120


def test_a_method_orders_the_cold_list_and_nothing_else(sky: Sky) -> None:
    inputs, table = inputs_of(sky), compare(sky)
    chosen = with_method(inputs, table, "kmeans")
    assert chosen is not None
    ranking = rank(chosen, "outlier", {})
    order = np.argsort(table.ranks[:, table.methods.index("kmeans")])
    assert ranking.ids.tolist() == table.ids[order].tolist() and ranking.model == "cold outlier by kmeans"
    assert np.array_equal(chosen.cold["lens"], inputs.cold["lens"])
    assert rank(chosen, "outlier", {105: 1}).ids[0] in (105, 120)


@pytest.mark.parametrize("method", ["combined", "kmeans"])
def test_the_order_is_the_same_whether_scores_were_kept_or_not(tmp_path: Path, method: str) -> None:
    """Four hundred sources of one S/N: many means of three ranks are equal, but for rounding."""
    count, rng = 400, np.random.default_rng(1)
    mosaic, _ = make_sky(tmp_path)
    catalog = make_catalog(*rng.uniform(0, 99, (2, count)), snr=np.full(count, 20.0))
    store = EmbeddingStore(tmp_path, "test")
    places = np.stack([catalog.x, catalog.y], axis=1)
    store.append(Shard(catalog.ids, places, rng.normal(size=(count, 16)), np.zeros((count, 0))))
    store.write_meta({"statistics": [], "making": {**making(mosaic, CUTOUTS, ENCODER), "views": 8}})
    many = mosaic, catalog, tmp_path
    before = rank(inputs_of(many, method), "outlier", {})
    compare(many)
    after = rank(inputs_of(many, method), "outlier", {})
    assert before.ids.tolist() == after.ids.tolist() and np.array_equal(before.scores, after.scores)


def test_a_stored_choice_is_taken_up_with_and_without_the_table(sky: Sky) -> None:
    alone = inputs_of(sky, "kmeans")
    compare(sky)
    again = inputs_of(sky, "kmeans")
    assert alone.outlier_method == again.outlier_method == "kmeans"
    np.testing.assert_allclose(alone.cold["outlier"], again.cold["outlier"])


def test_a_method_of_cutouts_not_looked_at_yet(sky: Sky) -> None:
    inputs, table = inputs_of(sky, "pictures"), compare(sky)
    assert inputs.outlier_method == "combined"
    assert scores_by(table, "pictures") is None and with_method(inputs, table, "pictures") is None


def test_likely_artifacts(sky: Sky) -> None:
    """A sign beyond doubt, a label, what the ranker learned; a label of no frees."""
    inputs = inputs_of(sky)
    assert likely_artifacts(inputs, None, {}).tolist() == [130]
    learned = Ranking("artifact", np.array([107, 108]), np.array([0.6, 0.4], np.float32), "gp key 1+ 1-")
    assert likely_artifacts(inputs, learned, {}).tolist() == [130]
    assert likely_artifacts(inputs, learned, {105: 1, 130: -1}).tolist() == [105, 107]


def test_before_the_ranker_has_learned_half_of_the_list_is_no_artifact(sky: Sky) -> None:
    """A label of a source without embedding, or one that the list does not know of yet, leaves it as it was."""
    inputs = inputs_of(sky)
    for labels in ({105: 1}, {999: 1}):
        cold = rank(inputs, "artifact", {})
        assert likely_artifacts(inputs, cold, labels).tolist() == sorted({130, *labels})
    assert rank(inputs, "artifact", {105: 1}).learned and not cold.learned


def test_the_export_has_ranks_by_method(sky: Sky) -> None:
    table, catalog = compare(sky), sky[1]
    written = export_table(catalog, {}, [], ["outlier"], outliers=table)
    assert written["agreement_outlier"][19] == 4 and written["rank_outlier_knn"][19] == 1
    assert "4 methods" in written["agreement_outlier"].description
    assert "rank_outlier_knn" not in export_table(catalog, {}, [], ["lens"], outliers=table).colnames
    partly = OutlierTable(table.ids[:5], table.methods, table.scores[:5], "")
    written = export_table(catalog, {}, [], ["outlier"], outliers=partly)
    assert written["rank_outlier_knn"].mask.tolist() == [False] * 5 + [True] * 35


def test_the_autoencoder_of_cutouts_finds_the_odd_cutout(tmp_path: Path) -> None:
    """One of a hundred discs, as bright as the others, has a ring about it; found in seconds."""
    mosaic, _ = make_sky(tmp_path, "r", 1)
    x, y = (15.0 + 30 * at.ravel() for at in np.mgrid[:10, :10])
    row, column = np.mgrid[:300, :300]
    rng = np.random.default_rng(3)
    image = rng.normal(10, 1, (300, 300))
    for k in range(100):
        r = np.hypot(column - x[k], row - y[k])
        image += rng.uniform(20, 60) * np.exp(-r / rng.uniform(1.5, 3))
        image += 15 * np.exp(-(((r - 8) / 1.5) ** 2)) * (k == 44)
    fits.writeto(mosaic.spec.bands[0].image.path, image.astype(np.float32), overwrite=True)
    start = time.perf_counter()
    errors = picture_errors(Mosaic.open(mosaic.spec), make_catalog(x, y), 5.0, 150)
    assert errors.argmax() == 44 and np.isfinite(errors).all()
    assert time.perf_counter() - start < 30


def test_the_autoencoder_joins_the_table_and_can_be_stopped(
    sky: Sky, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stop(Progress):
        def __call__(self, done: float, total: float, text: str = "") -> None:
            if text == "Learning what is usual":
                raise Cancelled

    monkeypatch.setattr(autoencoder, "STEPS", 20)
    compare(sky, tuple(SINGLE))
    with pytest.raises(Cancelled):
        compare_pictures(*sky, CUTOUTS, ENCODER, progress=Stop())
    assert compare(sky).methods == tuple(SINGLE)
    table = compare_pictures(*sky, CUTOUTS, ENCODER)
    assert table.methods == (*SINGLE, "pictures")
    assert inputs_of(sky, "pictures").outlier_method == "pictures"


def test_many_yes_and_one_no_do_not_hide_the_sky(sky: Sky) -> None:
    """The ranker then scores nearly every source above one half: it knows of one that is none."""
    inputs = inputs_of(sky)
    labels = {int(source): 1 for source in inputs.ids[:9]} | {int(inputs.ids[9]): -1}
    ranking = rank(inputs, "artifact", labels)
    assert (ranking.scores > 0.5).mean() > 0.5
    hidden = set(likely_artifacts(inputs, ranking, labels).tolist())
    assert {130, *inputs.ids[:9].tolist()} <= hidden and inputs.ids[9] not in hidden
    assert len(hidden) - 10 <= (len(inputs.ids) - 10) // 5

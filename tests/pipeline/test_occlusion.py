"""Occlusion maps light what the ranker looks at, and the hidden cutouts go the way of every cutout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings, EmbeddingStore
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.core.regions import Regions
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings
from astrotl_gui.ml import encoder as encoder_module
from astrotl_gui.ml.recipes import UlisseRecipe
from astrotl_gui.pipeline.embed import embed
from astrotl_gui.pipeline.explain import explain
from astrotl_gui.pipeline.occlusion import CELLS, Occluded, hide, importance, occlude, patches
from astrotl_gui.pipeline.rank import RankInputs, prepare
from tests.pipeline.small_sky import make_catalog, make_sky

Sky = tuple[Mosaic, Catalog, Path, RankInputs]
SETTINGS, ONE = CutoutSettings(size=8.0, context=24.0), EncoderSettings(views=1)


@pytest.fixture(autouse=True)
def plain_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(encoder_module.PRECISIONS, "cpu", ())
    monkeypatch.setitem(encoder_module.BATCH, "cpu", 10)


class Stopper(Progress):
    """Keeps the reports; cancels once `stop` cutouts are done."""

    def __init__(self, stop: float = np.inf) -> None:
        self.stop = stop
        self.done: list[float] = []

    def __call__(self, done: float, total: float, text: str = "") -> None:
        self.done.append(done)
        if done >= self.stop:
            raise Cancelled


def region(planes: np.ndarray) -> Regions:
    """Planes (n, 1, 43, 43) around sources in their middle, with cutouts of 40 px."""
    n = len(planes)
    middle = np.full(n, 21.0, np.float32)
    return Regions(np.arange(n), planes.astype(np.float32), middle, middle, np.full(n, 40, np.float32))


def seen(planes: np.ndarray) -> np.ndarray:
    """An encoder that sees the upper right quadrant alone, on a coarse grid."""
    quadrant = planes[:, 0, 22:42, 22:42]
    return quadrant.reshape(len(planes), 4, 5, 4, 5).mean(axis=(2, 4)).reshape(len(planes), 16)


def test_patches_cover_the_cutout_and_overlap() -> None:
    covered = patches().sum(axis=0)
    assert covered.shape == (CELLS, CELLS)
    assert covered.min() == 1
    assert covered[1:-1, 1:-1].min() == 4


def test_a_hidden_cell_is_at_the_level_and_all_else_as_it_was() -> None:
    planes = np.arange(43.0 * 43).reshape(1, 1, 43, 43)
    cells = np.zeros((CELLS, CELLS), bool)
    cells[0, 7] = True  # lowest y, highest x: pixels 1 … 5 in y, 36 … 40 in x
    whole, hidden = hide(region(planes), np.array([-5.0], np.float32), 40.0, [None, cells]).planes[:, 0]
    assert np.array_equal(whole, planes[0, 0])
    changed = np.argwhere(hidden != whole)
    assert (hidden[hidden != whole] == -5).all()
    assert changed.min(axis=0).tolist() == [1, 36]
    assert changed.max(axis=0).tolist() == [5, 40]


def test_an_encoder_that_sees_one_quadrant_lights_that_quadrant() -> None:
    rng = np.random.default_rng(1)
    planes = rng.normal(0, 0.3, (60, 1, 43, 43))
    planes[:12, 0, 26:38, 26:38] += 5  # the positives' own sign, upper right
    planes[:, 0, 4:12, 4:12] += 9  # in all of them, out of the encoder's sight
    catalog = make_catalog(np.zeros(60), np.zeros(60))
    vectors = 0.5 + seen(planes)
    table = np.zeros((60, 0), np.float32)
    inputs = prepare(catalog, Embeddings(catalog.ids.copy(), vectors.astype(np.float16), table, (), "k"))
    hidden = hide(region(planes[:1]), np.zeros(1, np.float32), 40.0, [None, *patches()])
    occluded = Occluded((0.5 + seen(hidden.planes)).astype(np.float32), np.zeros((50, 0), np.float32), 8.0)
    labels = {101 + k: 1 if k < 12 else -1 for k in (1, 2, 3, 20, 30, 40)}
    made = importance(inputs, "lens", labels, 101, occluded)
    assert made is not None
    lit = made.drops[4:, 4:]
    assert lit.max() > 0.1
    assert np.abs(made.drops[:3, :3]).max() < 1e-5
    assert made.drops.argmax() in [y * CELLS + x for y in range(4, 8) for x in range(4, 8)]
    assert importance(inputs, "lens", {}, 101, occluded) is None
    assert importance(inputs, "lens", {999: 1}, 101, occluded) is None


@pytest.fixture(scope="module")
def sky(tmp_path_factory: pytest.TempPathFactory) -> Sky:
    """Eight sources embedded in one view; the last lies on no data at all."""
    folder = tmp_path_factory.mktemp("sky")
    mosaic, catalog = make_sky(folder, count=8)
    x, y = catalog.x.copy(), catalog.y.copy()
    x[-1], y[-1] = 2000.0, 2000.0
    catalog = make_catalog(x, y, snr=np.full(8, 20.0))
    with pytest.MonkeyPatch.context() as plain:
        plain.setitem(encoder_module.PRECISIONS, "cpu", ())
        embeddings = embed(mosaic, catalog, folder, SETTINGS, ONE, device="cpu").load(catalog)
    assert embeddings is not None
    return mosaic, catalog, folder, prepare(catalog, embeddings)


def occluded(sky: Sky, source: int, progress: Progress) -> Occluded:
    mosaic, catalog, folder, inputs = sky
    return occlude(
        mosaic, catalog, folder, inputs.key, SETTINGS, ONE, source, device="cpu", progress=progress
    )


@pytest.mark.parametrize("source", [101, 108])
def test_the_whole_cutout_scores_as_the_source_does_and_no_data_map_to_nothing(sky: Sky, source: int) -> None:
    labels = {102: 1, 103: 1, 104: -1, 106: -1}
    progress = Stopper()
    made = occluded(sky, source, progress)
    assert len(made.vectors) == len(made.statistics) == 50 and made.size == SETTINGS.size
    assert progress.done == [0, 10, 20, 30, 40, 50]
    found = importance(sky[3], "lens", labels, source, made)
    assert found is not None
    assert found.score == pytest.approx(explain(sky[3], "lens", labels, source).score, abs=5e-3)
    assert np.isfinite(found.drops).all()
    assert (np.abs(found.drops).max() > 1e-3) == (source == 101)


def test_it_is_cancelled_between_passes_and_refused_without_embeddings(sky: Sky, tmp_path: Path) -> None:
    stopper = Stopper(stop=20)
    with pytest.raises(Cancelled):
        occluded(sky, 101, stopper)
    assert stopper.done[-1] == 20
    with pytest.raises(AstroTLError, match="gone"):
        occlude(sky[0], sky[1], tmp_path, sky[3].key, SETTINGS, ONE, 101)


def test_embeddings_of_another_recipe_and_zooms_are_mapped_as_they_were_made(
    sky: Sky, tmp_path: Path
) -> None:
    """ULISSE's cutouts have a size of their own; a corner of them is out of sight of the zoom to their inner half."""
    mosaic, _, _, _ = sky
    catalog = make_catalog(np.array([150.0, 120.0]), np.array([150.0, 170.0]))
    then = EncoderSettings(views=1, layers="last", recipe="ulisse", zooms=(0.5, 1.0))
    store = embed(mosaic, catalog, tmp_path, SETTINGS, then, device="cpu")
    embeddings = store.load(catalog)
    assert embeddings is not None
    now = EncoderSettings(encoder="of-today")
    made = occlude(mosaic, catalog, tmp_path, store.key, SETTINGS, now, 101, device="cpu")
    assert made.size == UlisseRecipe.size
    np.testing.assert_allclose(made.vectors[0], embeddings.vectors[0], atol=0.01)
    inner, whole = np.split(np.abs(made.vectors[1] - made.vectors[0]), 2)
    assert inner.max() == 0 and whole.max() > 1e-3


@pytest.mark.parametrize(
    ("encoder", "says"), [({"name": "gone"}, "not on this computer"), ({"weights": "0"}, "other weights")]
)
def test_an_encoder_that_is_here_no_more_is_refused(
    sky: Sky, tmp_path: Path, encoder: dict[str, str], says: str
) -> None:
    meta = EmbeddingStore(sky[2], sky[3].key).meta()
    made = meta["making"]
    EmbeddingStore(tmp_path, "old").write_meta(
        {**meta, "making": {**made, "encoder": {**made["encoder"], **encoder}}}
    )
    with pytest.raises(AstroTLError, match=says):
        occlude(sky[0], sky[1], tmp_path, "old", SETTINGS, ONE, 101, device="cpu")

"""Embedding: every source once, and the same numbers however often it was interrupted."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings, EmbeddingStore
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings
from astrotl_gui.ml import encoder as encoder_module
from astrotl_gui.ml.encoder import cosines
from astrotl_gui.ml.encoders import Card, card
from astrotl_gui.pipeline import embed as module
from astrotl_gui.pipeline import making as making_module
from astrotl_gui.pipeline.making import find_embeddings
from tests.pipeline.small_sky import make_catalog, make_sky

SETTINGS = CutoutSettings(size=8.0, context=24.0)
ONE, EIGHT = EncoderSettings(views=1), EncoderSettings(views=8)


@pytest.fixture(autouse=True)
def plain_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which backend runs is tested with the encoder; torch in small batches is the quickest for a few sources."""
    monkeypatch.setitem(encoder_module.PRECISIONS, "cpu", ())
    monkeypatch.setitem(encoder_module.BATCH, "cpu", 10)


class Recorder(Progress):
    """Keeps the reports; cancels once `stop` sources are done."""

    def __init__(self, stop: float = np.inf) -> None:
        self.stop = stop
        self.reports: list[tuple[float, float, str]] = []

    def __call__(self, done: float, total: float, text: str = "") -> None:
        self.reports.append((done, total, text))
        if done >= self.stop:
            raise Cancelled


def embed(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    cutouts: CutoutSettings = SETTINGS,
    settings: EncoderSettings = ONE,
    **options: Any,
) -> Embeddings:
    """Embed on the processor and read back."""
    store = module.embed(mosaic, catalog, folder, cutouts, settings, **{"device": "cpu", **options})
    made = store.load(catalog)
    assert made is not None
    return made


def test_every_source_has_a_vector_in_catalog_order(tmp_path: Path) -> None:
    mosaic, catalog = make_sky(tmp_path)
    catalog = catalog.take(np.argsort(-catalog.x))
    progress = Recorder()
    made = embed(mosaic, catalog, tmp_path / "emb", progress=progress)
    assert np.array_equal(made.ids, catalog.ids)
    assert made.vectors.dtype == np.float16
    assert made.vectors.shape == (40, 2 * (40 + 112) + 1280)
    assert made.statistics.shape == (40, len(made.statistic_names))
    assert np.isfinite(made.vectors).all()
    assert len(np.unique(made.vectors, axis=0)) == 40
    done = [report[0] for report in progress.reports]
    assert done == sorted(done)
    assert progress.reports[-1] == (40, 40, "Embedding")
    assert made.meta["making"]["channels"] == ["i", "r", "g"]
    assert set(made.meta["preprocessing"]["reference"]) == set(catalog.ids.tolist())


def test_reopening_reads_and_does_not_embed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mosaic, catalog = make_sky(tmp_path)
    first = embed(mosaic, catalog, tmp_path / "emb")
    monkeypatch.setattr(module, "Encoder", None)
    again = embed(mosaic, catalog, tmp_path / "emb")
    np.testing.assert_array_equal(again.vectors, first.vectors)
    found = find_embeddings(tmp_path / "emb", catalog, mosaic, SETTINGS, EncoderSettings())
    assert found is not None
    np.testing.assert_array_equal(found.statistics, first.statistics)
    assert found.key == first.key


def test_cancelled_anywhere_it_resumes_to_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARD", 12)
    mosaic, catalog = make_sky(tmp_path)
    whole = embed(mosaic, catalog, tmp_path / "whole")
    for stop in (1, 12, 30):
        with pytest.raises(Cancelled):
            embed(mosaic, catalog, tmp_path / "broken", progress=Recorder(stop))
    progress = Recorder()
    resumed = embed(mosaic, catalog, tmp_path / "broken", progress=progress)
    assert progress.reports[1][0] > 12, "what was done is not done again"
    assert resumed.key == whole.key
    np.testing.assert_array_equal(resumed.vectors, whole.vectors)
    np.testing.assert_array_equal(resumed.statistics, whole.statistics)


def test_a_killed_process_leaves_a_store_that_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.pipeline.small_sky import make_sky\n"
        "from astrotl_gui.core.settings import CutoutSettings, EncoderSettings\n"
        "from astrotl_gui.pipeline import embed as m; from astrotl_gui.ml import encoder as e\n"
        "e.PRECISIONS['cpu'], e.BATCH['cpu'] = (), 10\n"
        "m.SHARD = 10; folder = Path(sys.argv[1]); mosaic, catalog = make_sky(folder)\n"
        "m.embed(mosaic, catalog, folder / 'emb', CutoutSettings(8.0, 24.0), EncoderSettings(views=1), device='cpu')\n"
    )
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=root, env={**os.environ, "PYTHONPATH": str(root)}
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("emb/*/shard-*.npz")) and time.monotonic() < deadline:
        time.sleep(0.005)  # the file system does not signal
    process.send_signal(signal.SIGKILL)
    process.wait()
    monkeypatch.setattr(module, "SHARD", 10)
    mosaic, catalog = make_sky(tmp_path)
    store = EmbeddingStore.all(tmp_path / "emb")[0]
    assert len(store.missing(catalog)) <= 30
    resumed = embed(mosaic, catalog, tmp_path / "emb")
    whole = embed(mosaic, catalog, tmp_path / "whole")
    np.testing.assert_array_equal(resumed.vectors, whole.vectors)


def test_a_new_source_is_added_and_the_rest_kept(tmp_path: Path) -> None:
    mosaic, catalog = make_sky(tmp_path)
    first = embed(mosaic, catalog.take(np.arange(30)), tmp_path / "emb")
    progress = Recorder()
    grown = embed(mosaic, catalog, tmp_path / "emb", progress=progress)
    assert grown.key == first.key
    np.testing.assert_array_equal(grown.vectors[:30], first.vectors)
    assert progress.reports[1][0] > 30
    moved = catalog.with_columns(x=catalog.x + np.where(catalog.ids == 105, 3.0, 0.0))
    other = embed(mosaic, moved, tmp_path / "emb")
    changed = np.flatnonzero((other.vectors != grown.vectors).any(axis=1))
    assert catalog.ids[changed].tolist() == [105]


LARGER = CutoutSettings(12.0, 36.0)


@pytest.mark.parametrize(
    ("cutouts", "settings", "reason"),
    [
        (LARGER, ONE, "cutout size"),
        (SETTINGS, EIGHT, "views 1 instead of 8"),
        (SETTINGS, EncoderSettings(views=1, zooms=(1.0, 2.0)), "zooms 1.0 instead of 1.0, 2.0"),
        (SETTINGS, EncoderSettings(views=1, recipe="ulisse"), "recipe asinh instead of ulisse"),
    ],
)
def test_another_making_is_refused_with_the_reason_and_gets_its_own_key(
    tmp_path: Path, cutouts: CutoutSettings, settings: EncoderSettings, reason: str
) -> None:
    mosaic, catalog = make_sky(tmp_path, count=6)
    one = embed(mosaic, catalog, tmp_path / "emb")
    with pytest.raises(AstroTLError, match=reason) as raised:
        find_embeddings(tmp_path / "emb", catalog, mosaic, cutouts, settings)
    assert "Embed the sources again" in str(raised.value)
    other = embed(mosaic, catalog, tmp_path / "emb", cutouts, settings)
    assert other.key != one.key
    for found, want in (((cutouts, settings), other), ((SETTINGS, ONE), one)):
        again = find_embeddings(tmp_path / "emb", catalog, mosaic, *found)
        assert again is not None
        np.testing.assert_array_equal(again.vectors, want.vectors)


def test_swapped_bands_and_changed_weights_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mosaic, catalog = make_sky(tmp_path, count=6)
    embed(mosaic, catalog, tmp_path / "emb")
    spec = mosaic.spec
    swapped = Mosaic.open(replace(spec, bands=(spec.bands[1], spec.bands[0], spec.bands[2])))
    with pytest.raises(AstroTLError, match="bands g, r, i instead of r, g, i"):
        find_embeddings(tmp_path / "emb", catalog, swapped, SETTINGS, ONE)
    other = replace(card(), sha256="0123456789abcdef")
    monkeypatch.setattr(making_module, "network_card", lambda settings: other)
    with pytest.raises(AstroTLError, match="other weights of efficientnet-lite0"):
        find_embeddings(tmp_path / "emb", catalog, mosaic, SETTINGS, ONE)
    monkeypatch.setattr(making_module, "network_card", lambda settings: replace(other, name="convnext"))
    with pytest.raises(AstroTLError, match="encoder efficientnet-lite0 instead of convnext"):
        find_embeddings(tmp_path / "emb", catalog, mosaic, SETTINGS, ONE)


def test_embeddings_are_read_where_their_encoder_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mosaic, catalog = make_sky(tmp_path, count=4)
    embed(mosaic, catalog, tmp_path / "emb")

    def none(name: str) -> Card:
        raise AstroTLError("This encoder is not on this computer", name)

    monkeypatch.setattr(making_module, "network_card", none)
    assert find_embeddings(tmp_path / "emb", catalog, mosaic, SETTINGS, ONE) is not None


def test_views_left_open_are_eight_for_few_sources_and_one_for_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mosaic, catalog = make_sky(tmp_path, count=5)
    few = embed(mosaic, catalog, tmp_path / "few", settings=EncoderSettings())
    assert few.meta["making"]["views"] == 8
    monkeypatch.setattr(module, "EIGHT_VIEWS_WITHIN", 0.0)
    many = embed(mosaic, catalog, tmp_path / "many", settings=EncoderSettings())
    assert many.meta["making"]["views"] == 1
    eight = embed(mosaic, catalog, tmp_path / "many", settings=EIGHT, first=[105, 103])
    np.testing.assert_array_equal(eight.vectors, few.vectors)
    found = find_embeddings(tmp_path / "many", catalog, mosaic, SETTINGS, EncoderSettings())
    assert found is not None
    assert found.key == eight.key, "eight views come before one"


def test_an_unfinished_store_of_eight_views_does_not_hold_up_one_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARD", 10)
    mosaic, catalog = make_sky(tmp_path, count=30)
    some = catalog.take(np.arange(25))
    one = embed(mosaic, some, tmp_path / "emb")
    with pytest.raises(Cancelled):
        embed(mosaic, some, tmp_path / "emb", settings=EIGHT, progress=Recorder(10))
    assert embed(mosaic, catalog, tmp_path / "emb", settings=EncoderSettings()).key == one.key


def test_sources_asked_for_first_are_embedded_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARD", 2)
    monkeypatch.setitem(encoder_module.BATCH, "cpu", 2)
    mosaic, catalog = make_sky(tmp_path)
    with pytest.raises(Cancelled):
        embed(mosaic, catalog, tmp_path / "emb", first=[130, 102, 117], progress=Recorder(4))
    store = EmbeddingStore.all(tmp_path / "emb")[0]
    assert {130, 102, 117} <= set(np.delete(catalog.ids, store.missing(catalog)).tolist())


def test_eight_views_do_not_care_how_the_sky_is_turned(tmp_path: Path) -> None:
    """The same sky flipped, or turned by a quarter: the same D4 embeddings to 1e-3."""
    mosaic, catalog = make_sky(tmp_path, count=6)
    want = embed(mosaic, catalog, tmp_path / "emb", settings=EIGHT).vectors.astype(np.float32)
    last = mosaic.shape[0] - 1
    for name, turn, x, y in (
        ("flip", lambda image: image[:, ::-1], last - catalog.x, catalog.y),
        ("turn", lambda image: image.T[::-1], catalog.y, last - catalog.x),
    ):
        folder = tmp_path / name
        folder.mkdir()
        bands = []
        for band in mosaic.spec.bands:
            path = folder / band.image.path.name
            fits.PrimaryHDU(turn(fits.getdata(band.image.path))).writeto(path)
            bands.append(replace(band, image=Plane(path, 0)))
        turned = Mosaic.open(replace(mosaic.spec, bands=tuple(bands)))
        moved = catalog.with_columns(x=x, y=y)
        got = embed(turned, moved, folder / "emb", settings=EIGHT).vectors.astype(np.float32)
        assert 1 - cosines(got, want).min() < 1e-3
        assert np.abs(got - want).max() < 1e-3 * np.linalg.norm(want, axis=1).max()


def test_zooms_are_concatenated(tmp_path: Path) -> None:
    mosaic, catalog = make_sky(tmp_path, count=5)
    both = embed(mosaic, catalog, tmp_path / "emb", settings=EncoderSettings(views=1, zooms=(1.0, 1.5)))
    assert both.vectors.shape == (5, 3168)
    one = embed(mosaic, catalog, tmp_path / "emb")
    wide = embed(mosaic, catalog, tmp_path / "emb", CutoutSettings(12.0, 36.0))
    np.testing.assert_array_equal(both.statistics, one.statistics)
    assert cosines(both.vectors[:, :1584].astype(np.float32), one.vectors.astype(np.float32)).min() > 0.9999
    # The stretch is that of the first zoom, so the second is like the wide one but not equal to it.
    assert cosines(both.vectors[:, 1584:].astype(np.float32), wide.vectors.astype(np.float32)).min() > 0.9


def test_order_and_batch_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mosaic, catalog = make_sky(tmp_path)
    want = embed(mosaic, catalog, tmp_path / "one").vectors.astype(np.float32)
    turned = catalog.take(np.arange(len(catalog))[::-1])
    got = embed(mosaic, turned, tmp_path / "two").vectors[::-1].astype(np.float32)
    assert cosines(got, want).min() > 0.99999
    monkeypatch.setitem(encoder_module.BATCH, "cpu", 7)
    got = embed(mosaic, catalog, tmp_path / "three").vectors.astype(np.float32)
    assert cosines(got, want).min() > 0.99999


def test_a_mosaic_removed_on_the_way_keeps_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARD", 10)
    mosaic, catalog = make_sky(tmp_path)
    true, count = Mosaic.read, 0

    def read(self: Mosaic, name: str, *args: Any) -> Any:
        nonlocal count
        count += name == "g"
        if count > 65:  # 40 of them to measure the stretch
            raise AstroTLError("An image cannot be read", "sky_g.fits is gone. Connect its drive again.")
        return true(self, name, *args)

    monkeypatch.setattr(Mosaic, "read", read)
    catalog = catalog.with_columns(x=catalog.x, y=catalog.y)
    with pytest.raises(AstroTLError, match="cannot be read"):
        embed(mosaic, catalog.take(np.arange(40)), tmp_path / "emb", CutoutSettings(1.0, 3.0))
    store = EmbeddingStore.all(tmp_path / "emb")[0]
    monkeypatch.setattr(Mosaic, "read", true)
    left = len(store.missing(catalog))
    assert left < 40
    progress = Recorder()
    embed(mosaic, catalog, tmp_path / "emb", CutoutSettings(1.0, 3.0), progress=progress)
    assert progress.reports[1][0] > 40 - left


def test_a_full_disk_is_one_clear_message_and_the_shards_before_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARD", 10)
    mosaic, catalog = make_sky(tmp_path)
    true, shards = np.savez, 0

    def savez(*args: Any, **kwargs: Any) -> None:
        nonlocal shards
        shards += 1
        if shards > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        true(*args, **kwargs)

    monkeypatch.setattr(np, "savez", savez)
    with pytest.raises(AstroTLError, match="space"):
        embed(mosaic, catalog, tmp_path / "emb")
    monkeypatch.setattr(np, "savez", true)
    store = EmbeddingStore.all(tmp_path / "emb")[0]
    assert len(store.missing(catalog)) == 20
    assert not list(store.folder.glob("*.part"))
    embed(mosaic, catalog, tmp_path / "emb")


@pytest.mark.parametrize("names", ["r", "gi", "grizy"])
def test_any_number_of_bands_and_few_sources(tmp_path: Path, names: str) -> None:
    for count in (0, 1, 2):
        mosaic, catalog = make_sky(tmp_path, names, count=count)
        made = embed(mosaic, catalog, tmp_path / f"emb{count}")
        assert made.vectors.shape == ((count, 1584) if count else (0, 0))
        assert np.isfinite(made.vectors).all()


def test_sources_outside_and_on_bad_pixels_are_embedded(tmp_path: Path) -> None:
    mosaic, _ = make_sky(tmp_path)
    catalog = make_catalog(np.array([62.0, -400, 0, 150]), np.array([42.0, 100, 0, 150]))
    made = embed(mosaic, catalog, tmp_path / "emb")
    assert np.isfinite(made.vectors).all()
    bad = made.statistics[:, made.statistic_names.index("bad_fraction")]
    assert bad[1] == 1
    assert 0.6 < bad[2] < 0.9
    assert 0 < bad[0] < 0.1
    assert bad[3] == 0


def test_one_clear_message_for_a_device_that_is_not_here(tmp_path: Path) -> None:
    mosaic, catalog = make_sky(tmp_path, count=2)
    with pytest.raises(AstroTLError, match="not available"):
        embed(mosaic, catalog, tmp_path / "emb", device="abacus")
    with pytest.raises(ValueError, match="views"):
        embed(mosaic, catalog, tmp_path / "emb", settings=EncoderSettings(views=3))

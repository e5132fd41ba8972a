"""Embedding: every source once, and the same numbers however often it was interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.embeddings import EmbeddingStore, read_embeddings
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.core.settings import CutoutSettings
from astrotl_gui.pipeline import embed as module
from astrotl_gui.pipeline.embed import embed
from tests.pipeline.small_sky import make_catalog, make_sky

SETTINGS = CutoutSettings(size=8.0, context=24.0, pixels=224)


class Recorder(Progress):
    """Keeps the reports; cancels once `stop` sources are done."""

    def __init__(self, stop: float = np.inf) -> None:
        self.stop = stop
        self.reports: list[tuple[float, float, str]] = []

    def __call__(self, done: float, total: float, text: str = "") -> None:
        self.reports.append((done, total, text))
        if done >= self.stop:
            raise Cancelled


def test_every_source_has_a_vector_in_catalog_order(tmp_path: Path) -> None:
    mosaic, catalog = make_sky(tmp_path)
    catalog = catalog.take(np.argsort(-catalog.x))
    progress = Recorder()
    made = embed(mosaic, catalog, tmp_path / "emb", SETTINGS, device="cpu", progress=progress)
    assert np.array_equal(made.ids, catalog.ids)
    assert made.vectors.dtype == np.float16
    assert made.vectors.shape == (40, 1280)
    assert made.statistics.shape == (40, len(made.statistic_names))
    assert np.isfinite(made.vectors).all()
    assert len(np.unique(made.vectors, axis=0)) == 40
    done = [report[0] for report in progress.reports]
    assert done == sorted(done)
    assert progress.reports[-1] == (40, 40, "Embedding")
    assert made.meta["base"]["channels"] == ["i", "r", "g"]
    assert set(made.meta["preprocessing"]["reference"]) == set(catalog.ids.tolist())


def test_reopening_reads_and_does_not_embed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mosaic, catalog = make_sky(tmp_path)
    first = embed(mosaic, catalog, tmp_path / "emb", SETTINGS, device="cpu")
    monkeypatch.setattr(module, "Encoder", None)
    again = embed(mosaic, catalog, tmp_path / "emb", SETTINGS, device="cpu")
    np.testing.assert_array_equal(again.vectors, first.vectors)
    found = read_embeddings(tmp_path / "emb", catalog)
    assert found is not None
    np.testing.assert_array_equal(found.statistics, first.statistics)
    assert found.key == first.key


def test_cancelled_anywhere_it_resumes_to_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARD", 12)
    mosaic, catalog = make_sky(tmp_path)
    whole = embed(mosaic, catalog, tmp_path / "whole", SETTINGS, device="cpu")
    for stop in (1, 12, 30):
        with pytest.raises(Cancelled):
            embed(mosaic, catalog, tmp_path / "broken", SETTINGS, device="cpu", progress=Recorder(stop))
    progress = Recorder()
    resumed = embed(mosaic, catalog, tmp_path / "broken", SETTINGS, device="cpu", progress=progress)
    assert progress.reports[1][0] > 12, "what was done is not done again"
    assert resumed.key == whole.key
    np.testing.assert_array_equal(resumed.vectors, whole.vectors)
    np.testing.assert_array_equal(resumed.statistics, whole.statistics)


def test_a_killed_process_leaves_a_store_that_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.pipeline.small_sky import make_sky\n"
        "from astrotl_gui.core.settings import CutoutSettings; from astrotl_gui.pipeline import embed as m\n"
        "m.SHARD = 10; folder = Path(sys.argv[1]); mosaic, catalog = make_sky(folder)\n"
        "m.embed(mosaic, catalog, folder / 'emb', CutoutSettings(8.0, 24.0, 224), device='cpu')\n"
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
    resumed = embed(mosaic, catalog, tmp_path / "emb", SETTINGS, device="cpu")
    whole = embed(mosaic, catalog, tmp_path / "whole", SETTINGS, device="cpu")
    np.testing.assert_array_equal(resumed.vectors, whole.vectors)


def test_a_new_source_is_added_and_the_rest_kept(tmp_path: Path) -> None:
    mosaic, catalog = make_sky(tmp_path)
    first = embed(mosaic, catalog.take(np.arange(30)), tmp_path / "emb", SETTINGS, device="cpu")
    progress = Recorder()
    grown = embed(mosaic, catalog, tmp_path / "emb", SETTINGS, device="cpu", progress=progress)
    assert grown.key == first.key
    np.testing.assert_array_equal(grown.vectors[:30], first.vectors)
    assert progress.reports[1][0] > 30
    moved = catalog.with_columns(x=catalog.x + np.where(catalog.ids == 105, 3.0, 0.0))
    other = embed(mosaic, moved, tmp_path / "emb", SETTINGS, device="cpu")
    changed = np.flatnonzero((other.vectors != grown.vectors).any(axis=1))
    assert catalog.ids[changed].tolist() == [105]


def test_other_settings_start_a_new_key(tmp_path: Path) -> None:
    mosaic, catalog = make_sky(tmp_path, count=6)
    one = embed(mosaic, catalog, tmp_path / "emb", SETTINGS, device="cpu")
    larger = embed(mosaic, catalog, tmp_path / "emb", CutoutSettings(12.0, 36.0, 224), device="cpu")
    turned = embed(mosaic, catalog, tmp_path / "emb", SETTINGS, device="cpu", views=8)
    assert len({one.key, larger.key, turned.key}) == 3
    fewer, _ = make_sky(tmp_path, "gi", count=6)
    assert embed(fewer, catalog, tmp_path / "emb", SETTINGS, device="cpu").key not in (one.key, larger.key)
    again = embed(mosaic, catalog, tmp_path / "emb", SETTINGS, device="cpu")
    np.testing.assert_array_equal(again.vectors, one.vectors)


@pytest.mark.parametrize("names", ["r", "gi", "grizy"])
def test_any_number_of_bands_and_few_sources(tmp_path: Path, names: str) -> None:
    for count in (0, 1, 2):
        mosaic, catalog = make_sky(tmp_path, names, count=count)
        made = embed(mosaic, catalog, tmp_path / f"emb{count}", SETTINGS, device="cpu")
        assert made.vectors.shape == (count, 1280)
        assert np.isfinite(made.vectors).all()


def test_sources_outside_and_on_bad_pixels_are_embedded(tmp_path: Path) -> None:
    mosaic, _ = make_sky(tmp_path)
    catalog = make_catalog(np.array([62.0, -400, 0, 150]), np.array([42.0, 100, 0, 150]))
    made = embed(mosaic, catalog, tmp_path / "emb", SETTINGS, device="cpu")
    assert np.isfinite(made.vectors).all()
    bad = made.statistics[:, made.statistic_names.index("bad_fraction")]
    assert bad[1] == 1
    assert 0.6 < bad[2] < 0.9
    assert 0 < bad[0] < 0.1
    assert bad[3] == 0


def test_one_clear_message_for_a_device_that_is_not_here(tmp_path: Path) -> None:
    mosaic, catalog = make_sky(tmp_path, count=2)
    with pytest.raises(AstroTLError, match="not available"):
        embed(mosaic, catalog, tmp_path / "emb", SETTINGS, device="abacus")
    with pytest.raises(ValueError, match="views"):
        embed(mosaic, catalog, tmp_path / "emb", SETTINGS, views=3)

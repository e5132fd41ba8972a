"""The demo sky that comes with AstroTL: small on disk, rich in what is rare, and true to its table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.pipeline.demo import demo_field, demo_project, demo_spec


@pytest.fixture(scope="module")
def mosaic() -> Mosaic:
    return Mosaic.open(demo_spec(demo_field()))


def test_it_is_small_on_disk_and_large_on_the_sky(mosaic: Mosaic) -> None:
    files = list(demo_field().truth.parent.iterdir())
    assert sum(path.stat().st_size for path in files) < 20e6
    assert min(mosaic.shape) >= 3000 and [band.name for band in mosaic.bands] == ["g", "r", "i"]
    for band in mosaic.spec.bands:
        assert band.rms and band.mask and band.psf and band.zeropoint == 30.0 and band.mask_bits


def test_rare_objects_are_there_in_believable_proportion() -> None:
    counts = demo_field().counts()
    assert 20 <= counts["lens"] <= 40 and 40 <= counts["agn"] <= 80 and 100 <= counts["artifact"] <= 400
    assert counts["galaxy"] > 5000
    for rare in ("lens", "agn", "outlier"):
        assert counts[rare] <= 0.01 * sum(counts.values())
    table = pq.read_table(demo_field().truth, columns=["class", "kind"]).to_pydict()
    assert {"merger", "ring galaxy"} <= set(table["kind"]) and {"arc", "ring"} <= set(table["kind"])


def test_packing_kept_positions_and_light(mosaic: Mosaic) -> None:
    """Stars of the truth table, in the packed images: centroids to 0.1 px and light to 3 % in the median."""
    truth = {name: np.array(values) for name, values in pq.read_table(demo_field().truth).to_pydict().items()}
    stars = np.flatnonzero((truth["class"] == "star") & (truth["mag_r"] > 18.5) & (truth["mag_r"] < 20.5))
    offsets, ratios = [], []
    for row in stars[:40]:
        x, y = truth["x"][row], truth["y"][row]
        left, bottom = round(x) - 15, round(y) - 15
        if not (left > 0 and bottom > 0 and left + 31 < mosaic.shape[1] and bottom + 31 < mosaic.shape[0]):
            continue
        stamp = mosaic.read("r", (left, bottom, left + 31, bottom + 31)).astype(float)
        rows, columns = np.indices(stamp.shape)
        r = np.hypot(columns + left - x, rows + bottom - y)
        light = stamp - np.median(stamp[r > 12])
        near = r < 5
        cx, cy = ((axis * light)[near].sum() / light[near].sum() for axis in (columns + left, rows + bottom))
        offsets.append(np.hypot(cx - x, cy - y))
        ratios.append(light[r < 12].sum() / truth["flux_r"][row])
    assert len(offsets) > 15
    assert np.median(offsets) < 0.1 and np.median(ratios) == pytest.approx(
        0.97, abs=0.03
    )  # the aureole is wider


def test_noise_is_what_the_rms_says(mosaic: Mosaic) -> None:
    """Sky without sources, to 3 %: quantisation adds half a per cent, faint galaxies the rest."""
    box = (1500, 1500, 2000, 2000)
    for name in ("g", "r", "i"):
        noise = mosaic.noise(name, box)
        assert noise is not None
        scaled = mosaic.read(name, box) / noise
        low, middle = np.percentile(scaled, [15.87, 50])
        assert 0.97 < middle - low < 1.12


def test_the_project_is_made_once(tmp_path: Path) -> None:
    path = demo_project(tmp_path)
    before = (path / "project.toml").stat().st_mtime_ns
    assert demo_project(tmp_path) == path and (path / "project.toml").stat().st_mtime_ns == before
    project = Project.open(path)
    assert project.name == "Demo sky" or "Demo sky" in project.spec.name
    project.close()

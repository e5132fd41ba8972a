"""A project of stamps: the network sees each stamp exactly, sources stay, and nothing is left half-made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.cutout import cutout
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.core.stretch import Look, render_bands
from astrotl_gui.core.tiles import TileSource
from astrotl_gui.pipeline.new_stamps import StampProject, new_stamps, read_stamps
from astrotl_gui.pipeline.sources import find_sources
from tests.pipeline.stamps.stamp_files import fits_stamp, pictures, pixels

SIDE = 32


def opened(made: StampProject) -> tuple[Mosaic, Catalog, Project]:
    project = Project.open(made.path)
    project.close()
    return Mosaic.open(project.spec), project.read_catalog(), project


@pytest.fixture
def made(tmp_path: Path) -> StampProject:
    pictures(tmp_path / "stamps", pixels(11))
    return new_stamps(tmp_path / "P", read_stamps([tmp_path / "stamps"]), pixel_scale=0.25)


def test_each_cutout_is_its_stamp_and_nothing_else(made: StampProject) -> None:
    mosaic, catalog, project = opened(made)
    expected = pixels(11)
    assert [band.name for band in mosaic.bands] == ["B", "G", "R"] and mosaic.spec.colour == ("R", "G", "B")
    assert mosaic.notes == () and mosaic.pixel_scale() == 0.25
    assert project.cutouts.size == project.cutouts.context == SIDE * 0.25
    for row, name in enumerate(catalog.column("stamp")):
        stamp = np.moveaxis(expected[int(name[:3]), ::-1], 2, 0).astype(float)
        seen = cutout(mosaic, catalog.x[row], catalog.y[row], project.cutouts.size, SIDE, ("R", "G", "B"))
        assert np.array_equal(seen, stamp)


def test_no_neighbour_leaks_into_a_cutout_of_any_size(tmp_path: Path) -> None:
    values = np.full((9, SIDE, SIDE), 1e6, np.float32)
    values[4] = np.random.default_rng(0).normal(0, 1, (SIDE, SIDE))
    np.save(tmp_path / "a.npy", values)
    mosaic, catalog, project = opened(
        new_stamps(tmp_path / "P", read_stamps([tmp_path / "a.npy"]), pixel_scale=1)
    )
    for npix in (8, 56, 64, 128, 224):
        seen = cutout(mosaic, catalog.x[4], catalog.y[4], project.cutouts.size, npix, ("image",))
        assert np.nanmax(abs(seen)) < 10
        assert np.isnan(seen).mean() < 1e-3, (
            "no more than the very corners, where enlarging reaches over the rim"
        )


def test_pictures_are_shown_as_they_are(made: StampProject, tmp_path: Path) -> None:
    mosaic, catalog, project = opened(made)
    tiles, look = TileSource(mosaic), Look.from_dict(project.view["look"])
    levels = {name: tiles.display_levels(name) for name in "RGB"}
    planes = dict(
        zip("RGB", cutout(mosaic, catalog.x[3], catalog.y[3], 8.0, SIDE, tuple("RGB")), strict=True)
    )
    shown = render_bands(planes, levels, mosaic.spec, look)[::-1, :, 2::-1]
    original = np.asarray(Image.open(tmp_path / "stamps/003.png"))
    assert abs(shown.astype(int) - original).max() <= 2


def test_sizes_differ_and_some_cannot_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    pictures(folder, pixels(3))
    Image.fromarray(pixels(1, 21)[0]).save(folder / "small.png")
    Image.fromarray(pixels(1, 32)[0]).save(folder / "cut.png")
    (folder / "cut.png").write_bytes((folder / "cut.png").read_bytes()[:700])
    made = new_stamps(tmp_path / "P", read_stamps([folder]), pixel_scale=0.5)
    mosaic, catalog, project = opened(made)
    assert made.count == len(catalog) == 4 and [name for name, _ in made.skipped] == ["cut.png"]
    assert "21 × 21 to 32 × 32 px" in made.notes[0] and "1 of 5 stamps cannot be read" in made.notes[-1]
    row = catalog.column("stamp").tolist().index("small.png")
    seen = cutout(mosaic, catalog.x[row], catalog.y[row], project.cutouts.size, SIDE, ("R",))[0]
    assert np.isfinite(seen).sum() == 21 * 21
    assert np.array_equal(seen[5:26, 5:26], pixels(1, 21)[0, ::-1, :, 0])


def test_scale_and_place_from_the_stamps_and_bands_from_the_user(tmp_path: Path) -> None:
    for k in range(4):
        data = np.random.default_rng(k).normal(size=(2, 24, 24)).astype("f4")
        fits_stamp(tmp_path / f"s/o{k}.fits", data, ra=20.0 + k)
    made = new_stamps(tmp_path / "P", read_stamps([tmp_path / "s"], bands=["i", "g"]))
    mosaic, catalog, _ = opened(made)
    assert made.pixel_scale == pytest.approx(0.2) and catalog.ra == pytest.approx([20, 21, 22, 23])
    assert [band.name for band in mosaic.bands] == ["g", "i"] and not mosaic.has_sky and catalog.has_sky
    with pytest.raises(AstroTLError, match="The stamps have 2"):
        read_stamps([tmp_path / "s"], bands=["g"])


def test_no_scale_is_assumed(tmp_path: Path) -> None:
    pictures(tmp_path / "s", pixels(2))
    with pytest.raises(AstroTLError, match="--pixel-scale"):
        new_stamps(tmp_path / "P", read_stamps([tmp_path / "s"]))
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_nothing_is_detected_on_a_sheet(made: StampProject, tmp_path: Path) -> None:
    mosaic, catalog, project = opened(made)
    project.catalog_file.unlink()
    again = find_sources(mosaic, Catalog.empty(), [], 1, DetectionSettings())
    assert again.names == catalog.names, "a lost catalog comes back with its ids"
    for name in catalog.names:
        np.testing.assert_array_equal(again.column(name), catalog.column(name))
    with pytest.raises(AstroTLError, match="These are stamps"):
        find_sources(mosaic, catalog, [], 12, DetectionSettings(), tmp_path / "x.csv")


class Stop(Progress):
    def __call__(self, done: float, total: float, text: str = "") -> None:
        if text == "Laying out stamps" and done >= total / 2:
            raise Cancelled


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    pictures(tmp_path / "s", pixels(30))
    found = read_stamps([tmp_path / "s"])
    with pytest.raises(Cancelled):
        new_stamps(tmp_path / "P", found, pixel_scale=1, progress=Stop())
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_a_kill_leaves_no_project(tmp_path: Path) -> None:
    np.save(tmp_path / "many.npy", np.zeros((3000, 64, 64), np.float32))
    command = [sys.executable, "-m", "astrotl_gui", "new", tmp_path / "P", "--stamps", tmp_path / "many.npy"]
    with subprocess.Popen([*map(str, command), "--pixel-scale", "1"]) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".P.astrotl.*/sheet")) and time.monotonic() < deadline:
            assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    assert not (tmp_path / "P.astrotl").exists()
    assert new_stamps(tmp_path / "P", read_stamps([tmp_path / "many.npy"]), pixel_scale=1).count == 3000


def test_real_lenses_with_their_table(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "labelled/lenses"
    made = new_stamps(
        tmp_path / "Lenses", read_stamps([folder / "images"], ids=folder / "truth.csv"), pixel_scale=0.14
    )
    _, catalog, _ = opened(made)
    assert made.count == 186 and made.skipped == () and made.notes == ()
    assert (catalog.column("label") == "anomaly").sum() == 51
    assert catalog.column("grade").min() == pytest.approx(0.3, abs=0.31)
    assert np.isfinite(catalog.column("snr")).mean() > 0.95


def test_real_alerts_of_one_array(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "labelled/ztf_alerts"
    found = read_stamps(
        [folder / "cutouts.npz"], ids=folder / "labels.csv", bands=["science", "template", "difference"]
    )
    made = new_stamps(tmp_path / "Ztf", found, pixel_scale=1.01)
    mosaic, catalog, _ = opened(made)
    with np.load(folder / "cutouts.npz", allow_pickle=False) as arrays:
        third = arrays["cutouts"][3]
    seen = cutout(mosaic, catalog.x[3], catalog.y[3], 63 * 1.01, 63, made.bands)
    assert np.array_equal(np.nan_to_num(seen), np.nan_to_num(third))
    assert catalog.column("user_id")[0] == "ZTF18abadigg" and catalog.ra[0] == pytest.approx(
        320.38378, abs=1e-4
    )

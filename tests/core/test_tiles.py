"""Tiles: exact means at every level, missing pixels, the pyramid on disk, cancellation, eviction."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from astrotl_gui.core import pyramid
from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.core.pyramid import block_mean
from astrotl_gui.core.tiles import TILE, TileSource, level_count


def make_mosaic(folder: Path, pixels: np.ndarray) -> Mosaic:
    path = folder / "sky.fits"
    fits.PrimaryHDU(pixels.astype(np.float32)).writeto(path, overwrite=True)
    band = BandSpec("r", Plane(path, 0), None, None, None, 0, None, None, None)
    return Mosaic.open(MosaicSpec("sky", (band,), "r", ("r", "r", "r"), pixel_scale=0.2))


def plain_mean(pixels: np.ndarray, level: int) -> np.ndarray:
    """Block means the slow and obvious way."""
    n = 1 << level
    rows, columns = -(-pixels.shape[0] // n), -(-pixels.shape[1] // n)
    result = np.full((rows, columns), np.nan)
    for i in range(rows):
        for j in range(columns):
            block = pixels[i * n : (i + 1) * n, j * n : (j + 1) * n]
            if np.isfinite(block).any():
                result[i, j] = np.nanmean(block)
    return result


@given(
    shape=st.tuples(st.integers(1, 21), st.integers(1, 21)),
    level=st.integers(0, 4),
    holes=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_block_mean_is_the_mean_of_finite_pixels(
    shape: tuple[int, int], level: int, holes: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.normal(size=shape).astype(np.float32)
    pixels[rng.random(shape) < holes] = np.nan
    np.testing.assert_allclose(block_mean(pixels, level), plain_mean(pixels, level), atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "levels"), [((1, 1), 1), ((256, 256), 1), ((257, 10), 2), ((20000, 20000), 8)]
)
def test_the_last_level_fits_one_tile(shape: tuple[int, int], levels: int) -> None:
    assert level_count(shape) == levels


@pytest.fixture
def pixels() -> np.ndarray:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(2300, 5000)).astype(np.float32)
    values[100:140, 4000:4100] = np.nan
    values[-64:, :300] = np.nan
    return values


def test_tiles_join_to_the_mean_image_at_every_level(tmp_path: Path, pixels: np.ndarray) -> None:
    source = TileSource(make_mosaic(tmp_path, pixels), tmp_path / "cache")
    source.build("r")
    assert source.built("r")
    assert source.large
    for level in range(source.levels):
        across, up = source.grid(level)
        rows = [np.hstack([source.tile("r", level, ix, iy) for ix in range(across)]) for iy in range(up)]
        np.testing.assert_allclose(np.vstack(rows), block_mean(pixels, level), atol=2e-5)
    assert source.tile("r", source.levels - 1, 0, 0).shape[1] <= TILE


def test_high_levels_without_pyramid_have_the_same_shape(tmp_path: Path, pixels: np.ndarray) -> None:
    source = TileSource(make_mosaic(tmp_path, pixels), None)
    for level in range(source.levels):
        across, up = source.grid(level)
        last = source.tile("r", level, across - 1, up - 1)
        means = block_mean(pixels, level)
        assert last.shape == means[(up - 1) * TILE :, (across - 1) * TILE :].shape
    whole = (
        slice(10, 130),
        slice(20, 240),
    )  # blocks that are neither cut nor holed: means of means are means
    np.testing.assert_allclose(source.tile("r", 4, 0, 0)[whole], block_mean(pixels, 4)[whole], atol=2e-5)


def test_large_mosaics_are_sampled_until_the_pyramid_is_there(
    tmp_path: Path, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("astrotl_gui.core.tiles.WHOLE_PIXELS", 1000)
    source = TileSource(make_mosaic(tmp_path, pixels), tmp_path / "cache")
    step = source.overview_step()
    np.testing.assert_array_equal(source.overview("r"), pixels[::step, ::step])
    assert source.tile("r", 4, 1, 0).shape == block_mean(pixels, 4)[:256, 256:].shape
    source.build("r")
    np.testing.assert_allclose(source.overview("r"), block_mean(pixels, step.bit_length() - 1), atol=2e-5)


@pytest.mark.parametrize(("side", "step"), [(1024, 8), (5000, 1), (700, 8), (300, 32)])
def test_overview_fits_the_side_asked_for(tmp_path: Path, pixels: np.ndarray, side: int, step: int) -> None:
    source = TileSource(make_mosaic(tmp_path, pixels))
    assert source.overview_step(side) == step
    assert max(source.overview("r", side).shape) <= side


def test_display_levels_measure_pixels_not_means(tmp_path: Path, pixels: np.ndarray) -> None:
    levels = TileSource(make_mosaic(tmp_path, pixels)).display_levels("r")
    assert levels.noise == pytest.approx(1, rel=0.02)
    assert levels.black == pytest.approx(0, abs=0.05)


def test_a_pyramid_is_kept_and_follows_the_file(tmp_path: Path, pixels: np.ndarray) -> None:
    cache = tmp_path / "cache"
    TileSource(make_mosaic(tmp_path, pixels), cache).build("r")
    assert TileSource(make_mosaic(tmp_path, pixels), cache).built("r") is False, "the file was written again"
    assert len(list(cache.iterdir())) == 1


class StopAfter(Progress):
    def __init__(self, calls: int) -> None:
        self.calls = calls

    def __call__(self, done: float, total: float, text: str = "") -> None:
        self.calls -= 1
        if self.calls < 0:
            raise Cancelled


def test_a_cancelled_build_leaves_nothing(tmp_path: Path, pixels: np.ndarray) -> None:
    source = TileSource(make_mosaic(tmp_path, pixels), tmp_path / "cache")
    with pytest.raises(Cancelled):
        source.build("r", StopAfter(3))
    assert list((tmp_path / "cache").iterdir()) == []
    assert not source.built("r")


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path, pixels: np.ndarray) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(AstroTLError):
        TileSource(make_mosaic(tmp_path, pixels), blocked / "cache").build("r")


def test_a_file_written_again_within_a_tick_of_its_clock_is_another(
    tmp_path: Path, pixels: np.ndarray
) -> None:
    cache, path = tmp_path / "cache", tmp_path / "sky.fits"
    mosaic = make_mosaic(tmp_path, pixels)
    TileSource(mosaic, cache).build("r")
    status = path.stat()
    assert TileSource(mosaic, cache).built("r")
    with open(path, "r+b") as file:
        file.seek(2880)
        file.write((pixels + 1).astype(">f4").tobytes())
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    assert not TileSource(mosaic, cache).built("r")


def test_a_file_that_changes_while_it_is_read_leaves_no_pyramid(tmp_path: Path, pixels: np.ndarray) -> None:
    class Touch(Progress):
        def __call__(self, done: float, total: float, text: str = "") -> None:
            os.utime(tmp_path / "sky.fits", (done, done))

    source = TileSource(make_mosaic(tmp_path, pixels), tmp_path / "cache")
    with pytest.raises(AstroTLError, match="changed while reading"):
        source.build("r", Touch())
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_damaged_pyramid_is_built_anew(tmp_path: Path, pixels: np.ndarray) -> None:
    mosaic, cache = make_mosaic(tmp_path, pixels), tmp_path / "cache"
    TileSource(mosaic, cache).build("r")
    (place,) = cache.iterdir()
    with open(place / "level-2.npy", "r+b") as file:
        file.truncate(5000)
    source = TileSource(mosaic, cache)
    assert not source.built("r")
    source.build("r")
    assert source.built("r")
    np.testing.assert_allclose(
        source.means("r", 2, (0, 0, 50, 50)), block_mean(pixels[:200, :200], 2), atol=2e-5
    )
    taken = sum(file.stat().st_size for file in place.iterdir())
    sample = source.overview_step() ** -2
    assert taken < 4 * pixels.size * (1 / 12 + sample) * 1.02 + 2000


@pytest.mark.parametrize("early", [True, False])
def test_a_full_disk_is_said(
    tmp_path: Path, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch, early: bool
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if early:
        monkeypatch.setattr(pyramid.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    else:
        monkeypatch.setattr(pyramid._Rows, "write", full)
    source = TileSource(make_mosaic(tmp_path, pixels), tmp_path / "cache")
    with pytest.raises(AstroTLError, match="The disk is full"):
        source.build("r")
    assert list((tmp_path / "cache").iterdir()) == []
    assert source.tile("r", 4, 0, 0).shape == (144, 256)


def test_drafts_of_killed_processes_are_cleared(tmp_path: Path, pixels: np.ndarray) -> None:
    cache = tmp_path / "cache"
    old, new = cache / ".abc.1.2.part", cache / ".def.1.2.part"
    old.mkdir(parents=True)
    new.mkdir()
    os.utime(old, (0, 0))
    TileSource(make_mosaic(tmp_path, pixels), cache).build("r")
    assert not old.exists()
    assert new.exists()


def test_old_pyramids_make_room(tmp_path: Path, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    TileSource(make_mosaic(tmp_path, pixels), cache).build("r")
    (old,) = cache.iterdir()
    os.utime(old, (0, 0))
    monkeypatch.setattr(pyramid, "CACHE_BYTES", 4_000_000)
    source = TileSource(make_mosaic(tmp_path, pixels), cache)
    source.build("r")
    assert not old.exists()
    assert source.built("r")

"""Images at URLs: the same pixels as on disk, few bytes over the network, failures said in one line."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.core import remote
from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane, image_planes, open_plane
from astrotl_gui.core.image_paths import absolute_paths, moved, relative, resolved
from astrotl_gui.core.remote import BLOCKS, RemoteFile, address, is_remote, local_path
from tests.core.serving import serving

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")
SIDE = 1500


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A plain image in the second HDU (9 MB), the same compressed, and one that is packed."""
    place = tmp_path_factory.mktemp("served")
    pixels = np.random.default_rng(5).normal(0, 1, (SIDE, SIDE)).astype(np.float32)
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(pixels, name="SCI")]).writeto(place / "a.fits")
    squeezed = fits.CompImageHDU(pixels, compression_type="RICE_1", tile_shape=(100, 100), quantize_level=16)
    fits.HDUList([fits.PrimaryHDU(), squeezed]).writeto(place / "a.fits.fz")
    fits.PrimaryHDU(pixels[:50, :50]).writeto(place / "packed.fits.gz")
    (place / "text.fits").write_text("nothing")
    return place


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(remote, "PAUSE_SECONDS", 0.01)
    BLOCKS.clear()
    yield
    BLOCKS.clear()


BOXES = [(0, 0, 40, 40), (700, 1440, 780, 1500), (-10, 5, 60, 30), (3, 700, 1499, 702)]


@pytest.mark.parametrize("name", ["a.fits", "a.fits.fz"])
@pytest.mark.parametrize("scheme", ["http", "memory"])
def test_pixels_are_those_of_the_file_and_little_of_it_is_read(name, scheme, folder):
    import fsspec

    local = open_plane(Plane.parse(f"{folder / name}[1]"))
    with serving(folder) as served:
        if scheme == "memory":
            fsspec.filesystem("memory").pipe(f"/sky/{name}", (folder / name).read_bytes())
        url = f"{served.url if scheme == 'http' else 'memory://sky'}/{name}"
        plane = Plane.parse(f"{url}[1]")
        assert str(plane) == f"{url}[1]" and Plane.parse(str(plane)) == plane
        far = open_plane(plane)
        assert far.shape == local.shape and far.header == local.header
        before, size = BLOCKS.fetched, (folder / name).stat().st_size
        assert np.array_equal(far.read(*BOXES[0]), local.read(*BOXES[0]))
        assert BLOCKS.fetched - before < size / 4 and BLOCKS.fetched < size / 3
        with ThreadPoolExecutor(4) as pool:
            for box, found in zip(BOXES, pool.map(lambda box: far.read(*box), BOXES), strict=True):
                assert np.array_equal(found, local.read(*box), equal_nan=True)
        assert np.array_equal(far.read(0, 0, 900, 900, step=300), local.read(0, 0, 900, 900, step=300))
        if scheme == "http":
            assert served.sent <= BLOCKS.fetched + 2**16


def test_what_was_read_is_not_asked_for_again_and_the_cache_is_bounded(folder, monkeypatch):
    with serving(folder) as served:
        plane = open_plane(Plane.parse(f"{served.url}/a.fits[SCI]"))
        first = plane.read(0, 0, SIDE, 100)
        parts = served.parts
        assert np.array_equal(plane.read(0, 0, SIDE, 100), first) and served.parts == parts
        monkeypatch.setattr(remote, "CACHE_BYTES", 5 * remote.BLOCK)
        whole = plane.read(0, 0, SIDE, SIDE)
        assert BLOCKS.bytes <= 5 * remote.BLOCK
    assert np.array_equal(whole, fits.getdata(folder / "a.fits", 1))


def test_a_lost_connection_is_tried_again_then_said_and_mends_itself(folder):
    with serving(folder) as served:
        plane = open_plane(Plane.parse(f"{served.url}/a.fits[1]"))
        served.fails = 2
        assert plane.read(0, 1000, 30, 1030).shape == (30, 30) and served.fails == 0
        served.dies_after = 0
        with pytest.raises(AstroTLError, match=r"The connection was lost: http://127.*3 times"):
            plane.read(0, 1300, 30, 1330)
        served.dies_after = None
        assert np.isfinite(plane.read(0, 1300, 30, 1330)).all()


@pytest.mark.parametrize("name", ["a.fits", "a.fits.fz"])
def test_a_server_dying_midway_is_one_clear_message(name, folder):
    with serving(folder) as served:
        plane = open_plane(Plane.parse(f"{served.url}/{name}[1]"))
        served.dies_after = served.parts  # connections that are kept open get no answer either
    with pytest.raises(AstroTLError, match="The connection was lost"):
        plane.read(0, 1400, 30, 1430)


def test_a_server_that_ignores_range_is_told_apart_without_downloading(folder):
    size = (folder / "a.fits").stat().st_size
    for behaviour in ({"ranges": False}, {"ranges": False, "says_none": True}):
        with serving(folder, **behaviour) as served:
            with pytest.raises(AstroTLError, match="sends whole files only"):
                open_plane(Plane.parse(f"{served.url}/a.fits[1]")).read(0, 1400, 30, 1430)
            assert BLOCKS.bytes < size / 2


def test_what_is_not_there_is_said(folder, monkeypatch):
    with serving(folder) as served:
        with pytest.raises(AstroTLError, match=f"File not found.*{served.url}/gone.fits"):
            Plane.parse(f"{served.url}/gone.fits[1]") and open_plane(
                Plane.parse(f"{served.url}/gone.fits[1]")
            )
        with pytest.raises(AstroTLError, match="Not a FITS file"):
            image_planes(Path(f"{served.url}/text.fits"))
        with pytest.raises(AstroTLError, match="packed file cannot be read in parts"):
            image_planes(Path(f"{served.url}/packed.fits.gz"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(AstroTLError, match="The connection was lost"):
        RemoteFile(f"http://127.0.0.1:{port}/a.fits")
    with pytest.raises(AstroTLError, match="address cannot be read"):
        RemoteFile("nosuch://host/a.fits")


def test_urls_are_told_from_paths():
    for text in ("https://h/a.fits", "s3://bucket/a.fits", "memory://a.fits", "gs://b/c"):
        assert is_remote(text) and is_remote(Path(text)) and address(Path(text)) == text
    for text in ("/data/a.fits", "a.fits", "C:/data/a.fits", "C:\\data\\a.fits", "file:///data/a.fits"):
        assert not is_remote(text) and address(text) == text
    assert local_path("file:///data/a.fits") == Path("/data/a.fits")


def test_urls_stay_urls_in_a_project(tmp_path):
    far = Plane(Path("https://host/data/a.fits"), 1)
    near = Plane(tmp_path / "b.fits", 0)
    spec = MosaicSpec("x", (BandSpec("r", far), BandSpec("g", near)))
    stored = moved(spec, lambda path: relative(path, tmp_path / "x.astrotl"))
    assert stored.to_dict()["bands"][0]["image"] == "https://host/data/a.fits[1]"
    absolute = absolute_paths(spec, tmp_path / "x.astrotl")
    assert list(absolute.values()) == [str(tmp_path / "b.fits")]
    assert resolved(stored, tmp_path / "x.astrotl", absolute) == spec

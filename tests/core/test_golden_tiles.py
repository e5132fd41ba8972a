"""Every level of every kind of file against means made the obvious way, and where its pixels lie."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.core import compressed, pyramid, tiles
from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.tiles import TileSource
from tests.core.grids import tan_header, two_bands

NY, NX = 517, 389
SIDE = 16


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven levels, sampled overviews and many stripes from a small image."""
    monkeypatch.setattr(tiles, "TILE", SIDE)
    monkeypatch.setattr(tiles, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(pyramid, "BLOCK_PIXELS", 1 << 12)


def open_band(plane: Plane) -> Mosaic:
    return Mosaic.open(MosaicSpec("sky", (BandSpec("r", plane),), "r", ("r", "r", "r"), pixel_scale=0.2))


def joined(source: TileSource, level: int, band: str = "r") -> np.ndarray:
    across, up = source.grid(level)
    rows = [np.hstack([source.tile(band, level, ix, iy) for ix in range(across)]) for iy in range(up)]
    return np.vstack(rows)


def golden(pixels: np.ndarray, level: int) -> np.ndarray:
    """Finite means of blocks in double precision."""
    n = 1 << level
    edges = [(0, -length % n) for length in pixels.shape]
    padded = np.pad(pixels.astype("f8"), edges, constant_values=np.nan)
    blocks = padded.reshape(padded.shape[0] // n, n, -1, n).swapaxes(1, 2).reshape(-1, n * n)
    count = np.isfinite(blocks).sum(axis=1)
    with np.errstate(invalid="ignore"):
        means = np.where(count, np.nansum(blocks, axis=1) / count, np.nan)
    return means.reshape(padded.shape[0] // n, -1)


def integers() -> np.ndarray:
    return np.random.default_rng(2).integers(-900, 30000, (NY, NX)).astype("i2")


def floats() -> np.ndarray:
    values = np.random.default_rng(3).normal(50, 5, (NY, NX)).astype("f4")
    values[100:300, 200:260] = np.nan
    values[-40:, :70] = np.nan
    values[5, 6] = np.nan
    return values


def scaled(path: Path) -> np.ndarray:
    stored = integers()
    stored[200:264, 64:129] = -32768
    # Written as bytes: astropy would scale the pixels.
    header = fits.Header({"SIMPLE": True, "BITPIX": 16, "NAXIS": 2, "NAXIS1": NX, "NAXIS2": NY})
    header.update({"BSCALE": 0.02, "BZERO": 7.0, "BLANK": -32768})
    data = stored.astype(">i2").tobytes()
    path.write_bytes(header.tostring().encode() + data.ljust(-(-len(data) // 2880) * 2880, b"\0"))
    return np.where(stored == -32768, np.nan, stored * 0.02 + 7.0)


def unsigned(path: Path) -> np.ndarray:
    values = integers().astype("u2") + np.uint16(35000)
    fits.PrimaryHDU(values).writeto(path)
    return values


def wide(path: Path) -> np.ndarray:
    values = integers().astype("i8") * 3
    fits.PrimaryHDU(values).writeto(path)
    return values


def double(path: Path) -> np.ndarray:
    values = floats().astype("f8")
    fits.PrimaryHDU(values).writeto(path)
    return values


def zipped(path: Path) -> np.ndarray:
    fits.PrimaryHDU(floats()).writeto(path)
    path.write_bytes(gzip.compress(path.read_bytes(), 1))
    return floats()


def packed(
    method: str, tile: tuple[int, int], values: np.ndarray, **more: object
) -> Callable[[Path], np.ndarray]:
    def write(path: Path) -> np.ndarray:
        image = fits.CompImageHDU(values, compression_type=method, tile_shape=tile, **more)
        fits.HDUList([fits.PrimaryHDU(), image]).writeto(path)
        return values

    return write


KINDS: dict[str, Callable[[Path], np.ndarray]] = {
    "scaled and blank": scaled,
    "unsigned": unsigned,
    "int64": wide,
    "float64": double,
    "gzipped": zipped,
    "rice rows": packed("RICE_1", (1, NX), integers()),
    "rice squares": packed("RICE_1", (100, 90), integers()),
    "hcompress squares": packed("HCOMPRESS_1", (128, 128), integers().astype("i4"), hcomp_scale=0),
    "plio strips": packed("PLIO_1", (16, NX), (abs(integers()) % 200).astype("i2")),
    "gzip floats": packed("GZIP_2", (64, 64), floats(), quantize_level=0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_level_is_the_finite_mean(tmp_path: Path, kind: str) -> None:
    pixels = KINDS[kind](tmp_path / "sky.fits")
    mosaic = open_band(Plane.parse(str(tmp_path / "sky.fits")))
    source = TileSource(mosaic, tmp_path / "cache")
    assert source.large
    size = np.nanmax(abs(pixels))
    for level in range(tiles.DIRECT_LEVELS + 1):
        np.testing.assert_allclose(joined(source, level), golden(pixels, level), rtol=1e-6, atol=1e-6 * size)
    early = joined(source, 3)
    source.build("r")
    for level in range(tiles.DIRECT_LEVELS + 1, source.levels):
        expected = golden(pixels, level)
        np.testing.assert_allclose(joined(source, level), expected, rtol=1e-6, atol=1e-6 * size)
        inside = source.means("r", level, (-1, -1, expected.shape[1] + 1, expected.shape[0] + 1))
        np.testing.assert_array_equal(inside[1:-1, 1:-1], joined(source, level))
        assert np.isnan(inside[[0, -1]]).all()
    assert early.shape == golden(pixels, 3).shape
    again, first = (known.display_levels("r") for known in (TileSource(mosaic, tmp_path / "cache"), source))
    assert replace(again, sample=first.sample) == first
    assert again.sample is not None and first.sample is not None
    np.testing.assert_array_equal(again.sample.pixels, first.sample.pixels)


@pytest.mark.parametrize("axis", [0, 1])
def test_pixels_lie_where_they_should(tmp_path: Path, axis: int) -> None:
    """A plane of a cube that counts rows or columns: a mean is the position of its block's centre."""
    ramps = np.stack(np.mgrid[:NY, :NX]).astype("i2")
    fits.PrimaryHDU(ramps).writeto(tmp_path / "sky.fits")
    source = TileSource(open_band(Plane(tmp_path / "sky.fits", 0, axis)), tmp_path / "cache")
    for built in (False, True):
        if built:
            source.build("r")
        for level in range(source.levels if built else tiles.FILE_LEVELS + 1):
            found = joined(source, level)
            whole = tuple(slice(n >> level) for n in (NY, NX))
            places = (np.indices(found.shape)[axis] + 0.5) * 2**level - 0.5
            np.testing.assert_allclose(found[whole], places[whole], rtol=2e-7, atol=1e-4)


@pytest.mark.parametrize("unit", ["", "MJy/sr"])
def test_a_band_on_another_grid_is_resampled_from_its_own_pyramid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: str
) -> None:
    """Waves on the sky, finer and turned in the other band, are where they are and as bright at every level."""
    monkeypatch.setattr(tiles, "TILE", 64)
    there = tan_header((900, 940), 0.13, 20.0, BUNIT=unit)
    y, x = np.mgrid[:900, :940]
    waves = (10 + np.sin(x / 60) + np.cos(y / 47)).astype("f4")
    mosaic = two_bands(tmp_path, (np.ones((600, 620), "f4"), tan_header((600, 620), 0.2)), (waves, there))
    assert mosaic.resampled("b")
    source = TileSource(mosaic, tmp_path / "cache")
    whole = mosaic.read("b", (0, 0, 620, 600))
    step = source.overview_step(128)
    early = source.overview("b", 128)
    known = np.isfinite(whole[::step, ::step]) & np.isfinite(early)
    assert known.mean() > 0.8
    scale = np.nanmean(whole) / 10
    assert np.nanmax(abs(early - whole[::step, ::step])) < 0.05 * scale
    assert source.display_levels("b").black == pytest.approx(np.nanmedian(whole), rel=0.1)
    thin = joined(source, 3, "b")
    source.build("b")
    for level in range(2, 5):
        expected, found = golden(whole, level), joined(source, level, "b")
        inside = (slice(1, -1), slice(1, -1))
        away = abs(found[inside] - expected[inside])
        assert np.isfinite(away).mean() > 0.8
        # Half a pixel aside would be 0.03 at level 2.
        assert np.nanmedian(away) < 0.001 * 4 ** (level - 2) * scale
        assert np.nanmax(away) < 0.015 * 3 ** (level - 2) * scale
    assert np.nanmax(abs(thin - golden(whole, 3))) < 0.1 * scale
    assert source.edition("b") == 1


def test_squares_show_at_once_and_fill_while_the_pyramid_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "EDITION_SECONDS", 0.0)
    monkeypatch.setattr("astrotl_gui.core.first_look.PIXELS", 9 * 64 * 64)
    pixels = packed("RICE_1", (64, 64), integers())(tmp_path / "sky.fits")
    source = TileSource(open_band(Plane(tmp_path / "sky.fits", 1)), tmp_path / "cache")
    step = source.overview_step(128)
    first = source.overview("r", 128)
    shown = np.isfinite(first)
    assert shown.sum() == 9 * (64 // step) ** 2
    np.testing.assert_array_equal(first[shown], pixels[::step, ::step][shown])
    assert source.display_levels("r").black == pytest.approx(np.median(pixels), rel=0.2)
    filled, editions = [], []

    class Watch(tiles.Progress):
        def partial(self, value: object) -> None:
            assert value == "r"
            filled.append(np.isfinite(source.overview("r", 128)).sum())
            editions.append(source.edition("r"))

    source.build("r", Watch())
    assert len(filled) > 2
    assert filled == sorted(filled)
    assert filled[-1] == first.size
    assert editions == list(range(1, len(editions) + 1))
    np.testing.assert_allclose(source.overview("r", 128), golden(pixels, step.bit_length() - 1), rtol=1e-5)


def test_decoded_pieces_are_kept_within_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "CACHE_BYTES", 100_000)
    monkeypatch.setattr(compressed, "DECODED", compressed.DecodedPieces())
    pixels = packed("RICE_1", (50, 50), integers())(tmp_path / "sky.fits")
    band = open_band(Plane(tmp_path / "sky.fits", 1)).bands[0]
    for x in range(0, NX - 60, 13):
        np.testing.assert_array_equal(band.read((x, 20, x + 60, 90)), pixels[20:90, x : x + 60])
        assert compressed.DECODED._bytes <= 100_000
    decoded: list[object] = []
    decode = compressed.CompressedPixels._decode
    monkeypatch.setattr(
        compressed.CompressedPixels, "_decode", lambda self, *box: decoded.append(box) or decode(self, *box)
    )
    band.read((NX - 60, 20, NX, 90))
    seen = len(decoded)
    band.read((NX - 55, 30, NX - 5, 80))
    assert len(decoded) == seen, "what was decoded a moment ago is decoded again"


def test_an_image_compressed_as_one_piece_is_decoded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compressed, "CACHE_BYTES", 1000)
    monkeypatch.setattr(compressed, "DECODED", compressed.DecodedPieces())
    pixels = packed("RICE_1", (NY, NX), integers())(tmp_path / "sky.fits")
    band = open_band(Plane(tmp_path / "sky.fits", 1)).bands[0]
    monkeypatch.setattr(compressed.CompressedPixels, "_decode", None)
    np.testing.assert_array_equal(band.read((5, 6, 50, 60)), pixels[6:60, 5:50])


def test_a_sparse_mosaic_of_ten_gigapixels_is_read_where_it_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "TILE", 256)
    side, x, y = 100_000, 99_752, 98_304  # a block of 8 × 8 px, behind 39 GB
    header = fits.Header({"SIMPLE": True, "BITPIX": -32, "NAXIS": 2, "NAXIS1": side, "NAXIS2": side})
    path = tmp_path / "large.fits"
    with open(path, "wb") as file:
        file.write(header.tostring().encode())
        for row in range(8):
            file.seek(2880 + ((y + row) * side + x) * 4)
            file.write(np.full(8, 7, ">f4").tobytes())
        file.truncate(2880 + -(-side * side * 4 // 2880) * 2880)
    tracemalloc.start()
    try:
        source = TileSource(open_band(Plane(path, 0)), tmp_path / "cache")
        assert source.levels == 10
        for level in range(4):
            span = 256 << level
            tile = source.tile("r", level, x // span, y // span)
            block = tile[(y % span) >> level :, (x % span) >> level :][: 8 >> level, : 8 >> level]
            assert (block == 7).all()
            assert tile.sum() == 7 * (8 >> level) ** 2
        assert tracemalloc.get_traced_memory()[1] < 8e6
    finally:
        tracemalloc.stop()

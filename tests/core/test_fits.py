"""Planes of FITS files: naming, lazy reading, scaling, packed and broken files."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astrotl_gui.core.compressed import CompressedPixels
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane, image_planes, open_plane
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.core.unpack import unpacked

NY, NX = 37, 53


def ramp(dtype: str = "f4") -> np.ndarray:
    return np.arange(NY * NX).reshape(NY, NX).astype(dtype)


def write(path: Path, *hdus: fits.hdu.base._BaseHDU) -> Path:
    fits.HDUList(list(hdus)).writeto(path, overwrite=True)
    return path


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "u4", "i8", "f4", "f8", ">f4", "<f8"])
def test_every_pixel_type_reads_as_native_float32(tmp_path: Path, dtype: str) -> None:
    data = (ramp("i8") % 251).astype(dtype)
    reader = open_plane(Plane(write(tmp_path / "a.fits", fits.PrimaryHDU(data)), 0))
    values = reader.read(3, 5, 20, 30)
    assert values.dtype == np.dtype("=f4")
    assert values.dtype.isnative
    np.testing.assert_array_equal(values, data[5:30, 3:20].astype("f4"))


def test_scaled_integers_and_blank_become_physical_values(tmp_path: Path) -> None:
    path = tmp_path / "scaled.fits"
    header = fits.Header({"BSCALE": 0.5, "BZERO": 100.0, "BLANK": -32768})
    hdu = fits.PrimaryHDU(ramp("i2"))
    hdu.data[2, 3] = -32768
    hdu.header.update(header)
    hdu.writeto(path, output_verify="ignore")
    with fits.open(path, mode="update", do_not_scale_image_data=True) as file:
        file[0].header.update(header)
    values = open_plane(Plane(path, 0)).read(0, 0, NX, NY)
    expected = ramp() * 0.5 + 100
    expected[2, 3] = np.nan
    np.testing.assert_allclose(values, expected)


def test_unsigned_masks_keep_every_bit(tmp_path: Path) -> None:
    data = ramp("u4") + np.uint32(2**31)
    reader = open_plane(Plane(write(tmp_path / "m.fits", fits.PrimaryHDU(data)), 0))
    bits = reader.read_bits(0, 0, NX, NY)
    assert bits.dtype == np.int64
    np.testing.assert_array_equal(bits, data.astype("i8"))


def test_masks_are_set_outside_the_image_and_where_nan(tmp_path: Path) -> None:
    data = np.zeros((NY, NX), "f4")
    data[0, 0], data[1, 1], data[2, 2] = np.nan, 1.0, 0.25
    bits = open_plane(Plane(write(tmp_path / "m.fits", fits.PrimaryHDU(data)), 0)).read_bits(-1, -1, 4, 4)
    expected = np.zeros((5, 5), "i8")
    expected[0, :] = expected[:, 0] = expected[1, 1] = -1
    expected[2, 2] = expected[3, 3] = 1
    np.testing.assert_array_equal(bits, expected)


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "f4"])
@pytest.mark.parametrize("bits", [0, 1, 6, 128, 1 << 14, 1 << 40])
def test_masks_are_flagged_at_their_own_width_as_by_their_values(
    tmp_path: Path, dtype: str, bits: int
) -> None:
    data = (ramp("i8") % 251 * (200 if dtype[1] != "1" else 1)).astype(dtype)
    data[0, 0] = 0
    if dtype == "f4":
        data[1, 1] = np.nan
    reader = open_plane(Plane(write(tmp_path / "m.fits", fits.PrimaryHDU(data)), 0))
    values = reader.read_bits(-2, -1, NX + 1, NY)
    expected = (values & bits if bits else values) != 0
    np.testing.assert_array_equal(reader.flagged(-2, -1, NX + 1, NY, bits), expected)
    np.testing.assert_array_equal(reader.flagged(-2, -1, NX + 1, NY, bits, 3), expected[::3, ::3])


def test_hcompress_in_several_threads_at_once_is_right(tmp_path: Path) -> None:
    """astropy's decoder keeps its place in a global variable, and lets other threads run meanwhile."""
    data = np.random.default_rng(0).integers(0, 3000, (256, 256)).astype("i4")
    tiles = [
        fits.CompImageHDU(data, compression_type="HCOMPRESS_1", tile_shape=(128, 128), hcomp_scale=0)
    ] * 2
    path = write(tmp_path / "h.fits", fits.PrimaryHDU(), *tiles)

    def wrong(number: int) -> int:
        reads = (open_plane(Plane(path, 1 + number % 2)).read(0, 0, 256, 256) for _ in range(8))
        return sum(int((values != data).any()) for values in reads)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(wrong, range(4))) == 0


def test_infinities_are_no_values(tmp_path: Path) -> None:
    data = ramp("f8")
    data[0, 0], data[0, 1], data[0, 2] = np.inf, -np.inf, 1e300
    values = open_plane(Plane(write(tmp_path / "a.fits", fits.PrimaryHDU(data)), 0)).read(0, 0, 4, 1)
    np.testing.assert_array_equal(np.isnan(values), [[True, True, True, False]])


@given(st.tuples(*[st.integers(-9, 60)] * 4))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_box_equals_the_padded_array(shared_plane: Path, box: tuple[int, int, int, int]) -> None:
    x0, y0 = min(box[0], box[2]), min(box[1], box[3])
    x1, y1 = max(box[0], box[2]), max(box[1], box[3])
    padded = np.pad(ramp(), 100, constant_values=np.nan)
    for hdu in (0, 1):
        values = open_plane(Plane(shared_plane, hdu)).read(x0, y0, x1, y1)
        np.testing.assert_array_equal(values, padded[y0 + 100 : y1 + 100, x0 + 100 : x1 + 100])


@pytest.fixture(scope="session")
def shared_plane(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file with the ramp as a plain image (0) and as a tile-compressed one (1)."""
    path = tmp_path_factory.mktemp("planes") / "ramp.fits"
    compressed = fits.CompImageHDU(ramp("i4"), compression_type="RICE_1", tile_shape=(16, 16), name="SCI")
    return write(path, fits.PrimaryHDU(ramp()), compressed)


@pytest.mark.parametrize("step", [1, 2, 5, 16, 17, 100])
@pytest.mark.parametrize("hdu", [0, 1])
def test_rows_are_every_step_th(shared_plane: Path, hdu: int, step: int) -> None:
    np.testing.assert_array_equal(open_plane(Plane(shared_plane, hdu)).rows(step), ramp()[::step])


@pytest.mark.parametrize("method", ["RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1"])
def test_compressed_floats_unsigned_and_blank(tmp_path: Path, method: str) -> None:
    data = np.random.default_rng(1).normal(100, 5, (64, 64)).astype("f4")
    data[3, 4] = np.nan
    unsigned = (ramp("i4") + 40000).astype("u2")
    path = write(
        tmp_path / "c.fits",
        fits.PrimaryHDU(),
        fits.CompImageHDU(data, compression_type=method, quantize_level=64, tile_shape=(16, 64)),
        fits.CompImageHDU(unsigned, compression_type="RICE_1"),
    )
    values = open_plane(Plane(path, 1)).read(0, 0, 64, 64)
    assert np.isnan(values[3, 4])
    assert np.isnan(values).sum() == 1
    assert np.nanmax(abs(values - data)) < 0.2
    np.testing.assert_array_equal(open_plane(Plane(path, 2)).read(0, 0, NX, NY), unsigned.astype("f4"))
    np.testing.assert_array_equal(open_plane(Plane(path, 2)).read_bits(0, 0, NX, NY), unsigned)


def test_compressed_cube_reads_the_plane_asked_for(tmp_path: Path) -> None:
    data = np.stack([ramp("i4") + 1000 * k for k in range(3)])
    path = write(tmp_path / "c.fits", fits.PrimaryHDU(), fits.CompImageHDU(data))
    np.testing.assert_array_equal(open_plane(Plane(path, 1, 2)).read(0, 0, NX, NY), ramp() + 2000)


@pytest.mark.parametrize(
    "shape", [(1, NY, NX), (1, 1, NY, NX), (1, 1, 1, NY, NX), (NY, 1, NX), (NY, NX, 1)], ids=str
)
def test_axes_of_length_one_do_not_count(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = write(tmp_path / "a.fits", fits.PrimaryHDU(ramp().reshape(shape)))
    (plane, _), *more = image_planes(path)
    assert plane == Plane(path, 0)
    assert not more
    np.testing.assert_array_equal(open_plane(plane).read(0, 0, NX, NY), ramp())


def test_a_cube_opens_as_planes(tmp_path: Path) -> None:
    data = np.stack([ramp() + 10000 * k for k in range(4)])
    path = write(tmp_path / "cube.fits", fits.PrimaryHDU(data[:, None]))
    planes = [plane for plane, _ in image_planes(path)]
    assert planes == [Plane(path, 0, k) for k in range(4)]
    np.testing.assert_array_equal(open_plane(planes[3]).read(1, 2, 9, 8), data[3, 2:8, 1:9])
    with pytest.raises(AstroTLError, match="Choose a plane of this cube"):
        open_plane(Plane(path, 0))
    with pytest.raises(AstroTLError, match="planes 0 to 3"):
        open_plane(Plane(path, 0, 4))


def test_planes_are_parsed_by_number_name_and_version(tmp_path: Path) -> None:
    path = write(
        tmp_path / "odd [name].fits",
        fits.PrimaryHDU(),
        fits.ImageHDU(ramp(), name="SCI", ver=1),
        fits.ImageHDU(ramp() + 1, name="SCI", ver=2),
        fits.ImageHDU(np.stack([ramp()] * 3), name="CUBE"),
    )
    assert Plane.parse(str(path)) == Plane(path, 1)
    assert Plane.parse(f"{path}[2]") == Plane(path, 2)
    assert Plane.parse(f"{path}[sci]") == Plane(path, 1)
    assert Plane.parse(f"{path}[SCI,2]") == Plane(path, 2)
    assert Plane.parse(f"{path}[CUBE,2]") == Plane(path, 3, 2)
    assert Plane.parse(f"{path}[3,1]") == Plane(path, 3, 1)
    for plane, _ in image_planes(path):
        assert Plane.parse(str(plane)) == plane
    with pytest.raises(AstroTLError, match="SCI, CUBE"):
        Plane.parse(f"{path}[ERR]")
    with pytest.raises(AstroTLError, match="numbered from 0"):
        open_plane(Plane(path, 9))


def test_extensions_inherit_the_filter_but_no_wcs(tmp_path: Path) -> None:
    primary = fits.PrimaryHDU()
    primary.header.update({"FILTER": "F606W", "CTYPE1": "RA---TAN"})
    path = write(tmp_path / "a.fits", primary, fits.ImageHDU(ramp()))
    (_, header), *_ = image_planes(path)
    assert header["FILTER"] == "F606W"
    assert "CTYPE1" not in header


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_files_are_unpacked_once_and_again_after_a_change(
    tmp_path: Path, own_folders: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "a.fits.packed"  # the content tells, not the name
    for value in (1, 2):
        plain = write(tmp_path / "a.fits", fits.PrimaryHDU(ramp() * value))
        path.write_bytes(pack(plain.read_bytes() + b"\0" * 2880 * value))
        for _ in range(2):
            np.testing.assert_array_equal(open_plane(Plane(path, 0)).read(0, 0, NX, NY), ramp() * value)
        assert len(list(own_folders.rglob("unpacked/*.fits"))) == value


def test_the_cache_of_unpacked_files_is_bounded(
    tmp_path: Path, own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = write(tmp_path / "a.fits", fits.PrimaryHDU(ramp())).read_bytes()
    monkeypatch.setattr("astrotl_gui.core.unpack.CACHE_BYTES", 2 * len(plain))
    for name in "abcd":
        packed = tmp_path / f"{name}.fits.gz"
        packed.write_bytes(gzip.compress(plain))
        copy = unpacked(packed, "gzip")
        assert copy.read_bytes() == plain
    assert len(list(own_folders.rglob("unpacked/*.fits"))) == 2


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_unpacking_is_told_and_can_be_stopped(
    tmp_path: Path, own_folders: Path, pack: Callable[[bytes], bytes]
) -> None:
    data = np.random.default_rng(0).integers(0, 99, (900, 900)).astype("i4")  # more than a megabyte unpacked
    paths = [write(tmp_path / "plain.fits", fits.PrimaryHDU(data)), tmp_path / "a.gz", tmp_path / "b.gz"]
    for path in paths[1:]:
        path.write_bytes(pack(paths[0].read_bytes()))
    told: list[tuple[float, float, str]] = []

    class Watched(Progress):
        def __call__(self, done: float, total: float, text: str = "") -> None:
            told.append((done, total, text))
            if text == "Unpacking b.gz" and len(told) < 6:
                raise Cancelled

    with pytest.raises(Cancelled):
        identify(paths, progress=Watched())
    assert len(list(own_folders.rglob("unpacked/*"))) == 1
    spec = identify(paths, progress=Watched()).spec(1.0)
    done, total, texts = zip(*told, strict=True)
    assert set(texts) == {"Unpacking a.gz", "Unpacking b.gz"} and total[0] == 2 * paths[1].stat().st_size
    assert done[-1] == total[-1] == paths[2].stat().st_size, "what was unpacked is not unpacked again"
    count = len(told)
    Mosaic.open(spec, progress=Watched())
    assert len(told) == count


def _truncated(tmp_path: Path, pack: Callable[[bytes], bytes] | None, keep: float) -> Path:
    data = np.random.default_rng(0).normal(size=(200, 200)).astype("f4")
    content = write(tmp_path / "whole.fits", fits.PrimaryHDU(data)).read_bytes()
    packed = pack(content) if pack else content
    path = tmp_path / "cut.fits"
    path.write_bytes(packed[: int(len(packed) * keep)])
    return path


@pytest.mark.parametrize("pack", [None, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("keep", [0.3, 0.97])
def test_a_truncated_file_is_told_with_its_size(
    tmp_path: Path, own_folders: Path, pack: Callable[[bytes], bytes] | None, keep: float
) -> None:
    path = _truncated(tmp_path, pack, keep)
    with pytest.raises(AstroTLError, match=f"cut short.*{path.stat().st_size:,} bytes"):
        image_planes(path)
    assert not list(own_folders.rglob("unpacked/*")), "half an unpacked file was left behind"


def test_a_truncated_extension_header_or_compressed_table_is_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = write(
        tmp_path / "a.fits",
        fits.PrimaryHDU(ramp()),
        fits.CompImageHDU(rng.normal(size=(300, 300)).astype("f4")),
    )
    whole = path.read_bytes()
    first_data = 2880 + -(-ramp().nbytes // 2880) * 2880
    for cut in (1000, first_data + 1000, len(whole) - 20000):
        path.write_bytes(whole[:cut])
        with pytest.raises(AstroTLError, match=f"cut short.*{cut:,} bytes"):
            image_planes(path)


@pytest.mark.parametrize("kept", [0, 14])
@pytest.mark.parametrize("method", ["RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1"])
def test_damaged_compressed_pixels_are_told(tmp_path: Path, method: str, kept: int) -> None:
    values = np.random.default_rng(0).integers(0, 999, (64, 64)).astype("i4")
    path = write(tmp_path / "a.fits", fits.PrimaryHDU(), fits.CompImageHDU(values, compression_type=method))
    with fits.open(path, disable_image_compression=True) as file:
        header, start = file[1].header, file[1].fileinfo()["datLoc"]
    start, size = start + header["NAXIS1"] * header["NAXIS2"] + kept, header["PCOUNT"] - kept
    whole = path.read_bytes()
    path.write_bytes(whole[:start] + b"\xff" * size + whole[start + size :])
    reader = open_plane(Plane(path, 1))
    with pytest.raises(AstroTLError, match="File is damaged"):
        reader.read(0, 0, 64, 64)
    path.write_bytes(whole[:3000])
    with pytest.raises(AstroTLError):
        CompressedPixels(path, 1, ())


def test_missing_padding_is_no_truncation(tmp_path: Path) -> None:
    path = write(tmp_path / "a.fits", fits.PrimaryHDU(ramp()))
    path.write_bytes(path.read_bytes()[: 2880 + ramp().nbytes])
    np.testing.assert_array_equal(open_plane(Plane(path, 0)).read(0, 0, NX, NY), ramp())


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (b"", "File is empty"),
        (b"x,y\n1,2\n", "Not a FITS file"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 5000, "Not a FITS file"),
        (b"SIMPLE  =                    T" + b" " * 50, "File is cut short"),
        (b"SIMPLE  = nonsense".ljust(2880) * 2, "cut short|cannot be read"),
        (gzip.compress(b"not fits", mtime=0), "Not a FITS file"),
        (b"\x1f\x8bgarbage" * 50, "File is damaged"),
    ],
)
def test_what_is_no_fits_is_told_in_one_line(tmp_path: Path, content: bytes, title: str) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(content)
    with pytest.raises(AstroTLError, match=title) as caught:
        image_planes(path)
    assert str(path) in caught.value.detail
    assert "\n" not in str(caught.value)


def test_missing_files_and_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(AstroTLError, match="File not found"):
        image_planes(tmp_path / "none.fits")
    with pytest.raises(AstroTLError, match="This is a folder"):
        image_planes(tmp_path)


@pytest.mark.parametrize(
    ("shape", "title"),
    [
        ((1, 1), "single pixel"),
        ((100,), "Not an image"),
        ((1, 100), "Not an image"),
        ((2, 3, 4, 5), "Too many axes"),
        ((2, 2, 3, 4, 5), "Too many axes"),
    ],
)
def test_shapes_that_are_no_image_are_told(tmp_path: Path, shape: tuple[int, ...], title: str) -> None:
    path = write(tmp_path / "a.fits", fits.PrimaryHDU(np.zeros(shape, "f4")))
    with pytest.raises(AstroTLError, match=title):
        image_planes(path)


def test_a_file_of_tables_holds_no_image(tmp_path: Path) -> None:
    table = fits.BinTableHDU.from_columns([fits.Column("a", "E", array=[1.0])])
    with pytest.raises(AstroTLError, match="No image in this file"):
        image_planes(write(tmp_path / "t.fits", fits.PrimaryHDU(), table))


def test_a_file_that_shrinks_while_open_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.fits", fits.PrimaryHDU(ramp()))
    reader = open_plane(Plane(path, 0))
    with open(path, "rb+") as handle:
        handle.truncate(3000)
    with pytest.raises(AstroTLError, match="changed while reading"):
        reader.read(0, 0, NX, NY)


@pytest.mark.parametrize("hdu", [0, 1])
@pytest.mark.parametrize("step", [1, 3, (4, 1), (1, 5), (7, 2), 100])
def test_steps_take_every_nth_pixel_of_any_box(
    shared_plane: Path, hdu: int, step: int | tuple[int, int]
) -> None:
    reader = open_plane(Plane(shared_plane, hdu))
    dy, dx = (step, step) if isinstance(step, int) else step
    for box in ((0, 0, NX, NY), (3, 5, 30, 29), (-7, -4, NX + 9, NY + 8), (-9, 2, 2, 9), (NX, 0, NX + 4, 3)):
        np.testing.assert_array_equal(reader.read(*box, step), reader.read(*box)[::dy, ::dx])


@pytest.mark.parametrize("hdu", [0, 1])
def test_many_threads_read_the_same_plane(shared_plane: Path, hdu: int) -> None:
    reader = open_plane(Plane(shared_plane, hdu))
    boxes = [(k % 40, k % 30, k % 40 + 9, k % 30 + 7) for k in range(200)]
    with ThreadPoolExecutor(8) as pool:
        for (x0, y0, x1, y1), values in zip(boxes, pool.map(lambda b: reader.read(*b), boxes), strict=True):
            np.testing.assert_array_equal(values, ramp()[y0:y1, x0:x1])


def test_reading_a_region_reads_little_of_the_file(tmp_path: Path) -> None:
    """A sparse 1.6 GB file: a corner comes back at once and from the right place."""
    path = tmp_path / "large.fits"
    side = 20000
    header = fits.PrimaryHDU(np.zeros((2, 2), "f4")).header
    header["NAXIS1"] = header["NAXIS2"] = side
    offset = 2880
    with open(path, "wb") as handle:
        handle.write(header.tostring().encode().ljust(offset))
        handle.seek(offset + ((side - 3) * side + side - 5) * 4)
        handle.write(np.array([7.0], ">f4").tobytes())
        handle.truncate(offset + -(-side * side * 4 // 2880) * 2880)
    reader = open_plane(Plane(path, 0))
    values = reader.read(side - 8, side - 8, side, side)
    assert values[5, 3] == 7
    assert values.sum() == 7


@pytest.mark.filterwarnings("ignore:Invalid .BLANK:astropy.io.fits.verify.VerifyWarning")
def test_real_files_all_open(shared_data: Path) -> None:
    files = sorted((shared_data / "fits").glob("*/*.fits*"))
    assert len(files) > 40
    for path in files:
        plane, header = image_planes(path)[-1]
        reader = open_plane(plane)
        ny, nx = reader.shape
        with fits.open(path) as hdus:
            data = hdus[plane.hdu].data
        data = data if plane.index < 0 else data[plane.index]
        assert data.shape == (ny, nx)
        assert header["NAXIS"] >= 2
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(reader.read(0, 0, nx, ny), data.astype("f4"))

"""JPEG and PNG stamps: which way up, in which colours, and what becomes of those that cannot be read."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import SILENT
from astrotl_gui.pipeline.stamps.collection import COLOUR, GREY, Unreadable
from astrotl_gui.pipeline.stamps.pictures import read_pictures
from tests.pipeline.stamps.stamp_files import pictures, pixels


def named(paths: list[Path]) -> dict[str, Path]:
    return {path.name: path for path in paths}


def test_colour_becomes_three_bands_with_rows_from_the_bottom(tmp_path: Path) -> None:
    made = pixels(3)
    stamps = read_pictures(named(pictures(tmp_path, made)), SILENT)
    assert stamps.channels == COLOUR and stamps.dtype == np.int16 and stamps.pictures
    assert np.array_equal(stamps.read(1), np.moveaxis(made[1, ::-1], 2, 0))
    assert (stamps.read(1)[:, -1, 0] == 250).all(), "what was at the top left has the highest y"


def test_grey_becomes_one_band_also_where_it_is_stored_in_colour(tmp_path: Path) -> None:
    grey = pixels(4, channels=1)
    plain = read_pictures(named(pictures(tmp_path / "a", grey)), SILENT)
    tripled = read_pictures(named(pictures(tmp_path / "b", grey.repeat(3, axis=3))), SILENT)
    assert plain.channels == tripled.channels == GREY and not plain.notes
    assert np.array_equal(plain.read(2), tripled.read(2))
    assert "show none" in tripled.notes[0]


def test_deep_pictures_keep_their_values(tmp_path: Path) -> None:
    values = np.arange(400, dtype=np.uint16).reshape(20, 20) * 160
    Image.fromarray(values).save(tmp_path / "deep.png")
    stamps = read_pictures({"deep.png": tmp_path / "deep.png"}, SILENT)
    assert stamps.dtype == np.int32 and np.array_equal(stamps.read(0)[0], values[::-1])


def bomb(path: Path, side: int) -> Path:
    """A PNG of a few bytes that says that it is side × side px."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    return path


def test_what_cannot_be_read_is_left_out_with_its_reason(tmp_path: Path) -> None:
    files = named(pictures(tmp_path, pixels(3)))
    (tmp_path / "text.png").write_text("no picture")
    Image.new("RGB", (2000, 30)).save(tmp_path / "wide.png")
    Image.new("L", (4, 4)).save(tmp_path / "tiny.png")
    files |= {name: tmp_path / name for name in ("text.png", "wide.png", "tiny.png", "gone.png")}
    files |= {
        "bomb.png": bomb(tmp_path / "bomb.png", 60_000),
        "large.png": bomb(tmp_path / "large.png", 10_000),
    }
    stamps = read_pictures(files, SILENT)
    assert stamps.names == ("000.png", "001.png", "002.png")
    reasons = dict(stamps.skipped)
    assert set(reasons) == {"text.png", "wide.png", "tiny.png", "gone.png", "bomb.png", "large.png"}
    assert reasons["text.png"] == "neither a JPEG nor a PNG picture"
    assert reasons["wide.png"] == "2000 × 30 px, larger than 1024"
    assert "No such file" in reasons["gone.png"]


def test_a_picture_cut_short_is_found_when_it_is_read(tmp_path: Path) -> None:
    (path,) = pictures(tmp_path, pixels(1, side=200), "jpg")
    path.write_bytes(path.read_bytes()[:-200])
    stamps = read_pictures({path.name: path}, SILENT)
    with pytest.raises(Unreadable, match="truncated"):
        stamps.read(0)


def test_none_readable_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(AstroTLError, match=r"No stamp can be read.*a\.png"):
        read_pictures({"a.png": tmp_path / "a.png"}, SILENT)

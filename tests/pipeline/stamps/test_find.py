"""What is taken for stamps, and what still is the images of one field."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.stamps.find import are_stamps, find_stamps
from tests.pipeline.stamps.stamp_files import fits_stamp, pictures, pixels


def test_pictures_and_arrays_are_stamps(tmp_path: Path) -> None:
    paths = pictures(tmp_path / "a" / "deep", pixels(2))
    assert are_stamps([tmp_path / "a"]) and are_stamps(paths) and are_stamps([tmp_path / "x.npz"])


def test_fits_images_of_one_field_are_none(tmp_path: Path, shared_data: Path) -> None:
    for k in range(12):
        fits_stamp(tmp_path / f"epoch_{k:02d}.fits", np.zeros((64, 64), "f4"))
    pictures(tmp_path, pixels(1))  # a preview beside them changes nothing
    assert not are_stamps([tmp_path]) and not are_stamps([tmp_path / "missing.fits"]) and not are_stamps([])
    for folder in (shared_data / "fits").iterdir():
        assert not are_stamps([folder]), folder


def test_many_small_fits_images_of_many_places_are(tmp_path: Path) -> None:
    for k in range(12):
        fits_stamp(tmp_path / f"o{k}.fits", np.zeros((64, 64), "f4"), ra=10.0 * k)
    assert are_stamps([tmp_path])
    for k in range(12, 14):
        fits_stamp(tmp_path / f"o{k}.fits", np.zeros((600, 600), "f4"), ra=10.0 * k)
    assert not are_stamps([tmp_path / "o12.fits", tmp_path / "o13.fits"])


def test_hidden_files_and_the_rarer_kind_are_left_out(tmp_path: Path) -> None:
    pictures(tmp_path, pixels(3))
    (tmp_path / "._000.png").write_bytes(b"\0" * 50)
    fits_stamp(tmp_path / "x.fits", np.zeros((32, 32), "f4"))
    found = find_stamps([tmp_path])
    assert found.names == ("000.png", "001.png", "002.png") and not found.skipped
    assert found.notes == ("1 files of another kind are left out: x.fits.",)


def test_a_folder_without_stamps_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    for path in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(AstroTLError, match="No stamps here"):
            find_stamps([path])
    with pytest.raises(AstroTLError, match="File not found"):
        find_stamps([tmp_path / "gone"])

"""FITS stamps: bands in one file or in several, positions and scale from the WCS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.core.progress import SILENT
from astrotl_gui.pipeline.stamps.fits_files import read_fits
from tests.pipeline.stamps.stamp_files import fits_stamp


def field(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in sorted(folder.iterdir())}


def test_one_image_each_with_its_place(tmp_path: Path) -> None:
    data = np.random.default_rng(1).normal(size=(3, 20, 24)).astype(np.float32)
    for k in range(3):
        fits_stamp(tmp_path / f"obj_{k}.fits", data[k], ra=150 + k)
    stamps = read_fits(field(tmp_path), SILENT)
    assert [channel.name for channel in stamps.channels] == ["r"]
    assert np.array_equal(stamps.read(2)[0], data[2]), "FITS rows run upwards already"
    assert stamps.ra == pytest.approx([150, 151, 152]) and stamps.dec == pytest.approx([2, 2, 2])
    assert stamps.scale == pytest.approx([0.2] * 3, rel=1e-6)


def test_a_file_a_band_is_put_together(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        for k, band in enumerate("gri"):
            if (name, band) != ("b", "r"):
                fits_stamp(tmp_path / f"{name}_{band}.fits", np.full((16, 16), ord(name) + k, "i2"), band)
    stamps = read_fits(field(tmp_path), SILENT)
    assert [channel.name for channel in stamps.channels] == ["g", "r", "i"]
    assert stamps.names == ("a", "c") and stamps.skipped == (("b", "has no r image"),)
    assert stamps.read(1)[:, 0, 0].tolist() == [99, 100, 101]


def test_extensions_in_another_order_are_found_by_name(tmp_path: Path) -> None:
    for name, bands in (("one", "gr"), ("two", "rg"), ("three", "g")):
        hdus = [fits.ImageHDU(np.full((12, 12), ord(band), "f4"), name=band) for band in bands]
        fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(tmp_path / f"{name}.fits")
    stamps = read_fits(field(tmp_path), SILENT)
    for index in range(2):
        assert stamps.read(index)[:, 0, 0].tolist() == [ord("g"), ord("r")]
    assert stamps.names == ("one.fits", "two.fits") and stamps.skipped == (("three.fits", "has no R image"),)


def test_two_real_lenses_with_different_bands(shared_data: Path) -> None:
    stamps = read_fits(field(shared_data / "fits/euclid_lens"), SILENT)
    assert len(stamps) == 1 and len(stamps.channels) == 8
    assert stamps.skipped[0][1] == "has no g, r, i, z image"
    assert stamps.scale[0] == pytest.approx(0.1, rel=0.01)

"""What files would give as epochs: dates told, typed, shared or missing; bands; what a user reads of them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.core.epoch_proposal import ProposedEpoch, date_text, propose_epochs, read_date, summary
from astrotl_gui.core.epochs import read_series
from astrotl_gui.core.errors import AstroTLError


def image(path: Path, band: str = "r", **header: object) -> Path:
    made = fits.Header()
    made["CTYPE1"], made["CTYPE2"], made["CRVAL1"], made["CRVAL2"] = "RA---TAN", "DEC--TAN", 150.0, 2.0
    made["CDELT1"], made["CDELT2"], made["FILTER"] = -1e-4, 1e-4, band
    made.update({key.replace("_", "-"): value for key, value in header.items()})
    fits.writeto(path, np.ones((8, 8), np.float32), made)
    return path


@pytest.mark.parametrize(
    ("text", "mjd"),
    [("59000.25", 59000.25), ("2459000.75", 59000.25), ("2020-05-31 06:00:00", 59000.25),
     ("2020-05-31T06:00", 59000.25), ("59,000.25", 59000.25), ("soon", math.nan), ("", math.nan)],
)  # fmt: skip
def test_dates_are_read_as_people_write_them(text: str, mjd: float) -> None:
    assert read_date(text) == pytest.approx(mjd, abs=1e-9, nan_ok=True)


def test_a_date_reads_back() -> None:
    assert read_date(date_text(59123.456)) == pytest.approx(59123.456, abs=1 / 86400)
    assert date_text(math.nan) == ""


def test_images_stand_by_date_and_say_what_is_wrong(tmp_path: Path) -> None:
    files = [
        image(tmp_path / "c.fits", MJD_OBS=59002.0),
        image(tmp_path / "a.fits", MJD_OBS=59001.0),
        image(tmp_path / "b.fits", MJD_OBS=59001.0),
        image(tmp_path / "d.fits"),
    ]
    proposal = propose_epochs(files)
    assert list(proposal.bands) == ["r"]
    found = proposal.epochs("r", {})
    assert [epoch.path.name for epoch in found] == ["a.fits", "b.fits", "c.fits", "d.fits"]
    assert [epoch.problem for epoch in found] == [
        "Same date as b.fits", "Same date as a.fits", "", "No date in its header",
    ]  # fmt: skip
    assert summary(found) == ("1 image has no date. Type dates, or read them from a file.", False)
    given = {files[2]: 59000.5, files[3]: 59009.0}
    found = proposal.epochs("r", given)
    assert [epoch.told_by for epoch in found] == ["you", "MJD-OBS", "MJD-OBS", "you"]
    assert summary(found) == ("4 epochs over 8.5 days.", True)
    series = read_series(files, dates=given)
    assert series.mjd.tolist() == [epoch.mjd for epoch in found]
    left = proposal.epochs("r", given, frozenset(files[:2]))
    assert len(left) == 2 and summary(left)[1] and "no flags" in summary(left)[0]
    assert summary(()) == ("No image is left. Add some.", False)
    with pytest.raises(AstroTLError):
        propose_epochs([tmp_path / "absent.fits"])


def test_each_band_has_its_own_images_and_noise_goes_with_them(tmp_path: Path) -> None:
    files = [
        image(tmp_path / f"{band}{k}.fits", band, MJD_OBS=59000.0 + k) for band in "gr" for k in range(2)
    ]
    image(tmp_path / "g0_rms.fits", "g", MJD_OBS=59000.0)
    proposal = propose_epochs([*files, tmp_path / "g0_rms.fits"])
    assert set(proposal.bands) == {"g", "r"}
    assert [epoch.beside for epoch in proposal.epochs("g", {})] == [("rms",), ()]
    assert proposal.epochs("z", {}) == ()


def test_shared_dates_are_counted() -> None:
    twins = [ProposedEpoch(Path(f"{k}.fits"), 59000.0, "MJD-OBS", problem="Same date") for k in range(2)]
    text, can = summary(twins)
    assert text.startswith("2 images share a date") and not can

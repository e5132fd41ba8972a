"""Series of epochs: dates from headers and tables, what is refused, what a project keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.core.epoch_dates import header_dates, table_dates
from astrotl_gui.core.epoch_table import EpochFacts, EpochTable, Reason
from astrotl_gui.core.epochs import label_target, read_series, stored_series, visit_id, write_series
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import Label, LabelLog


def image(path: Path, **cards: object) -> Path:
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 10.0, "CRVAL2": 0.0,
                          "CDELT1": -1e-4, "CDELT2": 1e-4, "CRPIX1": 8, "CRPIX2": 8, "FILTER": "i"})  # fmt: skip
    header.update({key.replace("_", "-"): value for key, value in cards.items()})
    fits.writeto(path, np.ones((16, 16), np.float32), header)
    return path


def test_dates_are_of_the_middle_of_the_exposure_in_utc() -> None:
    begins = [{"MJD-OBS": 59000.0, "EXPTIME": 864.0}, {"DATE-OBS": "2020-06-02T00:00:00", "EXPTIME": 0}]
    assert header_dates(begins)[0] == pytest.approx([59000.005, 59002.0])
    tdb = [{"MJD-AVG": 59000.0, "TIMESYS": "TDB"}, {"MJD-AVG": 59001.0, "TIMESYS": "TDB"}]
    assert np.array(header_dates(tdb)[0]) == pytest.approx(
        np.array([59000.0, 59001.0]) - 69.184 / 86400, abs=1e-7
    )


def test_old_headers_tell_date_and_time_apart() -> None:
    old = [{"DATE-OBS": "2020-06-02", "TIME-OBS": f"{hour}:00:00"} for hour in ("06", "12")]
    assert header_dates(old)[0] == pytest.approx([59002.25, 59002.5])


def test_a_keyword_that_all_copied_gives_way_to_one_that_tells_them_apart() -> None:
    copied = [
        {"MJD-AVG": 59894.17, "MJD-BEG": 59894.1, "MJD-OBS": m, "EXPTIME": m} for m in (59759.4, 59885.6)
    ]
    dates, ways = header_dates(copied)
    assert np.floor(dates).tolist() == [59759, 59885] and ways == ["MJD-OBS", "MJD-OBS"]


def test_images_of_one_date_are_refused_and_a_table_mends_it(tmp_path: Path) -> None:
    files = [image(tmp_path / f"{name}.fits", MJD_OBS=59000.0) for name in "abc"]
    with pytest.raises(AstroTLError, match=r"a.fits, b.fits, c.fits all say MJD 59000.*--dates"):
        read_series(files)
    dates = tmp_path / "dates.csv"
    dates.write_text("filename,date\na,2020-06-03\nb.fits,2020-06-01T12:00:00\nc.fits,2020-06-02\n")
    series = read_series(files, dates=dates)
    assert series.names == ("b", "c", "a") and series.judged
    assert series.mjd == pytest.approx([59001.5, 59002.0, 59003.0])
    dates.write_text("filename,mjd\nother.fits,59000\n")
    with pytest.raises(AstroTLError, match="names none"):
        table_dates(dates, files)


def test_two_epochs_are_said_to_be_too_few_and_images_need_dates(tmp_path: Path) -> None:
    files = [image(tmp_path / "a.fits", MJD_OBS=59000.0), image(tmp_path / "b.fits", MJD_OBS=59001.0)]
    series = read_series(files)
    assert not series.judged and any("flags need 3" in note for note in series.notes)
    with pytest.raises(AstroTLError, match=r"c.fits have none"):
        read_series([*files, image(tmp_path / "c.fits")])


def test_a_project_keeps_a_series_and_numbers_stay(tmp_path: Path) -> None:
    files = [
        image(tmp_path / f"{name}.fits", MJD_OBS=59000.0 + k, GAIN=2.0, EXPTIME=60.0)
        for k, name in enumerate("abc")
    ]
    first = read_series(files[:2])
    write_series(tmp_path / "home", first)
    kept = stored_series(tmp_path / "home")
    assert kept is not None and kept.epochs == first.epochs and kept.epochs[0].gain == 2.0
    again = read_series([files[2], files[1]], known=kept)
    assert dict(zip(again.names, again.numbers, strict=True)) == {"b": 1, "c": 2}
    assert stored_series(tmp_path) is None


def test_names_of_epochs_stay_apart_whatever_the_files_are_called(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "pqrs"]
    names = ("a-2.fits", "a.fits", "a.fits", "img.001.fits")
    for folder in folders:
        folder.mkdir()
    files = [
        image(folder / name, MJD_OBS=59000.0 + k)
        for k, (folder, name) in enumerate(zip(folders, names, strict=True))
    ]
    first = read_series([files[1], files[3]])
    assert first.names == ("a", "img.001")
    again = read_series(files, known=first)
    assert sorted(again.names) == ["a", "a-2", "a-3", "img.001"] and again.names[1] == "a"


def test_images_that_name_no_filter_are_of_one_band(tmp_path: Path) -> None:
    files = [image(tmp_path / f"visit-{k}.fits", MJD_OBS=59000.0 + k) for k in range(3)]
    for file in files:
        fits.delval(file, "FILTER")
    assert read_series(files).band == "image" and len(read_series(files)) == 3
    assert read_series(files, band="white").band == "white"
    assert read_series(files[:1]).band == "image"


def test_several_bands_need_a_choice(tmp_path: Path) -> None:
    files = [image(tmp_path / f"{b}{k}.fits", MJD_OBS=59000.0 + k, FILTER=b) for b in "gr" for k in (1, 2)]
    with pytest.raises(AstroTLError, match="--band"):
        read_series(files)
    assert read_series(files, band="g").names == ("g1", "g2")


def test_labels_of_epochs_live_in_the_log_by_source_and_undo(tmp_path: Path) -> None:
    log = LabelLog(tmp_path / "labels.sqlite")
    log.add([Label(7, label_target("a"), "positive", vetter="me")])
    log.add([Label(7, label_target("b"), "negative", vetter="me")])
    assert log.current(label_target("a"))[7].value == "positive" and not log.training("artifact")
    log.undo("me")
    assert not log.current(label_target("b")) and log.current(label_target("a"))
    log.close()
    assert visit_id(np.array([7, 8]), 3).tolist() == [7 * 65536 + 3, 8 * 65536 + 3]


def test_the_table_is_kept_whole_and_a_label_has_the_last_word(tmp_path: Path) -> None:
    ones = np.ones((1, 3))
    facts = tuple(
        EpochFacts(name, 59000.0 + k, 0.1, 0.2, 0.3, 4, 0.5, 0.6, 0.7) for k, name in enumerate("abc")
    )
    bits = np.array([[Reason.LEARNED, 0, 0]], np.uint16)
    table = EpochTable(np.array([4]), facts, ones.astype("f4"), np.ones(1, "f4"), ones.astype("f4"), ones, ones, bits,
                       np.zeros((1, 3), np.int8), notes=("x",))  # fmt: skip
    table.write(tmp_path)
    again = EpochTable.read(tmp_path)
    assert again is not None and again.facts == facts and again.notes == ("x",) and again.row_of(4) == 0
    assert again.flagged.tolist() == [[True, False, False]]
    labelled = again.with_labels(np.array([[-1, 1, 0]], np.int8))
    assert labelled.flagged.tolist() == [[False, True, False]]
    (tmp_path / "epochs.npz").write_bytes(b"broken")
    assert EpochTable.read(tmp_path) is None

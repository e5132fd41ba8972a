"""From files to a project: what is guessed can be corrected, what is wrong is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.fits import Plane
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.gui.import_page import ImportPage
from astrotl_gui.gui.session import Session
from astrotl_gui.pipeline.detect import detect
from tests.gui.import_tools import begin, image, notices, page, session, trio, wait_for_notice

__all__ = ["page", "session", "trio"]  # fixtures


# --- the page ----------------------------------------------------------------------------------------


def test_shows_what_the_files_are(page: ImportPage, qtbot: QtBot, trio: list[Path]) -> None:
    begin(page, qtbot, trio[::-1])
    rows = list(page.form.bands.rows.values())
    assert page.form.title.text() == "New project from 3 images"
    assert page.draft is not None
    assert [b.name for b in page.draft.bands] == ["g", "r", "i"]
    shown = {row.file.name: (row.name.text(), row.channel.value) for row in rows}
    assert shown == {
        "m83_g.fits": ("g", "blue"),
        "m83_r.fits": ("r", "green"),
        "m83_i.fits": ("i", "red"),
    }
    assert "120 × 120 pixels, 0.2″ each, 24″ × 24″. The three images share one grid." in (
        page.form.preview.facts.text()
    )
    assert [band.text() for band in page.form.preview.bands] == ["g", "r", "i"]
    assert page.form.cutouts.cutouts.size == 18
    assert page.form.main.isEnabled()
    assert not page.form.scale_row.isVisible()
    assert notices(page) == []


def test_colour_follows_the_channels(page: ImportPage, qtbot: QtBot, trio: list[Path]) -> None:
    begin(page, qtbot, trio)
    before = page.form.preview.sky.image.copy()
    row = page.form.bands.rows[str(Plane.parse(str(trio[0])))]
    row.channel.setFocus()
    qtbot.keyClick(row.channel, Qt.Key.Key_Up)
    qtbot.keyClick(row.channel, Qt.Key.Key_Up)
    assert page.draft is not None
    assert page.draft.spec().colour == ("g", "i", "r")
    assert page.form.preview.sky.image != before
    channels = [r.channel.value for r in page.form.bands.rows.values()]
    assert sorted(channels) == ["blue", "green", "red"]


def test_renaming_moves_the_band_to_its_wavelength(page: ImportPage, qtbot: QtBot, trio: list[Path]) -> None:
    begin(page, qtbot, trio)
    field = page.form.bands.rows[str(Plane.parse(str(trio[0])))].name
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "z")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert page.draft is not None
    assert [b.name for b in page.draft.bands] == ["r", "i", "z"]
    assert page.preview is not None  # nothing is read again for a name


def test_a_name_given_twice_is_not_accepted(page: ImportPage, qtbot: QtBot, trio: list[Path]) -> None:
    begin(page, qtbot, trio)
    field = page.form.bands.rows[str(Plane.parse(str(trio[0])))].name
    field.selectAll()
    qtbot.keyClicks(field, "r")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "r"
    assert field.toolTip() == "Two bands are called r"
    assert not page.form.main.isEnabled()
    field.selectAll()
    qtbot.keyClicks(field, "u")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert page.form.main.isEnabled()


def test_leave_out_and_add(page: ImportPage, qtbot: QtBot, trio: list[Path], tmp_path: Path) -> None:
    begin(page, qtbot, trio)
    row = page.form.bands.rows[str(Plane.parse(str(trio[2])))]
    qtbot.mouseClick(row.remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.preview is not None and len(page.preview.overviews) == 2)
    assert page.draft is not None
    assert page.draft.spec().colour == ("r", "", "g")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(image(tmp_path / "m83_z.fits", "z")))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    spot, copy = QPointF(200, 200), Qt.DropAction.CopyAction
    QApplication.sendEvent(page, QDragEnterEvent(spot.toPoint(), copy, data, left, none))
    QApplication.sendEvent(page, QDropEvent(spot, copy, data, left, none))
    qtbot.waitUntil(lambda: page.draft is not None and len(page.draft.bands) == 3, timeout=20_000)
    assert [band.name for band in page.draft.bands] == ["g", "r", "z"]
    page.add([trio[2]])
    qtbot.waitUntil(lambda: page.draft is not None and len(page.draft.bands) == 4, timeout=20_000)
    assert [band.name for band in page.draft.bands] == ["g", "r", "i", "z"]
    assert page.form.title.text() == "New project from 4 images"


def test_create_by_key_makes_the_project(
    page: ImportPage, qtbot: QtBot, session: Session, trio: list[Path], tmp_path: Path
) -> None:
    begin(page, qtbot, trio)
    page.form.project.set_path(tmp_path / "NGC 6976")
    page.form.sources.limit.set_value("5")
    page.form.cutouts.network.set_value("12")
    with qtbot.waitSignal(page.done):
        qtbot.keyClick(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    project = Project.open(tmp_path / "NGC 6976.astrotl")
    assert project.name == "NGC 6976"
    assert [b.name for b in project.spec.bands] == ["g", "r", "i"]
    assert project.detection.threshold == 5
    assert project.cutouts.size == 12
    project.close()
    qtbot.waitUntil(lambda: session.project is not None, timeout=20_000)


def test_a_project_in_the_way_is_said_and_kept(
    page: ImportPage, qtbot: QtBot, trio: list[Path], tmp_path: Path
) -> None:
    begin(page, qtbot, trio)
    (tmp_path / "taken.astrotl").mkdir()
    page.form.project.set_path(tmp_path / "taken")
    with qtbot.assertNotEmitted(page.done):
        qtbot.mouseClick(page.form.main, Qt.MouseButton.LeftButton)
    assert wait_for_notice(page, qtbot, "This project exists already").kind == "alert"
    assert list((tmp_path / "taken.astrotl").iterdir()) == []


def test_escape_leaves(page: ImportPage, qtbot: QtBot, trio: list[Path], session: Session) -> None:
    page.start(trio)
    with qtbot.waitSignal(page.cancelled):
        qtbot.keyClick(page, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not session.jobs.active, timeout=20_000)
    assert page.preview is None


def test_start_again_forgets_the_files_before(page: ImportPage, qtbot: QtBot, trio: list[Path]) -> None:
    page.start(trio)
    begin(page, qtbot, trio[:1])
    assert page.draft is not None
    assert len(page.draft.bands) == 1
    assert page.form.title.text() == "New project from one image"
    assert list(page.form.bands.rows) == [str(Plane.parse(str(trio[0])))]


# --- what goes with an image -------------------------------------------------------------------------


def test_noise_mask_and_zero_point(
    page: ImportPage, qtbot: QtBot, trio: list[Path], tmp_path: Path, session: Session
) -> None:
    begin(page, qtbot, trio)
    mask = tmp_path / "flags.fits"
    fits.PrimaryHDU(np.eye(120, dtype=np.int16)).writeto(mask)
    qtbot.mouseClick(page.form.planes, Qt.MouseButton.LeftButton)
    sheet = page.sheet
    assert sheet is not None
    assert sheet.isVisible()
    key = str(Plane.parse(str(trio[1])))
    sheet.take_file(key, "mask", mask)
    qtbot.waitUntil(lambda: sheet.draft.band(key).mask is not None)
    bits = sheet.bits[key]
    bits.setFocus()
    qtbot.keyClicks(bits, "0, 4,")
    assert sheet.draft.band(key).mask_bits == 0b10001
    zeropoint = sheet.zeropoints[key].field
    qtbot.keyClicks(zeropoint, "27.5")
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert page.sheet is None
    assert page.isVisible()
    qtbot.waitUntil(lambda: page.preview is not None, timeout=20_000)
    assert page.draft is not None
    band = page.draft.spec().band("r")
    assert (band.mask_bits, band.zeropoint) == (17, 27.5)
    assert band.mask is not None
    assert page.form.bands.rows[key].file.beside == "with mask"
    assert page.form.zeropoints.text() == "No zero point for g, i"


def test_wrong_bits_stay_and_are_marked(page: ImportPage, qtbot: QtBot, tmp_path: Path) -> None:
    hdus = [
        fits.PrimaryHDU(np.random.default_rng(1).normal(size=(80, 80)).astype(np.float32)),
        fits.ImageHDU(np.zeros((80, 80), np.uint8), name="MASK"),
    ]
    hdus[0].header["FILTER"] = "r"
    fits.HDUList(hdus).writeto(tmp_path / "sky.fits")
    begin(page, qtbot, [tmp_path / "sky.fits"])
    page.assign()
    sheet = page.sheet
    assert sheet is not None
    bits = next(iter(sheet.bits.values()))
    assert bits.isEnabled()
    qtbot.keyClicks(bits, "none")
    assert bits.text() == "none"
    assert bits.property("wrong") == "true"
    assert sheet.draft.bands[0].mask_bits == 0


def test_a_noise_file_that_is_none_is_said_in_the_sheet(
    page: ImportPage, qtbot: QtBot, trio: list[Path], tmp_path: Path
) -> None:
    begin(page, qtbot, trio)
    text = tmp_path / "noise.fits"
    text.write_text("no noise here")
    page.assign()
    assert page.sheet is not None
    page.sheet.take_file(str(Plane.parse(str(trio[0]))), "rms", text)
    qtbot.waitUntil(lambda: bool(notices(page)), timeout=20_000)
    assert notices(page)[0].kind == "alert"
    assert "noise.fits" in notices(page)[0].detail


# --- real sky ----------------------------------------------------------------------------------------


def test_headers_that_all_claim_one_filter(page: ImportPage, qtbot: QtBot, shared_data: Path) -> None:
    begin(page, qtbot, sorted((shared_data / "fits/sdss").glob("reprojected_*.bz2")))
    assert wait_for_notice(page, qtbot, "All three headers say filter g").kind == "warn"
    assert page.draft is not None
    assert [b.name for b in page.draft.bands] == ["g", "r", "i"]
    assert page.form.zeropoints.text() == "Zero points 22.5, from headers"
    assert page.form.cutouts.cutouts.size == 30
    assert page.form.cutouts.cutouts.context == 90
    assert "682 × 496 pixels, 1.19″ each" in page.form.preview.facts.text()


def test_eight_bands_of_one_file(page: ImportPage, qtbot: QtBot, shared_data: Path) -> None:
    begin(page, qtbot, sorted((shared_data / "fits/euclid_lens").glob("10*.fits")))
    assert page.draft is not None
    assert len(page.draft.bands) == 8
    assert all(row.file.beside == "with noise, PSF" for row in page.form.bands.rows.values())
    assert len({row.file.name for row in page.form.bands.rows.values()}) == 8
    assert page.form.cutouts.hint.text() == "suits space images"
    last = page.form.preview.bands[-1]
    qtbot.mouseClick(last, Qt.MouseButton.LeftButton)
    picture = page.form.preview.sky.image
    middle = picture.pixelColor(picture.width() // 2, picture.height() // 2)
    assert middle.red() == middle.green() == middle.blue()


# --- counting --------------------------------------------------------------------------------


def test_the_count_is_what_will_be_detected(page: ImportPage, qtbot: QtBot, trio: list[Path]) -> None:
    begin(page, qtbot, trio)
    found = len(detect(Mosaic.open(identify(trio).spec()), page.form.sources.detection))
    assert found >= 5
    qtbot.waitUntil(lambda: page.form.sources.count.text() == f"{found} found", timeout=30_000)
    assert page.form.estimate.text().startswith("About ")


def test_another_limit_counts_again(page: ImportPage, qtbot: QtBot, trio: list[Path]) -> None:
    begin(page, qtbot, trio)
    limit = page.form.sources.limit
    limit.setFocus()
    qtbot.keyClick(limit, Qt.Key.Key_End)
    assert page.form.sources.detection.threshold == 10
    assert page.form.sources.count.text() == "counting…"
    qtbot.waitUntil(lambda: page.form.sources.count.text() == "5 found", timeout=30_000)

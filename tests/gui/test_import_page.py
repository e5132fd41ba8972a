"""From files to a project: what is guessed can be corrected, what is wrong is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.bands import BandSpec
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.identify import Proposal, identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.gui.import_count import Found, estimate_text, found_text
from astrotl_gui.gui.import_draft import Draft, bits_text, key_of, parse_bits, zeropoints_text
from astrotl_gui.gui.import_form import free_path
from astrotl_gui.gui.import_page import ImportPage
from astrotl_gui.gui.import_preview import angle_text
from astrotl_gui.gui.mosaic_part import central_part
from astrotl_gui.gui.notice import Notice
from astrotl_gui.gui.session import Session
from astrotl_gui.pipeline.detect import detect


def image(path: Path, band: str, side: int = 120, wcs: bool = True, ra: float = 150.0) -> Path:
    """A small noisy image with five stars."""
    rng = np.random.default_rng(len(band) + ord(band[0]))
    y, x = np.mgrid[:side, :side]
    data = rng.normal(0, 1, (side, side))
    for k in range(5):
        data += 200 * np.exp(-((x - 20 - 18 * k) ** 2 + (y - 30 - 12 * k) ** 2) / 8)
    header = fits.Header()
    if wcs:
        sky = WCS(naxis=2)
        sky.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        sky.wcs.crval, sky.wcs.crpix = [ra, 2.0], [side / 2, side / 2]
        sky.wcs.cdelt = [-0.2 / 3600, 0.2 / 3600]
        header = sky.to_header()
    header["FILTER"] = band
    fits.PrimaryHDU(data.astype(np.float32), header).writeto(path)
    return path


@pytest.fixture
def trio(tmp_path: Path) -> list[Path]:
    return [image(tmp_path / f"m83_{band}.fits", band) for band in "gri"]


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    session = Session()
    yield session
    session.close_project()
    session.jobs.close()


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> ImportPage:
    page = ImportPage(session)
    qtbot.addWidget(page)
    page.resize(1280, 720)
    page.show()
    qtbot.waitExposed(page)
    return page


def begin(page: ImportPage, qtbot: QtBot, paths: list[Path]) -> None:
    page.start(paths)
    qtbot.waitUntil(lambda: page.preview is not None, timeout=20_000)


def notices(page: ImportPage) -> list[Notice]:
    return [notice for notice in page.findChildren(Notice) if notice.isVisible()]


def wait_for_notice(page: ImportPage, qtbot: QtBot, title: str) -> Notice:
    qtbot.waitUntil(lambda: title in [notice.title for notice in notices(page)], timeout=20_000)
    return next(notice for notice in notices(page) if notice.title == title)


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


# --- without coordinates -----------------------------------------------------------------------------


def test_without_wcs_the_pixel_scale_is_asked_for(
    page: ImportPage, qtbot: QtBot, tmp_path: Path, session: Session
) -> None:
    begin(page, qtbot, [image(tmp_path / "plate_r.fits", "r", wcs=False)])
    assert wait_for_notice(page, qtbot, "No coordinates").kind == "note"
    assert page.form.scale_row.isVisible()
    assert not page.form.main.isEnabled()
    field = page.form.scale.field
    field.setFocus()
    qtbot.keyClicks(field, "0.05")
    assert page.form.main.isEnabled()
    assert page.form.cutouts.cutouts.size == 4
    assert "0.05″ each" in page.form.preview.facts.text()
    page.form.project.set_path(tmp_path / "plate")
    with qtbot.waitSignal(page.done):
        page.create_project()
    project = Project.open(tmp_path / "plate.astrotl")
    assert project.spec.pixel_scale == 0.05
    project.close()
    qtbot.waitUntil(lambda: session.project is not None, timeout=20_000)


def test_a_pixel_scale_out_of_range_is_said(page: ImportPage, qtbot: QtBot, tmp_path: Path) -> None:
    begin(page, qtbot, [image(tmp_path / "plate_r.fits", "r", wcs=False)])
    qtbot.keyClicks(page.form.scale.field, "0")
    assert page.form.scale.says.isVisible()
    assert not page.form.main.isEnabled()


# --- catalogs ----------------------------------------------------------------------------------------


def test_take_a_catalog(
    page: ImportPage, qtbot: QtBot, trio: list[Path], tmp_path: Path, session: Session
) -> None:
    catalog = tmp_path / "mine.csv"
    catalog.write_text("name,ra,dec\na,150.0,2.0\nb,150.001,2.001\n")
    begin(page, qtbot, trio)
    page.form.sources.catalog_wanted.emit(catalog)
    qtbot.waitUntil(lambda: page.form.sources.catalog == catalog, timeout=20_000)
    assert page.form.sources.file.text() == "mine.csv, 2 sources"
    assert not page.form.sources.limit.isVisible()
    segments = page.form.sources.ways
    qtbot.mouseClick(segments, Qt.MouseButton.LeftButton, pos=segments.boxes()[0].center().toPoint())
    assert page.form.sources.catalog is None
    assert page.form.sources.limit.isVisible()


def test_a_catalog_without_coordinates_is_said(
    page: ImportPage, qtbot: QtBot, trio: list[Path], tmp_path: Path
) -> None:
    catalog = tmp_path / "mine.csv"
    catalog.write_text("name,flux\na,1\nb,2\n")
    begin(page, qtbot, trio)
    page.form.sources.catalog_wanted.emit(catalog)
    notice = wait_for_notice(page, qtbot, "No coordinates in this catalog")
    assert "name" in notice.detail
    assert page.form.sources.ways.value == "detect"
    assert page.form.main.isEnabled()


# --- bad input ---------------------------------------------------------------------------------------


def _text(path: Path) -> list[Path]:
    (path / "notes.fits").write_text("dear diary")
    return [path / "notes.fits"]


def _empty(path: Path) -> list[Path]:
    (path / "empty.fits").touch()
    return [path / "empty.fits"]


def _truncated(path: Path) -> list[Path]:
    whole = image(path / "whole_r.fits", "r").read_bytes()
    (path / "m31_r.fits").write_bytes(whole[: len(whole) // 2])
    return [path / "m31_r.fits"]


def _five_axes(path: Path) -> list[Path]:
    fits.PrimaryHDU(np.zeros((2, 2, 2, 8, 8), np.float32)).writeto(path / "five.fits")
    return [path / "five.fits"]


def _missing(path: Path) -> list[Path]:
    return [path / "gone.fits"]


@pytest.mark.parametrize("make", [_text, _empty, _truncated, _five_axes, _missing])
def test_bad_files_are_said_and_the_page_lives(
    page: ImportPage, qtbot: QtBot, tmp_path: Path, make: Callable[[Path], list[Path]], trio: list[Path]
) -> None:
    paths = make(tmp_path)
    page.start(paths)
    qtbot.waitUntil(lambda: bool(notices(page)), timeout=20_000)
    (notice,) = notices(page)
    assert notice.kind == "alert"
    assert len(notice.title.split()) <= 6
    assert paths[0].name in notice.title + notice.detail
    assert not page.form.main.isEnabled()
    assert not page.form.bands.isVisible()
    assert [button.text() for button in notice.buttons] == ["Choose others…"]
    begin(page, qtbot, trio)
    assert notices(page) == []
    assert page.form.main.isEnabled()


def test_bands_of_two_fields_are_named_and_one_can_be_left_out(
    page: ImportPage, qtbot: QtBot, tmp_path: Path
) -> None:
    here, there = image(tmp_path / "a_g.fits", "g"), image(tmp_path / "b_r.fits", "r", ra=80.0)
    page.start([here, there])
    notice = wait_for_notice(page, qtbot, "Bands show different fields")
    assert "a_g.fits" in notice.detail
    assert "b_r.fits" in notice.detail
    assert not page.form.main.isEnabled()
    page.form.bands.rows[str(Plane.parse(str(there)))].remove.click()
    qtbot.waitUntil(lambda: page.preview is not None, timeout=20_000)
    assert page.form.main.isEnabled()
    assert notices(page) == []


def test_all_nan_band_is_said(page: ImportPage, qtbot: QtBot, tmp_path: Path) -> None:
    fits.PrimaryHDU(np.full((50, 50), np.nan, np.float32)).writeto(tmp_path / "void_r.fits")
    page.start([tmp_path / "void_r.fits"])
    qtbot.waitUntil(lambda: bool(notices(page)), timeout=20_000)
    assert "void_r.fits" in notices(page)[0].detail
    assert not page.form.main.isEnabled()


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


# --- the draft ---------------------------------------------------------------------------------------


def draft(*names: str) -> Draft:
    bands = tuple(
        BandSpec(n, Plane(Path(f"/{n}.fits"), 0), wavelength=400.0 + k) for k, n in enumerate(names)
    )
    return Draft.of(Proposal(bands, "field"))


def key(name: str) -> str:
    return key_of(draft(name).bands[0])


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_every_channel_choice_gives_a_valid_colour(count: int) -> None:
    start = draft(*"abcde"[:count])
    for band in start.keys:
        for channel in start.channels():
            after = start.with_channel(band, channel)
            assert after.channel(band) == channel
            red, green, blue = after.spec().colour
            assert red
            assert blue
            if count > 1:
                assert red != blue
                assert green not in (red, blue)
            if count > 2:
                assert green


def test_joined_keeps_corrections() -> None:
    first = draft("a", "b").renamed(key("a"), "X").with_zeropoint(key("b"), 25.0)
    more = Proposal(
        (*draft("a", "b").bands, BandSpec("c", Plane(Path("/c.fits"), 0), wavelength=900.0)), "field"
    )
    after = first.joined(more)
    assert [band.name for band in after.bands] == ["X", "b", "c"]
    assert after.band(key("b")).zeropoint == 25.0


def test_removing_the_reference_band_leaves_a_valid_mosaic() -> None:
    start = Draft.of(Proposal(draft("a", "b", "c").bands, "field", reference="b"))
    assert start.spec().reference == "b"
    assert start.removed(key("b")).spec().reference in ("a", "c")


def test_spec_refuses_equal_names() -> None:
    with pytest.raises(AstroTLError):
        draft("a", "b").renamed(key("a"), "b").spec()


def test_zero_points_in_words() -> None:
    start = draft("g", "r")
    assert zeropoints_text(start) == "No zero points"
    one = start.with_zeropoint(key("g"), 25.0)
    assert zeropoints_text(one) == "No zero point for r"
    assert zeropoints_text(one.with_zeropoint(key("r"), 26.0)) == "Zero points"


@pytest.mark.parametrize(("text", "mask"), [("", 0), ("0, 4 7", 145), ("2,2", 4), ("-1", None), ("x", None)])
def test_bits(text: str, mask: int | None) -> None:
    assert parse_bits(text) == mask
    if mask:
        assert parse_bits(bits_text(mask)) == mask


# --- counting ----------------------------------------------------------------------------------------


def test_a_count_is_exact_only_when_it_is_true() -> None:
    assert found_text(Found(1184, True)) == "1,184 found"
    assert found_text(Found(1184, False)) == "about 1,200"
    assert found_text(Found(58_312, False)) == "about 58,000"
    assert found_text(Found(7, False)) == "about 7"


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


def test_part_of_a_mosaic_agrees_with_the_whole(trio: list[Path]) -> None:
    mosaic = Mosaic.open(identify(trio).spec())
    whole, share = central_part(mosaic, 120 * 120)
    assert whole is mosaic
    assert share == 1
    part, share = central_part(mosaic, 3600)
    assert part.shape == (60, 60)
    assert share == 0.25
    np.testing.assert_array_equal(part.read("r", (0, 0, 10, 20)), mosaic.read("r", (30, 30, 40, 50)))
    np.testing.assert_array_equal(part.bad("r", (0, 0, 9, 9)), mosaic.bad("r", (30, 30, 39, 39)))
    np.testing.assert_allclose(part.sky(3.0, 4.0), mosaic.sky(33.0, 34.0))
    np.testing.assert_allclose(part.pixel(*part.sky(3.0, 4.0)), (3, 4), atol=1e-6)
    np.testing.assert_allclose(part.to_band("g", 3.0, 4.0), mosaic.to_band("g", 33.0, 34.0))
    assert part.pixel_scale() == pytest.approx(mosaic.pixel_scale(), rel=1e-9)


def test_the_estimate_grows_with_the_work(trio: list[Path]) -> None:
    mosaic = Mosaic.open(identify(trio).spec())
    assert estimate_text(None, None) == ""
    assert estimate_text(mosaic, None) == "You can look around while it works."
    assert estimate_text(mosaic, 100_000).startswith("About ")
    assert " h " not in estimate_text(mosaic, 100)


# --- small things ------------------------------------------------------------------------------------


def test_free_names(tmp_path: Path) -> None:
    assert free_path(tmp_path, 'NGC 6976: a/b?"').name == "NGC 6976 a b.astrotl"
    (tmp_path / "M31.astrotl").mkdir()
    (tmp_path / "M31 2.astrotl").mkdir()
    assert free_path(tmp_path, "M31").name == "M31 3.astrotl"
    assert free_path(tmp_path, " .. ").name == "Mosaic.astrotl"


@pytest.mark.parametrize(
    ("arcsec", "text"), [(0.186, "0.186″"), (30, "30″"), (810, "13.5′"), (7200, "2°"), (7100, "118′")]
)
def test_angles(arcsec: float, text: str) -> None:
    assert angle_text(arcsec) == text

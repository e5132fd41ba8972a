"""What cannot be opened as it is: said on the page, which lives on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from astrotl_gui.core.fits import Plane
from astrotl_gui.core.project import Project
from astrotl_gui.gui.import_page import ImportPage
from astrotl_gui.gui.session import Session
from tests.gui.import_tools import begin, image, notices, page, session, trio, wait_for_notice

__all__ = ["page", "session", "trio"]  # fixtures


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

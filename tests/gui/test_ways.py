"""Finding one's way: going places by typing, zooms, the header, copying."""

from __future__ import annotations

from pathlib import Path

import pytest
from astropy.coordinates import SkyCoord, name_resolve
from astropy.io import fits
from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.gui.header_page import HeaderPage
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.zoom import zoom_menu, zoom_of
from astrotl_gui.pipeline.headers import file_headers
from astrotl_gui.pipeline.resolve import resolve
from tests.gui.small_project import CTRL, LEFT, SHIFT, K, field, press, project, start, window

__all__ = ["field", "project", "start", "window"]


def typed(window: MainWindow, text: str) -> list[str]:
    """What the list offers for a text typed into the go-to field."""
    press(window, K.Key_Slash)
    window.top.go_to.clear()
    QTest.keyClicks(window.top.go_to, text)
    return [hit.text for hit in window.finder.hits]


def centre(window: MainWindow, qtbot: QtBot, x: float, y: float) -> None:
    """Wait for the view to have come to a place."""
    view = window.view
    aim = view.viewport.centred(x, y)
    qtbot.waitUntil(lambda: view.viewport.screens_to(aim.x, aim.y) < 1e-4)


def test_names_pixels_zooms_and_sky_are_typed(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, view = window.session, window.view
    names = [f"SL2S {n}" for n in range(len(session.catalog))]
    session.catalog = session.catalog.with_columns(user_id=names)
    assert typed(window, "sl2s 17") == ["SL2S 17"]
    press(window, K.Key_Return)
    assert session.selected == 18
    assert typed(window, "zoom 4:1")[0] == "Zoom to 400 %"
    press(window, K.Key_Return)
    assert zoom_of(view) == pytest.approx(4)
    assert typed(window, "px 200 120")[0] == "Pixel 200, 120"
    press(window, K.Key_Return)
    centre(window, qtbot, 200, 120)
    galactic = SkyCoord(53.1, -27.8, unit="deg").galactic
    typed(window, f"gal {galactic.l.deg:.7f} {galactic.b.deg:.7f}")
    press(window, K.Key_Return)
    centre(window, qtbot, 149, 149)
    typed(window, "px 900 1")
    press(window, K.Key_Return)
    assert window.messages.cards[-1].message.title == "Outside this mosaic"

    asked: list[str] = []

    def from_name(name: str) -> SkyCoord:
        asked.append(name)
        if name == "NGC 7":
            raise name_resolve.NameResolveError(f"Unable to find coordinates for name {name}")
        if name == "NGC 8":
            raise name_resolve.NameResolveError("All Sesame queries failed.")
        return SkyCoord(53.1, -27.8, unit="deg")

    monkeypatch.setattr(SkyCoord, "from_name", from_name)
    window.view.look_at(window.view.viewport.zoomed(8).centred(30, 30))
    assert typed(window, "NGC 9") == ["Look up “NGC 9” online"]
    assert not asked
    press(window, K.Key_Return)
    centre(window, qtbot, 149, 149)
    assert asked == ["NGC 9"]
    for name, title in (("NGC 7", "No such name"), ("NGC 8", "The name service is out of reach")):
        with pytest.raises(AstroTLError, match=title):
            resolve(name)


def test_zooms_have_a_menu_and_the_place_under_the_mouse_is_copied(window: MainWindow, qtbot: QtBot) -> None:
    view, overview = window.view, window.view.overview
    with qtbot.waitSignal(overview.menu_wanted):
        qtbot.mouseClick(overview, LEFT, pos=QPoint(overview.width() - 20, overview.height() - 6))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    texts = [action.text().split("  ")[0] for action in menu.actions()]
    assert texts[:7] == ["8:1", "4:1", "2:1", "1:1", "1:2", "1:4", "1:8"]
    menu.actions()[2].trigger()
    menu.close()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    assert zoom_of(view) == pytest.approx(2)
    assert zoom_menu(view).actions()[2].isChecked()
    window.session.select_many([3, 9])
    press(window, K.Key_Z, SHIFT)
    for source in (3, 9):
        x, y = view.viewport.to_screen(*view.marks.place_of(source))  # type: ignore[misc]
        assert 0.2 * view.width() < x < 0.8 * view.width()
        assert 0.2 * view.height() < y < 0.8 * view.height()
    before = view.viewport
    press(window, K.Key_Right, CTRL)
    qtbot.waitUntil(
        lambda: view.viewport.x > before.x + 0.1 * min(view.width(), view.height()) / before.scale
    )

    clipboard = QGuiApplication.clipboard()
    press(window, K.Key_X, SHIFT)
    assert window.messages.cards[-1].message.title == "Nothing is pointed at"
    view.fit()
    x, y = (round(float(v)) for v in view.viewport.to_screen(149.0, 149.0))
    qtbot.mouseMove(view, QPoint(x, y))
    assert view.pointed == pytest.approx((149, 149), abs=1)
    press(window, K.Key_X, SHIFT)
    assert [float(part) for part in clipboard.text().split()] == pytest.approx((149, 149), abs=1)
    press(window, K.Key_C, SHIFT)
    place = SkyCoord(clipboard.text(), unit=("hourangle", "deg"))
    assert place.separation(SkyCoord(53.1, -27.8, unit="deg")).arcsec < 0.3
    assert ":" in clipboard.text()
    press(window, K.Key_D, SHIFT)
    assert [float(part) for part in clipboard.text().split()] == pytest.approx((53.1, -27.8), abs=1e-4)


def test_headers_are_searched_and_their_cards_are_copied(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    press(window, K.Key_I, CTRL)
    page = window.sheet
    assert isinstance(page, HeaderPage)
    QTest.keyClicks(page.field, "crval")
    assert page.says.text() == "1 of 2"
    qtbot.mouseClick(page.copy, LEFT)
    assert QGuiApplication.clipboard().text().startswith("CRVAL1  =")
    press(window, K.Key_Return)
    assert page.says.text() == "2 of 2"
    press(window, K.Key_Return, SHIFT)
    assert page.says.text() == "1 of 2"
    page.field.setText("nowhere")
    assert page.says.text() == "Not in this header"
    page.show_header("g")
    assert "CRVAL1" in page.text.toPlainText()
    press(window, K.Key_Escape)
    assert window.sheet is None

    many = fits.Header([(f"K{n}", n, "a comment") for n in range(5000)])
    extra = fits.ImageHDU(header=fits.Header([("OBSERVER", "Mara Klein")]), name="EXTRA")
    fits.HDUList([fits.PrimaryHDU(header=many), extra]).writeto(tmp_path / "many.fits")
    first, second = file_headers(tmp_path / "many.fits")
    assert (second.hdu, second.name) == (1, "EXTRA")
    page = HeaderPage(window, window.session)
    window.open_sheet(page)
    page._take_file(tmp_path / "many.fits", "g · ", [first, second])
    assert page.choice.itemText(page.choice.count() - 1) == "g · many.fits [1 EXTRA]"
    page.choice.chosen.emit(f"{tmp_path / 'many.fits'}[0]")
    page.field.setText("a comment")
    assert page.says.text() == "1 of 5,000"
    qtbot.mouseClick(page.back, LEFT)
    assert page.says.text() == "5,000 of 5,000"
    page.copy_cards()
    assert QGuiApplication.clipboard().text().startswith("K4999")
    page.choice.chosen.emit(f"{tmp_path / 'many.fits'}[1]")
    assert page.says.text() == "Not in this header"
    (tmp_path / "many.fits").write_bytes(b"nothing")
    with pytest.raises(AstroTLError, match="cannot be read"):
        file_headers(tmp_path / "many.fits")

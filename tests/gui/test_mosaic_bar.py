"""The bar over the mosaic."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from astrotl_gui.core.stretch import Look
from astrotl_gui.gui import looks
from astrotl_gui.gui.mosaic_bar import MosaicBar
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.session import Session


@pytest.fixture
def bar(qtbot: QtBot, session: Session, view: MosaicView) -> MosaicBar:
    made = MosaicBar(session, view)
    qtbot.addWidget(made)
    made.resize(760, 36)
    made.show()
    return made


def test_the_bar_shows_and_sets_the_band(bar: MosaicBar, session: Session, qtbot: QtBot) -> None:
    assert bar.bands.value == "colour"
    second = bar.bands.boxes()[1].center().toPoint()
    qtbot.mouseClick(bar.bands, Qt.MouseButton.LeftButton, pos=second)
    assert session.look.mode == "i", "the reddest band comes first, as in red, green, blue"
    session.set_look(session.look.with_(mode="g"))
    assert bar.bands.value == "g"


def test_the_bar_switches_what_is_drawn(
    bar: MosaicBar, view: MosaicView, session: Session, qtbot: QtBot
) -> None:
    left = Qt.MouseButton.LeftButton
    for button, shown in ((bar.marks, "marks"), (bar.grid, "grid"), (bar.ruler, "ruler")):
        before = view.shows(shown)
        qtbot.mouseClick(button, left)
        assert view.shows(shown) is button.isChecked() is not before
    qtbot.mouseClick(bar.invert, left)
    assert session.look.invert
    with qtbot.waitSignal(bar.only_sky_wanted):
        qtbot.mouseClick(bar.only_sky, left)


def test_the_stretch_menu(bar: MosaicBar, session: Session) -> None:
    menu = bar.stretch.menu()
    assert [action.isChecked() for action in menu.actions()] == [True, *[False] * 5]
    menu.actions()[1].trigger()
    assert session.look.stretch == "log"
    assert bar.stretch.text() == "Log"


def test_histogram_handles_drag_and_reset(bar: MosaicBar, session: Session, qtbot: QtBot) -> None:
    histogram = bar.histogram
    middle = histogram.height() // 2
    assert histogram._bars.max() == pytest.approx(1)
    for which, moves in (("black", 12), ("white", -14), ("mid", 9)):
        x = round(histogram._x_of(getattr(histogram, which)))
        assert histogram.handle_at(x) == which
        before = getattr(histogram, which)
        qtbot.mousePress(histogram, Qt.MouseButton.LeftButton, pos=QPoint(x, middle))
        qtbot.mouseMove(histogram, QPoint(x + moves, middle))
        qtbot.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=QPoint(x + moves, middle))
        after = looks.curve(session)
        assert after is not None
        assert (getattr(after, which) - before) * moves > 0
    assert session.look.white is not None
    assert session.look.white > session.look.black
    qtbot.mouseDClick(histogram, Qt.MouseButton.LeftButton, pos=QPoint(30, middle))
    assert session.look == Look()


def test_a_narrow_bar_puts_the_bands_in_a_menu(bar: MosaicBar, qtbot: QtBot) -> None:
    assert bar.bands.isVisible()
    assert not bar.band_menu.isVisible()
    bar.resize(420, 36)
    assert not bar.bands.isVisible()
    assert bar.band_menu.isVisible()
    for child in (bar.band_menu, bar.stretch, bar.only_sky):
        assert bar.rect().contains(child.geometry())

"""The inspector in a real session: what it says of a source, its buttons, note and bands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.labels import Label
from astrotl_gui.gui import theme
from astrotl_gui.gui.facts import flux_text, label_text, magnitude_text, place_text
from astrotl_gui.gui.inspector import Inspector
from astrotl_gui.gui.inspector_parts import scale_length, scale_text
from astrotl_gui.gui.session import Session

from .ranked import close_session, open_session, settled

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    theme.apply(qapp)


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    made = open_session(qtbot, tmp_path)
    yield made
    close_session(made)


@pytest.fixture
def inspector(qtbot: QtBot, session: Session) -> Inspector:
    made = Inspector(session)
    qtbot.addWidget(made)
    made.resize(280, 828)
    made.show()
    return made


def facts(inspector: Inspector) -> dict[str, str]:
    return dict(inspector.facts._rows)


def test_nothing_selected(inspector: Inspector, session: Session) -> None:
    assert inspector.pages.currentIndex() == 1
    session.select(3)
    assert inspector.pages.currentIndex() == 0


def test_it_names_places_and_measures_the_source(inspector: Inspector, session: Session) -> None:
    session.select(20)
    ranking = session.ranking("lens")
    assert ranking is not None
    assert inspector.name.text() == f"Candidate {ranking.rank_of(20)}"
    assert inspector.place.text().startswith("03 32 ")
    assert "−27 4" in inspector.place.text()
    # flux 2000 ± 2 at zero point 27: 27 - 2.5 log10(2000) = 18.747, error 1.0857 * 2 / 2000 = 0.001
    assert facts(inspector) == {
        "r": "18.747 ± 0.001",
        "Half-light radius": "0.42″",
        "Signal to noise": "200",
    }
    session.select_many([1, 2, 20])
    assert inspector.name.text().endswith(" and 2 more")


def test_ranks_of_all_targets(qtbot: QtBot, inspector: Inspector, session: Session) -> None:
    session.select(7)
    shown = {target: rank for target, _, _, rank in inspector.ranks._rows}
    for target in ("lens", "agn", "artifact", "outlier"):
        ranking = session.ranking(target)
        assert ranking is not None
        assert shown[target] == str(ranking.rank_of(7))
    qtbot.mouseClick(inspector.ranks, LEFT, pos=QPoint(20, 30))
    assert session.target == "agn"


@pytest.mark.parametrize(("value", "grade"), [("positive", "A"), ("unsure", "C"), ("negative", "X")])
def test_the_buttons_label_and_go_on(
    qtbot: QtBot, inspector: Inspector, session: Session, value: str, grade: str
) -> None:
    ranking = session.ranking("lens")
    assert ranking is not None
    first, second = (int(i) for i in ranking.ids[:2])
    session.select(first)
    qtbot.mouseClick(inspector.buttons[value], LEFT)
    label = session.label_of(first)
    assert label is not None
    assert (label.value, label.grade) == (value, grade)
    assert session.selected == second
    settled(qtbot, session)
    session.select(first)
    assert inspector.buttons[value].isChecked()
    assert facts(inspector)["Label"] == label_text(label)
    assert label_text(label).endswith(f", {grade}, by mk")


def test_estimated_parameters_stand_with_their_errors(inspector: Inspector, session: Session) -> None:
    count = len(session.catalog)
    mass, error, outside = np.full(count, 10.4237), np.full(count, 0.21), np.zeros(count, np.int16)
    outside[1] = 1
    session.catalog = session.catalog.with_columns(logmass=mass, logmass_err=error, logmass_outside=outside)
    first, second = (int(source) for source in session.catalog.ids[:2])
    session.select(first)
    assert facts(inspector)["logmass"] == "10.42 ± 0.21"
    session.select(second)
    assert facts(inspector)["logmass"] == "10.42 ± 0.21 ?", "unlike all that it was learned from"


def test_buttons_show_the_keys_of_the_window(qtbot: QtBot, session: Session) -> None:
    remapped = QAction()
    remapped.setShortcut("Ctrl+Y")
    made = Inspector(session, {"label.certain": remapped})
    qtbot.addWidget(made)
    assert made.buttons["positive"].key == "Ctrl+Y"
    assert made.buttons["unsure"].key == "C"
    assert made.similar.key == "S"


def test_a_note_is_kept_when_the_selection_moves(
    qtbot: QtBot, inspector: Inspector, session: Session
) -> None:
    session.select(3)
    inspector.write_note()
    qtbot.keyClicks(inspector.note, "arc north-east")
    session.select(4)
    assert session.note(3) == "arc north-east"
    assert inspector.note.text() == ""
    session.select(3)
    assert inspector.note.text() == "arc north-east"
    inspector.write_note()
    qtbot.keyClicks(inspector.note, "something else")
    qtbot.keyClick(inspector.note, Qt.Key.Key_Escape)
    assert inspector.note.text() == "arc north-east"
    assert session.note(3) == "arc north-east"


def test_each_band_and_a_wider_view(qtbot: QtBot, inspector: Inspector, session: Session) -> None:
    session.select(10)
    names = [name for name, _ in inspector.strip._items]
    assert names == ["g", "r", "i", "Wide"]
    assert inspector.strip._items[0][1].bands == ("g",)
    assert inspector.strip._items[3][1].size == 12
    square = inspector.strip.square(1)
    QTest.mouseMove(inspector.strip, QPoint(0, 60))
    QTest.mouseMove(inspector.strip, square.center())
    assert inspector.cutout.stamp is not None
    assert inspector.cutout.stamp.bands == ("r",)
    inspector.strip._point(-1)
    assert set(inspector.cutout.stamp.bands) == {"g", "r", "i"}
    inspector.toggle_wide()
    assert inspector.cutout.stamp.size == 12
    assert inspector.cutout.frame == 4
    inspector.toggle_wide()
    assert inspector.cutout.stamp.size == 4
    qtbot.waitUntil(lambda: inspector.thumbnails.idle, timeout=10000)
    assert inspector.thumbnails.picture(inspector.cutout.stamp) is not None


def test_copy_coordinates(qtbot: QtBot, inspector: Inspector, session: Session) -> None:
    session.select(10)
    with qtbot.waitSignal(session.messaged):
        qtbot.mouseClick(inspector.copy, LEFT)
    assert QGuiApplication.clipboard().text() == inspector.place.text().replace("−", "-")


def test_the_compact_block_fits_under_the_list(qtbot: QtBot, session: Session) -> None:
    made = Inspector(session, compact=True)
    qtbot.addWidget(made)
    made.resize(371, 204)
    made.show()
    session.select(5)
    assert (made.width(), made.height()) == (371, 204)
    assert [target for target, *_ in made.ranks._rows] == ["agn", "artifact", "outlier"]
    buttons = [*made.buttons.values(), made.similar]
    for button in buttons:
        assert button.width() >= button.sizeHint().width()
        assert made.rect().contains(button.geometry())
    assert buttons[0].geometry().top() >= made.cutout.geometry().bottom() + 12


def test_texts() -> None:
    row = {"ra": np.nan, "dec": np.nan, "x": 12.34, "y": 5.0, "flux_r": -1.0, "fluxerr_r": 0.5, "mag_r": None}
    assert place_text(row) == "x 12.3  y 5.0"
    assert magnitude_text(row, "r") == "-1.00 ± 0.50"
    assert flux_text(1234.4, 56.2) == "1,234 ± 56"
    assert flux_text(3.21e-9, 1.2e-10) == "(3.21 ± 0.12) × 10⁻⁹"
    assert magnitude_text(row, "i") == ""
    assert magnitude_text({"flux_r": 50.0, "fluxerr_r": 1.0, "mag_r": 23.414}, "r") == "23.41 ± 0.02"
    assert label_text(Label(1, "lens", "negative", "X", "ring", vetter="mk")) == "No, ring, by mk"
    assert scale_length(4.0) == 2
    assert scale_length(3.9) == 1
    assert scale_length(18.0) == 5
    assert (scale_text(0.5), scale_text(120.0)) == ("0.5″", "2′")

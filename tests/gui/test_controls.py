"""Buttons, segments, fields: by mouse and by key."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from astrotl_gui.gui import theme
from astrotl_gui.gui.controls import Bar, Button, EmptyState, IconButton, Segmented
from astrotl_gui.gui.fields import Choice, NumberField, Switch

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    theme.apply(qapp)


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_a_button_answers_to_keys(qtbot: QtBot, key: Qt.Key) -> None:
    button = Button("Detect sources", "ph.crosshair", "D")
    qtbot.addWidget(button)
    with qtbot.waitSignal(button.clicked):
        qtbot.keyClick(button, key)


def test_a_button_is_wide_enough_for_its_parts(qtbot: QtBot) -> None:
    plain, full = Button("Find similar"), Button("Find similar", "ph.circles-three", "S")
    for button in (plain, full):
        qtbot.addWidget(button)
    assert full.sizeHint().width() > plain.sizeHint().width() + 16
    assert plain.sizeHint().height() == 32


def test_heights_grow_with_the_text(qtbot: QtBot, qapp: QApplication) -> None:
    button = IconButton("ph.ruler", "Ruler")
    qtbot.addWidget(button)
    assert button.sizeHint().height() == 28
    theme.apply(qapp, "dark", 200)
    assert button.sizeHint().height() == 56
    theme.apply(qapp)


def test_every_control_has_a_name(qtbot: QtBot) -> None:
    for control in (Button("Close"), IconButton("ph.x", "Close"), Switch("Close")):
        qtbot.addWidget(control)
        assert control.accessibleName() == "Close"


def test_segments_are_chosen_by_mouse_and_arrows(qtbot: QtBot) -> None:
    row = Segmented(["Colour", ("f1", "F160W"), ("f8", "F850LP")])
    qtbot.addWidget(row)
    row.resize(row.sizeHint())
    assert row.value == "Colour"
    with qtbot.waitSignal(row.chosen) as chosen:
        qtbot.mouseClick(row, LEFT, pos=row.boxes()[2].center().toPoint())
    assert chosen.args == ["f8"]
    with qtbot.assertNotEmitted(row.chosen):
        qtbot.keyClick(row, Qt.Key.Key_Right)
    with qtbot.waitSignal(row.chosen) as chosen:
        qtbot.keyClick(row, Qt.Key.Key_Left)
    assert chosen.args == ["f1"]
    with qtbot.assertNotEmitted(row.chosen):
        row.set_value("Colour")
    row.set_options(["F606W"])
    assert row.value == "F606W"


@pytest.mark.parametrize(
    ("text", "value", "says"),
    [("", 30.0, ""), ("12.5", 12.5, ""), ("-3", None, "from 1 to 90"), ("abc", None, "from 1 to 90")],
)
def test_a_number_field_keeps_wrong_input_and_says_the_range(
    qtbot: QtBot, text: str, value: float | None, says: str
) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    field = NumberField(30, unit="″", minimum=1, maximum=90)
    QVBoxLayout(host).addWidget(field)
    host.show()
    qtbot.keyClicks(field.field, text)
    assert field.value == value
    assert field.field.text() == text
    assert field.says.isVisible() == bool(says)
    assert says in field.says.text() or not says


def test_a_choice_does_not_change_by_itself(qtbot: QtBot) -> None:
    choice = Choice([("b", "Blue"), ("g", "Green"), ("r", "Red")])
    qtbot.addWidget(choice)
    choice.set_value("g")
    with qtbot.waitSignal(choice.chosen) as chosen:
        qtbot.keyClick(choice, Qt.Key.Key_Down)
    assert chosen.args == ["r"]
    choice.set_options([("r", "Red"), ("g", "Green")])
    assert choice.value == "r"


def test_a_bar_stays_within_its_ends(qtbot: QtBot) -> None:
    bar = Bar(0.4)
    qtbot.addWidget(bar)
    bar.set_value(1.7)
    assert bar.value == 1
    bar.set_value(-1)
    assert bar.value == 0


def test_an_empty_state_offers_its_verb(qtbot: QtBot) -> None:
    ran: list[str] = []
    state = EmptyState(
        "ph.crosshair-simple", "No sources yet", "Detect them.", "Detect sources", lambda: ran.append("x")
    )
    qtbot.addWidget(state)
    qtbot.mouseClick(state.button, LEFT)
    assert ran == ["x"]

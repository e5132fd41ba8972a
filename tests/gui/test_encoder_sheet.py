"""The sheet of encoders by mouse and keys: choosing, downloading, adding a file, removing, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import BUILT_IN, EncoderSettings
from astrotl_gui.gui.controls import Button
from astrotl_gui.gui.encoder_page import layer_choices, looks_text
from astrotl_gui.gui.encoder_sheet import EncoderSheet
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.ml.encoders import card, cards, encoders_folder, file_hash
from tests.gui.small_project import CTRL, LEFT, SOURCES, K, ShellSession, field, press, project, start, window
from tests.pipeline.fake_hub import FakeHub, as_the_hub, small_weights
from tests.pipeline.local_server import serving

__all__ = ["field", "project", "start", "window"]

NAME = "test_efficientnet.r160_in1k"
LONG = 30_000


def put(name: str) -> None:
    """An encoder whose weights nobody will load."""
    folder = encoders_folder() / name
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(name.encode())
    file = folder / "model.safetensors"
    replace(card(), name=name, weights=file, sha256=file_hash(file), source="somewhere", licence="").write()


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[EncoderSettings]:
    """With which choice the session was asked to embed."""
    asked: list[EncoderSettings] = []
    monkeypatch.setattr(
        ShellSession,
        "embed",
        lambda session: asked.append(session.project.encoder) if session.project else None,
    )
    return asked


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    made = FakeHub(f"timm/{NAME}", {"model.safetensors": small_weights(tmp_path).read_bytes()})
    with as_the_hub(made, monkeypatch):
        yield made


def opened(window: MainWindow) -> EncoderSheet:
    press(window, K.Key_L, CTRL)
    assert isinstance(window.sheet, EncoderSheet)
    return window.sheet


def shown(sheet: EncoderSheet) -> list[str]:
    return [button.text() for button in sheet.findChildren(Button) if button.isVisible()]


def choose(qtbot: QtBot, segments: QWidget, place: int) -> None:
    box = segments.boxes()[place]  # type: ignore[attr-defined]
    qtbot.mouseClick(segments, LEFT, pos=box.center().toPoint())


def test_with_the_built_in_one_alone_it_says_what_else_there_is(window: MainWindow) -> None:
    sheet = opened(window)
    assert [c.name for c in sheet.list.cards] == [BUILT_IN]
    assert sheet.why.isVisible() and "Zoobot" in sheet.why.text()
    assert "Remove…" not in shown(sheet) and sheet.use.text() == "In use" and not sheet.use.isEnabled()
    assert sheet.list.in_use == BUILT_IN and "1,280 numbers" in sheet.list.accessibleDescription()
    put("mine")
    sheet.refresh()
    assert not sheet.why.isVisible()


def test_another_encoder_by_keys(window: MainWindow, embedded: list[EncoderSettings], project: Path) -> None:
    put("mine")
    sheet = opened(window)
    press(window, K.Key_Down)
    assert sheet.list.current == "mine" and sheet.page.title.text() == "mine"
    assert f"Embeds {SOURCES} sources anew" in sheet.says.text() and "kept" in sheet.says.text()
    press(window, K.Key_Return)
    assert window.sheet is None
    assert embedded == [EncoderSettings(encoder="mine")]
    assert Project.open(project).encoder.encoder == "mine"
    sheet = opened(window)
    assert sheet.list.current == sheet.list.in_use == "mine"
    assert not sheet.remove.isEnabled() and "choose another" in sheet.says.text()


def test_how_it_looks(qtbot: QtBot, window: MainWindow, embedded: list[EncoderSettings]) -> None:
    sheet = opened(window)
    choose(qtbot, sheet.page.views, 2)
    assert sheet.page.looks.text() == "8 looks at each source: 8 times as long as one."
    sheet.page.zooms.setFocus()
    qtbot.keyClick(sheet.page.zooms, K.Key_Down)
    sheet.page.zooms.activated.emit(sheet.page.zooms.currentIndex())
    assert sheet.page.zooms.currentText() == "4″ and 8″"
    sheet.page.layers.setFocus()
    qtbot.keyClick(sheet.page.layers, K.Key_Down)
    choose(qtbot, sheet.page.recipe, 1)
    assert "Doorenbos" in sheet.page._hints["Recipe"].text()
    assert sheet.page.looks.text().startswith("16 looks")
    qtbot.keyClick(sheet, K.Key_Return, CTRL)
    assert embedded == [EncoderSettings(layers="last", views=8, zooms=(1.0, 2.0), recipe="ulisse")]
    sheet = opened(window)
    assert sheet.page.settings == embedded[0] and sheet.use.text() == "In use"


def test_layers_and_what_a_choice_costs() -> None:
    assert [value for value, _ in layer_choices(5, "last")] == ["auto", "last", "3,4", "2,3,4", "1,2,3,4"]
    assert layer_choices(0, "last") == [("last", "Final features")]
    assert layer_choices(5, "0,4")[-1] == ("0,4", "Stages 0,4")
    assert looks_text(EncoderSettings(views=1)) == "One look at each source."
    assert looks_text(EncoderSettings()) == "One look at each source, or 8 where the time allows."
    assert looks_text(EncoderSettings(zooms=(1.0, 2.0))).startswith("2 looks at each source, or 16")


def test_download_by_name(qtbot: QtBot, window: MainWindow, hub: FakeHub) -> None:
    sheet = opened(window)
    qtbot.mouseClick(sheet.by_name, LEFT)
    assert sheet.adding.name.hasFocus() and not sheet.adding.add.isEnabled()
    qtbot.keyClicks(sheet.adding.name, NAME)
    with qtbot.waitSignal(window.session.encoder_added, timeout=LONG):
        qtbot.keyClick(sheet.adding.name, K.Key_Return)
        assert not sheet.adding.add.isEnabled(), "one at a time"
    assert sheet.list.current == NAME and sheet.page.title.text() == NAME
    assert [c.name for c in cards()] == [BUILT_IN, NAME]
    assert not window.messages.cards
    qtbot.waitUntil(lambda: window.session.adding is None)


def test_a_download_shows_how_far_it_is_and_stops(qtbot: QtBot, window: MainWindow, hub: FakeHub) -> None:
    hub.pause = 0.02
    sheet = opened(window)
    qtbot.mouseClick(sheet.by_name, LEFT)
    qtbot.keyClicks(sheet.adding.name, NAME)
    qtbot.mouseClick(sheet.adding.add, LEFT)
    qtbot.waitUntil(lambda: sheet.adding.bar.value > 0, timeout=LONG)
    assert "Downloading" in sheet.adding.says.text() and "%" in sheet.adding.says.text()
    qtbot.keyClick(sheet, K.Key_Escape)
    sheet = opened(window)
    assert sheet.adding.stop.isVisible(), "it goes on behind, and is there again"
    qtbot.mouseClick(sheet.adding.stop, LEFT)
    qtbot.waitUntil(lambda: window.session.adding is None, timeout=LONG)
    assert not sheet.adding.bar.isVisible() and not list(encoders_folder().glob("*"))


def test_no_network_is_said_in_place(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(FakeHub().answer) as address:
        pass  # and gone again
    monkeypatch.setenv("HF_ENDPOINT", address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    sheet = opened(window)
    qtbot.mouseClick(sheet.by_name, LEFT)
    qtbot.mouseClick(sheet.adding.suggestions[1], LEFT)
    assert sheet.adding.name.text() == "vit_small_patch14_dinov2.lvd142m"
    qtbot.mouseClick(sheet.adding.add, LEFT)
    qtbot.waitUntil(sheet.adding.problem.isVisible, timeout=LONG)
    assert sheet.adding.problem.text() == "No network"
    assert "add it from the file." in sheet.adding.detail.text() and "--" not in sheet.adding.detail.text()
    assert not window.messages.cards and sheet.adding.add.isEnabled(), "said once, and it can be tried again"
    qtbot.mouseClick(sheet.adding.back, LEFT)
    assert sheet.page.isVisible() and sheet.list.hasFocus()


def test_a_failure_after_the_sheet_is_closed_is_a_message(
    qtbot: QtBot, window: MainWindow, hub: FakeHub
) -> None:
    hub.pause, hub.swapped = 0.02, {"model.safetensors": bytes(len(hub.files["model.safetensors"]))}
    sheet = opened(window)
    qtbot.mouseClick(sheet.by_name, LEFT)
    qtbot.keyClicks(sheet.adding.name, NAME)
    qtbot.mouseClick(sheet.adding.add, LEFT)
    qtbot.keyClick(sheet, K.Key_Escape)
    with qtbot.waitSignal(window.session.messaged, timeout=LONG) as said:
        pass
    assert said.args[0].title == "Not the file expected"


def test_from_a_file(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = small_weights(tmp_path, "test_convnext")
    sheet = opened(window)
    qtbot.mouseClick(sheet.from_file, LEFT)
    qtbot.mouseClick(sheet.adding.choose, LEFT)
    (dialog,) = sheet.findChildren(QFileDialog)
    dialog.filesSelected.emit([str(path)])
    dialog.reject()
    qtbot.keyClicks(sheet.adding.name, "test_efficientnet")
    qtbot.keyClicks(sheet.adding.called, "mine")
    qtbot.keyClicks(sheet.adding.input.field, "9")
    assert not sheet.adding.add.isEnabled() and "16 to 2048" in sheet.adding.input.says.text()
    qtbot.keyClicks(sheet.adding.input.field, "6")
    qtbot.mouseClick(sheet.adding.add, LEFT)
    qtbot.waitUntil(sheet.adding.problem.isVisible, timeout=LONG)
    assert "do not fit" in sheet.adding.problem.text()
    sheet.adding.name.selectAll()
    qtbot.keyClicks(sheet.adding.name, "test_convnext")
    with qtbot.waitSignal(window.session.encoder_added, timeout=LONG):
        qtbot.keyClick(sheet.adding.name, K.Key_Return)
    assert sheet.list.current == "mine" and card("mine").input == 96


def test_an_encoder_that_is_elsewhere_is_asked_for(window: MainWindow) -> None:
    assert window.session.project is not None
    window.session.project.encoder = EncoderSettings(encoder="zoobot", layers="1,2")
    sheet = opened(window)
    assert sheet.says.text().startswith("This project asks for zoobot, which is not on this computer")
    assert sheet.use.isEnabled() and sheet.page.settings.layers == "auto"


def test_removing_asks_first(qtbot: QtBot, window: MainWindow) -> None:
    put("mine")
    sheet = opened(window)
    press(window, K.Key_Delete)
    assert len(cards()) == 2, "the built-in one stays"
    press(window, K.Key_End)
    press(window, K.Key_Delete)
    assert "Keep" in shown(sheet) and "Remove mine and free 19 MB?" in sheet.says.text()
    qtbot.keyClick(sheet.keep, K.Key_Return)
    assert "Keep" not in shown(sheet) and len(cards()) == 2
    qtbot.mouseClick(sheet.remove, LEFT)
    qtbot.mouseClick(sheet.remove, LEFT)
    assert [c.name for c in sheet.list.cards] == [BUILT_IN] == [c.name for c in cards()]


def test_who_uses_it_is_said_before_it_goes(
    qtbot: QtBot, window: MainWindow, project: Path, embedded: list[EncoderSettings]
) -> None:
    put("mine")
    meta = project / "embeddings" / "key" / "meta.toml"
    meta.parent.mkdir(parents=True)
    meta.write_text('[making.encoder]\nname = "mine"\n')
    sheet = opened(window)
    press(window, K.Key_Down)
    qtbot.mouseClick(sheet.remove, LEFT)
    assert "Used by Small field: embeddings are kept" in sheet.says.text()


def test_without_a_project_encoders_can_be_seen_and_added(start: Callable[..., MainWindow]) -> None:
    window = start()
    window.actions_by_id["sources.encoders"].trigger()
    sheet = window.sheet
    assert isinstance(sheet, EncoderSheet)
    assert not sheet.use.isVisible() and not sheet.page.views.isVisible()
    assert "Open a project" in sheet.says.text()
    assert {"Download by name…", "Add from file…"} <= set(shown(sheet))


def test_everything_is_reached_by_tab(qtbot: QtBot, window: MainWindow) -> None:
    put("mine")
    sheet = opened(window)
    press(window, K.Key_Down)
    seen = set()
    for _ in range(14):
        seen.add(QApplication.focusWidget())
        qtbot.keyClick(QApplication.focusWidget() or sheet, Qt.Key.Key_Tab)
    page = sheet.page
    wanted = {sheet.list, sheet.by_name, sheet.from_file, page.layers, page.views, page.zooms, page.recipe}
    assert {*wanted, sheet.remove, sheet.use} <= seen


@pytest.mark.parametrize("size", [(1280, 720), (1440, 900), (1920, 1080)])
def test_nothing_is_clipped(window: MainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)
    sheet = opened(window)
    assert window.rect().contains(sheet.card.geometry())
    for button in sheet.findChildren(Button):
        if button.isVisible():
            assert button.width() >= button.sizeHint().width(), button.text()

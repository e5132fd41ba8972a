"""How the window starts, and what guards it."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from astrotl_gui.core.settings import AppSettings, settings_file
from astrotl_gui.gui.app import application, display_missing, load_settings, make_window
from astrotl_gui.gui.collector import Collector


@pytest.fixture
def collecting() -> Iterator[None]:
    yield
    gc.enable()


def test_without_a_display_one_line_says_so() -> None:
    code = "import sys; from astrotl_gui.gui.app import run; sys.exit(run())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PATH": "/usr/bin"}
    )
    if sys.platform.startswith("linux"):
        assert done.returncode == 2
        assert done.stderr.strip().startswith("No display")
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"])
def test_any_display_will_do(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for other in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(other, raising=False)
    assert display_missing()
    monkeypatch.setenv(name, "x")
    assert not display_missing()


def test_garbage_is_collected_by_the_timer_only(qapp: QApplication, collecting: None) -> None:
    class Knot:
        pass

    collector = Collector(qapp)
    assert not gc.isenabled()
    collector.collect()  # sets aside what exists
    knot = Knot()
    knot.itself = knot  # type: ignore[attr-defined]
    alive = weakref.ref(knot)
    del knot
    collector.collect()
    assert alive() is None
    delete(collector)


def test_there_is_one_application_with_one_collector(qapp: QApplication, collecting: None) -> None:
    assert application() is application()
    assert len([child for child in qapp.children() if isinstance(child, Collector)]) == 1


def test_settings_that_cannot_be_read_are_said_and_not_lost(qtbot: QtBot, collecting: None) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text("theme = [broken")
    settings, message = load_settings()
    assert settings == AppSettings()
    assert message is not None
    window = make_window()
    assert [card.message.title for card in window.messages.cards] == [message.title]
    assert settings_file().read_text() == "theme = [broken"
    window.close()
    window.deleteLater()

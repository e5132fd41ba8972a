"""The real window, from "open files" to "export", by keys and mouse; and what a kill leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from astropy.table import Table
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from astrotl_gui.core.labels import TARGETS, LabelLog
from astrotl_gui.core.settings import AppSettings
from astrotl_gui.gui.app import make_window
from astrotl_gui.gui.session import Session

Key, Modifier = Qt.Key, Qt.KeyboardModifier
LONG = 400_000  # ms, for the slowest machine


@pytest.fixture
def window(qtbot, tidy_window):
    opened = []

    def make(paths=()):
        window = make_window(paths, Session(AppSettings(vetter="ann", reduce_motion=True)))
        qtbot.addWidget(window)
        qtbot.waitExposed(window)
        window.messages_heard = []
        window.session.messaged.connect(window.messages_heard.append)
        opened.append(window)
        return window

    yield make
    for window in opened:
        window.close()


def ranked(window) -> bool:
    return (
        all(window.session.ranking(target) is not None for target in TARGETS)
        and not window.session.jobs.active
    )


def drop(widget, paths: list[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    at, copy = QPointF(300, 200), Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Modifier.NoModifier
    QApplication.sendEvent(widget, QDragEnterEvent(at.toPoint(), copy, data, left, none))
    QApplication.sendEvent(widget, QDropEvent(at, copy, data, left, none))


def create(qtbot, window, images, project: Path) -> None:
    """From the welcome page to four ranked lists."""
    drop(window.welcome, images)
    page = window.importing
    qtbot.waitUntil(lambda: page.form.main.isEnabled(), timeout=LONG)
    page.form.project.set_path(project)
    qtbot.mouseClick(page.form.main, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ranked(window), timeout=LONG)
    assert window.page == "explore"


def test_from_files_to_export_and_back(qtbot, window, images, tmp_path):
    first = window()
    assert first.page == "welcome"
    project = tmp_path / "Small.astrotl"
    create(qtbot, first, images, project)
    session = first.session
    assert len(session.catalog) > 50 and set(session.levels) == {"g", "r", "i"}

    # label with keys: yes, no, unsure, each advances
    qtbot.keyClick(first, Key.Key_1, Modifier.AltModifier)
    qtbot.keyClick(first, Key.Key_Home)
    top = session.selected
    assert top == session.ranking("lens").ids[0]
    old = session.ranking("lens")
    qtbot.keyClick(first, Key.Key_A)
    assert session.label_of(top).value == "positive" and session.selected != top
    qtbot.waitUntil(lambda: session.ranking("lens") is not old, timeout=LONG)
    second = session.selected
    qtbot.keyClick(first, Key.Key_X)
    third = session.selected
    qtbot.keyClick(first, Key.Key_C)
    assert [session.label_of(i).value for i in (top, second, third)] == ["positive", "negative", "unsure"]
    qtbot.waitUntil(lambda: not session._stale and session._ranking_job is None, timeout=LONG)
    assert session.ranking("lens").rank_of(top) < session.ranking("lens").rank_of(second)

    # undo and redo
    qtbot.keyClick(first, Key.Key_Z, Modifier.ControlModifier)
    assert session.label_of(third) is None and session.selected == third
    qtbot.keyClick(first, Key.Key_Z, Modifier.ControlModifier | Modifier.ShiftModifier)
    assert session.label_of(third).value == "unsure"

    # a click on the mosaic selects the source there
    view = first.view
    source = session.catalog.row(int(session.ranking("lens").ids[5]))
    view.centre_on(source["x"], source["y"])
    qtbot.keyClick(first, Key.Key_2, Modifier.AltModifier)
    assert session.target == "agn"

    # find similar
    session.select(top)
    qtbot.keyClick(first, Key.Key_S)
    qtbot.waitUntil(lambda: session.similar is not None and session.similar.result is not None, timeout=LONG)
    assert first.page == "similar" and session.similar.more == (top,)
    qtbot.keyClick(first, Key.Key_Escape)
    qtbot.waitUntil(lambda: first.page == "explore")

    # export through the sheet
    qtbot.keyClick(first, Key.Key_E, Modifier.ControlModifier)
    sheet = first.sheet
    sheet.set_path(tmp_path / "out.ecsv")
    qtbot.mouseClick(sheet.write, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: (tmp_path / "out.ecsv").exists() and not session.jobs.active, timeout=LONG)
    assert len(Table.read(tmp_path / "out.ecsv")) > 0

    # reopen: everything is as it was
    before = {target: session.labels(target) for target in TARGETS}
    selected, target, look = session.selected, session.target, session.look
    first.close()
    again = window([project])
    qtbot.waitUntil(lambda: again.session.project is not None and ranked(again), timeout=LONG)
    assert {t: again.session.labels(t) for t in TARGETS} == before
    assert (again.session.selected, again.session.target, again.session.look) == (selected, target, look)
    assert not [m for m in again.messages_heard if m.kind == "alert"]


def test_bad_files_show_one_message_and_the_window_lives(qtbot, window, tmp_path, images):
    opened = window()
    text = tmp_path / "text.fits"
    text.write_text("this is only text\n" * 400)
    drop(opened.welcome, [text])
    page = opened.importing
    qtbot.waitUntil(lambda: page._problem is not None, timeout=LONG)
    assert "FITS" in str(page._problem) and opened.isVisible()
    qtbot.keyClick(opened, Key.Key_Escape)
    qtbot.waitUntil(lambda: opened.page == "welcome")
    opened.session.open_project(tmp_path)
    qtbot.waitUntil(
        lambda: any(m.title == "This is not a project" for m in opened.messages_heard), timeout=LONG
    )
    assert threading.main_thread().is_alive() and opened.isVisible()


KILLED = """
import sys
from pathlib import Path
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from astrotl_gui.core.settings import AppSettings
from astrotl_gui.gui.app import application, make_window
from astrotl_gui.gui.session import Session
app = application()
window = make_window([Path(sys.argv[1])], Session(AppSettings(vetter="ann")))
def label():
    session = window.session
    if session.project is not None and session.catalog_ready():
        source = session.selected or int(session.catalog.ids[0])
        session.select(source)
        QTest.keyClick(window, Qt.Key.Key_A)
        if session.label_of(source):
            print(source, flush=True)
            rows = session.catalog.rows_of([source])
            session.select(int(session.catalog.ids[(rows[0] + 1) % len(session.catalog)]))
timer = QTimer()
timer.timeout.connect(label)
timer.start(1)
app.exec()
"""


VETTED = """
def label():
    session = window.session
    if session.project is None or session.ranking() is None:
        return
    if window.page != "vet":
        QTest.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    elif session.vetting.current is not None:
        source = session.vetting.current
        QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_X)
        if session.own_label(source):
            print(source, flush=True)
"""


def test_a_killed_window_keeps_every_label(qtbot, window, images, tmp_path):
    first = window()
    project = tmp_path / "Killed.astrotl"
    create(qtbot, first, images, project)
    first.close()
    script = KILLED.replace("session.catalog_ready()", "len(session.catalog)")
    seen = killed(script, project, 15)
    begin, end = script.index("def label"), script.index("timer =")
    seen |= killed(script[:begin] + VETTED + script[end:], project, 5)  # the same, in Vet
    log = LabelLog(project / "labels.sqlite")
    kept = set(log.current("lens"))
    log.close()
    assert seen <= kept
    again = window([project])
    qtbot.waitUntil(lambda: again.session.project is not None and ranked(again), timeout=LONG)
    assert set(again.session.labels("lens")) == kept


def killed(script, project, after):
    """Run a window that labels, kill it once it acknowledged so many; all that it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(project)], stdout=subprocess.PIPE, text=True
    ) as process:
        seen = [int(process.stdout.readline()) for _ in range(after)]
        os.kill(process.pid, signal.SIGKILL)
        seen += [int(line) for line in process.stdout if line.endswith("\n")]
    return set(seen)

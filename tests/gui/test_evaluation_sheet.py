"""The evaluation sheet: what it says it lacks, the loop played on labels and folders, switches, saving, stopping."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from astrotl_gui.gui.evaluation_sheet import EvaluationSheet
from astrotl_gui.gui.notice import Notice
from astrotl_gui.gui.session import Session
from astrotl_gui.ml import encoder as encoder_module
from astrotl_gui.pipeline.evaluate import Evaluation
from tests.gui.ranked import COUNT, close_session, open_session
from tests.pipeline.evaluation.planted import folder

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    session = open_session(qtbot, tmp_path)
    yield session
    close_session(session)


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    window.resize(1200, 860)
    qtbot.addWidget(window)
    window.show()
    return window


def opened(session: Session, window: QWidget) -> EvaluationSheet:
    sheet = EvaluationSheet(session, window)
    sheet.open()
    return sheet


def give_labels(session: Session) -> None:
    """Every fourth source is what is wanted; eight stay without a label."""
    ids = np.arange(1, COUNT - 7)
    session.label_as([int(i) for i in ids if i % 4 == 0], "positive", "lens")
    session.label_as([int(i) for i in ids if i % 4], "negative", "lens")


def played(qtbot: QtBot, sheet: EvaluationSheet) -> Evaluation:
    with qtbot.waitSignal(sheet.playing.succeeded, timeout=60_000):
        qtbot.keyClick(sheet, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert sheet.found is not None
    return sheet.found


def test_without_labels_it_says_what_to_do(qtbot: QtBot, session: Session, window: QWidget) -> None:
    sheet = opened(session, window)
    assert sheet.pages.currentWidget() is sheet.empty and sheet.empty.title.text() == "No labels yet"
    assert "A for yes, X for no" in sheet.empty.detail.text() and sheet.empty.button.isVisible()
    assert not sheet.run.isEnabled() and not sheet.save.isEnabled()
    assert sheet.says.text() == "This start needs 1 Yes and 1 No; there are 0 and 0."
    qtbot.mouseClick(sheet.empty.button, LEFT)
    dialog = sheet.findChild(QFileDialog)
    assert dialog is not None and dialog.windowTitle() == "Labelled pictures"
    dialog.reject()


def test_labels_of_the_project_are_played(
    qtbot: QtBot, session: Session, window: QWidget, tmp_path: Path
) -> None:
    give_labels(session)
    sheet = opened(session, window)
    assert sheet.counts() == (8, 24) and sheet.protocol.value == "one"
    found = played(qtbot, sheet)
    assert (found.name, found.count, found.positives, found.protocol.name) == ("Forty", 32, 8, "one")
    assert found.settings["target"] == "lens"
    assert "recall" in found.summary[0] and sheet.save.isEnabled()
    assert sheet.sentence.text().startswith("After 26 labels AstroTL had found ")
    assert sheet.sentence.text().endswith("of 8; by chance 7.")
    assert set(sheet.chart.curves) == {name for name in found.curves if name != "random"}
    ours = sheet.chart.curves["ours"].getData()
    assert ours[0].tolist() == list(range(1, 27)) and np.allclose(ours[1], found.curves["ours"].recall)
    switch = sheet.table.switches["protege"]
    assert not sheet.chart.curves["protege"].isVisible()
    qtbot.mouseClick(switch, LEFT)
    assert sheet.chart.curves["protege"].isVisible()
    for name in ("curve.png", "curve.svg", "log.csv", "all.json"):
        with qtbot.waitSignal(session.messaged, timeout=20_000) as message:
            sheet.write(tmp_path / name)
        assert message.args[0].title == "Evaluation saved"
    with open(tmp_path / "log.csv", newline="") as handle:
        assert len(list(csv.DictReader(handle))) == len(found.rounds)
    kept = json.loads((tmp_path / "all.json").read_text())
    assert kept["schema"] == 1 and kept["rows"] == found.to_dict()["rows"]
    with qtbot.waitSignal(session.messaged, timeout=20_000) as message:
        sheet.write(tmp_path / "x.docx")
    assert message.args[0].title == "This kind of file is not written"


def test_a_start_that_the_labels_lack(qtbot: QtBot, session: Session, window: QWidget) -> None:
    give_labels(session)
    sheet = opened(session, window)
    box = sheet.protocol.boxes()[0]
    qtbot.mouseClick(sheet.protocol, LEFT, pos=box.center().toPoint())
    assert sheet.protocol.value == "5+45" and not sheet.run.isEnabled()
    assert sheet.says.text() == "This start needs 5 Yes and 45 No; there are 8 and 24."
    assert sheet.empty.title.text() == "Ready"


def test_a_folder_is_played_and_its_faults_are_told(
    qtbot: QtBot, session: Session, window: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(encoder_module.PRECISIONS, "cpu", ())
    monkeypatch.setitem(encoder_module.BATCH, "cpu", 4)
    sky = folder(tmp_path / "sky", ["anomaly", "normal", "normal"] * 4)
    sheet = opened(session, window)
    sheet.take_folder(sky)
    assert sheet.run.isEnabled() and sheet.choose.isVisible()
    truth = (sky / "truth.csv").read_text()
    (sky / "truth.csv").write_text(truth.replace("03.png,anomaly", "03.png,strange"))
    with qtbot.waitSignal(sheet.playing.failed, timeout=20_000):
        qtbot.mouseClick(sheet.run, LEFT)
    (notice,) = sheet.findChildren(Notice)
    assert notice.title == "This label is not known" and "03.png" in notice.detail
    assert sheet.run.text() == "Evaluate" and sheet.found is None
    (sky / "truth.csv").write_text(truth)
    found = played(qtbot, sheet)
    assert (found.name, found.count, found.positives) == ("sky", 12, 4)
    assert sheet.sentence.text() == "After 12 labels AstroTL had found 4 of 4; by chance 4."


def test_cancel_stops_it(
    qtbot: QtBot, session: Session, window: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_labels(session)
    sheet = opened(session, window)
    seen: list[str] = []
    sheet.playing.progressed.connect(lambda text, share: seen.append(text))
    qtbot.mouseClick(sheet.run, LEFT)
    assert sheet.run.text() == "Cancel" and not sheet.protocol.isEnabled()
    with qtbot.waitSignal(sheet.playing.ended, timeout=20_000):
        qtbot.mouseClick(sheet.run, LEFT)
    assert seen and sheet.found is None and sheet.run.text() == "Evaluate" and sheet.protocol.isEnabled()
    qtbot.mouseClick(sheet.run, LEFT)
    with qtbot.waitSignal(sheet.closed):
        qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not session.jobs._threads, timeout=20_000)


def test_it_fits_and_tab_reaches_all(qtbot: QtBot, session: Session, window: QWidget) -> None:
    sheet = opened(session, window)
    assert sheet.rect().contains(sheet.card.geometry())
    names = {stop.accessibleName() for stop in sheet._stops()}
    assert {"Labels", "Start", "Close"} <= names
    assert sheet.mapFromGlobal(sheet.run.mapToGlobal(QPoint(0, 0))).y() < sheet.card.geometry().bottom()

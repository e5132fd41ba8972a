"""The sheet of injected examples, by mouse and keys: what is shown, refused, kept and drawn again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import (
    ARTIFACT_KINDS,
    AppSettings,
    CutoutSettings,
    DetectionSettings,
    EncoderSettings,
)
from astrotl_gui.gui.app import make_window
from astrotl_gui.gui.injection_sheet import InjectionSheet
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.session import Session
from astrotl_gui.ml import encoder as encoder_module
from astrotl_gui.pipeline import inject as inject_module
from astrotl_gui.pipeline.embed import embed
from astrotl_gui.pipeline.inject import inject
from tests.gui.ranked import Gate
from tests.pipeline.injection.small_field import SIZE, field

LEFT = Qt.MouseButton.LeftButton


def plain_torch(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(encoder_module.PRECISIONS, "cpu", ())
    patch.setitem(encoder_module.BATCH, "cpu", 16)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a project of sixteen galaxies, embedded, with twenty examples of each target."""
    folder = tmp_path_factory.mktemp("injected")
    mosaic, catalog = field(folder)
    project = Project.create(
        folder / "small", mosaic.spec, DetectionSettings(), CutoutSettings(SIZE, 3 * SIZE)
    )
    project.encoder = EncoderSettings(views=1)
    project.injection = type(project.injection)(pairs=20)
    project.write_catalog(catalog)
    project.save()
    asked = mosaic, catalog, project.embeddings_folder, project.cutouts, project.encoder
    with pytest.MonkeyPatch.context() as patch:
        plain_torch(patch)
        embed(*asked, device="cpu")
        inject(*asked, project.injection, device="cpu")
    project.close()
    return folder


@pytest.fixture
def window(
    qtbot: QtBot, made_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    """A window on a copy of that project."""
    plain_torch(monkeypatch)
    shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)
    (project,) = tmp_path.glob("*.astrotl")
    made = make_window([project], Session(AppSettings(vetter="mk", device="cpu", reduce_motion=True)))
    made.resize(1440, 900)
    qtbot.waitUntil(lambda: made.session.examples is not None, timeout=60_000)
    qtbot.waitUntil(lambda: not made.session.jobs._threads, timeout=60_000)
    yield made
    made.close()
    made.deleteLater()


def opened(window: MainWindow, qtbot: QtBot) -> InjectionSheet:
    window.actions_by_id["sources.injected"].trigger()
    sheet = window.sheet
    assert isinstance(sheet, InjectionSheet)
    qtbot.waitUntil(lambda: bool(sheet.wall.examples), timeout=60_000)
    return sheet


def write(sheet: InjectionSheet, setting: str, end: str, text: str) -> None:
    number = getattr(sheet.ranges[setting], end).field
    number.setFocus()
    number.selectAll()
    QTest.keyClicks(number, text)


def test_examples_stand_beside_their_hosts_with_what_they_are_drawn_from(
    window: MainWindow, qtbot: QtBot
) -> None:
    sheet = opened(window, qtbot)
    assert sheet.which.value == "lens"
    assert sheet.says.text() == "20 lenses in 8 of your galaxies; some of them beside their hosts."
    assert "Einstein radius" in sheet.wall.tip(0)
    assert any(np.abs(one.injected.astype(int) - one.plain).max() > 20 for one in sheet.wall.examples)
    least = sheet.ranges["einstein_radius"].least.field
    assert least.placeholderText() == "0.96" and least.unit == "″"  # 1.2 times the seeing
    assert sheet.ranges["source_colour"].name.text() == "Source colour, g − i"
    assert sheet.ranges["nucleus_ratio"].isHidden() and not sheet.ranges["einstein_radius"].isHidden()
    assert sheet.again.isEnabled()


def test_a_range_the_wrong_way_round_is_refused_in_words(window: MainWindow, qtbot: QtBot) -> None:
    sheet = opened(window, qtbot)
    write(sheet, "einstein_radius", "least", "2")
    write(sheet, "einstein_radius", "most", "1")
    field_ = sheet.ranges["einstein_radius"]
    assert (
        field_.says.text() == "Two numbers from 0.05 to 60, the smaller first" and not field_.says.isHidden()
    )
    assert not sheet.again.isEnabled() and sheet.chosen is None
    write(sheet, "einstein_radius", "most", "x")
    assert sheet.chosen is None
    write(sheet, "einstein_radius", "most", "2.2")
    assert field_.says.isHidden() and sheet.again.isEnabled()
    assert sheet.chosen is not None and sheet.chosen.einstein_radius == (2.0, 2.2)


def test_inject_again_keeps_the_ranges_draws_by_them_and_ranks_anew(window: MainWindow, qtbot: QtBot) -> None:
    sheet = opened(window, qtbot)
    before = window.session.inputs
    write(sheet, "einstein_radius", "least", "1.7")
    write(sheet, "einstein_radius", "most", "1.8")
    with qtbot.waitSignal(window.session.examples_changed, timeout=60_000):
        QTest.mouseClick(sheet.again, LEFT)
    session = window.session
    assert session.project is not None and session.examples is not None
    radii = session.examples.pairs["lens"].facts["einstein_radius"]
    assert ((radii >= 1.7) & (radii <= 1.8)).all()
    qtbot.waitUntil(lambda: session.inputs is not before, timeout=60_000)
    qtbot.waitUntil(lambda: not session.jobs._threads, timeout=60_000)
    project = Project.open(session.project.path)
    assert project.injection.einstein_radius == (1.7, 1.8)
    project.close()
    assert sheet.again.isEnabled()
    assert all(1.7 <= one.facts["einstein_radius"] <= 1.8 for one in sheet.wall.examples)


def test_the_other_target_shows_nuclei(window: MainWindow, qtbot: QtBot) -> None:
    sheet = opened(window, qtbot)
    lenses = sheet.wall.examples
    sheet.which.setFocus()
    QTest.keyClick(sheet.which, Qt.Key.Key_Right)
    assert sheet.which.value == "agn"
    qtbot.waitUntil(lambda: sheet.wall.examples is not lenses, timeout=60_000)
    assert "its host's light" in sheet.wall.tip(0)
    assert not sheet.ranges["nucleus_ratio"].isHidden() and sheet.ranges["einstein_radius"].isHidden()
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert window.sheet is None


def test_artifacts_are_shown_by_kind_and_a_kind_can_be_left_out(window: MainWindow, qtbot: QtBot) -> None:
    sheet = opened(window, qtbot)
    lenses = sheet.wall.examples
    sheet.which.setFocus()
    QTest.keyClick(sheet.which, Qt.Key.Key_Right)
    QTest.keyClick(sheet.which, Qt.Key.Key_Right)
    assert sheet.which.value == "artifact"
    qtbot.waitUntil(lambda: sheet.wall.examples is not lenses, timeout=60_000)
    kinds = [one.facts["kind"] for one in sheet.wall.examples]
    assert kinds == sorted(kinds) and len(set(kinds)) > 3
    headings = [name for _, name in sheet.wall._headings]
    assert headings == [list(ARTIFACT_KINDS.values())[int(kind)] for kind in sorted(set(kinds))]
    assert "times the noise" in sheet.wall.tip(0)
    cells = [sheet.wall.cell(number) for number in range(len(kinds))]
    assert not any(one.intersects(other) for k, one in enumerate(cells) for other in cells[:k])
    assert sheet.says.text() == "20 artifacts in 16 of your sources; some of them beside their hosts."
    switches = sheet.kinds.switches
    assert not sheet.kinds.isHidden() and sheet.chosen is not None and sheet.chosen.artifact_kinds == ()
    for kind in ARTIFACT_KINDS:
        switches[kind].setFocus()
        QTest.keyClick(switches[kind], Qt.Key.Key_Space)
    assert sheet.chosen is None and not sheet.again.isEnabled() and not sheet.kinds.says.isHidden()
    QTest.keyClick(switches["chip-edge"], Qt.Key.Key_Space)
    assert sheet.chosen is not None and sheet.chosen.artifact_kinds == ("chip-edge",)
    with qtbot.waitSignal(window.session.examples_changed, timeout=60_000):
        QTest.mouseClick(sheet.again, LEFT)
    assert window.session.examples is not None
    assert set(window.session.examples.pairs["artifact"].facts["kind"]) == {6.0}


def test_an_empty_number_is_as_many_as_the_field_is_worth(window: MainWindow, qtbot: QtBot) -> None:
    sheet = opened(window, qtbot)
    assert sheet.pairs.value == 20 and sheet.chosen is not None and sheet.chosen.pairs == 20
    sheet.pairs.field.setFocus()
    sheet.pairs.field.selectAll()
    QTest.keyClick(sheet.pairs.field, Qt.Key.Key_Delete)
    assert sheet.chosen is not None and sheet.chosen.pairs == 0
    assert sheet.pairs.field.placeholderText() == "20"  # of sixteen sources: the fewest


def test_no_second_injection_is_asked_for_while_one_runs(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet, gate = opened(window, qtbot), Gate(inject_module.inject)
    monkeypatch.setattr(inject_module, "inject", gate)
    window.session.inject_examples()
    assert not sheet.again.isEnabled()
    write(sheet, "einstein_radius", "least", "1.7")
    assert sheet.chosen is not None and not sheet.again.isEnabled()
    gate.opened.set()
    qtbot.waitUntil(sheet.again.isEnabled, timeout=60_000)
    assert gate.calls == 1


def test_settings_that_cannot_be_kept_leave_the_button(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet, project = opened(window, qtbot), window.session.project
    assert project is not None

    def fail() -> None:
        raise AstroTLError("The project cannot be written", "The disk is full.")

    monkeypatch.setattr(project, "save", fail)
    says = sheet.says.text()
    with qtbot.waitSignal(window.session.messaged, timeout=10_000):
        QTest.mouseClick(sheet.again, LEFT)
    assert sheet.again.isEnabled() and sheet.says.text() == says
    monkeypatch.undo()

"""Why is it here? The panel follows selection, labels and target; its sum is the score; maps are made and cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from astrotl_gui.gui import theme
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.why_map import HINTS, map_image
from astrotl_gui.gui.why_panel import WhyPanel, percent
from astrotl_gui.gui.why_rows import signed
from astrotl_gui.pipeline import occlusion
from astrotl_gui.pipeline.occlusion import Occluded, OcclusionMap
from tests.gui.ranked import COUNT, close_session, open_session, settled

LEFT, K = Qt.MouseButton.LeftButton, Qt.Key


@pytest.fixture
def session(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Session]:
    theme.apply(qapp)
    made = open_session(qtbot, tmp_path)
    yield made
    close_session(made)


@pytest.fixture
def window(qtbot: QtBot, session: Session) -> MainWindow:
    made = MainWindow(session)
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    session.select(8)
    return made


def panel_of(window: MainWindow) -> WhyPanel:
    return window.explore.why


def label(qtbot: QtBot, session: Session) -> None:
    session.label_as([4, 5], "positive", "lens")
    session.label_as([6, 7, 9, 10, 11, 12], "negative", "lens")
    settled(qtbot, session)


def test_its_key_opens_it_and_escape_closes_it(qtbot: QtBot, window: MainWindow) -> None:
    panel = panel_of(window)
    assert not panel.isVisible()
    qtbot.keyClick(window, K.Key_H)
    assert panel.isVisible()
    assert window.actions_by_id["find.why"].isChecked()
    qtbot.keyClick(window, K.Key_Escape)
    assert not panel.isVisible()
    qtbot.mouseClick(window.explore.inspector.why, LEFT)
    assert panel.isVisible()
    qtbot.mouseClick(panel.close_button, LEFT)
    assert not panel.isVisible()
    assert not window.actions_by_id["find.why"].isChecked()


def test_the_folded_inspector_has_a_button_too(qtbot: QtBot, window: MainWindow) -> None:
    window.resize(1280, 720)
    qtbot.waitUntil(lambda: window.explore.folded.isVisible())
    qtbot.mouseClick(window.explore.folded.why, LEFT)
    panel = panel_of(window)
    assert panel.isVisible()
    assert window.explore.view.width() + panel.width() <= window.width() - 372
    window.toggle_only_sky()
    assert not panel.isVisible()
    window.toggle_only_sky()
    assert panel.isVisible()


def test_before_any_label_it_tells_of_the_first_order(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.keyClick(window, K.Key_H)
    panel, ranking = panel_of(window), window.session.ranking()
    assert ranking is not None
    assert panel.first.text() == f"Before any label: {ranking.rank_of(8)} of {COUNT}"
    assert panel.first_text.text().startswith("No lens labels yet.")
    # S/N is all that this catalogue's statistics tell a lens by.
    assert [row.name for row in panel.parts.rows] == ["Bright"]
    assert not panel.sum.isVisible()
    assert not panel.map.button.isVisible()
    assert panel.map.hint.text() == HINTS["unlabelled"]
    window.session.set_target("outlier")
    assert panel.parts.rows == []
    assert "unlike those of the other sources" in panel.first_text.text()


def test_with_labels_the_rows_are_the_score_and_follow_the_selection(
    qtbot: QtBot, window: MainWindow
) -> None:
    session, panel = window.session, panel_of(window)
    qtbot.keyClick(window, K.Key_H)
    label(qtbot, session)
    for source in (8, 21):
        session.select(source)
        assert panel.explanation is not None
        assert panel.explanation.source == source
        total = sum(row.value for row in panel.sum.rows)
        assert panel.score.text() == f"Score {signed(total)}"
        rest = panel.explanation.examples[6:]
        shown = sum(row.value for row in panel.examples.rows) + sum(one.term for one in rest)
        assert shown == pytest.approx(sum(panel.explanation.kernels.values()))
        assert panel.others.text().startswith("2 more, together ")
    assert panel.examples.rows[0].label is not None
    first = panel.examples.rows[0].source
    qtbot.mouseClick(panel.examples, LEFT, pos=QPoint(20, 20))
    assert session.selected == first
    assert panel.examples.rows[0].name == "This source"
    session.undo()
    session.undo()
    settled(qtbot, session)
    assert panel.explanation is not None
    assert panel.explanation.examples == ()


def test_nothing_selected_and_nothing_ranked(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.keyClick(window, K.Key_H)
    panel = panel_of(window)
    window.session.select(None)
    assert panel.pages.currentWidget().title.text() == "Nothing is selected"
    window.session.select(3)
    window.session.inputs = None
    panel.refresh()
    assert panel.pages.currentWidget().title.text() == "No ranking yet"


def test_a_map_is_made_kept_and_follows_the_labels(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, panel = window.session, panel_of(window)
    calls: list[int] = []

    def occlude(mosaic, catalog, folder, key, cutouts, settings, source, *, device, progress):  # type: ignore[no-untyped-def]
        """Any vectors serve here; what is hidden where is tested with the pipeline."""
        calls.append(source)
        progress(0, 50, "Mapping the cutout")
        vectors = np.random.default_rng(source).normal(size=(50, 64))
        return Occluded(vectors.astype(np.float32), np.zeros((50, 3), np.float32), 25.6)

    monkeypatch.setattr(occlusion, "occlude", occlude)
    qtbot.keyClick(window, K.Key_H)
    label(qtbot, session)
    qtbot.mouseClick(panel.map.button, LEFT)
    qtbot.waitUntil(lambda: panel.map.cutout.overlay is not None, timeout=5000)
    assert panel.map.hint.text() == HINTS["shown"]
    stamp = panel.map.cutout.stamp
    assert stamp is not None and stamp.size == 25.6  # the cutout goes as far as the map
    assert panel.map.button.text() == "Hide map"
    qtbot.mouseClick(panel.map.button, LEFT)
    assert panel.map.cutout.overlay is None
    qtbot.mouseClick(panel.map.button, LEFT)
    before: QImage | None = panel.map.cutout.overlay
    session.label_as([20, 22], "positive", "lens")
    settled(qtbot, session)
    assert panel.map.cutout.overlay is not None
    assert panel.map.cutout.overlay != before
    session.select(9)
    assert panel.map.cutout.overlay is None
    session.select(8)
    assert panel.map.cutout.overlay is not None
    assert calls == [8]


def test_a_map_is_cancelled(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    def occlude(*_, progress, **__):  # type: ignore[no-untyped-def]
        while True:
            progress(10, 50, "Mapping the cutout")

    monkeypatch.setattr(occlusion, "occlude", occlude)
    session, panel = window.session, panel_of(window)
    qtbot.keyClick(window, K.Key_H)
    label(qtbot, session)
    qtbot.mouseClick(panel.map.button, LEFT)
    qtbot.waitUntil(lambda: panel.map.bar.value > 0, timeout=5000)
    assert panel.map.button.text() == "Cancel"
    assert [job.name for job in session.jobs.active] == ["Mapping the cutout"]
    qtbot.mouseClick(panel.map.button, LEFT)
    qtbot.waitUntil(lambda: panel.map.button.text() == "Map the cutout", timeout=5000)
    assert not panel.map.bar.isVisible()
    assert session.mapping is None


def test_the_menu_of_a_candidate(qtbot: QtBot, window: MainWindow) -> None:
    gallery = window.explore.list_pane.gallery
    gallery.customContextMenuRequested.emit(gallery.square(0).center())
    menus = [menu for menu in gallery.findChildren(QMenu) if menu.isVisible()]
    assert len(menus) == 1
    assert window.session.selected == gallery.model.id_at(0)
    assert window.actions_by_id["find.why"] in menus[0].actions()
    window.actions_by_id["find.why"].trigger()
    assert panel_of(window).isVisible()
    menus[0].close()


def test_words() -> None:
    assert (signed(0.416), signed(-0.1)) == ("+0.42", "−0.10")
    assert (percent(0.02), percent(0.003)) == ("2 %", "0.3 %")
    assert map_image(OcclusionMap(np.zeros((8, 8), np.float32), 0.0, 10.0)) is None

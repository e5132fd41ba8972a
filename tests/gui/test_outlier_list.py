"""The outlier list in a real session: likely artifacts held back and said, the choice of method, the agreement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.labels import Label
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import OutlierSettings
from astrotl_gui.gui import theme
from astrotl_gui.gui.inspector import Inspector
from astrotl_gui.gui.list_pane import ListPane
from astrotl_gui.gui.outlier_rows import OutlierRows
from astrotl_gui.gui.session import Session
from astrotl_gui.ml import outlier
from astrotl_gui.pipeline import prototypes

from .ranked import COUNT, Gate, close_session, open_session, settled

LEFT = Qt.MouseButton.LeftButton
ARTIFACTS = (3, 17)
QUICK = ("mahalanobis", "knn", "pca", "lof", "kmeans")


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    theme.apply(qapp)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five of the methods are enough, and none of them trains a network."""
    from astrotl_gui.pipeline import outliers

    kept = {name: outlier.SINGLE[name] for name in QUICK}
    whole = outliers.compare_outliers
    monkeypatch.setattr(
        outliers, "compare_outliers", lambda *args, **more: whole(*args, methods=tuple(kept), **more)
    )


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    """Two of forty sources have a sign beyond doubt of being artifacts."""
    made = open_session(qtbot, tmp_path)
    assert made.inputs is not None
    signs = np.where(np.isin(made.inputs.ids, ARTIFACTS), 1.2, 0.1).astype(np.float32)
    made.inputs = replace(made.inputs, artifact_signs=signs)
    yield made
    close_session(made)


@pytest.fixture
def pane(qtbot: QtBot, session: Session) -> ListPane:
    made = ListPane(session)
    qtbot.addWidget(made)
    made.resize(383, 700)
    made.show()
    show_outliers(qtbot, made)
    return made


def show_outliers(qtbot: QtBot, pane: ListPane) -> None:
    """Choose the tab, and wait for the comparison that this begins."""
    with qtbot.waitSignal(pane.session.outliers.changed, timeout=20000):
        qtbot.mouseClick(pane.tabs, LEFT, pos=pane.tabs.boxes()[3].center().toPoint())
    settled(qtbot, pane.session)


def pick(pane: ListPane, title: str) -> None:
    """Open the menu by the keyboard and choose an entry by arrows and Enter."""
    pane.method_button.setFocus()
    QTest.keyClick(pane.method_button, Qt.Key.Key_Space)
    menu = pane.method_menu
    assert menu.isVisible()
    for _ in range(30):
        QTest.keyClick(menu, Qt.Key.Key_Down)
        if menu.activeAction() is not None and menu.activeAction().text() == title:
            break
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert not menu.isVisible()


def test_likely_artifacts_are_held_back_and_said(qtbot: QtBot, pane: ListPane, session: Session) -> None:
    assert len(pane.model) == COUNT - 2
    assert [pane.model.row_of(i) for i in ARTIFACTS] == [-1, -1]
    assert pane.held_back.text.text() == "2 likely artifacts hidden"
    assert pane.count.text() == f"{COUNT - 2} of {COUNT} sources, no labels"
    qtbot.mouseClick(pane.held_back.button, LEFT)
    assert len(pane.model) == COUNT and pane.count.text() == f"{COUNT} sources, no labels"
    assert pane.held_back.text.text() == "2 likely artifacts shown"
    assert session.project is not None and not session.project.outliers.hide_artifacts
    qtbot.mouseClick(pane.held_back.button, LEFT)
    assert len(pane.model) == COUNT - 2


def test_ranks_are_those_of_the_whole_list(pane: ListPane, session: Session) -> None:
    ranking = session.ranking("outlier")
    assert ranking is not None
    shown = [pane.model.id_at(row) for row in range(len(pane.model))]
    assert shown == [i for i in ranking.ids.tolist() if i not in ARTIFACTS]
    assert [pane.model.rank_at(row) for row in range(len(shown))] == [ranking.rank_of(i) for i in shown]


def test_the_switch_in_the_menu(pane: ListPane) -> None:
    pick(pane, "Hide likely artifacts")
    assert len(pane.model) == COUNT
    pick(pane, "Hide likely artifacts")
    assert len(pane.model) == COUNT - 2


def test_other_lists_hide_nothing(qtbot: QtBot, pane: ListPane) -> None:
    qtbot.mouseClick(pane.tabs, LEFT, pos=pane.tabs.boxes()[0].center().toPoint())
    assert len(pane.model) == COUNT
    assert not pane.held_back.isVisible() and not pane.method_button.isVisible()


def test_a_label_says_what_is_an_artifact(qtbot: QtBot, pane: ListPane, session: Session) -> None:
    assert session.project is not None
    session.project.labels.add(
        [
            Label(5, "artifact", "positive", "A", vetter="mk"),
            Label(3, "artifact", "negative", "X", vetter="mk"),
        ]
    )
    session._labels.clear()
    with qtbot.waitSignal(session.ranking_changed, timeout=10000):
        session.rank_again(["artifact"])
    settled(qtbot, session)
    hidden = set(range(1, COUNT + 1)) - set(pane.model.ids.tolist())
    assert {5, 17} <= hidden and 3 not in hidden


def test_a_list_of_nothing_else_offers_to_show_them(qtbot: QtBot, pane: ListPane, session: Session) -> None:
    assert session.inputs is not None
    session.inputs = replace(session.inputs, artifact_signs=np.full(COUNT, 1.2, np.float32))
    pane._reset()
    page = pane.pages.currentWidget()
    assert page.title.text() == "Only likely artifacts" and page.detail.text() == f"{COUNT} are hidden."
    qtbot.mouseClick(page.button, LEFT)
    assert len(pane.model) == COUNT


def test_the_choice_of_method_is_kept(qtbot: QtBot, pane: ListPane, session: Session) -> None:
    table, project = session.outliers.table, session.project
    assert table is not None and project is not None and table.methods == QUICK
    before = pane.model.ids.tolist()
    with qtbot.waitSignal(session.ranking_changed, timeout=10000):
        pick(pane, "k-means distance")
    settled(qtbot, session)
    order = table.ids[np.argsort(table.ranks[:, table.methods.index("kmeans")])].tolist()
    assert pane.model.ids.tolist() == [i for i in order if i not in ARTIFACTS] != before
    assert pane.method_menu.methods["kmeans"].isChecked()
    stored = (project.path / "project.toml").read_text()
    assert 'method = "kmeans"' in stored and "hide_artifacts" not in stored
    again = Project.open(project.path)
    assert again.outliers == OutlierSettings("kmeans")
    again.close()
    with qtbot.waitSignal(session.ranking_changed, timeout=10000):
        pick(pane, "Combined")
    settled(qtbot, session)
    assert pane.model.ids.tolist() == before


def test_labels_teach_as_before(qtbot: QtBot, pane: ListPane, session: Session) -> None:
    with qtbot.waitSignal(session.ranking_changed, timeout=10000):
        pick(pane, "Local outlier factor")
    settled(qtbot, session)
    first = pane.model.id_at(0)
    session.select(first)
    with qtbot.waitSignal(session.ranking_changed, timeout=10000):
        session.label("negative", "X")
    settled(qtbot, session)
    ranking = session.ranking("outlier")
    assert ranking is not None and ranking.rank_of(first) > 1 and ranking.model.startswith("gp")


def test_the_inspector_says_how_the_methods_agree(qtbot: QtBot, pane: ListPane, session: Session) -> None:
    inspector = Inspector(session)
    qtbot.addWidget(inspector)
    inspector.resize(280, 828)
    inspector.show()
    (rows,) = inspector.findChildren(OutlierRows)
    assert not rows.isVisible()
    table = session.outliers.table
    assert table is not None
    row = int(np.argmax(table.agreement))
    session.select(int(table.ids[row]))
    assert rows.isVisible()
    facts = dict(rows.rows._rows)
    assert facts["In the top 4 by"] == f"{table.agreement[row]} of 5 methods"
    assert facts["k-means distance"] == str(table.ranks[row, 4])
    session.set_target("lens")
    assert not rows.isVisible()


def test_a_comparison_that_was_stopped_is_not_begun_again(qtbot: QtBot, session: Session) -> None:
    session.set_target("outlier")
    for job in session.jobs.active:
        job.cancel()
    settled(qtbot, session)
    session.set_target("lens")
    session.set_target("outlier")
    assert not session.jobs.active


def test_a_method_chosen_while_prototypes_are_compared_loses_neither(
    qtbot: QtBot, pane: ListPane, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(prototypes.compare_prototypes)
    monkeypatch.setattr(prototypes, "compare_prototypes", gate)
    session.set_target("agn")
    session.use_as_prototypes([8])
    session.outliers.choose("kmeans")
    gate.opened.set()
    settled(qtbot, session)
    assert session.inputs is not None and session.inputs.outlier_method == "kmeans"
    found = session.ranking("agn")
    assert found is not None and found.model == "prototypes agn" and found.ids[0] == 8

"""Of many sources a label ranks the pool at once; the list says so, and all of them follow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.project import Project
from astrotl_gui.gui import theme
from astrotl_gui.gui.list_pane import ListPane
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.session import Session
from astrotl_gui.pipeline import embed, inject, lists, pool
from astrotl_gui.pipeline import rank as ranking
from astrotl_gui.pipeline.injection.stored import Examples

from .ranked import COUNT, Gate, close_session, open_session, settled

TOP = 12


@pytest.fixture
def session(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    theme.apply(qapp)
    monkeypatch.setattr(ranking, "AT_ONCE", 20)
    monkeypatch.setattr(ranking, "SEEN", TOP)
    monkeypatch.setattr(pool, "ALIKE", 3)
    made = open_session(qtbot, tmp_path)
    settled(qtbot, made)
    yield made
    close_session(made)


def test_the_pool_comes_first_and_all_follow(qtbot: QtBot, session: Session) -> None:
    pane = ListPane(session)
    qtbot.addWidget(pane)
    pane.show()
    assert session.inputs is not None and session.inputs.indexed, "made before anybody waits for it"
    before = session.ranking("lens")
    assert before is not None and len(before) == COUNT and before.rest == 0
    seen: list[tuple[int, int, str]] = []

    def changed(target: str) -> None:
        found = session.ranking(target)
        assert found is not None
        if target == "lens":
            seen.append((len(found), found.rest, pane.count.text()))

    session.ranking_changed.connect(changed)
    session.select_many([int(before.ids[0])])
    session.label("positive", "A")
    qtbot.waitUntil(lambda: bool(seen) and seen[-1][1] == 0, timeout=20_000)
    (quick, rest, text), (whole, none, after) = seen
    assert TOP <= quick < COUNT and rest == COUNT - quick and whole == COUNT and none == 0
    assert text.startswith(f"first {quick} of {COUNT}, 1 label") and after.startswith(f"{COUNT} sources")
    found = session.ranking("lens")
    assert found is not None and found.rank_of(int(before.ids[0])) == 1


def test_prototypes_do_not_keep_the_search_and_the_examples_waiting(qtbot: QtBot, session: Session) -> None:
    session.use_as_prototypes([8, 12])
    settled(qtbot, session)
    assert session.project is not None
    path = session.project.path
    session.close_project()
    with qtbot.waitSignal(session.project_changed, timeout=10_000):
        session.open_project(path)
    qtbot.waitUntil(lambda: session.inputs is not None and bool(session.inputs.given), timeout=20_000)
    settled(qtbot, session)
    assert session.inputs is not None and session.inputs.indexed
    assert session.examples is not None and session.examples.key == session.inputs.key


@pytest.fixture
def behind(qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """A label was given and its pool is ranked; the pass over all sources waits."""
    session.store()
    gate = Gate(lists.rank_all)
    monkeypatch.setattr(lists, "rank_all", gate)
    session.label_as([5], "positive", "lens")
    qtbot.waitUntil(lambda: gate.calls == 1, timeout=10_000)
    yield gate
    gate.opened.set()


def test_a_pool_is_not_stored_as_the_list(qtbot: QtBot, session: Session, behind: Gate) -> None:
    pool_alone = session.ranking("lens")
    assert pool_alone is not None and pool_alone.rest and session.project is not None
    session.store()
    project = Project.open(session.project.path)
    assert len(project.read_rankings()["lens"]) == COUNT
    project.close()


def test_an_export_before_the_pass_has_ended_says_so(
    qtbot: QtBot, session: Session, behind: Gate, tmp_path: Path
) -> None:
    told: list[Message] = []
    session.messaged.connect(told.append)
    session.export(tmp_path / "lenses.csv", ["lens"])
    qtbot.waitUntil(lambda: bool(told), timeout=20_000)
    assert "still being ranked" in told[0].detail
    behind.opened.set()
    settled(qtbot, session)
    session.export(tmp_path / "lenses.csv", ["lens"])
    qtbot.waitUntil(lambda: len(told) == 2, timeout=20_000)
    assert "still being ranked" not in told[1].detail


def test_other_sources_stop_the_pass_over_the_old_ones(
    qtbot: QtBot, session: Session, behind: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.inputs is not None
    key = session.inputs.key
    monkeypatch.setattr(embed, "embed", lambda *_, **__: None)
    monkeypatch.setattr(inject, "inject", lambda *_, **__: Examples({}, key, True))
    waiting = next(job for job in session.jobs._threads if job.name == "Ranking")
    session._adopt_catalog(session.catalog.take(list(range(20))))
    assert waiting.stopping and session.ranking("lens") is None
    behind.opened.set()
    settled(qtbot, session)
    found = session.ranking("lens")
    assert found is not None and sorted(found.ids.tolist()) == list(range(1, 21))

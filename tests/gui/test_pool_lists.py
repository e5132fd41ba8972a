"""Of many sources a label ranks the pool at once; the list says so, and all of them follow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.gui import theme
from astrotl_gui.gui.list_pane import ListPane
from astrotl_gui.gui.session import Session
from astrotl_gui.pipeline import pool
from astrotl_gui.pipeline import rank as ranking

from .ranked import COUNT, close_session, open_session, settled

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

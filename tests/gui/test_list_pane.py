"""The list pane in a real session: labels re-order it, filters and sorts, and what it says without a list."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.progress import Progress
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.gui import list_pane, ordering, theme
from astrotl_gui.gui.list_order import ListFilter
from astrotl_gui.gui.list_pane import ListPane
from astrotl_gui.gui.session import Session

from .ranked import COUNT, close_session, open_session, settled

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    theme.apply(qapp)


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    made = open_session(qtbot, tmp_path)
    yield made
    close_session(made)


@pytest.fixture
def pane(qtbot: QtBot, session: Session) -> ListPane:
    made = ListPane(session)
    qtbot.addWidget(made)
    made.resize(383, 700)
    made.show()
    return made


def give_ranking(session: Session, ids: np.ndarray, target: str = "lens") -> None:
    scores = np.linspace(1, 0, len(ids)).astype(np.float32)
    session._adopt_rankings({target: Ranking(target, ids.astype(np.int64), scores, "test")})


def leave(pane: ListPane) -> None:
    QApplication.sendEvent(pane.gallery.viewport(), QEvent(QEvent.Type.Leave))


def test_the_list_is_the_ranking_of_its_target(qtbot: QtBot, pane: ListPane, session: Session) -> None:
    ranking = session.ranking("lens")
    assert ranking is not None
    assert pane.model.ids.tolist() == ranking.ids.tolist()
    assert pane.count.text() == f"{COUNT} sources, no labels"
    box = pane.tabs.boxes()[2].center().toPoint()
    qtbot.mouseClick(pane.tabs, LEFT, pos=box)
    assert session.target == "artifact"
    artifacts = session.ranking("artifact")
    assert artifacts is not None
    assert pane.model.ids.tolist() == artifacts.ids.tolist()
    assert pane.gallery.describe(0) == f"Rank 1 of {COUNT}, artifact, no label"


def test_the_similar_tab_asks_for_the_search(qtbot: QtBot, pane: ListPane) -> None:
    with qtbot.waitSignal(pane.similar_chosen):
        qtbot.mouseClick(pane.tabs, LEFT, pos=pane.tabs.boxes()[4].center().toPoint())


def test_a_label_re_orders_only_what_lies_beyond_the_eye(
    qtbot: QtBot, pane: ListPane, session: Session
) -> None:
    before = pane.model.ids.copy()
    QTest.mouseMove(pane.gallery.viewport(), QPoint(1, 1))
    QTest.mouseMove(pane.gallery.viewport(), pane.gallery.square(5).center())
    session.select(int(before[2]))
    with qtbot.waitSignal(session.ranking_changed, timeout=10000):
        session.label("negative", "X")
    settled(qtbot, session)
    assert session.selected == before[3]  # the next is there before the hand is back
    assert pane.model.ids[:6].tolist() == before[:6].tolist()
    assert pane.count.text() == f"{COUNT} sources, 1 label"
    leave(pane)
    ranking = session.ranking("lens")
    assert ranking is not None
    assert pane.model.ids.tolist() == ranking.ids.tolist()
    assert sorted(pane.model.ids.tolist()) == list(range(1, COUNT + 1))


def test_the_step_after_a_label_follows_the_list_in_view(pane: ListPane, session: Session) -> None:
    pane.set_sort("snr")
    assert pane.model.id_at(0) == COUNT
    session.select(COUNT)
    session.label("positive", "A")
    assert session.selected == COUNT - 1
    session.step(-1)
    assert session.selected == COUNT


def test_a_filter_that_hides_everything_says_so_and_can_be_cleared(
    qtbot: QtBot, pane: ListPane, session: Session
) -> None:
    pane.set_filter(ListFilter("i", 17.0))
    page = pane.pages.currentWidget()
    assert page.title.text() == "No source fits this filter"
    assert page.detail.text() == f"{COUNT} are hidden by “i brighter than 17”."
    qtbot.mouseClick(page.button, LEFT)
    assert pane.pages.currentWidget() is pane.gallery
    assert len(pane.model) == COUNT
    assert not pane.filter_button.isChecked()


def test_the_filter_popover(qtbot: QtBot, pane: ListPane, session: Session) -> None:
    qtbot.mouseClick(pane.filter_button, LEFT)
    popover = pane.popover
    assert popover.isVisible()
    assert [popover.band.itemText(i) for i in range(popover.band.count())] == ["g", "r", "i"]
    assert popover.band.value == "r"
    qtbot.keyClicks(popover.limit.field, "19")
    # m = 27 - 2.5 log10(100 id) < 19 for id > 15.8
    assert len(pane.model) == COUNT - 15
    assert pane.count.text() == f"{COUNT - 15} of {COUNT} sources, no labels"
    qtbot.mouseClick(popover.masked, LEFT)
    assert len(pane.model) == COUNT - 15 - 2
    qtbot.mouseClick(popover.clear, LEFT)
    assert len(pane.model) == COUNT
    popover.close()


def test_hiding_labelled_waits_for_the_pointer(qtbot: QtBot, pane: ListPane, session: Session) -> None:
    pane.set_filter(ListFilter(hide_labelled=True))
    first = pane.model.id_at(0)
    session.select(first)
    session.label("positive", "A")
    settled(qtbot, session)
    assert pane.model.id_at(0) == first
    leave(pane)
    assert pane.model.row_of(first) == -1
    assert len(pane.model) == COUNT - 1


def test_sorts_by_brightness_and_back(pane: ListPane, session: Session) -> None:
    pane.sort_menu.entries["brightness"].trigger()
    assert pane.model.ids.tolist() == list(range(COUNT, 0, -1))
    ranking = session.ranking("lens")
    assert ranking is not None
    assert pane.model.rank_at(0) == ranking.rank_of(COUNT)
    pane.sort_menu.entries["rank"].trigger()
    assert pane.model.ids.tolist() == ranking.ids.tolist()


def test_a_click_selects_and_the_session_scrolls(qtbot: QtBot, pane: ListPane, session: Session) -> None:
    qtbot.mouseClick(pane.gallery.viewport(), LEFT, pos=pane.gallery.square(1).center())
    assert session.selected == pane.model.id_at(1)
    session.select(pane.model.id_at(COUNT - 1))
    assert COUNT - 1 in pane.gallery.visible_rows()
    assert pane.gallery.square(COUNT - 1).bottom() < pane.gallery.viewport().height()


def test_what_the_pane_says_without_a_list(qtbot: QtBot, pane: ListPane, session: Session) -> None:
    session._rankings = {}
    session.catalog_changed.emit()
    page = pane.pages.currentWidget()
    assert page.title.text() == "No ranking yet"
    assert page.detail.text() == "Ranking starts when the sources are embedded."
    session.catalog = session.catalog.take(np.array([], np.int64))
    session.catalog_changed.emit()
    page = pane.pages.currentWidget()
    assert page.title.text() == "No sources yet"
    assert page.detail.text() == "Detect them, or take your own catalog."
    assert page.button.text() == "Detect sources"


def test_five_thousand_sources_re_order_at_once(qtbot: QtBot, pane: ListPane, session: Session) -> None:
    rng = np.random.default_rng(2)
    give_ranking(session, np.arange(1, 5001))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        give_ranking(session, 1 + rng.permutation(5000))
        pane.gallery.viewport().repaint()
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1


def test_it_says_when_the_ranking_starts(qtbot: QtBot, pane: ListPane, session: Session) -> None:
    session._rankings = {}
    session.catalog_changed.emit()
    going = threading.Event()

    def work(progress: Progress) -> None:
        for done in range(0, 60):
            progress(done, 100)
            if going.wait(0.05):
                return

    session.jobs.run("Embedding", work)
    qtbot.waitUntil(lambda: ", in about " in pane.pages.currentWidget().detail.text(), timeout=5000)
    assert pane.pages.currentWidget().title.text() == "No ranking yet"
    going.set()
    settled(qtbot, session)
    assert pane.pages.currentWidget().detail.text() == "Ranking starts when the sources are embedded."


def test_a_long_list_is_filtered_by_a_job_its_top_at_once(
    qtbot: QtBot, pane: ListPane, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ordering, "AT_ONCE", 10)
    monkeypatch.setattr(list_pane, "HEAD", 20)
    ranking = session.ranking("lens")
    assert ranking is not None
    bright = [i for i in ranking.ids.tolist() if session.catalog.row(i)["mag_r"] < 20.0]
    top = [i for i in bright if ranking.ids.tolist().index(i) < 20]
    pane.set_filter(ListFilter("r", 20.0))
    assert pane.model.ids.tolist() == top, "at once"
    QTest.keyClick(pane.gallery, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: not pane.ordering.waits, timeout=10_000)
    assert pane.model.ids.tolist() == bright, "what was shown stands, the rest below"
    assert pane.gallery.current == top[0]
    turned = ranking.ids[::-1].copy()
    give_ranking(session, turned)
    qtbot.waitUntil(lambda: not pane.ordering.waits, timeout=10_000)
    assert pane.model.ids[0] == top[0], "the selected one holds still"
    assert pane.model.ids[1:].tolist() == [i for i in turned.tolist() if i in set(bright) - {top[0]}]
    pane.set_sort("brightness")
    pane.set_sort("rank")
    qtbot.waitUntil(lambda: not session.jobs._threads, timeout=10_000)
    assert pane.model.ids.tolist() == [i for i in turned.tolist() if i in bright], "the newest order counts"

"""The similarity search: examples, breadcrumb, divider, what the switches hide, drops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.gui import theme
from astrotl_gui.gui.gallery import MIME
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.similar_order import SimilarFilter, repeat_radius, similar_order
from astrotl_gui.gui.similar_rail import ExampleRow
from astrotl_gui.gui.similar_view import SimilarView

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
def view(qtbot: QtBot, session: Session) -> SimilarView:
    made = SimilarView(session)
    qtbot.addWidget(made)
    made.resize(1440, 828)
    made.show()
    return made


def search(qtbot: QtBot, session: Session, source: int) -> None:
    with qtbot.waitSignal(session.similar_changed, timeout=20000):
        session.find_similar(source)
    settled(qtbot, session)


def test_without_a_search_it_says_how_to_begin(view: SimilarView) -> None:
    page = view.pages.currentWidget()
    assert page.title.text() == "Nothing to compare with"
    assert page.detail.text() == "Choose a source and press S."


def test_the_most_alike_come_first_with_their_distance(
    qtbot: QtBot, view: SimilarView, session: Session
) -> None:
    search(qtbot, session, 8)
    assert session.inputs is not None
    vectors, rows = session.inputs.vectors, session.inputs.rows
    distances = np.linalg.norm(vectors - vectors[rows[8]], axis=1)
    nearest = session.inputs.ids[np.argsort(distances)][1:]
    assert view.model.ids.tolist() == nearest.tolist()
    assert view.gallery.cell(0).value == f"{np.sort(distances)[1]:.3f}"
    assert view.trail.count.text() == f"{COUNT - 1} sources, most alike first"
    assert view.gallery.grid.columns == 8


def test_the_breadcrumb_leads_back(qtbot: QtBot, view: SimilarView, session: Session) -> None:
    search(qtbot, session, 8)
    first = session.similar
    search(qtbot, session, view.model.id_at(2))
    search(qtbot, session, view.model.id_at(0))
    ranking = session.ranking("lens")
    assert ranking is not None
    texts = [crumb.text() for crumb in view.trail.crumbs]
    assert texts == [f"Lens {ranking.rank_of(8)}", "Similar 3", "Similar 1"]
    qtbot.mouseClick(view.trail.crumbs[0], LEFT)
    assert session.similar is first
    qtbot.mouseClick(view.trail.back_button, LEFT)
    assert session.similar is None
    assert view.pages.currentIndex() == 1


def test_hover_actions_and_boxes_add_examples(qtbot: QtBot, view: SimilarView, session: Session) -> None:
    search(qtbot, session, 8)
    chosen = view.model.id_at(1)
    with qtbot.waitSignal(session.similar_changed, timeout=20000):
        view.gallery.acted.emit("more", chosen)
    settled(qtbot, session)
    assert session.similar is not None
    assert session.similar.more == (8, chosen)
    assert view.model.row_of(chosen) == -1
    session.select(view.model.id_at(20))
    unwanted = session.selected
    with qtbot.waitSignal(session.similar_changed, timeout=20000):
        qtbot.mouseClick(view.rail.less, LEFT, pos=view.rail.less.square(0).center())
    settled(qtbot, session)
    assert session.similar.less == (unwanted,)
    with qtbot.waitSignal(session.similar_changed, timeout=20000):
        qtbot.mouseClick(view.rail.more, LEFT, pos=view.rail.more.square(1).center())
    settled(qtbot, session)
    assert session.similar.more == (8,)


def test_a_cutout_can_be_dropped_on_an_example_row(qtbot: QtBot, view: SimilarView, session: Session) -> None:
    search(qtbot, session, 8)
    source = view.model.id_at(4)
    with qtbot.waitSignal(session.similar_changed, timeout=20000):
        drop(view.rail.less, source)
    assert session.similar is not None
    assert session.similar.less == (source,)
    settled(qtbot, session)


def drop(row: ExampleRow, source: int) -> None:
    data = QMimeData()
    data.setData(MIME, str(source).encode())
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPoint(5, 5), copy, data, LEFT, none)
    QApplication.sendEvent(row, entered)
    assert entered.isAccepted()
    QApplication.sendEvent(row, QDropEvent(QPointF(5, 5), copy, data, LEFT, none))


def test_a_divider_marks_what_lies_beyond_the_closest_example_against(
    qtbot: QtBot, view: SimilarView, session: Session
) -> None:
    search(qtbot, session, 8)
    with qtbot.waitSignal(session.similar_changed, timeout=20000):
        session.less_like(view.model.id_at(10))
    settled(qtbot, session)
    assert session.similar is not None
    assert session.similar.result is not None
    bound, split = session.similar.result.nearest_less, view.gallery.split
    assert bound is not None
    assert 0 < split < len(view.model)
    assert view.model.score_at(split - 1) <= bound < view.model.score_at(split)
    grid = view.gallery.grid
    assert grid.divider_rect().top() >= grid.rect(split - 1).bottom()
    assert grid.divider_rect().bottom() <= grid.rect(split).top()


def test_labelled_sources_hide_and_examples_become_labels(
    qtbot: QtBot, view: SimilarView, session: Session
) -> None:
    search(qtbot, session, 8)
    with qtbot.waitSignal(session.similar_changed, timeout=20000):
        session.less_like(view.model.id_at(10))
    settled(qtbot, session)
    assert session.similar is not None
    against = session.similar.less[0]
    assert view.rail.use.text() == "Use as lens labels"
    qtbot.mouseClick(view.rail.use, LEFT)
    settled(qtbot, session)
    assert {i: label.value for i, label in session.labels("lens").items()} == {
        8: "positive",
        against: "negative",
    }
    labelled = view.model.id_at(0)
    session.label_as([labelled], "positive", "lens")
    settled(qtbot, session)
    assert view.model.row_of(labelled) == 0
    qtbot.mouseClick(view.rail.labelled, LEFT)
    assert view.model.row_of(labelled) == -1
    assert "hidden" in view.trail.count.text()


def test_labels_step_through_the_grid(qtbot: QtBot, view: SimilarView, session: Session) -> None:
    search(qtbot, session, 8)
    first, second = view.model.id_at(0), view.model.id_at(1)
    session.select(first)
    session.label("positive", "A")
    assert session.selected == second
    settled(qtbot, session)


# --- what is hidden, without a window ---


@pytest.fixture
def catalog() -> Catalog:
    x = np.array([0.0, 100.0, 104.0, 108.0, 200.0, 3.0])
    return Catalog.from_columns(
        {
            "id": np.arange(1, 7),
            "ra": np.zeros(6),
            "dec": np.zeros(6),
            "x": x,
            "y": np.zeros(6),
            "mag_r": np.array([20.0, 20.5, 21.5, 19.2, np.nan, 20.0]),
        }
    )


IDS, DISTANCES = np.array([2, 3, 4, 5, 6]), np.arange(5, dtype=np.float32)


def shown(catalog: Catalog, hide: SimilarFilter, labelled: tuple[int, ...] = ()) -> list[int]:
    return similar_order(IDS, DISTANCES, [1], catalog, "r", 5.0, hide, labelled).ids.tolist()


def test_each_switch(catalog: Catalog) -> None:
    assert shown(catalog, SimilarFilter(repeats=False)) == [2, 3, 4, 5, 6]
    # 3 repeats 2; 4 repeats only 3, which is not shown; 6 repeats the query
    assert shown(catalog, SimilarFilter()) == [2, 4, 5]
    assert shown(catalog, SimilarFilter(brightness=True, repeats=False)) == [2, 4, 5, 6]
    assert shown(catalog, SimilarFilter(labelled=True, repeats=False), (2, 5)) == [3, 4, 6]
    # with 2 hidden as labelled, 3 is no repeat any more and 4 is one
    assert shown(catalog, SimilarFilter(labelled=True), (2,)) == [3, 5]


def test_numbers_stay_those_of_the_whole_result(catalog: Catalog) -> None:
    order = similar_order(IDS, DISTANCES, [1], catalog, "r", 5.0, SimilarFilter())
    assert order.ranks.tolist() == [1, 3, 4]
    assert order.scores.tolist() == [0, 2, 3]
    assert order.hidden == 2


def test_repeats_lie_within_two_arcsec_or_a_ninth_of_the_cutout() -> None:
    assert repeat_radius(18) == 2
    assert repeat_radius(4.5) == pytest.approx(0.5)

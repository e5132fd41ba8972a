"""Prototypes in the whole window: by key, from a catalog, their lists and union, and what they do to the list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from pytestqt.qtbot import QtBot

from astrotl_gui.gui.main_window import MainWindow

from .ranked import COUNT, ranked_window, settled
from .small_project import ALT, LEFT, SHIFT, K, press


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    with ranked_window(qtbot, tmp_path) as made:
        press(made, K.Key_2, ALT)
        yield made


def give(qtbot: QtBot, window: MainWindow, *sources: int) -> None:
    window.session.select_many(sources)
    press(window, K.Key_S, SHIFT)
    settled(qtbot, window.session)


def close_cards(window: MainWindow) -> None:
    for card in list(window.messages.cards):
        window.messages.close_card(card, fade=False)


def test_a_click_makes_prototypes_and_the_list_starts_with_them(qtbot: QtBot, window: MainWindow) -> None:
    session, pane = window.session, window.explore.list_pane
    lenses = session.ranking("lens").ids.tolist()  # type: ignore[union-attr]
    give(qtbot, window, 8, 12)
    ranking = session.ranking("agn")
    assert ranking is not None
    assert ranking.model == "prototypes agn"
    assert set(ranking.ids[:2].tolist()) == {8, 12}
    assert pane.model.ids.tolist() == ranking.ids.tolist()  # nothing of the list before is held
    assert pane.count.text() == f"{COUNT} sources, no labels, 2 prototypes"
    assert window.messages.cards[-1].message.title == "2 prototypes added"
    assert session.ranking("lens").ids.tolist() == lenses  # type: ignore[union-attr]
    session.select(8)
    press(window, K.Key_H)
    assert "most like its prototypes" in window.explore.why.first_text.text()
    press(window, K.Key_S, SHIFT)  # once more takes it away
    settled(qtbot, session)
    assert session.prototypes == {"agn": [12]}
    give(qtbot, window, 12)
    assert session.prototypes == {}
    assert session.ranking("agn").model == "cold agn"  # type: ignore[union-attr]


def test_each_list_and_the_union_are_shown(qtbot: QtBot, window: MainWindow) -> None:
    session, view = window.session, window.similar
    give(qtbot, window, 8, 12, 16)
    qtbot.mouseClick(window.messages.cards[-1].buttons[0], LEFT)
    lists = session.prototype_lists["agn"]
    assert window.page == "similar"
    assert view.model.ids.tolist() == lists.sources[lists.union].tolist()
    named = int(lists.counts[lists.union][0])
    assert view.gallery.cell(0).value == f"{named} of 3"
    assert view.trail.count.text() == f"{len(lists.union)} sources in the lists of 3, best rank first"
    assert [crumb.text() for crumb in view.trail.crumbs] == ["Prototypes, 3"]
    assert not view.rail.less.isVisible()
    qtbot.mouseClick(view.rail.more, LEFT, pos=view.rail.more.square(1).center())
    assert view.model.ids.tolist() == lists.nearest[1].tolist()
    assert view.gallery.cell(0).value == f"{lists.distances[1][0]:.3f}"
    assert [crumb.text() for crumb in view.trail.crumbs] == ["Prototypes, 3", "Prototype 2"]
    qtbot.mouseClick(view.trail.back_button, LEFT)
    assert view.model.ids.tolist() == lists.sources[lists.union].tolist()
    with qtbot.waitSignal(session.similar_changed, timeout=20_000):
        session.more_like(20)  # from here on it is an ordinary search
    settled(qtbot, session)
    assert view.rail.less.isVisible()
    assert session.similar is not None
    assert session.similar.more == (8, 12, 16, 20)


def test_another_prototype_is_added_from_the_union(qtbot: QtBot, window: MainWindow) -> None:
    session, view = window.session, window.similar
    give(qtbot, window, 8)
    session.show_prototypes()
    session.select(20)
    qtbot.mouseClick(view.rail.more, LEFT, pos=view.rail.more.square(1).center())
    settled(qtbot, session)
    assert session.prototypes == {"agn": [8, 20]}
    assert window.page == "similar"
    assert len(session.similar.more) == 2  # type: ignore[union-attr]
    session.use_as_prototypes([8, 20])
    settled(qtbot, session)
    assert window.page == "explore"


def test_a_catalog_gives_prototypes_that_survive_reopening_and_detection(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    session = window.session
    chosen = session.catalog.take(session.catalog.rows_of([4, 8]))
    Table({"ra": [*chosen.ra, 10.0], "dec": [*chosen.dec, 0.0]}).write(tmp_path / "quasars.csv")
    close_cards(window)
    session.take_prototypes(tmp_path / "quasars.csv")
    qtbot.waitUntil(lambda: session.prototypes == {"agn": [4, 8]}, timeout=10_000)
    settled(qtbot, session)
    message = window.messages.cards[-1].message
    assert message.title == "2 prototypes taken"
    assert "1 row lies on no source." in message.detail
    before = session.ranking("agn")
    path = session.project.path  # type: ignore[union-attr]
    session.close_project()
    session.open_project(path)
    qtbot.waitUntil(lambda: session.inputs is not None and "agn" in session.inputs.given, timeout=20_000)
    settled(qtbot, session)
    after = session.ranking("agn")
    assert before is not None
    assert after is not None
    assert np.array_equal(after.ids, before.ids)
    assert np.array_equal(after.scores, before.scores)
    held = {label.source_id: (label.x, label.y) for label in session.project.held_places()}  # type: ignore[union-attr]
    row = session.catalog.row(8)
    assert held[8] == (row["x"], row["y"])


def test_a_catalog_of_another_sky_says_so(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    Table({"ra": [10.0], "dec": [0.0]}).write(tmp_path / "far.csv")
    window.session.take_prototypes(tmp_path / "far.csv")
    titles = lambda: [card.message.title for card in window.messages.cards]  # noqa: E731
    qtbot.waitUntil(lambda: "No prototype found its source" in titles(), timeout=10_000)
    assert window.session.prototypes == {}


def test_an_own_list_starts_from_prototypes(qtbot: QtBot, window: MainWindow) -> None:
    session = window.session
    session.add_target("Jellyfish")
    give(qtbot, window, 8)
    assert window.explore.list_pane.model.id_at(0) == 8
    assert len(window.explore.list_pane.model) == COUNT
    session.remove_target("jellyfish")
    session.add_target("Jellyfish")
    settled(qtbot, session)
    assert session.prototypes == {"jellyfish": [8]}
    assert window.explore.list_pane.model.id_at(0) == 8


def test_show_prototypes_without_any_says_how(window: MainWindow) -> None:
    window.session.show_prototypes()
    assert window.messages.cards[-1].message.title == "No prototypes yet"


def test_a_search_from_the_list_of_a_prototype_is_an_ordinary_one(qtbot: QtBot, window: MainWindow) -> None:
    session = window.session
    give(qtbot, window, 8, 12)
    session.show_prototypes(8)
    with qtbot.waitSignal(session.similar_changed, timeout=20_000):
        session.find_similar(8)
    assert session.similar is not None and session.similar.prototypes is None
    assert len(session.similar.trail) == 3


def test_a_catalog_gives_prototypes_to_the_list_it_was_chosen_for(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    session = window.session
    chosen = session.catalog.take(session.catalog.rows_of([4, 8]))
    Table({"ra": chosen.ra, "dec": chosen.dec}).write(tmp_path / "quasars.csv")
    close_cards(window)
    session.take_prototypes(tmp_path / "quasars.csv")
    press(window, K.Key_1, ALT)
    assert session.target == "lens"
    settled(qtbot, session)
    assert session.prototypes == {"agn": [4, 8]}
    assert "AGN has 2" in window.messages.cards[-1].message.detail
    qtbot.mouseClick(window.messages.cards[-1].buttons[0], LEFT)
    assert session.target == "agn" and window.page == "similar"


def test_prototypes_of_another_list_let_the_one_in_view_hold_still(qtbot: QtBot, window: MainWindow) -> None:
    session, model = window.session, window.explore.list_pane.model
    session.select(8)
    press(window, K.Key_S, SHIFT)
    press(window, K.Key_1, ALT)
    settled(qtbot, session)
    before = model.ids.copy()
    session.select(int(before[2]))
    with qtbot.waitSignal(session.ranking_changed, timeout=10_000):
        session.label("negative", "X")
    settled(qtbot, session)
    assert model.ids[:4].tolist() == before[:4].tolist()  # up to the next one to label

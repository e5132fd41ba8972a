"""Cull by keys and mouse: keep and take back, pages that stay as they were, undo, other lists, other sizes, the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from astrotl_gui.core.project import Project
from astrotl_gui.gui.cull_grid import GAP, page_grid, page_size
from astrotl_gui.gui.cull_page import CullPage
from astrotl_gui.gui.cull_wall import SIDES
from astrotl_gui.gui.main_window import MainWindow

from .ranked import COUNT, ranked_window, settled
from .small_project import CTRL, K, press

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    """Cull in front, four pages of the 40 sources: large cutouts."""
    with ranked_window(qtbot, tmp_path) as made:
        made.resize(1180, 640)
        press(made, K.Key_2, CTRL)
        assert made.page == "cull" and made.top.views.value == "cull"
        made.cull.rail.slider.setValue(len(SIDES) - 1)
        qtbot.waitUntil(lambda: len(made.cull.model) == made.cull.wall.capacity)
        assert 4 <= made.cull.wall.capacity <= 10
        yield made


def shown(window: MainWindow) -> list[int]:
    return window.cull.model.ids.tolist()


def click(page: CullPage, row: int) -> None:
    QTest.mouseClick(page.wall.viewport(), LEFT, pos=page.wall.square(row).center())


def value(window: MainWindow, source: int) -> str:
    label = window.session.label_of(source)
    return label.value if label is not None else ""


def facts(window: MainWindow) -> str:
    return window.cull.rail.counts.accessibleName()


def test_a_click_keeps_and_another_takes_it_back(window: MainWindow, qtbot: QtBot) -> None:
    before = shown(window)
    click(window.cull, 2)
    assert value(window, before[2]) == "positive" and window.session.selected == before[2]
    assert not window.session.label_of(before[2]).blind
    assert "Kept here 1, Kept so far 1" in facts(window)
    settled(qtbot, window.session)
    assert shown(window) == before and window.session.ranking().learned, "ranked anew, and nothing has moved"
    click(window.cull, 2)
    assert value(window, before[2]) == "" and "Kept here 0" in facts(window)


def test_keys_label_and_move_on(window: MainWindow) -> None:
    ids = shown(window)
    assert window.session.selected == ids[0]
    press(window, K.Key_A)
    press(window, K.Key_X)
    press(window, K.Key_C)
    assert [value(window, i) for i in ids[:4]] == ["positive", "negative", "unsure", ""]
    assert window.session.selected == ids[3]
    press(window, K.Key_D)
    press(window, K.Key_U)
    assert value(window, ids[2]) == "" and window.session.selected == ids[2]
    press(window, K.Key_End)
    assert window.session.selected == ids[-1]
    press(window, K.Key_A)
    assert window.session.selected == ids[-1], "the page ends here"
    press(window, K.Key_Home)
    press(window, K.Key_Down)
    assert window.session.selected == ids[window.cull.wall.grid.columns]
    press(window, K.Key_1)
    assert window.session.label_of(ids[window.cull.wall.grid.columns]).contaminant == "ring"


def test_pages_never_repeat_and_stay_as_they_were(window: MainWindow, qtbot: QtBot) -> None:
    pages = [shown(window)]
    for _ in range(20):
        press(window, K.Key_A)
        settled(qtbot, window.session)
        press(window, K.Key_Space)
        if window.cull.ended:
            break
        pages.append(shown(window))
        assert window.session.selected == pages[-1][0]
    seen = [source for page in pages for source in page]
    assert sorted(seen) == list(range(1, COUNT + 1)), "each source once"
    assert window.cull.stack.currentIndex() == 1 and not window.cull.rail.next_button.isEnabled()
    assert f"You have seen all {COUNT}." in window.cull._emptied.detail.text()
    press(window, K.Key_PageUp)
    assert shown(window) == pages[-1]
    for page in pages[-2::-1]:
        QTest.mouseClick(window.cull.header.back, LEFT)
        assert shown(window) == page
    assert window.cull.header.page.text() == f"Page 1 of {len(pages)}"
    press(window, K.Key_Space)
    assert shown(window) == pages[1]


def test_what_is_labelled_elsewhere_does_not_come(window: MainWindow, qtbot: QtBot) -> None:
    following = [i for i in window.session.ranking().ids.tolist() if i not in shown(window)]
    press(window, K.Key_1, CTRL)
    window.session.label_as(following[:3], "negative", "lens")
    settled(qtbot, window.session)
    press(window, K.Key_2, CTRL)
    press(window, K.Key_Space)
    assert not set(following[:3]) & set(shown(window))
    assert ("of", str(COUNT - 3)) in window.status.read_out._cells


def test_undo_goes_where_the_label_was(window: MainWindow) -> None:
    first = shown(window)
    click(window.cull, 1)
    press(window, K.Key_Space)
    second = shown(window)
    click(window.cull, 0)
    press(window, K.Key_Z, CTRL)
    assert value(window, second[0]) == "" and shown(window) == second
    press(window, K.Key_Z, CTRL)
    assert value(window, first[1]) == "" and shown(window) == first and window.session.selected == first[1]


def test_each_list_has_its_own_pages(window: MainWindow) -> None:
    press(window, K.Key_Space)
    lens = shown(window)
    press(window, K.Key_2, Qt.KeyboardModifier.AltModifier)
    assert window.page == "cull" and window.session.target == "agn"
    ranking = window.session.ranking("agn")
    assert shown(window) == ranking.ids[: len(shown(window))].tolist()
    assert window.cull.rail.no.text() == "Not an AGN"
    click(window.cull, 0)
    assert window.session.label_of(shown(window)[0], "agn").value == "positive"
    press(window, K.Key_1, Qt.KeyboardModifier.AltModifier)
    assert shown(window) == lens and window.cull.header.page.text().startswith("Page 2 of")


def test_another_size_keeps_the_current_one_in_view(window: MainWindow, qtbot: QtBot) -> None:
    press(window, K.Key_Space)
    press(window, K.Key_F)
    current, few = window.session.selected, window.cull.wall.capacity
    press(window, K.Key_Minus, CTRL)
    more = window.cull.wall.capacity
    assert more > few and len(shown(window)) == min(more, COUNT)
    assert current == window.session.selected and current in shown(window)
    window.resize(1500, 900)
    qtbot.waitUntil(lambda: window.cull.wall.capacity > more)
    assert window.session.selected == current and current in shown(window)
    press(window, K.Key_Equal, CTRL)
    press(window, K.Key_Equal, CTRL)
    assert current in shown(window) and window.cull.rail.slider.value() == len(SIDES) - 1


def test_the_strategy_is_kept_and_draws_the_page_anew(window: MainWindow) -> None:
    before = shown(window)
    window.cull.header.strategy.entries["random"].trigger()
    assert shown(window) != before and window.cull.header.strategy.text() == "At random"
    again = Project.open(window.session.project.path)
    assert again.queue.strategy == "random"
    again.close()
    press(window, K.Key_1, CTRL)
    assert window.explore.list_pane.model.ids[: len(before)].tolist() == before, "Explore stays as ranked"


def test_the_status_bar_says_where_one_is(window: MainWindow) -> None:
    press(window, K.Key_Space)
    size = window.cull.wall.capacity
    said = f"Candidates {size + 1} to {2 * size}  of {COUNT}  Ranked by the order before any label"
    assert window.status.read_out.text() == said
    press(window, K.Key_1, CTRL)
    assert window.status.read_out.text() == ""


def test_likely_artifacts_are_no_outliers_to_look_at(window: MainWindow) -> None:
    session = window.session
    artifact = int(session.ranking("outlier").ids[0])
    session.label_as([artifact], "positive", "artifact")
    press(window, K.Key_4, Qt.KeyboardModifier.AltModifier)
    assert session.target == "outlier" and artifact not in shown(window)
    assert ("of", str(COUNT - len(session.outliers.hidden()))) in window.status.read_out._cells


def test_when_all_are_labelled_nothing_comes(window: MainWindow, qtbot: QtBot) -> None:
    window.session.label_as(window.session.catalog.ids.tolist(), "negative", "agn")
    settled(qtbot, window.session)
    press(window, K.Key_2, Qt.KeyboardModifier.AltModifier)
    assert shown(window) == [] and window.cull._emptied.title.text() == "All labelled"
    press(window, K.Key_Space)
    press(window, K.Key_PageUp)
    assert not window.cull.ended


def test_enter_vets_the_current_one_and_s_finds_similar(window: MainWindow, qtbot: QtBot) -> None:
    press(window, K.Key_F)
    current = window.session.selected
    press(window, K.Key_Return)
    assert window.page == "vet" and window.session.selected == current
    press(window, K.Key_Escape)
    assert window.page == "cull" and current in shown(window)
    press(window, K.Key_S)
    qtbot.waitUntil(lambda: window.page == "similar")
    page = shown(window)
    press(window, K.Key_Escape)
    assert window.page == "cull" and shown(window) == page


def test_the_next_page_is_read_ahead(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(window.cull.wall.ahead) > 0)
    ahead = window.cull.wall.ahead
    press(window, K.Key_Space)
    assert shown(window) == ahead


@given(st.integers(200, 4000), st.integers(150, 2200), st.sampled_from(SIDES))
def test_rows_are_whole(width: int, height: int, wanted: int) -> None:
    size = page_size(width, height, wanted)
    grid = page_grid(size, width, height, wanted)
    assert size % grid.columns == 0 and grid.columns * (size // grid.columns) == size
    last = grid.rect(size - 1)
    assert last.right() < width and last.bottom() < height and grid.rect(0).left() >= 0
    assert grid.rect(grid.columns).top() - grid.rect(0).bottom() - 1 == GAP or size == grid.columns


def test_ten_by_six_as_designed() -> None:
    assert page_size(1263, 790, 118) == 60 and page_grid(60, 1263, 790, 118).columns == 10

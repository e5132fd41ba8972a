"""Vet by keys: each grade on disk and the next candidate shown, undo, blind and not, the end of the queue, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from astrotl_gui.core.labels import Label, LabelLog
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.gui import place_verbs, session_vetting
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.session_vetting import AHEAD, Vetting
from astrotl_gui.gui.vet_facts import colour_text
from astrotl_gui.gui.vet_graded import pace_text

from .ranked import COUNT, ranked_window, settled
from .small_project import CTRL, K, press

BLIND, TOLD = "Blind: ranks and other grades hidden", "Not blind: ranks are shown"


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    with ranked_window(qtbot, tmp_path) as made:
        yield made


@pytest.fixture
def vet(qtbot: QtBot, window: MainWindow) -> MainWindow:
    """The window in Vet, with the first candidate on the screen."""
    press(window, K.Key_3, CTRL)
    shown(qtbot, window)
    return window


def queue(window: MainWindow) -> Vetting:
    vetting = window.session.vetting
    assert vetting is not None
    return vetting


def shown(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until the candidate in view is on the screen."""
    qtbot.waitUntil(lambda: window.session._shown_at is not None)


def on_disk(window: MainWindow) -> list[Label]:
    """What another process would read now."""
    assert window.session.project is not None
    log = LabelLog(window.session.project.labels.path)
    events = log.events()
    log.close()
    return events


def facts(window: MainWindow) -> dict[str, str]:
    return dict(window.vet.facts._rows)


def test_a_grade_is_on_disk_and_the_next_is_shown(qtbot: QtBot, vet: MainWindow) -> None:
    first, second = queue(vet).ids[:2]
    assert vet.page == "vet" and not vet.top.isVisible() and not vet.status.isVisible()
    assert vet.vet.top.title.text() == "Vet lenses" and vet.vet.top.count.text() == f"1 of {COUNT}"
    press(vet, K.Key_A)
    (label,) = on_disk(vet)
    assert (label.source_id, label.target, label.value, label.grade) == (first, "lens", "positive", "A")
    assert label.blind and 0 < label.seconds < 60 and label.vetter == "mk"
    assert vet.session.selection == [second] and vet.vet.cutout.source == second
    assert vet.vet.graded.wall.sources == [first]
    assert vet.vet.grades.grades["A"]._flashing
    qtbot.waitUntil(lambda: not vet.vet.grades.grades["A"]._flashing)


def test_every_key_gives_its_grade(qtbot: QtBot, vet: MainWindow) -> None:
    keys = "APBOCIXL123456"
    for key in keys:
        press(vet, getattr(K, f"Key_{key}"))
    given = [(label.grade, label.contaminant) for label in on_disk(vet)]
    kinds = ["ring", "spiral", "merger", "edge-on", "artifact", "star"]
    assert given == [*((grade, "") for grade in "AABBCCXX"), *(("X", kind) for kind in kinds)]
    assert queue(vet).place == len(keys)


def test_space_leaves_no_label_and_d_goes_back(vet: MainWindow) -> None:
    first, second = queue(vet).ids[:2]
    press(vet, K.Key_Space)
    assert vet.session.selected == second and on_disk(vet) == []
    press(vet, K.Key_D)
    assert vet.session.selected == first and queue(vet).seen == {first, second}
    press(vet, K.Key_D)
    assert vet.session.selected == first


def test_undo_brings_each_candidate_back(vet: MainWindow) -> None:
    ids = list(queue(vet).ids[:3])
    for key in (K.Key_A, K.Key_X, K.Key_C):
        press(vet, key)
    for source in reversed(ids):
        press(vet, K.Key_Z, CTRL)
        assert vet.session.selected == source
    assert on_disk(vet) == [] and queue(vet).place == 0 and queue(vet).graded == []


def test_clear_takes_the_grade_and_stays(vet: MainWindow) -> None:
    first = queue(vet).ids[0]
    press(vet, K.Key_A)
    press(vet, K.Key_D)
    assert vet.vet.grades.grades["A"].isChecked()
    press(vet, K.Key_U)
    assert vet.session.selected == first and vet.session.label_of(first) is None
    assert not vet.vet.grades.grades["A"].isChecked()


def test_a_revealed_rank_makes_the_label_not_blind(vet: MainWindow) -> None:
    first = queue(vet).ids[0]
    assert facts(vet)["Rank"] == "hidden while blind" and vet.vet.top.blind.text() == BLIND
    press(vet, K.Key_H)
    assert facts(vet)["Rank"] == f"1 of {COUNT}" and vet.vet.top.blind.text() == TOLD
    press(vet, K.Key_B)
    press(vet, K.Key_B)
    assert [label.blind for label in on_disk(vet)] == [False, True]
    assert on_disk(vet)[0].source_id == first and vet.page == "vet"


def test_who_goes_to_a_rank_knows_it(vet: MainWindow) -> None:
    place_verbs.go_to_rank(vet, 3)
    third = vet.session.ranking("lens").ids[2]  # type: ignore[union-attr]
    assert vet.session.selected == third and facts(vet)["Rank"] == f"3 of {COUNT}"
    press(vet, K.Key_B)
    press(vet, K.Key_B)
    assert [(label.source_id == third, label.blind) for label in on_disk(vet)] == [
        (True, False),
        (False, True),
    ]


def test_the_queue_follows_the_query_strategy(vet: MainWindow) -> None:
    by_rank = vet.session.ranking("lens").ids.tolist()  # type: ignore[union-attr]
    assert queue(vet).ids == by_rank
    vet.session.queue.choose("random")
    vet.session.begin_vetting()
    assert queue(vet).ids != by_rank and sorted(queue(vet).ids) == sorted(by_rank)


def test_a_label_outside_of_vet_is_not_blind(window: MainWindow) -> None:
    ranking = window.session.ranking()
    assert ranking is not None
    window.session.select(int(ranking.ids[0]))
    press(window, K.Key_A)
    assert [(label.blind, label.seconds) for label in on_disk(window)] == [(False, 0.0)]


def test_grades_of_others_stay_out_of_sight(window: MainWindow) -> None:
    session = window.session
    ranking = session.ranking()
    assert ranking is not None and session.project is not None
    first, second = (int(i) for i in ranking.ids[:2])
    session.project.labels.add(
        [
            Label(first, "lens", "positive", "A", vetter="jo"),
            Label(first, "", "note", comment="jo’s note", vetter="jo"),
            Label(second, "lens", "negative", "X", vetter="mk"),
        ]
    )
    session._labels_given([first])
    press(window, K.Key_3, CTRL)
    assert first in queue(window).ids and second not in queue(window).ids
    window.session.select_many([first])
    assert not any(button.isChecked() for button in window.vet.grades.grades.values())
    assert "Label" not in facts(window) and window.vet.note.text() == ""
    press(window, K.Key_Space)
    assert session.project.labels.note(first) == "jo’s note"


def test_enter_starts_at_the_selected_candidate_and_esc_returns(window: MainWindow) -> None:
    ranking = window.session.ranking()
    assert ranking is not None
    fifth = int(ranking.ids[4])
    window.session.select(fifth)
    press(window, K.Key_Return)
    assert window.page == "vet" and window.session.selected == fifth
    assert queue(window).ids[:3] == [fifth, *ranking.ids[:2].tolist()]
    press(window, K.Key_Escape)
    assert window.page == "explore" and window.session.selected == fifth
    press(window, K.Key_F)
    assert window.session.selected == int(ranking.ids[5])


def test_a_double_click_vets(qtbot: QtBot, window: MainWindow) -> None:
    gallery = window.explore.list_pane.gallery
    place = gallery.square(2).center()
    qtbot.mouseClick(gallery.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(gallery.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.page == "vet" and queue(window).ids[0] == gallery.model.id_at(2)


def test_the_place_is_kept_when_one_leaves(vet: MainWindow) -> None:
    press(vet, K.Key_Space)
    press(vet, K.Key_Space)
    third = vet.session.selected
    press(vet, K.Key_Escape)
    press(vet, K.Key_3, CTRL)
    assert vet.session.selected == third and queue(vet).place == 2


def test_a_new_ranking_changes_only_what_lies_beyond(qtbot: QtBot, vet: MainWindow) -> None:
    press(vet, K.Key_X)
    settled(qtbot, vet.session)
    before = list(queue(vet).ids)
    backwards = np.array(before[::-1], dtype=np.int64)
    vet.session._adopt_rankings(
        {"lens": Ranking("lens", backwards, np.linspace(1, 0, COUNT, dtype=np.float32), "x")}
    )
    held, after = 2 + AHEAD, queue(vet).ids
    assert after[:held] == before[:held]
    assert after[held:] == [i for i in before[::-1] if i not in before[:held]]
    assert vet.session.selected == before[1]


def test_the_end_of_the_queue_says_so_and_draws_more(vet: MainWindow) -> None:
    queue(vet).ids[:] = queue(vet).ids[:2]
    press(vet, K.Key_A)
    press(vet, K.Key_X)
    empty = vet.vet._empty
    assert empty is not None and vet.session.selection == []
    assert (empty.title.text(), empty.detail.text()) == ("All seen", "You have graded all 2.")
    assert empty.button.text() == "Draw 200 more"
    press(vet, K.Key_Z, CTRL)
    assert vet.vet._empty is None and queue(vet).place == 1
    press(vet, K.Key_Space)
    assert vet.vet._empty is not None and vet.vet._empty.detail.text() == (
        "You have graded 1 of 2. The skipped ones come back once all others are seen."
    )
    press(vet, K.Key_Return)
    assert queue(vet).place == 0 and len(queue(vet).ids) == COUNT - 1


def test_the_skipped_come_back_when_all_others_are_seen(
    qtbot: QtBot, vet: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_vetting, "LENGTH", 15)
    vet.session.begin_vetting()
    skipped, graded = list[int](), set[int]()
    for number in range(COUNT):
        source = vet.session.selected
        assert source is not None and source not in {*skipped, *graded}
        if number % 4 == 1:
            graded.add(source)
            press(vet, K.Key_X)
            settled(qtbot, vet.session)  # the queue is drawn anew behind those read in advance
        else:
            skipped.append(source)
            press(vet, K.Key_Space)
        if vet.session.vetting is not None and vet.session.vetting.current is None:
            press(vet, K.Key_Return)
    assert vet.session.selected in skipped and {*queue(vet).ids[queue(vet).place :]} <= {*skipped}


def test_going_back_keeps_what_was_seen_in_its_place(qtbot: QtBot, vet: MainWindow) -> None:
    for _ in range(8):
        press(vet, K.Key_Space)
    before = list(queue(vet).ids[:9])
    for _ in range(7):
        press(vet, K.Key_D)
    press(vet, K.Key_A)
    settled(qtbot, vet.session)
    assert queue(vet).ids[:9] == before and queue(vet).place == 2


def test_a_given_queue_keeps_its_order_and_name(qtbot: QtBot, window: MainWindow) -> None:
    wanted = [7, 3, 21]
    window.session.begin_vetting([7, 999, 3, 21], name="Audit of lenses")
    window.show_page("vet")
    assert window.vet.top.title.text() == "Audit of lenses"
    press(window, K.Key_A)
    settled(qtbot, window.session)
    assert queue(window).ids == wanted and window.session.selected == 3
    press(window, K.Key_A)
    press(window, K.Key_A)
    assert window.vet._empty is not None and window.vet._empty.button.text() == "Back"
    assert [label.source_id for label in on_disk(window)] == wanted
    assert all(label.blind for label in on_disk(window))


def test_a_note_is_kept(vet: MainWindow) -> None:
    first = queue(vet).ids[0]
    press(vet, K.Key_N)
    for key in (K.Key_A, K.Key_R, K.Key_C):
        press(vet, key)
    press(vet, K.Key_Return)
    assert vet.session.note(first) == "arc" and vet.session.selected == first and vet.page == "vet"
    press(vet, K.Key_A)
    assert vet.session.label_of(first) is not None and vet.vet.note.text() == ""


def test_bands_zoom_and_wide_by_key(vet: MainWindow) -> None:
    cutout, first = vet.vet.cutout, queue(vet).ids[0]
    made = cutout.stamp(first)
    assert made is not None and made.size == 4 and made.mode == "colour"
    press(vet, K.Key_W)
    stamp = cutout.stamp(first)
    assert stamp is not None and stamp.mode == vet.session.look.mode != "colour"
    press(vet, K.Key_R)
    stamp = cutout.stamp(first)
    assert stamp is not None and stamp.size == 12
    press(vet, K.Key_Z)
    stamp = cutout.stamp(first)
    assert stamp is not None and stamp.npix == cutout.width()
    assert stamp.size == pytest.approx(0.2 * cutout.width(), rel=1e-3)
    press(vet, K.Key_Z)
    press(vet, K.Key_Plus)
    stamp = cutout.stamp(first)
    assert stamp is not None and stamp.size == pytest.approx(4 / 1.25)


def test_the_next_are_read_before_they_are_wanted(qtbot: QtBot, vet: MainWindow) -> None:
    cutout = vet.vet.cutout
    for source in queue(vet).ahead:
        stamp = cutout.stamp(source)
        assert stamp is not None
        qtbot.waitUntil(lambda stamp=stamp: cutout.thumbnails.current(stamp))


def test_without_a_ranking_it_says_when(qtbot: QtBot, window: MainWindow) -> None:
    window.session._rankings.clear()
    press(window, K.Key_3, CTRL)
    empty = window.vet._empty
    assert empty is not None and empty.title.text() == "No ranking yet"


def test_everything_fits(vet: MainWindow, qtbot: QtBot) -> None:
    page = vet.vet
    for width, height in ((1280, 720), (1440, 900), (1920, 1080)):
        vet.resize(width, height)
        side = min(width - 768, height - 228)
        qtbot.waitUntil(lambda size=side: page.cutout.width() == page.cutout.height() == size)
        assert page.look.isVisible() == (height >= 800)
        for part in (page.cutout, page.bands, page.graded, page.grades, page.skip_button, page.note):
            corner = part.mapTo(page, part.rect().bottomRight())
            assert page.rect().contains(corner), part


@pytest.mark.parametrize(
    ("looks", "left", "text"),
    [
        ([], 200, "200 to go"),
        ([6, 6, 6, 50], 160, "6 s a candidate, about 16 min left"),
        ([0.2] * 3, 10, "Under 1 s a candidate, about 5 s left"),
    ],
)
def test_the_pace_in_words(looks: list[float], left: int, text: str) -> None:
    assert pace_text(Vetting("lens", "mk", list(range(left)), looks=looks)) == text


def test_colours_are_of_the_outermost_bands(vet: MainWindow) -> None:
    assert facts(vet)["g − i"].startswith("0.00 ± ")
    row = {
        "mag_g": 21.5,
        "flux_g": 100.0,
        "fluxerr_g": 3.0,
        "mag_i": 20.0,
        "flux_i": 400.0,
        "fluxerr_i": 16.0,
    }
    assert colour_text(row, "g", "i") == "1.50 ± 0.05"
    assert colour_text(row, "i", "g") == "−1.50 ± 0.05"
    assert colour_text({**row, "mag_i": float("nan")}, "g", "i") == ""

"""The gallery: geometry, painting, keys, mouse, the pointer that holds the list still, ten million rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.labels import Label
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.gui import theme
from astrotl_gui.gui.gallery import Gallery
from astrotl_gui.gui.gallery_layout import GridLayout, fit
from astrotl_gui.gui.gallery_painter import action_rects, badge_rect
from astrotl_gui.gui.list_order import whole
from astrotl_gui.gui.models import CandidateModel
from astrotl_gui.gui.selection import Selection
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.thumbnails import Thumbnails

from .ranked import COUNT, HALF_MASKED, UNREADABLE, close_session, open_session

LABELS = {
    1: Label(1, "lens", "positive", "A"),
    2: Label(2, "lens", "negative"),
    3: Label(3, "lens", "unsure"),
}
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    theme.apply(qapp)


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    made = open_session(qtbot, tmp_path)
    yield made
    close_session(made)


def show(qtbot: QtBot, session: Session, ids: np.ndarray, width: int = 383) -> Gallery:
    model = CandidateModel()
    thumbnails = Thumbnails(session)
    gallery = Gallery(model, thumbnails, LABELS.get)
    model.setParent(gallery)
    thumbnails.setParent(gallery)
    gallery.noun = "lens"
    qtbot.addWidget(gallery)
    gallery.resize(width, 700)
    model.reset(whole(ids.astype(np.int64), np.linspace(1, 0, len(ids)).astype(np.float32)))
    gallery.show()
    return gallery


@pytest.fixture
def gallery(qtbot: QtBot, session: Session) -> Gallery:
    return show(qtbot, session, np.arange(1, COUNT + 1))


def read(qtbot: QtBot, gallery: Gallery) -> QImage:
    """The picture once every cutout in view has been read."""
    gallery.viewport().repaint()
    qtbot.waitUntil(lambda: gallery.thumbnails.idle, timeout=10000)
    qtbot.waitUntil(lambda: all(gallery.cell(row).picture for row in gallery.visible_rows()), timeout=5000)
    return grabbed(gallery)


def grabbed(gallery: Gallery) -> QImage:
    return gallery.viewport().grab().toImage()


def middle(gallery: Gallery, row: int) -> QPoint:
    return gallery.square(row).center()


def hover(gallery: Gallery, position: QPoint) -> None:
    QTest.mouseMove(gallery.viewport(), QPoint(1, 1))
    QTest.mouseMove(gallery.viewport(), position)


# --- geometry ---


layouts = st.builds(
    lambda count, width, zoom, split: fit(count, width, zoom, split=min(split, count), divider=38),
    st.integers(0, 60),
    st.integers(120, 900),
    st.integers(-3, 3),
    st.integers(0, 40),
)


@given(layouts)
def test_every_cutout_has_a_place_of_its_own(layout: GridLayout) -> None:
    rects = [layout.rect(i) for i in range(layout.count)]
    for i, rect in enumerate(rects):
        assert layout.at(rect.center().x(), rect.center().y()) == i
        assert layout.at(rect.center().x(), rect.bottom() + 10) == i
        assert rect.bottom() < layout.height
    assert not any(a.intersects(b) for i, a in enumerate(rects) for b in rects[:i])


@given(layouts, st.integers(0, 3000), st.integers(1, 900))
def test_visible_is_all_that_touches_the_view(layout: GridLayout, top: int, height: int) -> None:
    touching = {
        i
        for i in range(layout.count)
        if layout.rect(i).top() <= top + height and layout.rect(i).top() + layout.pitch > top
    }
    assert touching <= set(layout.visible(top, top + height))
    assert len(layout.visible(top, top + height)) <= len(touching) + 3 * layout.columns


@pytest.mark.parametrize(("pane", "columns"), [(372, 3), (384, 3), (500, 4), (760, 6)])
def test_columns_follow_the_width_of_the_pane(pane: int, columns: int) -> None:
    layout = fit(100, pane - 13)
    assert layout.columns == columns
    assert layout.rect(columns - 1).right() <= pane - 13 - 10


# --- painting ---


def test_pixels_are_shown_with_y_up(qtbot: QtBot, gallery: Gallery) -> None:
    image = read(qtbot, gallery)
    square = gallery.square(10)
    bright = [
        QColor(image.pixel(square.center().x(), square.center().y() + dy)).lightness() for dy in (-32, 32)
    ]
    assert bright[0] > bright[1] + 40  # the companion lies 6 px = 1.2" towards higher y


def test_a_label_is_colour_shape_and_sign(qtbot: QtBot, gallery: Gallery) -> None:
    image = read(qtbot, gallery)
    for row, tone in ((0, theme.SKY.yes), (1, theme.SKY.no), (2, theme.SKY.unsure)):
        box = badge_rect(gallery.square(row))
        assert image.pixelColor(QPoint(round(box.left()) + 2, round(box.center().y()))) == QColor(tone)
    corner = badge_rect(gallery.square(1)).topLeft().toPoint() + QPoint(1, 2)
    assert image.pixelColor(corner).lightness() > 60  # no: a square


def test_the_selected_cutout_has_a_ring_outside(qtbot: QtBot, gallery: Gallery) -> None:
    gallery.set_selection([5])
    image = read(qtbot, gallery)
    square = gallery.square(4)
    edge = [image.pixelColor(square.left() - d, square.center().y()).name() for d in (3, 2, 1)]
    assert edge[0] == edge[1] == theme.tokens().selection.lower()
    assert edge[2] != edge[1]


def test_unreadable_and_masked_cutouts(qtbot: QtBot, session: Session) -> None:
    gallery = show(qtbot, session, np.array([UNREADABLE, HALF_MASKED, 1]))
    read(qtbot, gallery)
    nothing, half, whole_one = (gallery.cell(row).picture for row in range(3))
    assert nothing is not None
    assert nothing.image is None
    assert gallery.cell(0).score is None
    assert half is not None
    assert half.masked is not None
    assert half.masked.pixelColor(half.masked.width() - 3, half.masked.height() // 2).alpha() == 255
    assert half.masked.pixelColor(3, half.masked.height() // 2).alpha() == 0
    assert whole_one is not None
    assert whole_one.masked is None


def test_coarse_pixels_or_another_size_stand_in_while_reading(qtbot: QtBot, gallery: Gallery) -> None:
    read(qtbot, gallery)
    unread, larger = gallery.thumbnails.stamp(1, 108, "g"), gallery.thumbnails.stamp(1, 300)
    assert unread is not None and larger is not None
    few, other = gallery.thumbnails.coarse(unread), gallery.thumbnails.coarse(larger)
    assert few is not None and few.width() < 20
    assert other is not None and other.width() == 128


def test_another_stretch_reads_nothing(
    qtbot: QtBot, gallery: Gallery, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read(qtbot, gallery)
    reads: list[str] = []
    plain = Mosaic.read
    monkeypatch.setattr(Mosaic, "read", lambda self, name, *a: (reads.append(name), plain(self, name, *a))[1])
    session.set_look(session.look.with_(stretch="linear"))
    after = read(qtbot, gallery)
    assert after != before
    assert not reads
    session.set_look(session.look.with_(mode="g"))
    read(qtbot, gallery)
    assert set(reads) == {"g"}


def test_a_dot_marks_what_is_new_here(qtbot: QtBot, session: Session) -> None:
    gallery = show(qtbot, session, np.arange(1, 11))
    order = np.r_[30, np.arange(1, 11)].astype(np.int64)
    gallery.model.update(whole(order, np.linspace(1, 0, 11).astype(np.float32)))
    assert gallery.cell(0).new
    assert not gallery.cell(1).new
    gallery._new_timer.setInterval(1)
    gallery._new_timer.start()
    qtbot.waitUntil(lambda: not gallery.cell(0).new, timeout=1000)


def test_a_new_order_fades_in_and_does_not_with_reduced_motion(
    qtbot: QtBot, qapp: QApplication, gallery: Gallery
) -> None:
    turned = np.arange(COUNT, 0, -1)
    scores = np.linspace(1, 0, COUNT).astype(np.float32)
    read(qtbot, gallery)
    gallery.model.update(whole(turned, scores), still=3)
    assert gallery._fading
    assert min(gallery._fading) > 3
    qtbot.waitUntil(lambda: not gallery._fading, timeout=2000)
    theme.apply(qapp, reduce_motion=True)
    read(qtbot, gallery)
    gallery.model.update(whole(turned[::-1], scores), still=3)
    assert not gallery._fading


# --- keys ---


def test_keys_move_and_extend_the_selection(qtbot: QtBot, gallery: Gallery) -> None:
    chosen: list[list[int]] = []
    gallery.chosen.connect(chosen.append)
    key = Qt.Key
    for pressed, source in (
        (key.Key_Right, 1),
        (key.Key_Right, 2),
        (key.Key_Down, 5),
        (key.Key_Left, 4),
        (key.Key_Up, 1),
        (key.Key_End, COUNT),
        (key.Key_Home, 1),
        (key.Key_PageDown, 16),
        (key.Key_PageUp, 1),
    ):
        qtbot.keyClick(gallery, pressed)
        assert chosen[-1] == [source]
        assert gallery.current_row in gallery.visible_rows()
    qtbot.keyClick(gallery, key.Key_Right, SHIFT)
    qtbot.keyClick(gallery, key.Key_Down, SHIFT)
    assert chosen[-1] == [1, 2, 3, 4, 5]
    qtbot.keyClick(gallery, key.Key_Left, SHIFT)
    assert chosen[-1] == [1, 2, 3, 4]
    qtbot.keyClick(gallery, key.Key_Right)
    assert chosen[-1] == [5]


def test_home_lets_held_rows_follow(gallery: Gallery) -> None:
    gallery.set_selection([4])
    turned = whole(np.arange(COUNT, 0, -1), np.linspace(1, 0, COUNT).astype(np.float32))
    gallery.model.update(turned, gallery.still_row)
    assert gallery.model.held
    gallery.move_selection("first")
    assert gallery.current == COUNT
    assert not gallery.model.held


def test_select_all_keeps_the_current_source_current(qtbot: QtBot, gallery: Gallery) -> None:
    gallery.set_selection([7])
    with qtbot.waitSignal(gallery.chosen) as caught:
        gallery.select_all()
    assert sorted(caught.args[0]) == list(range(1, COUNT + 1))
    assert caught.args[0][-1] == 7
    assert isinstance(caught.args[0], Selection)  # one array: no list as long as the catalog


def test_larger_and_smaller_cutouts(gallery: Gallery) -> None:
    size = gallery.grid.size
    gallery.resize_cutouts(1)
    assert gallery.grid.columns == 2
    assert gallery.grid.size > size
    for _ in range(9):
        gallery.resize_cutouts(-1)
    fewest = gallery.grid.columns
    gallery.resize_cutouts(1)
    assert gallery.grid.columns == fewest - 1  # no dead presses at the end


# --- mouse ---


def test_click_control_click_and_shift_click(qtbot: QtBot, gallery: Gallery) -> None:
    chosen: list[list[int]] = []
    gallery.chosen.connect(chosen.append)
    left, view = Qt.MouseButton.LeftButton, gallery.viewport()
    qtbot.mouseClick(view, left, pos=middle(gallery, 1))
    qtbot.mouseClick(view, left, CTRL, middle(gallery, 4))
    assert chosen[-1] == [2, 5]
    qtbot.mouseClick(view, left, CTRL, middle(gallery, 1))
    assert chosen[-1] == [5]
    qtbot.mouseClick(view, left, pos=middle(gallery, 2))
    qtbot.mouseClick(view, left, SHIFT, middle(gallery, 5))
    assert chosen[-1] == [3, 4, 5, 6]


def test_the_hovered_cutout_offers_three_actions(qtbot: QtBot, gallery: Gallery) -> None:
    chosen: list[list[int]] = []
    gallery.chosen.connect(chosen.append)
    boxes = action_rects(gallery.square(4))
    assert list(boxes) == ["more", "similar", "less"]
    for name, box in boxes.items():
        assert min(box.width(), box.height()) >= 28
        assert gallery.square(4).contains(box.toRect())
        with qtbot.waitSignal(gallery.acted) as caught:
            qtbot.mouseClick(gallery.viewport(), Qt.MouseButton.LeftButton, pos=box.center().toPoint())
        assert caught.args == [name, 5]
    assert not chosen


def test_selected_and_hovered_rows_hold_still_until_the_pointer_leaves(
    qtbot: QtBot, gallery: Gallery
) -> None:
    gallery.left.connect(gallery.model.release)
    gallery.set_selection([3])
    hover(gallery, middle(gallery, 7))
    assert gallery.still_row == 7
    turned = np.arange(COUNT, 0, -1)
    gallery.model.update(whole(turned, np.linspace(1, 0, COUNT).astype(np.float32)), gallery.still_row)
    assert gallery.model.ids[:8].tolist() == list(range(1, 9))
    assert gallery.model.ids[8:].tolist() == list(range(COUNT, 8, -1))
    with qtbot.waitSignal(gallery.left):
        QApplication.sendEvent(gallery.viewport(), _leave())
    assert gallery.model.ids.tolist() == turned.tolist()


def _leave():  # type: ignore[no-untyped-def]
    from PySide6.QtCore import QEvent

    return QEvent(QEvent.Type.Leave)


# --- for everyone, and for the large ---


def test_a_cutout_reads_as_words(gallery: Gallery) -> None:
    assert gallery.describe(4) == f"Rank 5 of {COUNT}, lens, no label"
    assert gallery.describe(0) == f"Rank 1 of {COUNT}, lens, yes A"
    assert gallery.describe(1).endswith("no")
    gallery.set_selection([3])
    assert gallery.accessibleDescription() == f"Rank 3 of {COUNT}, lens, unsure"


def test_ten_million_rows_are_one_stop(qtbot: QtBot, session: Session) -> None:
    ids = np.arange(1, 10_000_001)
    gallery = show(qtbot, session, ids)
    grabbed(gallery)
    gallery.move_selection("last")
    gallery.move_selection("last")
    grabbed(gallery)
    assert gallery.current == 10_000_000
    assert len(gallery.visible_rows()) < 40
    position = QPointF(gallery.square(len(ids) - 1).center())
    assert gallery.row_at(position) == len(ids) - 1


def test_a_list_longer_than_32_bits_of_px_has_its_end(qtbot: QtBot, session: Session) -> None:
    count = 10_000_000
    gallery = show(qtbot, session, np.arange(1, count + 1))
    gallery.set_columns(1)
    assert gallery.grid.height > 2**31
    gallery.move_selection("last")
    gallery.move_selection("last")
    assert gallery.visible_rows()[-1] == count - 1
    square = gallery.square(count - 1)
    assert gallery.viewport().rect().contains(square)
    assert gallery.row_at(QPointF(square.center())) == count - 1
    gallery.move_selection("first")
    assert gallery.visible_rows()[0] == 0
    assert gallery.square(0).top() == gallery.grid.top

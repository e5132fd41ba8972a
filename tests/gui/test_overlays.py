"""Overlays on the mosaic: switched, drawn, clicked, selected, remembered, written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.region_text import read_regions
from astrotl_gui.core.sky_index import SkyIndex
from astrotl_gui.gui import overlays
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.mosaic_menu import build_menu
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.overlay_ink import blank, counts, rings, shade, stamp
from astrotl_gui.gui.overlay_saving import save_regions
from astrotl_gui.gui.overlays import CANDIDATES, DETECTIONS, LABELS
from astrotl_gui.gui.selection import Selection, joined
from astrotl_gui.gui.session import Session
from tests.gui.small_mosaic import NX, NY, STARS, grabbed, screen
from tests.gui.small_project import LEFT, SHIFT, K, field, press, project, start, window

__all__ = ["field", "project", "start", "window"]


def scattered(session: Session, count: int) -> None:
    """Give the session many sources, ranked by id."""
    rng = np.random.default_rng(0)
    ids, x, y = np.arange(1, count + 1), rng.uniform(0, NX, count), rng.uniform(0, NY, count)
    table = {"id": ids, "x": x, "y": y, "ra": 150 + x / 1e5, "dec": y / 1e5, "a": np.full(count, 0.4)}
    session.catalog = Catalog(pa.table(table))
    session._rankings["lens"] = Ranking("lens", ids, np.linspace(1, 0, count, dtype=np.float32), "test")
    session.catalog_changed.emit()


# -- ink


def test_a_density_holds_every_source_once_at_any_cell() -> None:
    rng = np.random.default_rng(1)
    index = SkyIndex.of(rng.uniform(0, 800, 5000), rng.uniform(0, 500, 5000), (500, 800))
    for cell in (0.5, 2.0, 16.0):
        found, (left, low), side = counts(index, (-80, -50, 880, 550), cell)
        assert found.sum() == 5000
        assert side == cell
        assert left <= -80 and low <= -50
    mine, (left, low), _ = counts(index, (100, 100, 131, 131), 8.0)
    assert mine.sum() == len(index.inside((left, low, left + 8 * mine.shape[1], low + 8 * mine.shape[0])))


def test_cells_of_a_density_stay_where_they_are_while_one_pans(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    index = SkyIndex.of(rng.uniform(0, 800, 5000), rng.uniform(0, 500, 5000), (500, 800))
    for most in (10**6, 0):  # one by one, and by the cells of the index
        monkeypatch.setattr("astrotl_gui.gui.overlay_ink.EXACT", most)
        first, (left, low), side = counts(index, (100, 100, 400, 300), 16.0)
        second, (left2, low2), _ = counts(index, (133, 117, 433, 317), 16.0)
        dx, dy = round((left2 - left) / side), round((low2 - low) / side)
        lines, columns = min(first.shape[0] - dy, second.shape[0]), min(first.shape[1] - dx, second.shape[1])
        np.testing.assert_array_equal(first[dy : dy + lines, dx : dx + columns], second[:lines, :columns])


def test_the_densest_sky_is_still_translucent() -> None:
    picture = shade(np.array([[0.0, 1.0], [50.0, 1e6]]), 50.0, 0xD2)
    alpha = picture >> 24
    assert alpha[1, 0] == 0, "the lower row comes last"
    assert alpha.max() == alpha[0, 0] == alpha[0, 1] < 128
    assert 0 < alpha[1, 1] < alpha[0, 0]


def test_glyphs_keep_their_ink_and_stay_inside() -> None:
    picture = blank(20, 20)
    halo, ink = np.uint32(0xC8000000), np.uint32(0xFFD2D2D2)
    glyph = np.full((3, 3), halo)
    glyph[1, 1] = ink
    stamp(picture, glyph, np.array([5.5, 6.5, 19.9, -3.0]), np.array([5.5, 5.5, 5.0, 5.0]))
    assert picture[5, 5] == ink == picture[5, 6], "no halo over another's ink"
    assert (picture != 0).sum() == 12


def test_an_ellipse_is_drawn_along_its_rim() -> None:
    picture = blank(200, 120)
    one = np.ones(1)
    rings(picture, 100 * one, 60 * one, 60 * one, 20 * one, np.radians(30) * one, 200)
    light = picture & 0xFF
    rows, columns = np.nonzero(light > 100)
    dx, dy = columns - 100.0, 60.0 - rows  # y up
    along, across = (
        dx * np.cos(np.pi / 6) + dy * np.sin(np.pi / 6),
        -dx * np.sin(np.pi / 6) + dy * np.cos(np.pi / 6),
    )
    assert np.abs(np.hypot(along / 60, across / 20) - 1).max() < 0.06
    angles = np.sort(np.arctan2(across / 20, along / 60))
    assert np.diff(angles).max() < 0.1, "without a gap"


# -- the selection


def test_a_selection_reads_as_a_list() -> None:
    some = Selection([5, 3, 9])
    assert some == [5, 3, 9] and some == [5, 3, 9] and some != [5, 3] and some != [5, 3, 8]
    assert list(some) == [5, 3, 9] and some[-1] == 9 and some[-1:] == [9] and len(some) == 3
    assert 3 in some and 4 not in some and "3" not in some
    assert joined([1, 5], some) == [1, 5, 3, 9]


def test_a_box_around_many_is_one_array(view: MosaicView, session: Session, qtbot: QtBot) -> None:
    scattered(session, 3000)
    view.zoom_out()
    qtbot.mousePress(view, LEFT, SHIFT, QPoint(2, 2))
    qtbot.mouseMove(view, QPoint(300, 300))
    qtbot.mouseMove(view, QPoint(view.width() - 2, view.height() - 2))
    qtbot.mouseRelease(view, LEFT, SHIFT, QPoint(view.width() - 2, view.height() - 2))
    assert isinstance(session.selection, Selection)
    assert len(session.selection) == 3000
    assert session.selected == 1, "the best ranked is the current one"
    assert [mark.id for mark in view.marks.marks if mark.selected] == [1], "the others are drawn all at once"
    points = session.overlays.points(overlays.SELECTED)
    assert points is not None and len(points.index) == 3000
    x, y = view.viewport.to_image(100, 100), view.viewport.to_image(200, 200)
    control = SHIFT | Qt.KeyboardModifier.ControlModifier
    session.select(7)
    qtbot.mousePress(view, LEFT, control, QPoint(100, 100))
    qtbot.mouseMove(view, QPoint(150, 150))
    qtbot.mouseMove(view, QPoint(200, 200))
    qtbot.mouseRelease(view, LEFT, control, QPoint(200, 200))
    inside = session.overlays.index.inside((x[0], y[1], y[0], x[1]))
    assert {*session.selection} == {7, *session.catalog.ids[inside].tolist()}, "Ctrl adds"


# -- what is drawn


def test_each_overlay_is_drawn_and_m_hides_all(view: MosaicView, session: Session) -> None:
    scattered(session, 400)
    session.select_many([])
    session.label_as([300, 301], "positive", "lens")
    session.overlays.show(CANDIDATES, False)
    bare = grabbed(view)
    assert not view.marks.marks
    for kind in (DETECTIONS, LABELS, CANDIDATES):
        session.overlays.show(kind, True)
        assert grabbed(view) != bare, kind
        view.toggle("marks")
        assert grabbed(view) == bare
        view.toggle("marks")
        session.overlays.show(kind, False)
        assert grabbed(view) == bare


def test_how_many_candidates_are_marked(view: MosaicView, session: Session) -> None:
    scattered(session, 1500)
    overlay = session.overlays
    for top, marked, behind in ((20, 20, 0), (100, 100, 0), (1000, 100, 900), (0, 100, 1400)):
        overlay.set_top(top)
        points = overlay.points(CANDIDATES)
        assert len(view.marks.marks) == marked
        assert (len(points.rows) if points is not None else 0) == behind
        assert overlay.count(CANDIDATES) == (top or 1500)
    session.label_as([50, 1200], "negative", "lens")
    overlay.show(LABELS, True)
    labelled, others = overlay.points(LABELS), overlay.points(CANDIDATES)
    assert labelled is not None and labelled.rows.tolist() == [1199], "50 has a mark of its own"
    assert others is not None and len(others.rows) == 1399, "a label is drawn once"


def test_crowds_become_dots_and_then_a_density(view: MosaicView, session: Session) -> None:
    session.overlays.show(CANDIDATES, False)
    session.overlays.show(DETECTIONS, True)
    seen = []
    for count in (50, 3000, 40_000):
        scattered(session, count)
        seen.append(grabbed(view))
    assert seen[0] != seen[1] != seen[2]
    corner = seen[2].pixelColor(5, view.height() // 2)
    assert corner.lightness() < 140, "the sky stays the brightest"


def test_panning_moves_what_was_drawn(view: MosaicView, session: Session) -> None:
    scattered(session, 2000)
    session.overlays.show(DETECTIONS, True)
    view._show(view.viewport.zoomed(3))
    grabbed(view)
    layer = view.layers["overlays"]
    before = layer._patch  # type: ignore[attr-defined]
    view.drag(12, 7)
    grabbed(view)
    assert layer._patch is before, "only moved"  # type: ignore[attr-defined]
    view.drag(900, 0)
    grabbed(view)
    assert layer._patch is not before  # type: ignore[attr-defined]


def test_very_many_sources_are_sorted_in_the_background(
    view: MosaicView, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlays, "AT_ONCE", 100)
    scattered(session, 500)
    place = QPointF(*view.viewport.to_screen(float(session.catalog.x[40]), float(session.catalog.y[40])))
    assert view.source_at(place) == 41, "a click is understood meanwhile"
    qtbot.waitUntil(lambda: session.overlays.index is not None)
    assert view.source_at(place) == 41
    session.overlays.set_top(0)
    points = session.overlays.points(CANDIDATES)
    assert points is not None and points.index is session.overlays.index, "all are sorted already"


# -- catalogs and regions


def test_a_catalog_and_regions_over_the_sky(
    view: MosaicView, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    overlay, said = session.overlays, []
    session.messaged.connect(said.append)
    x, y = STARS[1]
    (tmp_path / "own.csv").write_text(f"name,x,y\nNGC 1,{x + 5},{y}\nNGC 2,20,30\n")
    regions = f"image\ncircle({x + 1},{y + 1},40) # text={{ring}}\nbox(100,100,30,20,10)\nvector(1,2,3,4)\n"
    (tmp_path / "marks.reg").write_text(regions)
    overlay.show(CANDIDATES, False)
    bare = grabbed(view)
    for name in ("own.csv", "marks.reg"):
        overlay.add(tmp_path / name)
    qtbot.waitUntil(lambda: all(file.content is not None for file in overlay.files))
    assert [message.detail for message in said] == ["1 is left out: vector."]
    assert grabbed(view) != bare
    at = QPointF(screen(view, 2) + QPoint(13, 0))
    assert view.source_at(at) == 2, "the catalog's mark leads to the source beneath it"
    texts = [action.text() for action in build_menu(view, at).actions()]
    assert "Copy “NGC 1” of own.csv" in texts
    save_regions(session, tmp_path / "out.reg")
    qtbot.waitUntil(lambda: (tmp_path / "out.reg").exists())
    written = read_regions(tmp_path / "out.reg").regions
    assert [region.shape for region in written] == ["point", "point", "circle", "box"]
    assert written[2].text == "ring"
    session.store()
    assert session.project is not None
    kept = session.project.view["overlays"]
    assert [Path(file["path"]).name for file in kept["files"]] == ["own.csv", "marks.reg"]
    own, marks = overlay.files
    overlay.show_file(own, False)
    overlay.remove(marks)
    assert grabbed(view) == bare
    said[-1].actions[0][1]()
    assert overlay.files == [own, marks]
    assert grabbed(view) != bare, "put back"


def test_a_file_that_cannot_be_read_leaves(
    view: MosaicView, session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "bad.reg").write_text("image\ncircle(1,2\n")
    with qtbot.waitSignal(session.messaged) as said:
        session.overlays.add(tmp_path / "bad.reg")
    assert "bad.reg, line 2" in said.args[0].detail
    assert session.overlays.files == []


# -- the window


def test_the_popover_the_keys_and_a_drop(
    window: MainWindow, project: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    overlay = window.session.overlays
    press(window, K.Key_L, SHIFT)
    popover = window.explore.overlays
    assert popover.isVisible()
    for kind, shown in ((DETECTIONS, True), (LABELS, True), (CANDIDATES, False)):
        QTest.mouseClick(popover.switches[kind], LEFT)
        assert overlay.shows(kind) is shown
    popover.top.chosen.emit("1000")
    assert overlay.top == 1000
    (tmp_path / "own.csv").write_text("name,x,y\nNGC 1,20,30\n")
    window.open_paths([tmp_path / "own.csv"])
    qtbot.waitUntil(lambda: bool(overlay.files) and overlay.files[0].content is not None)
    assert window.page == "explore", "a catalog dropped on the mosaic lies over it"
    QTest.mouseClick(popover.switches["file 0"], LEFT)
    assert not overlay.files[0].shown
    popover.close()
    window.session.close_project()
    window.session.open_project(project)
    qtbot.waitUntil(lambda: bool(overlay.files) and overlay.files[0].content is not None)
    assert (overlay.top, overlay.shows(DETECTIONS), overlay.shows(CANDIDATES)) == (1000, True, False)
    assert not overlay.files[0].shown, "what is shown is remembered with the project"
    window.explore.show_overlays()
    QTest.mouseClick(popover.removes["file 0"], LEFT)
    assert overlay.files == []
    popover.close()

"""One source of cutouts for every view: what is read in which order, what is shared, and that the bound holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from scipy import ndimage

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.places import Places
from astrotl_gui.core.stretch import render_bands
from astrotl_gui.gui import cutout_source, theme
from astrotl_gui.gui.cutout_picture import Stamp, enlarged, image_of, read_planes
from astrotl_gui.gui.cutout_source import CutoutSource, Kept
from astrotl_gui.gui.gallery import Gallery
from astrotl_gui.gui.list_order import ListOrder, whole
from astrotl_gui.gui.models import CandidateModel
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.thumbnails import Thumbnails
from tests.gui.small_mosaic import NX, NY, make_session

COUNT = 1_000_000


@pytest.fixture(scope="module")
def million() -> Catalog:
    ids, rng = np.arange(1, COUNT + 1), np.random.default_rng(3)
    nowhere = np.full(COUNT, np.nan)
    x, y = rng.uniform(0, NX - 1, COUNT), rng.uniform(0, NY - 1, COUNT)
    return Catalog.from_columns({"id": ids, "ra": nowhere, "dec": nowhere, "x": x, "y": y}).indexed()


@pytest.fixture(scope="module")
def order(million: Catalog) -> ListOrder:
    ids = np.random.default_rng(4).permutation(COUNT) + 1
    return whole(ids, np.linspace(1, 0, COUNT, dtype=np.float32), Places(ids))


@pytest.fixture
def session(qapp: QApplication, tmp_path: Path, million: Catalog) -> Iterator[Session]:
    """A small mosaic under a million sources."""
    theme.apply(qapp)
    made = make_session(tmp_path)
    made.catalog = million
    yield made
    made.jobs.close()
    if made.project is not None:
        made.project.close()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sources whose planes were read, in order, by one thread."""
    made: list[int] = []

    def read(mosaic: Any, stamp: Stamp) -> Any:
        made.append(stamp.source)
        return read_planes(mosaic, stamp)

    monkeypatch.setattr(cutout_source, "read_planes", read)
    monkeypatch.setattr(cutout_source, "THREADS", 1)
    return made


@pytest.fixture
def gallery(qtbot: QtBot, session: Session, order: ListOrder, reads: list[int]) -> Gallery:
    thumbnails = Thumbnails(session)
    made = Gallery(CandidateModel(), thumbnails, {}.get)
    for part in (made.model, thumbnails):
        part.setParent(made)
    qtbot.addWidget(made)
    made.resize(383, 600)
    made.model.reset(order)
    with qtbot.waitExposed(made):
        made.show()
    return made


def drawn(qtbot: QtBot, gallery: Gallery) -> list[int]:
    """Wait until all that is wanted is there; the ids in view."""
    gallery.viewport().repaint()
    qtbot.waitUntil(lambda: gallery.thumbnails.idle, timeout=10_000)
    return [gallery.model.id_at(row) for row in gallery.visible_rows()]


def test_nearest_the_eye_first_then_on_as_it_was_scrolled(
    qtbot: QtBot, session: Session, gallery: Gallery, reads: list[int]
) -> None:
    drawn(qtbot, gallery)
    gallery.verticalScrollBar().setValue(1_000_000)
    reads.clear()
    gallery.set_selection([gallery.model.id_at(gallery.visible_rows()[5])])
    seen = drawn(qtbot, gallery)
    first = gallery.visible_rows()[0]
    place = {gallery.model.id_at(first + k): k for k in range(-60, 90)}
    order = [place[source] for source in reads]
    here = len(seen)
    assert sorted(order[:here]) == list(range(here))
    away = [abs(k - 5) for k in order[:here]]
    assert away == sorted(away)
    assert order[here : 2 * here] == list(range(here, 2 * here)), "scrolled down: the page below comes next"
    reads.clear()
    gallery.verticalScrollBar().setValue(900_000)
    seen = drawn(qtbot, gallery)
    first = gallery.visible_rows()[0]
    place = {gallery.model.id_at(first + k): k for k in range(-60, 90)}
    order = [place[source] for source in reads]
    assert order[len(seen) : len(seen) + 3] == [-1, -2, -3], "scrolled up: the page above"


def test_what_scrolled_away_is_not_read(
    qtbot: QtBot, session: Session, gallery: Gallery, reads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(qtbot, gallery)
    reads.clear()
    let_go = threading.Event()
    plain = cutout_source.read_planes
    monkeypatch.setattr(
        cutout_source, "read_planes", lambda *a: (let_go.wait(10), plain(*a))[1]
    )  # the disk is slow
    for value in (200_000, 300_000, 600_000, 900_000):
        gallery.verticalScrollBar().setValue(value)
        gallery.viewport().repaint()
    let_go.set()
    seen = drawn(qtbot, gallery)
    assert set(seen) <= set(reads)
    assert len(reads) <= 3 * len(seen) + 1 + 9, "this screen and its neighbours, and what was being read"


def test_views_share_what_was_read_whatever_its_size(
    qtbot: QtBot, session: Session, gallery: Gallery, reads: list[int]
) -> None:
    seen = drawn(qtbot, gallery)
    reads.clear()
    other = Thumbnails(session)
    stamps = [other.stamp(source, 300) for source in seen]
    other.want(stamps)
    qtbot.waitUntil(lambda: other.idle, timeout=10_000)
    assert all(stamp is not None and other.current(stamp) for stamp in stamps)
    assert not reads
    assert CutoutSource.of(session) is other.source is gallery.thumbnails.source


def test_another_look_colours_anew_and_shows_the_old_till_then(
    qtbot: QtBot, session: Session, gallery: Gallery, reads: list[int]
) -> None:
    seen = drawn(qtbot, gallery)
    before = {source: gallery._picture(source) for source in seen}
    reads.clear()
    session.set_look(session.look.with_(stretch="linear"))
    assert {source: gallery._picture(source) for source in seen} == before
    drawn(qtbot, gallery)
    assert not reads
    assert session.mosaic is not None
    for source in seen[:4]:
        stamp, picture = gallery._stamp(source), gallery._picture(source)
        assert stamp is not None and picture is not None and picture.image is not None
        planes = enlarged(read_planes(session.mosaic, stamp), stamp.npix)
        look = replace(session.look, mode=stamp.mode)
        named = dict(zip(stamp.bands, planes, strict=True))
        assert picture.image == image_of(render_bands(named, session.levels, session.mosaic.spec, look))


def test_all_views_together_stay_within_the_bound(
    qtbot: QtBot, session: Session, gallery: Gallery, reads: list[int]
) -> None:
    other = Thumbnails(session)
    source = other.source
    source.planes.most, source.pictures.most = 400_000, 7_000_000
    for page in range(2):
        gallery.verticalScrollBar().setValue(50_000 * page)
        seen = drawn(qtbot, gallery)
        other.want(other.stamp(i, 256) for i in seen[:5])
        qtbot.waitUntil(lambda: other.idle, timeout=10_000)
        assert source.planes.nbytes <= 400_000
        assert source.pictures.nbytes <= 7_000_000
        assert all(gallery._picture(i) is not None for i in seen[5:])


def test_the_least_used_goes_first() -> None:
    kept: Kept[str, bytes] = Kept(10, len)
    kept.put("a", b"1234")
    kept.put("b", b"1234")
    assert kept.get("a") == b"1234"
    kept.put("c", b"1234")
    assert ("a" in kept, "b" in kept, "c" in kept, kept.nbytes) == (True, False, True, 8)
    kept.put("a", b"1")
    assert kept.nbytes == 5


def test_a_hidden_list_wants_nothing(
    qtbot: QtBot, session: Session, gallery: Gallery, reads: list[int]
) -> None:
    drawn(qtbot, gallery)
    gallery.hide()
    assert not any(shots or ahead for shots, ahead in gallery.thumbnails.source._wanted.values())


def test_enlarging_is_the_cubic_spline(qapp: QApplication) -> None:
    planes = np.random.default_rng(0).normal(size=(2, 20, 20)).astype(np.float32)
    grid = (np.arange(50) + 0.5) * 20 / 50 - 0.5
    places = np.meshgrid(grid, grid, indexing="ij")
    expected = [ndimage.map_coordinates(plane, places, order=3, mode="nearest") for plane in planes]
    assert np.allclose(enlarged(planes, 50), expected, atol=1e-5)
    planes[0, 3:5, 7] = np.nan
    hole = np.isnan(enlarged(planes, 40))
    assert hole[0, 6:10, 14:16].all() and hole.sum() == 8

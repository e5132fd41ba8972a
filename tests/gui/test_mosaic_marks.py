"""Marks on the mosaic."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from PySide6.QtCore import QPoint

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.gui.marks import Mark, crowded, placed
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.viewport import Viewport
from tests.gui.small_mosaic import NX, NY, brightness, grabbed, screen


def test_marks_follow_list_label_and_selection(view: MosaicView, session: Session) -> None:
    assert [(mark.id, mark.rank) for mark in view.marks.marks] == [(2, 1), (1, 2), (4, 3), (3, 4)]
    plain = grabbed(view)
    session.select(2)
    assert next(mark for mark in view.marks.marks if mark.id == 2).selected
    radius = next(mark for mark in view.marks.marks if mark.id == 2).radius(view.viewport.scale)
    tick = screen(view, 2) - QPoint(0, round(radius + 11))
    assert brightness(grabbed(view), tick) > 150 > brightness(plain, tick)
    session.label("negative", "X", advance=False)
    assert {mark.id: mark.value for mark in view.marks.marks}[2] == "negative"
    view.toggle("marks")
    assert brightness(grabbed(view), tick) < 100


def test_only_the_first_hundred_and_what_is_selected_are_marked(session: Session, view: MosaicView) -> None:
    count = 300
    rng = np.random.default_rng(0)
    ids = np.arange(1, count + 1)
    x, y = rng.uniform(0, NX, count), rng.uniform(0, NY, count)
    table = {"id": ids, "x": x, "y": y, "ra": 150 + x / 1e5, "dec": y / 1e5}
    session.catalog = Catalog(pa.table(table))
    scores = np.linspace(1, 0, count, dtype=np.float32)
    session._rankings["lens"] = Ranking("lens", ids, scores, "test")
    session.select(250)
    assert len(view.marks.marks) == 101
    assert {mark.id for mark in view.marks.marks} == {*range(1, 101), 250}


def test_crowded_marks_are_recognised() -> None:
    viewport = Viewport((1000, 1000), 500, 500, 1, 800, 800)
    dense = [Mark(i, 400 + 10 * (i % 10), 400 + 10 * (i // 10), 2, i + 1) for i in range(100)]
    sparse = [Mark(i, 150 + 70 * (i % 10), 150 + 70 * (i // 10), 2, i + 1) for i in range(100)]
    assert crowded(placed(dense, viewport))
    assert not crowded(placed(sparse, viewport))


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_its_own_mark(view: MosaicView, session: Session, target: str) -> None:
    plain = grabbed(view)
    session.set_target(target)
    assert (grabbed(view) == plain) is (target == "lens")

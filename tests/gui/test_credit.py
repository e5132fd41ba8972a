"""Whose data these are, on the sky: always to be read, never in the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF

from astrotl_gui.core.project import Project
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.sky_furniture import BAR_ROOM, credit_box
from astrotl_gui.gui.sky_layers import reserved
from astrotl_gui.gui.viewport import Viewport
from astrotl_gui.pipeline.real_fields import FIELDS
from tests.gui.small_mosaic import grabbed

CREDITS = [field.credit for field in FIELDS.values()]


@pytest.mark.parametrize("credit", CREDITS)
@pytest.mark.parametrize("size", [(908, 612), (776, 776), (2000, 1200), (420, 300), (310, 200), (240, 200)])
def test_it_stands_clear_of_scale_bar_and_overview(
    view: MosaicView, credit: str, size: tuple[int, int]
) -> None:
    view.resize(*size)
    box = credit_box(credit, view.viewport)
    bar = QRectF(0, size[1] - 48, BAR_ROOM, 48)
    assert not box.intersects(bar) and not box.intersects(QRectF(view.overview.geometry()))
    assert box.isEmpty() or QRectF(view.rect()).contains(box)
    assert box.isEmpty() == (size[0] < 310)


@pytest.mark.parametrize("credit", CREDITS)
def test_it_is_whole_in_a_small_window(view: MosaicView, credit: str) -> None:
    view.resize(908, 612)  # what the mosaic has in a window of 1280 × 720
    wide = credit_box(credit, Viewport((10, 10), width=4000, height=612))
    assert credit_box(credit, view.viewport).width() == wide.width() > 200


def test_it_is_painted_and_only_there(view: MosaicView, session: Session) -> None:
    assert session.mosaic is not None
    before = grabbed(view)
    session.mosaic.spec = replace(session.mosaic.spec, credit=CREDITS[0])
    after = grabbed(view)
    box = credit_box(CREDITS[0], view.viewport)
    changed = [
        (x, y)
        for x in range(before.width())
        for y in range(before.height())
        if before.pixel(x, y) != after.pixel(x, y)
    ]
    around = box.adjusted(-3, -4, 3, 6)
    assert len(changed) > 300 and all(around.contains(x, y) for x, y in changed)
    assert max(after.pixelColor(x, y).lightness() for x, y in changed) > 180
    assert reserved(view, session.mosaic)[-1] == box, "ranks keep off it"


def test_it_is_there_again_when_the_project_is(session: Session, tmp_path: Path) -> None:
    project = session.project
    assert project is not None
    project.spec = replace(project.spec, credit=CREDITS[1])
    project.save()
    again = Project.open(project.path)
    assert again.spec.credit == CREDITS[1]
    again.close()

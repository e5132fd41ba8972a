"""Saving the view: the picture is the sky, sharp at any size, with what was chosen on it."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from astrotl_gui.core.stretch import render_bands
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.mosaic_panes import MosaicPanes
from astrotl_gui.gui.view_file import CAPTION_HEIGHT
from astrotl_gui.gui.view_sheet import ViewSheet
from tests.gui.small_project import CTRL, LEFT, SHIFT, K, field, press, project, start, window
from tests.gui.test_companions import image, opened, panes

__all__ = ["field", "panes", "project", "start", "window"]


def saved(
    panes: MosaicPanes,
    qtbot: QtBot,
    path: Path,
    factor: int = 1,
    only: tuple[str, ...] = (),
    caption: bool = True,
) -> Message:
    """Save the view by its sheet, with only these layers drawn; what is said of it."""
    sheet = ViewSheet(panes, panes)
    sheet.open()
    sheet.set_path(path)
    sheet.enlarged.set_value(str(factor))
    for name, switch in sheet.switches.items():
        if switch.isChecked() != (name in only):
            qtbot.mouseClick(switch, LEFT)
    if sheet.caption.isChecked() != caption:
        qtbot.mouseClick(sheet.caption, LEFT)
    with qtbot.waitSignal(panes.view.session.messaged, timeout=10_000) as told:
        qtbot.mouseClick(sheet.save, LEFT)
    assert told.args is not None
    return told.args[0]


def pixels(path: Path) -> np.ndarray:
    read = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(read.constBits(), np.uint8).reshape(read.height(), read.width(), 4)[..., :3].copy()


def test_the_sky_is_sharp_and_its_pixels_know_where_they_are(
    panes: MosaicPanes, qtbot: QtBot, tmp_path: Path
) -> None:
    """At 4 × of a 2:1 view each image pixel is a square of 8 × 8, rendered as on screen."""
    view, session, mosaic = panes.view, panes.view.session, panes.view.session.mosaic
    assert mosaic is not None
    view.look_at(view.viewport.zoomed(2 / view.viewport.scale / view.devicePixelRatioF()).centred(150, 140))
    saved(panes, qtbot, tmp_path / "v.png", 4, caption=False)
    found = pixels(tmp_path / "v.png")
    ratio = view.devicePixelRatioF() * 4
    assert found.shape[:2] == (round(view.height() * ratio), round(view.width() * ratio))
    planes = {name: mosaic.read(name, (120, 110, 180, 170)) for name in "gri"}
    expected = render_bands(planes, session.levels, mosaic.spec, session.look)[::-1, :, :3]
    left, top = (round(v * ratio) for v in view.viewport.to_screen(119.5, 169.5))
    np.testing.assert_array_equal(found[top + 4 : top + 480 : 8, left + 4 : left + 480 : 8], expected)
    cards = QImage(str(tmp_path / "v.png")).text("WCS")
    wcs = WCS(fits.Header.fromstring(cards, sep="\n"))
    sx, sy = view.viewport.to_screen(200.0, 220.0)
    ra, dec = wcs.pixel_to_world_values(sx * ratio - 0.5, found.shape[0] - 0.5 - sy * ratio)
    assert mosaic.pixel(ra, dec) == pytest.approx((200, 220), abs=0.02)


def test_what_is_switched_on_is_drawn_and_a_caption_stands_below(
    panes: MosaicPanes, qtbot: QtBot, tmp_path: Path
) -> None:
    view = panes.view
    saved(panes, qtbot, tmp_path / "bare.png", caption=False)
    saved(panes, qtbot, tmp_path / "bar.png", only=("scale", "grid"))
    bare, bar = pixels(tmp_path / "bare.png"), pixels(tmp_path / "bar.png")
    ratio = view.devicePixelRatioF()
    assert bar.shape[0] == bare.shape[0] + round(CAPTION_HEIGHT * ratio)
    sky = bar[: bare.shape[0]]
    row = round((view.height() - 24) * ratio)
    assert (sky[row, round(30 * ratio) : round(90 * ratio)] > 150).all()
    assert not (bare[row, round(30 * ratio) : round(90 * ratio)] > 150).all()
    assert (sky != bare).any(axis=2)[: row - 40].mean() > 0.001, "the grid's lines"
    assert (bar[bare.shape[0] + 1] == 255).all()
    read = QImage(str(tmp_path / "bar.png"))
    assert read.text("Title") == "sky"
    assert "i r g" in read.text("Description")
    assert "(ICRS)" in read.text("Description")


def test_a_pdf_has_the_sky_as_a_picture_and_the_rest_as_lines_and_letters(
    panes: MosaicPanes, qtbot: QtBot, tmp_path: Path
) -> None:
    opened(panes, qtbot, image(tmp_path / "b.fits", 20))
    saved(panes, qtbot, tmp_path / "v.pdf", 2, only=("scale", "compass"))
    data = (tmp_path / "v.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert data.rstrip().endswith(b"%%EOF")
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert box is not None
    page = [float(side) for side in box.groups()]
    assert page == pytest.approx([panes.width() * 0.75, (panes.height() + CAPTION_HEIGHT) * 0.75], abs=1)
    ratio = panes.view.devicePixelRatioF() * 2
    assert f"/Width {round(panes.width() * ratio)}".encode() in data
    assert b"/FontFile" in data
    streams = [
        zlib.decompress(part) for part in re.findall(rb"stream\r?\n(x.*?)\r?\nendstream", data, re.DOTALL)
    ]
    assert any(b" l\n" in part and b"Tj" in part for part in streams), "lines and text"


def test_failures_are_said(panes: MosaicPanes, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert saved(panes, qtbot, tmp_path / "file" / "v.png").kind == "alert"


def test_saving_is_asked_for_by_key_and_can_be_stopped(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    press(window, K.Key_E, CTRL | SHIFT)
    assert isinstance(window.sheet, ViewSheet)
    window.sheet.set_path(tmp_path / "stopped.png")
    window.sheet.write()
    (job,) = window.session.jobs.active
    with qtbot.waitSignal(job.finished):
        job.cancel()
    assert job.state == "cancelled"
    assert not (tmp_path / "stopped.png").exists()

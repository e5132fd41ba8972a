"""The card with all of the look, by mouse and by keys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from astrotl_gui.core.project import Project
from astrotl_gui.core.stretch import COLORMAPS, LIMITS, STRETCHES, Look
from astrotl_gui.gui import looks
from astrotl_gui.gui.look_panel import LookPanel
from astrotl_gui.gui.look_rows import LiveNumber
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.session import Session
from tests.gui.small_mosaic import sharp

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(qtbot: QtBot, session: Session, view: MosaicView) -> LookPanel:
    made = LookPanel(view)
    made.toggle()
    return made


def type_in(qtbot: QtBot, number: LiveNumber, text: str) -> None:
    number.field.setFocus()
    number.field.selectAll()
    qtbot.keyClicks(number.field, text)


def test_it_opens_within_the_view_and_closes(
    panel: LookPanel, session: Session, view: MosaicView, qtbot: QtBot
) -> None:
    assert panel.isVisible()
    assert view.rect().contains(panel.geometry())
    qtbot.mouseClick(panel, LEFT, pos=QPoint(4, panel.height() // 2))
    assert session.selection == [], "a click on the card is not one on the sky"
    view.resize(420, 300)
    assert view.rect().contains(panel.geometry())
    with qtbot.waitSignal(panel.shown_changed):
        qtbot.mouseClick(panel.close_button, LEFT)
    assert not panel.isVisible()


def test_stretch_limits_and_shape(panel: LookPanel, session: Session, qtbot: QtBot) -> None:
    type_in(qtbot, panel.shape.number, "4")
    now = looks.curve(session)
    assert now is not None
    assert now.q == pytest.approx(4)
    assert panel.turns.text().startswith(f"Linear below {session.look.softness:.3g} σ")
    session.set_look(session.look.with_(stretch="log"))
    panel.shape.slider.setFocus()
    before = session.look.softness
    qtbot.keyClick(panel.shape.slider, Qt.Key.Key_Right)
    assert session.look.softness > before
    session.set_look(session.look.with_(stretch="linear"))
    assert not panel.turns.isVisible()
    type_in(qtbot, panel.shape.number, "0.5")
    assert session.look.gamma == 0.5
    for name in STRETCHES:
        panel.stretch.setCurrentIndex(panel.stretch.findData(name))
        panel.stretch.activated.emit(panel.stretch.currentIndex())
        assert session.look.stretch == name
    assert panel.shape.name.text() == "Gamma"
    seen = set()
    for name in LIMITS:
        panel.limits.setCurrentIndex(panel.limits.findData(name))
        panel.limits.activated.emit(panel.limits.currentIndex())
        assert session.look.limits == name
        seen.add((panel.levels["black"].sigma.value, panel.levels["white"].sigma.value))
    assert len(seen) == len(LIMITS)


def test_levels_are_typed_in_sigma_or_in_image_units(
    panel: LookPanel, session: Session, qtbot: QtBot
) -> None:
    assert not panel.levels["white"].image.isVisible(), "in colour there is no one unit"
    session.set_look(Look("r", limits="99.5"))
    white, black = panel.levels["white"], panel.levels["black"]
    type_in(qtbot, white.sigma, "40")
    now = looks.curve(session)
    assert now is not None
    assert (session.look.limits, session.look.white) == ("auto", 40.0)
    assert session.look.black < -2, "the other stays where the percentile had it"
    assert panel.limits.currentText() == "By hand"
    levels = session.levels["r"]
    assert white.image.value == pytest.approx(levels.black + 40 * levels.noise, rel=1e-3)
    type_in(qtbot, black.image, f"{levels.black + 3 * levels.noise:.4f}")
    assert session.look.black == pytest.approx(3, abs=0.01)
    type_in(qtbot, black.sigma, "50")
    assert session.look.black == pytest.approx(5), "5 fits, 50 does not"
    assert black.sigma.field.text() == "50"
    assert black.sigma.says.isVisible()
    assert "39.5" in black.sigma.says.text()
    type_in(qtbot, panel.levels["mid"].sigma, "12")
    now = looks.curve(session)
    assert now is not None
    assert now.mid == pytest.approx(12, abs=0.1)
    qtbot.mouseClick(panel.reset, LEFT)
    assert session.look == Look("r")


def test_colour_maps_are_for_single_bands_and_weights_for_colour(
    panel: LookPanel, session: Session, view: MosaicView, qtbot: QtBot
) -> None:
    assert panel.colormap.isHidden()
    assert list(panel.scales) == ["i", "r", "g"]
    type_in(qtbot, panel.scales["g"].number, "2")
    assert session.look.scale == (("g", 2.0),)
    session.set_look(session.look.with_(mode="r"))
    assert panel.colormap.isVisible()
    assert panel.scales["g"].isHidden()
    qtbot.mouseClick(panel.colormap, LEFT, pos=panel.colormap.boxes()[1].center().toPoint())
    assert session.look.colormap == COLORMAPS[1]
    panel.colormap.setFocus()
    qtbot.keyClick(panel.colormap, Qt.Key.Key_Down)
    assert session.look.colormap == COLORMAPS[3]
    panel.toggle()
    sharp(qtbot, view)
    image = QImage(view.size(), QImage.Format.Format_RGB32)
    view.render(image)
    sx, sy = view.viewport.to_screen(350.0, 250.0)
    star, sky = image.pixelColor(round(sx), round(sy)), image.pixelColor(200, 300)
    assert star.red() > star.blue() + 60, "inferno is yellow where it is bright"
    assert sky.lightness() < 40


def test_switches_and_what_is_remembered(
    panel: LookPanel, session: Session, view: MosaicView, qtbot: QtBot
) -> None:
    assert not panel.overlays["depth"].isEnabled(), "no band has a noise map"
    for switch in (panel.invert, panel.overlays["mask"]):
        qtbot.mouseClick(switch, LEFT)
    assert session.look.invert
    assert view.shows("mask")
    type_in(qtbot, panel.smooth.number, "1.5")
    session.store()
    assert session.project is not None
    again = Project.open(session.project.path)
    assert Look.from_dict(again.view["look"]) == session.look == replace(Look(), invert=True, smooth=1.5)
    assert again.view["layers"] == ["mask", "marks"]
    again.close()
    view.toggle("mask")
    session.project.view["layers"] = ["mask"]
    session.project_changed.emit()
    assert view.shows("mask")
    assert not view.shows("marks")


def test_smoothing_leaves_no_seams(session: Session, view: MosaicView, qtbot: QtBot) -> None:
    """The picture of a smoothed mosaic is as smooth across the borders of tiles (256, 512) as elsewhere."""
    view.viewport = view.viewport.zoomed(1 / view.viewport.scale)
    session.set_look(Look("r", "linear", black=-4.0, white=4.0, smooth=3.0))
    sharp(qtbot, view)
    assert view.canvas is not None
    sheet = view.canvas._sheet
    assert sheet is not None
    rows = sheet._pixels[::-1, :, 0].astype(int)
    steps = np.abs(np.diff(rows, axis=1))[3:].mean(axis=0)
    at_border = [steps[n - 1] for n in (256, 512)]
    assert max(at_border) < 1.5 * np.median(steps)
    assert np.median(steps) < 6

"""The token table, the type, and what they are turned into."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from astrotl_gui.core.resources import resource
from astrotl_gui.gui import theme
from astrotl_gui.gui.theme import LIGHT, SKY, Tokens

THEMES = pytest.mark.parametrize("t", [SKY, LIGHT], ids=["dark", "light"])


@pytest.fixture(autouse=True)
def dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    theme.apply(qapp)


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.1, https://www.w3.org/TR/WCAG21/#dfn-relative-luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_contrast_formula_has_its_known_values() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@THEMES
def test_text_has_contrast_enough(t: Tokens) -> None:
    for ground in (t.window, t.pane, t.control):
        for text in (t.text, t.text2, t.text3, t.yes, t.no, t.unsure, t.alert):
            assert contrast(text, ground) >= 4.5, (text, ground)
        assert contrast(t.border, ground) >= 3
    assert contrast(t.text, t.hover) >= 4.5
    assert contrast(t.main_text, t.main) >= 4.5


@THEMES
def test_only_labels_and_alert_have_colour(t: Tokens) -> None:
    coloured = {f.name for f in fields(t) if QColor(getattr(t, f.name)).saturation() > 0}
    assert coloured == {"yes", "no", "unsure", "alert"}


def test_apply_sets_palette_and_font_of_the_application(qapp: QApplication) -> None:
    theme.apply(qapp, "light", 100)
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor("#E6E6E6")
    assert theme.tokens() is LIGHT
    theme.apply(qapp, "dark", 100)
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor("#121212")
    assert qapp.font().family() == "Inter"


def test_every_token_of_the_style_sheet_exists(qapp: QApplication) -> None:
    names = set(re.findall(r"\$(\w+)", resource("style.qss").read_text()))
    assert names <= {f.name for f in fields(Tokens)}
    theme.apply(qapp)
    assert "$" not in qapp.styleSheet()


def test_inter_is_loaded_in_three_weights_with_figures_of_one_width(qapp: QApplication) -> None:
    widths = []
    for weight in (400, 500, 600):
        metrics = QFontMetricsF(theme.font(12, weight))
        assert metrics.horizontalAdvance("1111") == pytest.approx(metrics.horizontalAdvance("0000"))
        widths.append(metrics.horizontalAdvance("Candidate"))
    assert widths == sorted(set(widths)), (
        "each weight is wider than the one before, so it is a font of its own"
    )


@pytest.mark.parametrize(("size", "pixels"), [(50, 11), (90, 11), (100, 12), (150, 18), (200, 24), (400, 24)])
def test_text_size_scales_every_type_within_its_range(qapp: QApplication, size: int, pixels: int) -> None:
    theme.apply(qapp, "dark", size)
    assert theme.font(12).pixelSize() == pixels


def test_text_size_reaches_widgets_that_exist_already(qtbot: QtBot, qapp: QApplication) -> None:
    label = QLabel("x")
    qtbot.addWidget(label)
    theme.set_font(label, 15, 600)
    theme.apply(qapp, "dark", 200)
    assert label.font().pixelSize() == 30
    assert label.font().weight() == QFont.Weight.DemiBold


def test_reduced_motion_makes_animations_instant(qapp: QApplication) -> None:
    theme.apply(qapp, "dark", 100, reduce_motion=True)
    assert theme.duration(160) == 0
    theme.apply(qapp)
    assert theme.duration(160) == 160


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0, 3.0])
def test_borders_are_sharp_at_fractional_scale(qapp: QApplication, ratio: float) -> None:
    side = 60
    image = QImage(round(side * ratio), round(side * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor("black"))
    painter = QPainter(image)
    theme.paint_box(painter, QRectF(0, 0, side, side), "#000000", "#FFFFFF")
    painter.end()
    middle = image.height() // 2
    greys = [image.pixelColor(x, middle).red() for x in range(image.width() // 2)]
    width = max(1, round(ratio))
    assert greys[:width] == [255] * width
    assert set(greys[width:]) == {0}, "no grey pixel beside the line"


def test_fonts_are_small_and_carry_their_licence() -> None:
    folder = resource("fonts")
    assert sum(file.stat().st_size for file in folder.iterdir()) < 2_500_000
    assert "SIL OPEN FONT LICENSE" in (folder / "LICENSE.txt").read_text()
    with pytest.raises(FileNotFoundError):
        resource("fonts/None.otf")

"""The status bar: what is under the cursor, what runs, and that every label is on disk."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from . import theme
from .controls import Icon, Label
from .job_chip import JobChip

if TYPE_CHECKING:
    from .jobs import Jobs

HEIGHT = 27  # and a line above
MOST_DECIMALS = 7
GAP_LABEL, GAP_COLUMN = 6, 18
MASKED, NO_VALUE = "masked", "no value"
DEGREES = "deg"
STATE_ROOM = 120
"""Degrees are left out where they would leave less than this [px] to what is wrong with the pixel."""


def ra_text(ra: float) -> str:
    """Right ascension [deg] in hours, "03 32 38.611"."""
    return _sexagesimal((ra % 360) / 15, 3, 24)


def dec_text(dec: float) -> str:
    """Declination [deg], "−27 48 21.42"."""
    return ("−" if dec < 0 else "+") + _sexagesimal(abs(dec), 2, 91)


def _sexagesimal(value: float, decimals: int, turn: int) -> str:
    unit = 10**decimals
    whole = round(value * 3600 * unit) % (turn * 3600 * unit)
    seconds, part = divmod(whole, unit)
    return f"{seconds // 3600:02d} {seconds // 60 % 60:02d} {seconds % 60:02d}.{part:0{decimals}d}"


def number_text(value: float | None, noise: float) -> str:
    """A pixel value to a tenth of the sky's noise, with a real minus sign; an en dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    decimals = max(0, 1 - math.floor(math.log10(noise))) if noise > 0 else 4
    text = f"{value:.{decimals}f}" if decimals <= MOST_DECIMALS else f"{value:.2e}"
    return text.replace("-", "−")


def _state(at: Any) -> str:
    """Why the pixel cannot be trusted, if it cannot, and what masks that name their bits say of it."""
    known = [value for value in at.values.values() if value is not None]
    empty = bool(known) and not any(map(math.isfinite, known))
    said = (NO_VALUE if empty else MASKED) if at.bad else ""
    flags = ", ".join(at.flags)
    return f"{said}: {flags}" if said and flags else said or flags


class ReadOut(QWidget):
    """x, y, RA, Dec, the value in each band, the mask, and degrees where there is room; each keeps its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._noise: dict[str, float] = {}
        self._sky, self._largest = True, "0000.0"
        self._cells: list[tuple[str, str]] = []
        self._said = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Under the cursor")

    def set_mosaic(self, noise: Mapping[str, float], shape: tuple[int, int], sky: bool) -> None:
        """Lay out columns for the bands of `noise` (each with its sky's σ) and a mosaic of this shape.

        RA and Dec only where the mosaic has coordinates.
        """
        self._noise, self._sky = dict(noise), sky
        self._largest = "0" * len(str(max(shape))) + ".0"
        self.show_values(None)

    def show_values(self, values: Any) -> None:
        """Show a Readout(x, y, ra, dec, values, bad) of the mosaic view; None empties the columns."""
        self._show([] if values is None else self._texts(values), said=False)

    def say(self, cells: list[tuple[str, str]]) -> None:
        """Show these (name, figure) pairs instead, as wide as they are; none empties the columns."""
        self._show(cells, said=True)

    def _show(self, cells: list[tuple[str, str]], said: bool) -> None:
        self._cells, self._said = cells, said
        self.setAccessibleDescription(", ".join(f"{name} {text}" for name, text in self._cells))
        self.update()

    def text(self) -> str:
        """All that is shown, as one line."""
        return "  ".join(f"{name} {text}".strip() for name, text in self._cells if name)

    def _texts(self, at: Any) -> list[tuple[str, str]]:
        cells = [("x", f"{at.x:.1f}".replace("-", "−")), ("y", f"{at.y:.1f}".replace("-", "−"))]
        if self._sky:
            known = math.isfinite(at.ra) and math.isfinite(at.dec)
            cells.append(("RA", ra_text(at.ra) if known else "–"))
            cells.append(("Dec", dec_text(at.dec) if known else "–"))
        cells += [(band, number_text(at.values.get(band), noise)) for band, noise in self._noise.items()]
        if self._sky:
            degrees = f"{at.ra:.6f} {at.dec:+.6f}".replace("-", "−")
            cells.append((DEGREES, degrees if known else "–"))
        return [*cells, (_state(at), "")]

    def _widest(self) -> list[str]:
        if self._said:
            return [text for _, text in self._cells]
        sky = ["00 00 00.000", "−00 00 00.00"] if self._sky else []
        values = [number_text(-9 * noise, noise) for noise in self._noise.values()]
        degrees = ["000.000000 −00.000000"] if self._sky else []
        return [self._largest, self._largest, *sky, *values, *degrees, ""]

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._cells:
            return
        painter = QPainter(self)
        plain, bold = theme.font(11, 400), theme.font(11, 600)
        names, values = QFontMetricsF(plain), QFontMetricsF(bold)
        left, height = 0.0, self.height()
        middle = Qt.AlignmentFlag.AlignVCenter
        columns = list(zip(self._cells, self._widest(), strict=True))
        room = sum(
            names.horizontalAdvance(n) + values.horizontalAdvance(w) + GAP_COLUMN
            for (n, _), w in columns[:-1]
        )
        for (name, text), widest in columns:
            if name == DEGREES and room + STATE_ROOM > self.width():
                continue  # what is wrong with the pixel goes first
            wide = names.horizontalAdvance(name)
            if not text and not self._said:
                name = names.elidedText(name, Qt.TextElideMode.ElideRight, self.width() - left)
            elif left + wide + values.horizontalAdvance(text) > self.width():
                break  # a column is whole or not there
            painter.setFont(plain)
            painter.setPen(theme.color("text2"))
            painter.drawText(QRectF(left, 0, wide + 2, height), middle, name)
            left += wide + GAP_LABEL
            painter.setFont(bold)
            painter.setPen(theme.color("text"))
            wide = max(values.horizontalAdvance(widest), values.horizontalAdvance(text))
            painter.drawText(QRectF(left, 0, wide + 2, height), middle, text)
            left += wide + GAP_COLUMN


class StatusBar(QWidget):
    """28 px: read-out, job chip, "All labels saved"."""

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.read_out = ReadOut()
        self.chip = JobChip(jobs)
        self._saved_icon = Icon("ph.check-circle", 15)
        self._saved = Label("All labels saved", 11, 400, "text2")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(0)
        row.addWidget(self.read_out, 1)
        row.addWidget(self.chip)
        row.addSpacing(18)
        row.addWidget(self._saved_icon)
        row.addSpacing(5)
        row.addWidget(self._saved)

    def show_project(self, shown: bool) -> None:
        """With a project, the read-out and that its labels are saved; without, only what runs."""
        self._saved.setVisible(shown)
        self._saved_icon.setVisible(shown)
        if not shown:
            self.read_out.show_values(None)

    def sizeHint(self) -> QSize:
        return QSize(400, theme.scaled(HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

"""The sheet "Noise, mask, weight…": zero point, noise, weight, mask and PSF of each band."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from astrotl_gui.core.bands import PLANE_ROLES, BandSpec
from astrotl_gui.core.fits import Plane

from . import theme
from .controls import Button, Label
from .fields import Choice, Field, NumberField
from .file_dialogs import FITS, choose_file
from .import_draft import Draft, bits_text, key_of, parse_bits
from .import_reading import read_planes
from .message import problem_message
from .notice import Notice
from .sheet import Sheet

if TYPE_CHECKING:
    from .session import Session

FROM_FILE = "file"
HEADS = ("Band", "Zero point", "Noise (1σ)", "Weight", "Mask", "Bad bits", "PSF")
WIDTHS = (56, 108, 148, 148, 148, 84, 148)
COLUMN = {"rms": 2, "weight": 3, "mask": 4, "psf": 6}
EXPLAINED = (
    "Noise is 1σ in image units, weight is inverse variance with 0 for no data. Bad bits are the bit numbers "
    "of the mask that spoil a pixel, such as 0, 4, 7; without them any value but 0 does. Leave out bits that "
    "mark detections. The zero point is the AB magnitude of one image unit; without it magnitudes stay empty."
)


def plane_text(plane: Plane) -> str:
    """A plane by the name of its file, with the HDU where it is not the first."""
    first = plane.hdu == 0 and plane.index < 0
    return plane.path.name + ("" if first else str(plane).removeprefix(str(plane.path)))


class PlanesSheet(Sheet):
    """Edits a draft; `changed(draft)` fires with each choice."""

    changed = Signal(object)

    def __init__(self, parent: QWidget, session: Session, draft: Draft) -> None:
        super().__init__(parent, "Noise, mask, weight", "What goes with each image", width=980)
        self.session = session
        self.draft = draft
        self.planes = _assigned(draft.bands)
        self.choices: dict[tuple[str, str], Choice] = {}
        self.zeropoints: dict[str, NumberField] = {}
        self.bits: dict[str, Field] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(8)
        self._notice: Notice | None = None
        for column, (text, width) in enumerate(zip(HEADS, WIDTHS, strict=True)):
            self._grid.addWidget(Label(text, 12, 500, "text2"), 0, column)
            self._grid.setColumnMinimumWidth(column, theme.scaled(width))
            self._grid.setColumnStretch(column, width if column > 1 else 0)
        for row, band in enumerate(draft.bands, start=1):
            self._add_band(row, band)
        self.body.addLayout(self._grid)
        self.body.addWidget(Label(EXPLAINED, 12, 400, "text3", wrap=True))
        self.body.addStretch(1)
        self.finish = Button("Done", main=True)
        self.finish.setMinimumWidth(theme.scaled(120))
        self.finish.clicked.connect(self.end)
        self.add_verb(self.finish)

    def _add_band(self, row: int, band: BandSpec) -> None:
        key = key_of(band)
        self._grid.addWidget(Label(band.name, 13, 600), row, 0)
        zeropoint = self.zeropoints[key] = NumberField(
            None, unit="AB mag", minimum=-50, maximum=100, height=28
        )
        zeropoint.set_value(band.zeropoint)
        zeropoint.field.setAccessibleName(f"Zero point of {band.name}")
        zeropoint.changed.connect(lambda: self._set_zeropoint(key))
        self._grid.addWidget(zeropoint, row, 1)
        for role in PLANE_ROLES:
            choice = self.choices[key, role] = Choice(height=28)
            choice.setAccessibleName(f"{HEADS[COLUMN[role]]} of {band.name}")
            choice.chosen.connect(lambda value, role=role: self._choose(key, role, value))
            self._grid.addWidget(choice, row, COLUMN[role])
        bits = self.bits[key] = Field("any but 0", height=28)
        bits.setText(bits_text(band.mask_bits))
        bits.setAccessibleName(f"Bad bits of {band.name}")
        bits.textEdited.connect(lambda text: self._set_bits(key, text))
        self._grid.addWidget(bits, row, 5)
        self._show_planes(key)

    def _show_planes(self, key: str) -> None:
        band = self.draft.band(key)
        for role in PLANE_ROLES:
            choice, now = self.choices[key, role], getattr(band, role)
            listed = [(str(plane), plane_text(plane)) for plane in self.planes]
            choice.set_options([("", "None"), *listed, (FROM_FILE, "Choose a file…")])
            choice.set_value(str(now) if now else "")
            choice.setToolTip(str(now) if now else "")
        self.bits[key].setEnabled(band.mask is not None)

    # --- edits -------------------------------------------------------------------------------------

    def _apply(self, draft: Draft) -> None:
        if draft != self.draft:
            self.draft = draft
            self.changed.emit(draft)

    def _set_zeropoint(self, key: str) -> None:
        field = self.zeropoints[key]
        if field.value is not None or not field.field.text().strip():
            self._apply(self.draft.with_zeropoint(key, field.value))

    def _set_bits(self, key: str, text: str) -> None:
        bits, field = parse_bits(text), self.bits[key]
        field.setProperty("wrong", "true" if bits is None else "false")
        field.setToolTip("Bit numbers from 0 to 62, such as 0, 4, 7" if bits is None else "")
        field.style().polish(field)
        if bits is not None:
            self._apply(self.draft.with_mask_bits(key, bits))

    def _choose(self, key: str, role: str, value: str) -> None:
        if value == FROM_FILE:
            self._show_planes(key)
            choose_file(self, HEADS[COLUMN[role]], FITS, lambda path: self.take_file(key, role, path))
            return
        plane = next((plane for plane in self.planes if str(plane) == value), None)
        self._assign(key, role, plane)

    def _assign(self, key: str, role: str, plane: Plane | None) -> None:
        self._apply(self.draft.with_plane(key, role, plane))
        self._show_planes(key)

    def take_file(self, key: str, role: str, path: Path) -> None:
        """Offer the planes of a file, and take the one that fits the role best."""
        job = self.session.jobs.run("Reading a file", read_planes, path, quiet=True)
        job.succeeded.connect(self._guard(lambda planes: self._take_planes(key, role, planes)))
        job.failed.connect(self._guard(self._say))

    def _guard(self, call: Callable[[Any], None]) -> Callable[[Any], None]:
        """Nothing is done with an answer that comes after the sheet was closed."""
        return lambda value: call(value) if self.isVisible() else None

    def _take_planes(self, key: str, role: str, planes: Sequence[Plane]) -> None:
        self.planes += [plane for plane in planes if plane not in self.planes]
        for other in self.draft.keys:
            self._show_planes(other)
        named = [
            plane for plane in planes if role.upper() in str(plane).removeprefix(str(plane.path)).upper()
        ]
        self._assign(key, role, (named or list(planes))[0])

    def _say(self, problem: Exception) -> None:
        message = problem_message(problem)
        if self._notice is not None:
            self._notice.deleteLater()
        self._notice = Notice("alert", message.title, message.detail)
        self.body.insertWidget(0, self._notice)


def _assigned(bands: Sequence[BandSpec]) -> list[Plane]:
    """Every plane that goes with some band."""
    planes = [getattr(band, role) for band in bands for role in PLANE_ROLES]
    return list(dict.fromkeys(plane for plane in planes if plane is not None))

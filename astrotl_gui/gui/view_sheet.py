"""The sheet that saves the view: which format, how large, what stands on the sky, where."""

from __future__ import annotations

import queue
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from ..core.stretch import bands_shown
from . import theme
from .controls import Button, Label, Segmented
from .fields import Field, Switch
from .file_dialogs import choose_new, documents, shown_path, written_message
from .import_form import free_name
from .sheet import Sheet
from .view_file import ViewFile, caption_of, picture_wcs, write_when_painted
from .view_picture import SkyPicture, furniture, pieces_of

if TYPE_CHECKING:
    from .companion_view import CompanionView
    from .mosaic_panes import MosaicPanes
    from .mosaic_view import MosaicView

FORMS = {".png": "PNG", ".pdf": "PDF"}
HINTS = {
    ".png": "A picture; its head names the field and tells the sky of its pixels.",
    ".pdf": "For print: lines and letters stay sharp at any size.",
}
FACTORS = (1, 2, 4)
MOST_PIXELS = 1.5e8
SWITCHES = {
    "marks": "Marks", "grid": "Coordinate grid", "compass": "Compass", "scale": "Scale bar", "credit": "Credit",
}  # fmt: skip
"""Layers of the view that can be left out or drawn."""
WIDTH = 600


class ViewSheet(Sheet):
    """Saves what the mosaic shows, in the background."""

    def __init__(self, panes: MosaicPanes, parent: QWidget) -> None:
        super().__init__(parent, "Save the view", width=WIDTH)
        self._panes, self._view = panes, panes.view
        session = self._view.session
        self._session = session
        self._jobs_parent = panes
        name = session.project.name if session.project is not None else "view"
        self.path = documents() / free_name(name)
        self.form = Segmented(list(FORMS.items()), fill=True, height=32)
        self.hint = Label("", 11, 400, "text3", wrap=True)
        self.enlarged = Segmented([], fill=True, height=32)
        self.which = Segmented(
            [("all", "All mosaics"), ("first", "Only this project’s")], fill=True, height=32
        )
        self.switches = {layer: Switch(text) for layer, text in SWITCHES.items()}
        self.caption = Switch("Caption", checked=True)
        self.field = Field(height=32)
        self.field.setReadOnly(True)
        self.replaces = Label("", 11, 400, "text3")
        self.change = Button("Change…", height=32)
        self.cancel, self.save = Button("Cancel", height=36), Button("Save the view", main=True, height=36)
        for layer, switch in self.switches.items():
            switch.setChecked(self._view.shows(layer))
        self._build()
        self._connect()
        self._take_form()
        self._take_which()

    # --- what is chosen ------------------------------------------------------------------------------

    @property
    def panes(self) -> list[MosaicView | CompanionView]:
        """The mosaics that go into the picture."""
        alone = self.which.value == "first" or not self._panes.beside or self._panes.blinking
        return [self._view] if alone else [self._view, *self._panes.beside]

    @property
    def factor(self) -> int:
        return int(self.enlarged.value)

    def layers(self) -> list[str]:
        """The layers that are drawn: those switched on, and what else is on the sky now."""
        return [
            name
            for name, layer in self._view.layers.items()
            if (self.switches[name].isChecked() if name in self.switches else layer.shown)
        ]

    def _take_form(self) -> None:
        self.hint.setText(HINTS[self.form.value])
        self.set_path(self.path.with_name(f"{self._stem()}{self.form.value}"))

    def _choose_form(self, form: str) -> None:
        self._take_form()
        if form == ".pdf" and self.enlarged.value == "1":
            self.enlarged.set_value("2")  # print is finer than a screen

    def _take_which(self) -> None:
        boxes = [piece.box for piece in pieces_of(self.panes)]
        width, height = max(box.right() + 1 for box in boxes), max(box.bottom() + 1 for box in boxes)
        ratio = self._view.devicePixelRatioF()
        options = []
        for factor in FACTORS:
            across, down = round(width * ratio * factor), round(height * ratio * factor)
            if factor == 1 or across * down <= MOST_PIXELS:
                text = "As on screen" if factor == 1 else f"{factor} ×"
                options.append((str(factor), f"{text}, {across:,} × {down:,}"))
        self.enlarged.set_options(options)

    def set_path(self, path: Path) -> None:
        """Write there; the ending names the format."""
        ending = path.suffix.lower()
        self.path = path if ending in FORMS else path.with_name(f"{path.name}{self.form.value}")
        self.form.set_value(self.path.suffix.lower())
        self.hint.setText(HINTS[self.form.value])
        self.field.setText(shown_path(self.path))
        self.field.setToolTip(str(self.path))
        self.replaces.setText("Replaces the file of this name." if self.path.exists() else "")

    def _stem(self) -> str:
        return self.path.stem if self.path.suffix.lower() in FORMS else self.path.name

    # --- verbs ---------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask for the file."""
        kinds = [f"{name} (*{ending})" for ending, name in FORMS.items()]
        choose_new(self, "Save the view", self.path, kinds, self.set_path)

    def write(self) -> None:
        """Paint and write in the background, and close."""
        session, mosaic, viewport = self._session, self._session.mosaic, self._view.viewport
        if mosaic is None:
            return
        panes, ratio = self.panes, self._view.devicePixelRatioF() * self.factor
        pieces = pieces_of(panes)
        bands = list(dict.fromkeys(chain.from_iterable(bands_shown(mosaic.spec, session.look))))
        name = session.project.name if session.project is not None else mosaic.spec.name
        names = ", ".join([name, *(pane.shown.name for pane in self._panes.beside if pane in panes)])
        caption = caption_of(names, bands if len(panes) == 1 else [], mosaic, viewport)
        facts = {"Title": names, "Description": caption, "Software": "AstroTL", "Source": mosaic.spec.credit}
        if len(panes) == 1:
            facts["WCS"] = picture_wcs(mosaic, viewport, ratio)
        facts = {key: text for key, text in facts.items() if text}
        file = ViewFile(
            self.path, furniture(pieces, self.layers()), caption if self.caption.isChecked() else "", facts
        )
        inbox: queue.Queue[object] = queue.Queue()
        sky = SkyPicture(pieces, ratio, self._jobs_parent)
        sky.progressed.connect(lambda done, total: inbox.put((done, total)))
        sky.painted.connect(inbox.put)
        sky.failed.connect(inbox.put)
        job = session.run("Saving the view", write_when_painted, inbox, file, then=self._saved)
        job.finished.connect(sky.stop)
        self.end()

    def _saved(self, path: Path) -> None:
        self._session.messaged.emit(written_message("View saved", path, shown_path(path)))

    # --- layout --------------------------------------------------------------------------------------

    def _build(self) -> None:
        on_sky = QWidget()
        grid = QGridLayout(on_sky)
        grid.setContentsMargins(0, 2, 0, 0)
        grid.setVerticalSpacing(4)
        for number, switch in enumerate([*self.switches.values(), self.caption]):
            cell = QHBoxLayout()
            cell.setSpacing(8)
            cell.addWidget(switch)
            cell.addWidget(Label(switch.accessibleName(), 12), 1)
            grid.addLayout(cell, number // 3, number % 3)
        self.add_row("Format", self.form, self.hint)
        self.add_row("Size", self.enlarged)
        if self._panes.beside and not self._panes.blinking:
            self.add_row("Mosaics", self.which)
        self.add_row("Drawn on it", on_sky)
        self.add_file_row(self.field, self.change, self.replaces)
        self.body.addStretch(1)
        for name, control in (
            ("Format", self.form),
            ("Size", self.enlarged),
            ("Mosaics", self.which),
            ("File", self.field),
        ):
            control.setAccessibleName(name)
        self.save.setMinimumWidth(theme.scaled(160))
        self.add_verb(self.cancel)
        self.add_verb(self.save)

    def _connect(self) -> None:
        self.form.chosen.connect(self._choose_form)
        self.which.chosen.connect(lambda _: self._take_which())
        self.change.clicked.connect(self.ask)
        self.cancel.clicked.connect(self.end)
        self.save.clicked.connect(self.write)
        self.run_by_keys(self.write)

"""The sheet that makes a project of stamps: what was found, how large a pixel is, where the project goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from . import theme
from .controls import Button, Label
from .fields import NumberField
from .file_dialogs import CATALOGS, choose_file, documents
from .import_form import FIELD_WIDTH, row
from .message import problem_message
from .notice import Notice
from .project_sheet import ProjectSheet
from .session_state import later

if TYPE_CHECKING:
    from astrotl_gui.pipeline.new_stamps import StampSet

    from .jobs import Job
    from .session import Session

EXPLAINED = (
    "Each stamp becomes one source. The stamps are copied into the project; your files stay as they are."
)


class StampsSheet(ProjectSheet):
    """Reads the stamps in the background, then offers to make the project. `ids` is a table of them."""

    def __init__(
        self, parent: QWidget, session: Session, paths: Sequence[Path], ids: Path | None = None
    ) -> None:
        super().__init__(parent, session, "New project from stamps", "Create project and rank")
        self.paths = list(paths)
        self.found: StampSet | None = None
        self._reading: Job | None = None
        self.facts = Label("", 13, 600, wrap=True)
        self.scale = NumberField(None, unit="″", minimum=1e-4, maximum=3600, height=28)
        self.scale.setFixedWidth(theme.scaled(FIELD_WIDTH))
        self.table = Button("Take a table…", height=28)
        self.table_hint = Label("", 12, 500, "text2")
        self.project.suggest(documents(), _name(self.paths))
        self.body.addWidget(self.facts)
        self.body.addLayout(self._notices)
        self.body.addWidget(row("Pixel scale", None, self.scale))
        self.body.addWidget(row("Ids, coordinates, classes", self.table_hint, self.table))
        self.finish(EXPLAINED)
        self.setFocusProxy(self.scale)
        self._connect()
        self._read(ids)

    def _connect(self) -> None:
        self.scale.changed.connect(self._refresh)
        self.table.clicked.connect(lambda: choose_file(self, "Take a table", CATALOGS, self.take_table))
        self.closed.connect(self._stop)

    # --- reading -----------------------------------------------------------------------------------

    def take_table(self, path: Path) -> None:
        """Read the stamps again, with a table of their ids."""
        self._read(path)

    def _read(self, ids: Path | None) -> None:
        self._stop()
        self.found = None
        self.facts.setText("Reading stamps…")
        self.table_hint.setText(ids.name if ids else "")
        self.say([])
        job = self._reading = self.session.jobs.run(
            "Reading stamps", later("new_stamps", "read_stamps"), self.paths, ids=ids
        )
        job.succeeded.connect(lambda found: self._take(found) if job is self._reading else None)
        job.failed.connect(lambda problem: self._fail(problem) if job is self._reading else None)
        self._refresh()

    def _take(self, found: StampSet) -> None:
        self._reading, self.found = None, found
        self.facts.setText(facts_text(found))
        if found.pixel_scale:
            self.scale.set_value(found.pixel_scale)
        notes = [Notice("warn", "Worth a look", note) for note in found.notes]
        if found.stamps.skipped:
            count = len(found.stamps.skipped)
            name, reason = found.stamps.skipped[0]
            title = f"{count:,} stamp{'' if count == 1 else 's'} cannot be read"
            notes.append(Notice("warn", title, f"Left out; the first, {name}: {reason}."))
        if not found.pixel_scale:
            detail = "Neither the stamps nor a table tell it. Say how large a pixel is."
            notes.append(Notice("note", "Pixel scale is not known", detail))
        self.say(notes)
        self._refresh()

    def _fail(self, problem: Exception) -> None:
        self._reading = None
        message = problem_message(problem)
        self.facts.setText("No stamps to open")
        self.say([Notice("alert", message.title, message.detail)])

    def _stop(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    # --- the end -----------------------------------------------------------------------------------

    def make(self) -> None:
        assert self.found is not None and self.scale.value  # else the verb is off
        self.session.create_stamps(self.project.path, self.found, self.scale.value)

    def _refresh(self) -> None:
        self.main.setEnabled(self.found is not None and bool(self.scale.value))


def facts_text(found: StampSet) -> str:
    """ "186 stamps of up to 128 × 128 pixels in R, G, B" """
    stamps = found.stamps
    count = len(stamps)
    height, width = (int(n) for n in stamps.shapes.max(axis=0))
    bands = ", ".join(channel.name for channel in found.channels)
    up_to = "" if (stamps.shapes == (height, width)).all() else "up to "
    return f"{count:,} stamp{'' if count == 1 else 's'} of {up_to}{width} × {height} pixels in {bands}"


def _name(paths: Sequence[Path]) -> str:
    """A name for the project: the folder's or the file's; "images" says less than the folder around it."""
    first = paths[0] if len(paths) == 1 else paths[0].parent
    first = first.absolute()
    plain = first.name.lower() in ("images", "stamps", "cutouts", "png", "jpg", "fits")
    return first.parent.name if plain and first.parent.name else first.stem

"""The sheet that writes light curves, flags and variability to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from . import theme
from .controls import Button, Label, Segmented
from .export_sheet import FORMATS
from .fields import Choice, Field
from .file_dialogs import choose_new, documents, shown_path
from .import_form import free_name
from .sheet import Sheet

if TYPE_CHECKING:
    from .session import Session

WHAT = {
    "cleaned": ("Cleaned light curves", "A row a source and epoch, without the epochs that are flagged."),
    "light_curves": (
        "All, with flags",
        "A row a source and epoch, with distance, score, flag, reasons and label.",
    ),
    "variability": ("Variability", "A row a source: statistics without flagged epochs, and with all."),
    "epochs": ("Epochs", "A row an epoch: date, shift, seeing, zero point, and how often it is flagged."),
}
TABLES = (".ecsv", ".fits", ".vot", ".csv", ".parquet")


class EpochExport(Sheet):
    """`session.epochs.export` writes, and says what was written."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent, "Export epochs", width=640)
        self.session = session
        self.what = Segmented([(name, text) for name, (text, _) in WHAT.items()], fill=True, height=32)
        self.format = Choice([(ending, f"{FORMATS[ending][0]} ({ending})") for ending in TABLES], height=32)
        self.says, self.hint = Label("", 11, 400, "text3", wrap=True), Label("", 11, 400, "text3", wrap=True)
        self.field, self.change = Field(height=32), Button("Change…", height=32)
        self.field.setReadOnly(True)
        self.replaces = Label("", 11, 400, "text3")
        self.cancel, self.write = Button("Cancel", height=36), Button("Export", main=True, height=36)
        self.path = Path()
        self._chosen: Path | None = None
        self._build()
        self._show()

    def _build(self) -> None:
        self.add_row("What", self.what, self.says)
        self.add_row("Format", self.format, self.hint)
        self.add_file_row(self.field, self.change, self.replaces)
        self.body.addStretch(1)
        for name, control in (("What", self.what), ("Format", self.format), ("File", self.field)):
            control.setAccessibleName(name)
        self.write.setMinimumWidth(theme.scaled(160))
        self.add_verb(self.cancel)
        self.add_verb(self.write)
        self.what.chosen.connect(self._show)
        self.format.chosen.connect(self._show)
        self.change.clicked.connect(self.ask)
        self.cancel.clicked.connect(self.end)
        self.write.clicked.connect(self.export)
        self.run_by_keys(self.export)

    def _show(self) -> None:
        project = self.session.project.name if self.session.project else "AstroTL"
        name = free_name(f"{project} {WHAT[self.what.value][0].lower().replace(', with flags', ' epochs')}")
        path = self._chosen or documents() / name
        stem = path.stem if path.suffix.lower() in FORMATS else path.name
        self.path = path.with_name(f"{stem}{self.format.value}")
        self.field.setText(shown_path(self.path))
        self.field.setToolTip(str(self.path))
        self.says.setText(WHAT[self.what.value][1])
        self.hint.setText(FORMATS[self.format.value][1])
        self.replaces.setText("Replaces the file of this name." if self.path.exists() else "")

    def set_path(self, path: Path) -> None:
        """Write there; a known ending sets the format, otherwise the format gives the ending."""
        self._chosen = path
        if path.suffix.lower() in TABLES:
            self.format.set_value(path.suffix.lower())
        self._show()

    def ask(self) -> None:
        """Ask for the file."""
        kinds = [f"{FORMATS[ending][0]} (*{ending})" for ending in TABLES]
        choose_new(self, "Export epochs", self.path, kinds, self.set_path)

    def export(self) -> None:
        """Write in the background and close."""
        self.session.epochs.export(self.path, self.what.value)
        self.end()

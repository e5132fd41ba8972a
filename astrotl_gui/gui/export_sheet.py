"""The sheet that writes lists and labels to a file: which list, which sources, which format, where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from astrotl_gui.core.labels import TARGET_NAMES

from . import theme
from .controls import Button, Label, Segmented
from .fields import Choice, Field
from .file_dialogs import choose_new, documents, shown_path
from .import_form import free_name
from .sheet import Sheet

if TYPE_CHECKING:
    from .session import Session

ALL_LISTS = "all"
FORMATS = {
    ".ecsv": ("ECSV", "A text table that keeps units and descriptions."),
    ".csv": ("CSV", "For spreadsheets; units and descriptions are left out."),
    ".fits": ("FITS table", "A binary table with units, for TOPCAT and scripts."),
    ".vot": ("VOTable", "For the Virtual Observatory, with units and descriptions."),
    ".parquet": ("Parquet", "Compact and fast, for large lists."),
    ".reg": ("DS9 regions", "Marks whose shape and colour follow the label, named by id."),
}
ENDINGS = {".fit": ".fits", ".xml": ".vot"}
WHAT = ("yes", "labelled", "all")
WIDTH = 600


class ExportSheet(Sheet):
    """Begins with the list in view; `session.export` writes and says what was written."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent, "Export", width=WIDTH)
        self.session = session
        self._folder = documents()
        self._named = False  # whether the user chose the file's name
        lists = list(session.targets.items())
        self.lists: Segmented | Choice = (
            Segmented([*lists, (ALL_LISTS, "All four")], fill=True, height=32)
            if len(lists) == len(TARGET_NAMES)
            else Choice([*lists, (ALL_LISTS, "All lists")], height=32)
        )
        self.lists.set_value(session.target)
        self.what = Segmented([(name, "") for name in WHAT], fill=True, height=32)
        self.format = Choice(
            [(ending, f"{name} ({ending})") for ending, (name, _) in FORMATS.items()], height=32
        )
        self.hint = Label("", 11, 400, "text3", wrap=True)
        self.field = Field(height=32)
        self.field.setReadOnly(True)
        self.replaces = Label("", 11, 400, "text3")
        self.change = Button("Change…", height=32)
        self.cancel = Button("Cancel", height=36)
        self.write = Button("Export", main=True, height=36)
        self.path = Path()
        self._build()
        self._connect()
        self._count()
        self.what.set_value("yes" if self._counts()["yes"] else "all")
        self._count()
        self._suggest()

    # --- state -------------------------------------------------------------------------------------

    @property
    def targets(self) -> list[str]:
        """The lists whose ranks and labels are written."""
        return list(self.session.targets) if self.lists.value == ALL_LISTS else [self.lists.value]

    def _counts(self) -> dict[str, int]:
        """How many sources each choice of *what* writes."""
        held = [label for target in self.targets for label in self.session.labels(target).values()]
        yes = {label.source_id for label in held if label.value == "positive"}
        labelled = {label.source_id for label in held}
        return {"yes": len(yes), "labelled": len(labelled), "all": len(self.session.catalog)}

    def _count(self) -> None:
        counts = self._counts()
        texts = {"yes": "Yes", "labelled": "Labelled", "all": "All sources"}
        self.what.set_options([(name, f"{texts[name]}, {counts[name]:,}") for name in WHAT])
        number = counts[self.what.value]
        self.write.setText(f"Export {number:,} source{'' if number == 1 else 's'}")
        self.write.setAccessibleName(self.write.text())
        self.write.setEnabled(number > 0)
        self.write.updateGeometry()

    def _suggest(self) -> None:
        """A file name that says what is in it, until the user gives another."""
        if not self._named:
            project = self.session.project.name if self.session.project else "AstroTL"
            chosen = "" if self.lists.value == ALL_LISTS else self.lists.value.replace("_", " ")
            parts = [project, chosen]
            parts.append({"yes": "yes", "labelled": "labels", "all": "list"}[self.what.value])
            self.path = self._folder / free_name(" ".join(part for part in parts if part))
        self._show_path(self.path.with_name(f"{_stem(self.path)}{self.format.value}"))

    def _show_path(self, path: Path) -> None:
        self.path = path
        self.field.setText(shown_path(path))
        self.field.setToolTip(str(path))
        self.replaces.setText("Replaces the file of this name." if path.exists() else "")
        self.hint.setText(FORMATS[self.format.value][1])

    def set_path(self, path: Path) -> None:
        """Write there; a known ending sets the format, otherwise the format gives the ending."""
        ending = ENDINGS.get(path.suffix.lower(), path.suffix.lower())
        self._named, self._folder = True, path.parent
        if ending in FORMATS:
            self.format.set_value(ending)
            self._show_path(path)
        else:
            self._show_path(path.with_name(f"{path.name}{self.format.value}"))

    # --- verbs -------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask for the file."""
        kinds = [f"{name} (*{ending})" for ending, (name, _) in FORMATS.items()]
        choose_new(self, "Export", self.path, kinds, self.set_path)

    def export(self) -> None:
        """Write in the background and close; the session says how it went."""
        if not self.write.isEnabled():
            return
        what = self.what.value
        self.session.export(self.path, self.targets, labelled_only=what == "labelled", yes_only=what == "yes")
        self.end()

    # --- layout ------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.add_row("List", self.lists)
        self.add_row("Sources", self.what)
        self.add_row("Format", self.format, self.hint)
        self.add_file_row(self.field, self.change, self.replaces)
        self.body.addStretch(1)
        for name, control in (("List", self.lists), ("Sources", self.what), ("Format", self.format)):
            control.setAccessibleName(name)
        self.field.setAccessibleName("File")
        self.write.setMinimumWidth(theme.scaled(200))
        self.add_verb(self.cancel)
        self.add_verb(self.write)

    def _connect(self) -> None:
        self.lists.chosen.connect(self._changed)
        self.what.chosen.connect(self._changed)
        self.format.chosen.connect(self._suggest)
        self.change.clicked.connect(self.ask)
        self.cancel.clicked.connect(self.end)
        self.write.clicked.connect(self.export)
        self.run_by_keys(self.export)

    def _changed(self) -> None:
        self._count()
        self._suggest()


def _stem(path: Path) -> str:
    """The name without an ending that names a format."""
    return path.stem if path.suffix.lower() in (*FORMATS, *ENDINGS) else path.name

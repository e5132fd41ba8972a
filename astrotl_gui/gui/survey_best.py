"""The best of a survey as a project: by which labels it is ranked, how many are opened, where the project goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from ..core.errors import AstroTLError
from ..core.project import free_folder
from ..core.targets import find_target
from .controls import Button, Label
from .fields import Field, NumberField
from .file_dialogs import CATALOGS, choose_file, documents, shown_path
from .import_form import ProjectForm, row
from .notice import Notice, replace_notices
from .sheet import Sheet

if TYPE_CHECKING:
    from .session import Session

TOP, MOST = 1000, 100_000
EXPLAINED = (
    "Every part that has arrived is scored; the cutouts of the best are copied, nothing is embedded again. "
    "It goes on behind the window and can be cancelled there; the project opens when it is made."
)


class BestSheet(Sheet):
    """Ranks a survey by the labels of the open project, or of a table, and opens the best as a project."""

    def __init__(self, session: Session, parent: QWidget, folder: Path) -> None:
        super().__init__(parent, "Open the best of a survey", shown_path(folder), width=620)
        self.session, self.folder = session, folder
        self.file: Path | None = None
        project = session.project
        self.own = project.labels.events() if project is not None else []
        self.names = project.target_names if project is not None else {}
        self.labels = Label("", 12, 500, "text2")
        self.choose = Button("Choose a table…", height=28)
        self.target = Field("From the table", height=28)
        self.top = NumberField(TOP, minimum=1, maximum=MOST, height=28)
        self.project = ProjectForm()
        self.project.suggest(documents(), f"{folder.stem} best")
        self._notices = QVBoxLayout()
        if project is not None and self.own:
            self.target.setText(self.names.get(session.target, session.target))
        self.body.addLayout(self._notices)
        self.body.addWidget(row("Labels", self.labels, self.choose))
        self.body.addWidget(row("List", None, self.target))
        self.body.addWidget(row("How many", None, self.top))
        self.body.addWidget(self.project)
        self.body.addWidget(Label(EXPLAINED, 12, 400, "text3", wrap=True))
        self.cancel, self.main = Button("Cancel"), Button("Rank and open", main=True)
        self.main.setToolTip("Ctrl+Enter")
        self.add_verb(self.cancel)
        self.add_verb(self.main)
        self.setFocusProxy(self.choose)
        self.choose.clicked.connect(lambda: choose_file(self, "Labels", CATALOGS, self.take_table))
        self.top.changed.connect(self._refresh)
        self.cancel.clicked.connect(self.end)
        self.main.clicked.connect(self.go)
        self.run_by_keys(self.go)
        self._refresh()

    def take_table(self, path: Path) -> None:
        """Rank by the labels of a table."""
        self.file = path
        self.target.clear()
        self._refresh()

    def go(self) -> None:
        """Begin; a folder in the way stays on the sheet."""
        if not self.main.isEnabled():
            return
        try:
            free_folder(self.project.path)
        except AstroTLError as problem:
            self._show([Notice("alert", problem.title, problem.detail)])
            return
        labels, text = self.file or self.own, self.target.text().strip()
        # Labels say a list's key, which is not its name.
        target = text if self.file else find_target(self.names, text) or text
        top = int(self.top.value or TOP)
        self.session.open_best(self.folder, labels, target, top, self.project.path)
        self.end()

    def _refresh(self) -> None:
        count = len(self.own)
        if self.file is not None:
            self.labels.setText(self.file.name)
        else:
            self.labels.setText(f"{count:,} of the open project" if count else "None yet")
        ready = self.file is not None or bool(count)
        self.main.setEnabled(ready and self.top.value is not None)
        without = (
            "Open a project with labels, or choose a table: an export of labels, or columns id and label."
        )
        self._show([] if ready else [Notice("note", "Which sources are wanted?", without)])

    def _show(self, notices: list[Notice]) -> None:
        replace_notices(self._notices, notices)
        if self.isVisible():
            self._cover()

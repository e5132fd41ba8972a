"""The best of a survey as a project: by which labels it is ranked, how many are opened, where the project goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from ..core.targets import find_target
from .controls import Button, Label
from .fields import Field, NumberField
from .file_dialogs import CATALOGS, choose_file, documents, shown_path
from .import_form import row
from .notice import Notice
from .project_sheet import ProjectSheet

if TYPE_CHECKING:
    from .session import Session

TOP, MOST = 1000, 100_000
EXPLAINED = (
    "Every part that has arrived is scored; the cutouts of the best are copied, nothing is embedded again. "
    "It goes on behind the window and can be cancelled there; the project opens when it is made."
)


class BestSheet(ProjectSheet):
    """Ranks a survey by the labels of the open project, or of a table, and opens the best as a project."""

    def __init__(self, session: Session, parent: QWidget, folder: Path) -> None:
        super().__init__(parent, session, "Open the best of a survey", "Rank and open", shown_path(folder))
        self.folder = folder
        self.file: Path | None = None
        project = session.project
        self.own = project.labels.events() if project is not None else []
        self.names = project.target_names if project is not None else {}
        self.labels = Label("", 12, 500, "text2")
        self.choose = Button("Choose a table…", height=28)
        self.target = Field("From the table", height=28)
        self.top = NumberField(TOP, minimum=1, maximum=MOST, height=28)
        self.project.suggest(documents(), f"{folder.stem} best")
        if project is not None and self.own:
            self.target.setText(self.names.get(session.target, session.target))
        self.body.addLayout(self._notices)
        self.body.addWidget(row("Labels", self.labels, self.choose))
        self.body.addWidget(row("List", None, self.target))
        self.body.addWidget(row("How many", None, self.top))
        self.finish(EXPLAINED)
        self.setFocusProxy(self.choose)
        self.choose.clicked.connect(lambda: choose_file(self, "Labels", CATALOGS, self.take_table))
        self.top.changed.connect(self._refresh)
        self._refresh()

    def take_table(self, path: Path) -> None:
        """Rank by the labels of a table."""
        self.file = path
        self.target.clear()
        self._refresh()

    def make(self) -> None:
        labels, text = self.file or self.own, self.target.text().strip()
        # Labels say a list's key, which is not its name.
        target = text if self.file else find_target(self.names, text) or text
        top = int(self.top.value or TOP)
        self.session.open_best(self.folder, labels, target, top, self.project.path)

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
        self.say([] if ready else [Notice("note", "Which sources are wanted?", without)])

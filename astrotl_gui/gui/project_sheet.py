"""A sheet that ends in a new project: choices, the project's folder, what will happen, and the verb that does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.project import free_folder

from .controls import Button, Label
from .import_form import ProjectForm
from .notice import Notice, replace_notices
from .sheet import Sheet

if TYPE_CHECKING:
    from .session import Session


class ProjectSheet(Sheet):
    """Subclasses fill `body`, then call `finish`, and say what `make` does; `main` is enabled while it can be done."""

    def __init__(self, parent: QWidget, session: Session, title: str, verb: str, detail: str = "") -> None:
        super().__init__(parent, title, detail, width=620)
        self.session = session
        self.project = ProjectForm()
        self.cancel, self.main = Button("Cancel"), Button(verb, main=True)
        self._notices = QVBoxLayout()
        self._notices.setSpacing(8)

    def finish(self, explained: str) -> None:
        """Add the folder of the project, what will happen, and the buttons."""
        self.body.addWidget(self.project)
        self.body.addWidget(Label(explained, 12, 400, "text3", wrap=True))
        self.main.setToolTip("Ctrl+Enter")
        self.add_verb(self.cancel)
        self.add_verb(self.main)
        self.cancel.clicked.connect(self.end)
        self.main.clicked.connect(self.create_project)
        self.run_by_keys(self.create_project)

    def create_project(self) -> None:
        """Make the project as shown; a folder in the way stays on the sheet."""
        if not self.main.isEnabled():
            return
        try:
            free_folder(self.project.path)
        except AstroTLError as problem:
            self.say([Notice("alert", problem.title, problem.detail)])
            return
        self.make()
        self.end()

    def make(self) -> None:
        """Begin to make the project in the folder `project.path`, which is free."""
        raise NotImplementedError

    def say(self, notices: Sequence[Notice]) -> None:
        """Show these notices instead of those before."""
        replace_notices(self._notices, notices)
        if self.isVisible():
            self._cover()

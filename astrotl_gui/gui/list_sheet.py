"""The sheet that makes a list of the astronomer's own: its name, and whether it starts from the examples at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QWidget

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.targets import target_key

from .controls import Button, Label
from .fields import Field, Switch
from .sheet import Sheet

if TYPE_CHECKING:
    from .session import Session

EXPLAINED = "A list ranks by its own labels. Yes, No and the keys 1 to 6 work as in the others."


class ListSheet(Sheet):
    """`examples` (ids) can be its first Yes: on when there are several, since one is selected nearly always."""

    def __init__(self, parent: QWidget, session: Session, examples: Sequence[int]) -> None:
        super().__init__(parent, "New list", width=440)
        self._session, self._examples = session, list(examples)
        self.field = Field("Jellyfish galaxy")
        self.field.setAccessibleName("Name of the list")
        self.says = Label("", 11, 500, "text3", wrap=True)
        count = len(self._examples)
        text = "Start with the selected source as Yes" if count == 1 else f"Start with these {count:,} as Yes"
        self.start = Switch(text, count > 1)
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(Label(text, 12, 500))
        row.addStretch(1)
        row.addWidget(self.start)
        line.setVisible(bool(count))
        self.body.addWidget(Label("What do you look for?", 12, 400, "text2"))
        self.body.addWidget(self.field)
        self.body.addWidget(self.says)
        self.body.addWidget(line)
        self.body.addWidget(Label(EXPLAINED, 12, 400, "text3", wrap=True))
        self.cancel, self.make = Button("Cancel"), Button("Make list", main=True)
        self.add_verb(self.cancel)
        self.add_verb(self.make)
        self.setFocusProxy(self.field)
        self.field.textEdited.connect(self._typed)
        self.field.returnPressed.connect(self.make_list)
        self.cancel.clicked.connect(self.end)
        self.make.clicked.connect(self.make_list)
        self._typed()

    def make_list(self) -> None:
        """Make it and close; what is wrong with the name is said below it."""
        chosen = self._examples if self.start.isChecked() else []
        try:
            self._session.add_target(self.field.text(), chosen)
        except AstroTLError as problem:
            self._say(f"{problem.title}. {problem.detail}", "alert")
            return
        self.end()

    def _typed(self) -> None:
        key = target_key(self.field.text())
        self.make.setEnabled(bool(key))
        self._say(f"It stands as {key} in exports and commands." if key else "Letters or digits.", "text3")

    def _say(self, text: str, tone: str) -> None:
        self.says.setText(text)
        self.says.setProperty("tone", tone)
        self.says.style().polish(self.says)

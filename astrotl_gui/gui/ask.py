"""A sheet that asks for one line of text."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from .controls import Button, Label
from .fields import Field
from .sheet import Sheet


class Ask(Sheet):
    """Calls `done(text)` with what was typed; not when that is empty or the sheet is just closed."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        question: str,
        text: str,
        verb: str,
        done: Callable[[str], object],
    ) -> None:
        super().__init__(parent, title, width=420)
        self._done = done
        self.field = Field(question)
        self.field.setText(text)
        self.field.selectAll()
        self.field.returnPressed.connect(self._answer)
        self.body.addWidget(Label(question, 12, 400, "text2"))
        self.body.addWidget(self.field)
        self.cancel, self.verb = Button("Cancel"), Button(verb, main=True)
        self.cancel.clicked.connect(self.end)
        self.verb.clicked.connect(self._answer)
        self.add_verb(self.cancel)
        self.add_verb(self.verb)
        self.setFocusProxy(self.field)

    def _answer(self) -> None:
        if text := self.field.text().strip():
            self.end()
            self._done(text)

"""The sheet of encoders: which are on this computer, which one looks at this project, and how to have others."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from ..core.errors import AstroTLError
from ..core.settings import BUILT_IN
from . import theme
from .controls import Button, Label, Line
from .encoder_adding import EncoderAdding
from .encoder_list import EncoderList, size_text
from .encoder_page import EncoderPage
from .message import Message, problem_message
from .sheet import Sheet

if TYPE_CHECKING:
    from .jobs import Job
    from .session import Session

WIDTH, LIST_WIDTH, LEAST_HEIGHT = 960, 384, 500
WHY_OTHERS = (
    "Only the built-in encoder is here. It learned from everyday photographs; another may tell your sources apart "
    "better: one taught on galaxies (Zoobot), a newer one (DINOv2), or your own."
)


class EncoderSheet(Sheet):
    """Left the encoders, right the chosen one with the project's choices, or a form that adds another."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent, "Encoders", "The networks that look at your sources", width=WIDTH)
        self.session = session
        self.list, self.page, self.adding = EncoderList(), EncoderPage(), EncoderAdding()
        self.why = Label(WHY_OTHERS, 12, 400, "text2", wrap=True)
        self.by_name = Button("Download by name…", "ph.download-simple")
        self.from_file = Button("Add from file…", "ph.file-plus")
        self.keep, self.remove = Button("Keep", height=36), Button("Remove", height=36)
        self.use = Button("", main=True, height=36)
        self.says = Label("", 12, 400, "text2", wrap=True)
        self._confirming = False
        self._build()
        self._connect()
        self.refresh()
        self.setFocusProxy(self.list)
        if session.adding is not None:
            self._add(False)

    # --- what is shown -----------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read again what is on this computer."""
        from ..core.recent import encoder_users
        from ..ml.encoders import cards

        project = self.session.project
        self._users = encoder_users()
        found = cards()
        self.why.setVisible(len(found) == 1)
        self.list.show_cards(found, project.encoder.encoder if project else "")

    def _show(self, name: str) -> None:
        """Show an encoder at the right."""
        project, card = self.session.project, self.list.card
        self.page.show_card(card, self._users.get(name, []))
        if project is not None:
            self.page.show_settings(card, project.encoder, project.cutouts)
        self.page.show_choices(project is not None)
        self._stack.setCurrentWidget(self.page)
        self._confirm(False)

    def _confirm(self, asked: bool) -> None:
        """The bottom row: what can be done with the chosen encoder, or whether it is to go."""
        self._confirming = asked
        at_page = self._stack.currentWidget() is self.page
        project, card = self.session.project, self.list.card
        mine = project is not None and project.encoder.encoder == card.name
        same = project is not None and self.page.settings == project.encoder
        self.adding.back.setVisible(not at_page)
        self.adding.add.setVisible(not at_page)
        self.keep.setVisible(asked and at_page)
        self.use.setVisible(not asked and at_page and project is not None)
        self.use.setEnabled(not same)
        self.use.setText("In use" if same else "Use for this project")
        self.use.setAccessibleName(self.use.text())
        self.remove.setVisible(at_page and card.name != BUILT_IN)
        self.remove.setEnabled(not mine)
        self.remove.setText("Remove for good" if asked else "Remove…")
        self.remove.setAccessibleName(self.remove.text())
        self.says.setText(self._says(asked, mine, same) if at_page else "")

    def _says(self, asked: bool, mine: bool, same: bool) -> str:
        card, count = self.list.card, len(self.session.catalog)
        if asked:
            users = ", ".join(self._users.get(card.name, []))
            kept = f" Used by {users}: embeddings are kept, new sources would need it again." if users else ""
            return f"Remove {card.name} and free {size_text(card.size)}?{kept}"
        if self.session.project is None:
            return "Open a project to choose the encoder that looks at it."
        if (asks := self.session.project.encoder.encoder) not in [known.name for known in self.list.cards]:
            return f"This project asks for {asks}, which is not on this computer. Add it, or use another."
        if not same and count:
            return f"Embeds {count:,} sources anew. The embeddings made so far are kept."
        return (
            "To remove it, choose another for this project first." if mine and card.name != BUILT_IN else ""
        )

    # --- verbs -------------------------------------------------------------------------------------

    def choose(self) -> None:
        """Let the chosen encoder look at this project, and close."""
        if self.use.isVisible() and self.use.isEnabled():
            self.session.use_encoder(self.page.settings)
            self.end()

    def take_away(self) -> None:
        """Ask, then delete the chosen encoder's files."""
        if not self.remove.isVisible() or not self.remove.isEnabled():
            return
        if not self._confirming:
            self._confirm(True)
            self.keep.setFocus()
            return
        from ..ml.encoders import remove

        try:
            remove(self.list.current)
        except AstroTLError as problem:
            self.session.messaged.emit(problem_message(problem))
        self.refresh()
        self.list.setFocus()

    def _add(self, from_file: bool) -> None:
        self._stack.setCurrentWidget(self.adding)
        self.adding.begin(from_file)
        self._follow(self.session.adding)
        self._confirm(False)

    def _leave(self) -> None:
        self._show(self.list.current)
        self.list.setFocus()

    def _given(self, name: str, weights: Path | None, called: str, input: int) -> None:
        self._follow(self.session.add_encoder(name, weights, called=called, input=input))

    def _follow(self, job: Job | None) -> None:
        self.adding.show_job(job)
        if job is not None:
            job.finished.connect(self._ended)

    def _ended(self) -> None:
        self.adding.show_job(None)

    def _added(self, name: str) -> None:
        self.refresh()
        self.list.select(name)
        self.list.setFocus()

    def _failed(self, message: Message) -> None:
        if self._stack.currentWidget() is not self.adding:
            self._add(False)
        detail = re.sub(r" \(--[^)]*\)", "", message.detail)  # options of the command line
        self.adding.show_problem(replace(message, detail=detail))

    def end(self) -> None:
        if self.session.adding_failed == self._failed:
            self.session.adding_failed = None
        super().end()

    # --- layout ------------------------------------------------------------------------------------

    def _build(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(12)
        area = QScrollArea()
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidgetResizable(True)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.list)
        column.addWidget(self.why)
        column.addStretch(1)
        area.setWidget(inside)
        area.setFixedWidth(theme.scaled(LIST_WIDTH))
        left.addWidget(area, 1)
        adders = QHBoxLayout()
        adders.setSpacing(8)
        adders.addWidget(self.by_name)
        adders.addWidget(self.from_file)
        adders.addStretch(1)
        left.addLayout(adders)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.page)
        self._stack.addWidget(self.adding)
        self._stack.setMinimumHeight(theme.scaled(LEAST_HEIGHT))
        both = QHBoxLayout()
        both.setSpacing(20)
        both.addLayout(left)
        both.addWidget(Line(vertical=True))
        both.addWidget(self._stack, 1)
        self.body.addLayout(both)
        self.verbs.insertWidget(0, self.says, 100)
        for button in (self.keep, self.remove, self.use, self.adding.back, self.adding.add):
            self.add_verb(button)

    def _connect(self) -> None:
        self.list.selected.connect(self._show)
        self.list.wanted.connect(self.choose)
        self.list.removing.connect(self.take_away)
        self.page.changed.connect(lambda: self._confirm(False))
        self.by_name.clicked.connect(lambda: self._add(False))
        self.from_file.clicked.connect(lambda: self._add(True))
        self.adding.given.connect(self._given)
        self.adding.left.connect(self._leave)
        self.use.clicked.connect(self.choose)
        self.remove.clicked.connect(self.take_away)
        self.keep.clicked.connect(self._leave)
        self.session.encoder_added.connect(self._added)
        self.session.adding_failed = self._failed
        self.run_by_keys(self.choose)

"""The encoder that looks at the project, and the encoders that can be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from astrotl_gui.core.settings import AppSettings, EncoderSettings
from astrotl_gui.gui.jobs import Job
from astrotl_gui.gui.message import Message, problem_message
from astrotl_gui.gui.session_lists import SessionLists
from astrotl_gui.gui.session_state import later

if TYPE_CHECKING:
    from astrotl_gui.ml.encoders import Card


class SessionEncoders(SessionLists):
    """Choosing and adding encoders."""

    encoder_added = Signal(str)

    def __init__(self, settings: AppSettings | None = None, parent: QObject | None = None) -> None:
        super().__init__(settings, parent)
        self.adding: Job | None = None
        self.adding_failed: Callable[[Message], object] | None = None  # a form in view says it

    def use_encoder(self, settings: EncoderSettings) -> None:
        """Let another encoder look at the project, or the same one otherwise; embeddings made so far stay."""
        project = self.project
        if project is not None:  # a tuned version belongs to the network that it was tuned from
            same = settings.encoder == project.encoder.encoder
            settings = replace(
                settings,
                model=project.encoder.model if same else 0,
                models=str(project.models_folder),
            )
        if project is None or settings == project.encoder:
            return
        before, project.encoder = project.encoder, settings
        if not self._attempt(project.save):
            project.encoder = before
            return
        self.embed()

    def add_encoder(self, name: str, weights: Path | None = None, *, called: str = "", input: int = 0) -> Job:
        """Download an encoder by name, or take it from a weights file. One at a time."""
        if self.adding is not None:
            return self.adding
        job = self.jobs.run(
            f"Adding {called or name.rsplit('/', 1)[-1]}",
            later("encoders", "add_encoder"),
            name,
            weights,
            called=called,
            input=input,
        )
        self.adding = job
        job.succeeded.connect(self._adopt_encoder)
        job.failed.connect(self._adding_problem)
        job.finished.connect(self._adding_ended)
        return job

    def _adopt_encoder(self, card: Card) -> None:
        self.adding = None
        if self.adding_failed is None:
            self.messaged.emit(Message("Encoder added", f"{card.name} can look at your projects now."))
        self.encoder_added.emit(card.name)

    def _adding_problem(self, problem: BaseException) -> None:
        (self.adding_failed or self.messaged.emit)(problem_message(problem))

    def _adding_ended(self) -> None:
        self.adding = None

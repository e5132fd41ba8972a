"""The versions of the project's network: tuned on labels, taken into use, and rolled back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from astrotl_gui.core.models import ModelCard, labels_missing, missing_words, read_models
from astrotl_gui.core.ranking import order_of
from astrotl_gui.core.settings import TuningSettings
from astrotl_gui.gui.jobs import Job
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.session_prototypes import SessionPrototypes
from astrotl_gui.gui.session_state import later

if TYPE_CHECKING:
    from astrotl_gui.ml.finetune import TuningStep

TUNING, SWITCHING = "Fine-tuning", "Embedding a new version"


class SessionModels(SessionPrototypes):
    """Fine-tunes by a job; the version before ranks until every source is embedded by the new one."""

    models_changed = Signal()
    """A version was made, or another one is in use."""
    curve_changed = Signal()
    """`curve` has another point, or a new one begins."""

    def _forget(self) -> None:
        super()._forget()
        self.curve: list[TuningStep] = []
        self.tuning: Job | None = None

    def models(self) -> list[ModelCard]:
        """The cards of every version tuned in this project, the first one first."""
        return read_models(self.project.models_folder) if self.project else []

    @property
    def model(self) -> int:
        """The version that looks at the sources; 0 as shipped."""
        return self.project.encoder.model if self.project else 0

    def labels_missing(self, target: str | None = None) -> tuple[int, int]:
        """How many yes and no are missing before a list can be tuned on."""
        return labels_missing(self._signs(target or self.target))

    def fine_tune(self, target: str | None = None, settings: TuningSettings | None = None) -> Job | None:
        """Tune the network on the labels of a list; it is taken into use where the gate accepts it.

        The job streams `curve`; cancelling it changes nothing. None, with a message, where it cannot begin.
        """
        target = target or self.target
        project = self.project
        if project is None or not self._may_tune(target):
            return None
        self.curve = []
        self.curve_changed.emit()
        training = {name: self._signs(name) for name in self.targets}
        mosaic, catalog, device = self.mosaic, self.catalog, self.settings.device

        def start() -> Job:
            job = self._run(
                TUNING,
                later("finetune", "fine_tune"),
                mosaic,
                catalog,
                project.embeddings_folder,
                project.models_folder,
                project.cutouts,
                project.encoder,
                target,
                training,
                settings or TuningSettings(),
                names=self.targets,
                device=device,
                then=lambda card: self._adopt_model(card) if self.catalog.same_sources(catalog) else None,
            )
            self.tuning = job
            job.partial.connect(self._keep_step)
            job.cancelled.connect(self._tuning_stopped)
            job.finished.connect(self._tuning_ended)
            self.curve_changed.emit()
            return job

        self._writer.run(TUNING, start)
        return self.tuning

    def use_model(self, version: int) -> None:
        """Let a version look at the sources (0: as shipped): at once where it has embedded them, else after that.

        Labelled sources are embedded first, then the top of the lists, then the rest; the version before ranks until
        all are, and its embeddings stay.
        """
        project = self.project
        if project is None or not len(self.catalog) or (version == self.model and not self.switching):
            return
        wanted = replace(project.encoder, model=version, models=str(project.models_folder))
        training = {name: self._signs(name) for name in self.targets}
        first = order_of(training, self._rankings)
        mosaic, catalog = self.mosaic, self.catalog

        def start() -> Job:
            job = self._run(
                SWITCHING,
                later("finetune", "embed_version"),
                mosaic,
                catalog,
                project.embeddings_folder,
                project.cutouts,
                wanted,
                first,
                device=self.settings.device,
                then=lambda _: self._switch(version) if job is self._writer.job else None,
                ways=(("Try again", lambda: self.use_model(version)),),
            )
            job.cancelled.connect(lambda: self._switch_stopped(job, version))
            return job

        self._writer.run(SWITCHING, start)

    @property
    def switching(self) -> bool:
        """A version is being embedded that will then be in use."""
        return self.writing == SWITCHING

    # -- inside

    def _signs(self, target: str) -> dict[int, int]:
        return self.project.labels.training(target, self.settings.vetter) if self.project else {}

    def _may_tune(self, target: str) -> bool:
        """Say what is missing, if anything is."""
        yes, no = self.labels_missing(target)
        if yes or no:
            more, name = missing_words(yes, no), self.targets[target]
            self._say("Too few labels to fine-tune", f"Label {more} in the list {name}.")
        elif self.inputs is None:
            self._say("Not ready to fine-tune", "The network is tuned once every source is embedded.")
        elif self.writing:
            self._say("Wait a moment", f"{self.writing} goes on. Fine-tune when it is done, or cancel it.")
        else:
            return True
        return False

    def _say(self, title: str, line: str) -> None:
        self.messaged.emit(Message(title, line))

    def _keep_step(self, step: TuningStep) -> None:
        if self.sender() is self.tuning:
            self.curve.append(step)
            self.curve_changed.emit()

    def _adopt_model(self, card: ModelCard) -> None:
        self.models_changed.emit()
        if card.accepted:
            self._say(
                f"Version {card.version} ranks better",
                f"{card.verdict} It ranks once it has embedded all sources.",
            )
            self.use_model(card.version)
        else:
            self._say("Fine-tuning did not help yet", f"{card.verdict} Try again with more labels.")

    def _tuning_stopped(self) -> None:
        self._say("Fine-tuning stopped", "The lists are as they were.")

    def _tuning_ended(self) -> None:
        if self.sender() is self.tuning:
            self.tuning = None
            self.curve_changed.emit()

    def _switch(self, version: int) -> None:
        assert self.project is not None
        if self._attempt(self.project.use_model, version):
            self.models_changed.emit()
            self.load_inputs()

    def _switch_stopped(self, job: Job, version: int) -> None:
        if job is self._writer.job:
            kept = f"{job.done:,.0f} of {job.total:,.0f} sources kept. The version before goes on ranking."
            again = ("Continue", lambda: self.use_model(version))
            self.messaged.emit(Message("The new version waits", kept, actions=(again,)))

"""Where one stands with a list, and audits: a random sample labelled blind that proves how much was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from astrotl_gui.core.advice import Advice, advise
from astrotl_gui.core.audit import Plan
from astrotl_gui.core.audit_state import AuditState
from astrotl_gui.core.audit_table import STANDING
from astrotl_gui.core.settings import AppSettings
from astrotl_gui.core.targets import nouns
from astrotl_gui.core.yields import Yields
from astrotl_gui.gui.session_models import SessionModels
from astrotl_gui.gui.session_state import later
from astrotl_gui.pipeline.audit import (
    RECALL,
    finish_audit,
    plan_audit,
    release_audit,
    start_audit,
    states,
    stop_audit,
    where_it_stands,
)

if TYPE_CHECKING:
    from astrotl_gui.core.audit_table import Audit
    from astrotl_gui.gui.jobs import Job
    from astrotl_gui.ml.calibration import Calibration
    from astrotl_gui.pipeline.recovery import Recovery


class SessionAudit(SessionModels):
    """Plans, starts and ends audits. Their sample is labelled like everything else, blind.

    `recoveries` and `calibrations`, by target, hold what was asked for with `recover` and `calibrate`, as it was then.
    """

    audit_changed = Signal(str)
    """An audit of this list began, got or lost an answer, or ended, or its probabilities are known."""
    recovered = Signal(str)
    """It is known how complete this list is for injected objects."""

    def __init__(self, settings: AppSettings | None = None, parent: QObject | None = None) -> None:
        super().__init__(settings, parent)
        self.labels_changed.connect(self._answered)

    def _forget(self) -> None:
        super()._forget()
        self.recoveries: dict[str, Recovery] = {}
        self.calibrations: dict[str, Calibration] = {}

    # -- where one stands

    def yields(self, target: str | None = None) -> Yields | None:
        """What the labels of a list found, as this vetter sees them; None without a project."""
        project, target = self.project, target or self.target
        if project is None:
            return None
        return where_it_stands(project, self.catalog, target, self.ranking(target), self.settings.vetter)

    def advice(self, where: Yields) -> Advice:
        """Where a list stands in two sentences."""
        return advise(where, self.targets, self.audits(where.target))

    # -- injection and recovery

    def recover(self, target: str | None = None) -> Job | None:
        """Find out how complete a list is for objects drawn into the project's own galaxies; see `recoveries`.

        The first time they are drawn and looked at, afterwards only ranked anew.
        """
        project, target = self.project, target or self.target
        if project is None:
            return None

        def keep(made: Recovery) -> None:
            self.recoveries[target] = made
            self.recovered.emit(target)

        return self._run(
            "Injecting and recovering",
            later("recovery", "recover"),
            self.mosaic,
            self.catalog,
            project.embeddings_folder,
            project.cutouts,
            project.encoder,
            project.injection,
            target,
            project.labels.training(target, self.settings.vetter),
            device=self.settings.device,
            then=keep,
        )

    def calibrate(self, target: str | None = None) -> Job | None:
        """Find out the probabilities of a list by its latest complete audit; see `calibrations`."""
        project, inputs, target = self.project, self.inputs, target or self.target
        audit = next((one for one in reversed(self.audits(target)) if one.certificate is not None), None)
        if project is None or inputs is None or audit is None:
            return None

        def keep(made: Calibration | None) -> None:
            if inputs is not self.inputs:
                return
            self.calibrations.pop(target, None)
            if made is not None:
                self.calibrations[target] = made
            else:
                told = (
                    f"The audit gave {audit.hits} yes in {audit.total} labels; it takes three of each kind."
                )
                self._say("Nothing to calibrate by", told)
            self.audit_changed.emit(target)

        return self._run(
            "Calibrating",
            later("calibration", "calibrate_list"),
            inputs,
            target,
            project.labels.training(target, self.settings.vetter),
            audit.answers,
            then=keep,
            quiet=True,
        )

    # -- audits

    def audits(self, target: str | None = None) -> list[AuditState]:
        """All audits of a list as they stand, the latest last."""
        if self.project is None:
            return []
        return states(self.project, target or self.target, self.settings.vetter)

    @property
    def audit(self) -> AuditState | None:
        """The audit of the current list that is being labelled: `next` ids, `done` of `total`."""
        return next((one for one in self.audits() if one.audit.state == STANDING), None)

    def audit_name(self, target: str | None = None) -> str:
        """What its sample is called while it is labelled: "Audit of lenses"."""
        things = nouns(self.targets, target or self.target)
        return f"Audit {things}" if things.startswith("of ") else f"Audit of {things}"

    def plan_audit(
        self, target: str | None = None, recall: float = RECALL, filter: str = "", hits: int = 0
    ) -> Plan | None:
        """What an audit would cost; None without a project. Raises AstroTLError for what cannot be audited."""
        if self.project is None:
            return None
        target = target or self.target
        return plan_audit(self.project, self.catalog, target, recall, filter, hits, self.settings.vetter)

    def start_audit(
        self,
        target: str | None = None,
        recall: float = RECALL,
        filter: str = "",
        hits: int = 0,
        *,
        seed: int | None = None,
    ) -> AuditState | None:
        """Declare the set and draw the sample; None, with a message, where that cannot be.

        What is in the sample no longer teaches the list, so it is ranked anew.
        """
        if self.project is None:
            return None
        project, target = self.project, target or self.target
        ranking = self.ranking(target)
        begun: list[Audit] = []

        def begin() -> None:
            begun.append(
                start_audit(
                    project,
                    self.catalog,
                    target,
                    recall,
                    filter,
                    hits,
                    self.settings.vetter,
                    model=ranking.model if ranking else "",
                    seed=seed,
                )
            )

        if not self._attempt(begin):
            return None
        self._audits_changed(target)
        return next(one for one in self.audits(target) if one.audit is begun[0])

    def finish_audit(self, number: int) -> None:
        """Give the certificate of an audit all of whose sample is labelled."""
        self._end_audit(finish_audit, number)

    def release_audit(self, number: int) -> None:
        """Let the labels of a complete audit teach its list."""
        self._end_audit(release_audit, number)

    def stop_audit(self, number: int) -> None:
        """Give an audit up: its labels teach, nothing is certified."""
        self._end_audit(stop_audit, number)

    # -- inside

    def _end_audit(self, verb: Callable[..., object], number: int) -> None:
        project = self.project
        if project is not None and self._attempt(verb, project, number):
            target = next(audit.target for audit in project.audits if audit.number == number)
            self._audits_changed(target)

    def _audits_changed(self, target: str) -> None:
        self.audit_changed.emit(target)
        self.rank_again([target])

    def _answered(self, sources: list[int]) -> None:
        for audit in self.project.audits if self.project is not None else ():
            if audit.state == STANDING and not set(sources).isdisjoint(audit.sample.tolist()):
                self.audit_changed.emit(audit.target)

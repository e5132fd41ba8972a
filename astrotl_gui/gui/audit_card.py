"""An audit of the list: what it would cost, how far it is, what it proved, and the probabilities it allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from astrotl_gui.core.advice import GOALS
from astrotl_gui.core.audit import Plan
from astrotl_gui.core.audit_state import AuditState
from astrotl_gui.core.audit_table import CERTIFIED, STANDING
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import round_time
from astrotl_gui.core.targets import nouns

from .controls import Bar, Button, Label, Segmented
from .fields import Field
from .train_card import Card, Rows

if TYPE_CHECKING:
    from .session import Session


class AuditCard(Card):
    """Plans one while none stands. `wanted(ids, name)`: its sample is to be labelled blind, in this order."""

    wanted = Signal(list, str)

    def __init__(self, session: Session) -> None:
        super().__init__("Audit")
        self._session = session
        self.says = Label("", tone="text2", wrap=True)
        self.filter = Field("Which sources: i < 22.5, or all")
        self.recall = Segmented([(str(goal), f"{goal:.0%}".replace("%", " %")) for goal in GOALS], fill=True)
        self.recall.set_value("0.8")
        self.recall.setAccessibleName("Share to show")
        self.rows, self.bar = Rows(), Bar()
        self.problem = Label("", tone="alert", wrap=True)
        self.past = Label("", tone="text2", wrap=True)
        self.start = Button("Start audit", main=True, height=36)
        self.go_on = Button("Continue", main=True, height=36)
        self.finish = Button("Give the certificate", main=True, height=36)
        self.stop, self.release = Button("Stop"), Button("Release its labels")
        self.stop.setToolTip("Give the audit up: its labels teach the list, nothing is proved")
        self.release.setToolTip("Let the labels of this audit teach the list")
        for part in (
            self.says, self.past, self.filter, self.recall, self.bar, self.rows, self.problem,
            self.start, self.go_on, self.finish, self.stop, self.release,
        ):  # fmt: skip
            self.column.addWidget(part)
        self.filter.textChanged.connect(self.refresh)
        self.recall.chosen.connect(self.refresh)
        self.start.clicked.connect(self._start)
        self.go_on.clicked.connect(self._continue)
        for button, verb in (
            (self.finish, session.finish_audit),
            (self.stop, session.stop_audit),
            (self.release, session.release_audit),
        ):
            button.clicked.connect(lambda _=False, verb=verb: self._end(verb))

    @property
    def state(self) -> AuditState | None:
        """The audit that the card is about: the one that stands, else the last that keeps its labels apart."""
        audits = self._session.audits()
        return self._session.audit or next((a for a in reversed(audits) if a.audit.state == CERTIFIED), None)

    def refresh(self, *_: object) -> None:
        """Show how the audits of the current list stand."""
        state = self.state
        standing = state is not None and state.audit.state == STANDING
        self.bar.setVisible(standing)
        for part in (self.filter, self.recall, self.start):
            part.setVisible(not standing)
        self.go_on.setVisible(state is not None and standing and not state.complete)
        self.finish.setVisible(state is not None and standing and state.complete)
        self.stop.setVisible(standing)
        self.release.setVisible(state is not None and not standing)
        self.problem.setText("")
        self.past.setText(self._certificate(state) if state is not None else "")
        self.past.setVisible(bool(self.past.text()))
        things = nouns(self._session.targets, self._session.target)
        if state is not None and standing:
            self.says.setText(f"A random sample of {state.audit.words}, labelled blind.")
            self._show_standing(state)
        else:
            self.says.setText(
                f"How many {things} did the list miss? Label a random sample blind, and the answer has a proven limit."
            )
            self._show_plan()
        self.problem.setVisible(bool(self.problem.text()))

    def _show_plan(self) -> None:
        try:
            plan = self._session.plan_audit(None, float(self.recall.value), self.filter.text())
        except AstroTLError as problem:
            plan = None
            self.problem.setText(f"{problem.title}. {problem.detail}")
        self.problem.setProperty("tone", "alert" if self.filter.text() else "text2")
        self.problem.style().polish(self.problem)
        self.filter.setProperty("wrong", plan is None and bool(self.filter.text()))
        self.filter.style().polish(self.filter)
        self.rows.set_rows(_rows_of(plan) if plan is not None else {})
        self.start.setEnabled(plan is not None)

    def _show_standing(self, state: AuditState) -> None:
        self.bar.set_value(state.done / state.total if state.total else 1)
        rows = {
            "Set": f"{state.audit.size:,}, {state.audit.words}",
            "To show": f"{_percent(state.audit.recall)} found",
            "Labelled": f"{state.done:,} of {state.total:,}",
            "Hits": f"{state.hits:,}",
        }
        if state.unsure:
            rows["Unsure, count as hits"] = f"{state.unsure:,}"
        self.rows.set_rows(rows)

    def _certificate(self, state: AuditState) -> str:
        proved = state.certificate
        if proved is None:
            return ""
        things = nouns(self._session.targets, state.audit.target)
        hits = f"{proved.hits:,} hit{'' if proved.hits == 1 else 's'}"
        now = _percent(state.recall_now or 0.0)
        since = f" With what was found since: at least {now}." if now != _percent(proved.recall) else ""
        return (
            f"At least {_percent(proved.recall)} of the {things} in {state.audit.words} are found, "
            f"with {proved.confidence:.0%} confidence: {hits} in {proved.labelled:,} labels, "
            f"so at most {proved.unfound:,} are missing.{since}"
        ).replace("% confidence", " % confidence")

    def _start(self) -> None:
        begun = self._session.start_audit(None, float(self.recall.value), self.filter.text())
        if begun is not None:
            self._continue()

    def _continue(self) -> None:
        state = self._session.audit
        if state is not None and state.next:
            self.wanted.emit(state.next, self._session.audit_name())

    def _end(self, verb: object) -> None:
        state = self.state
        if state is not None and callable(verb):
            verb(state.audit.number)


def _rows_of(plan: Plan) -> dict[str, str]:
    rows = {
        "Set": f"{plan.size:,} sources" + (f", {plan.words}" if plan.words != "all sources" else ""),
        f"To show that {_percent(plan.recall)} are found": f"{plan.labels:,} labels",
    }
    for hits, needed in list(enumerate(plan.by_hits))[1:3]:
        name = f"If {hits} of them {'is a hit' if hits == 1 else 'are hits'}"
        rows[name] = f"{needed:,} needed" if needed is not None else "cannot be shown"
    rows["Time at your pace"] = round_time(plan.seconds) if plan.seconds else "not known yet"
    return rows


def _percent(share: float) -> str:
    return f"{int(100 * share + 1e-9)} %"

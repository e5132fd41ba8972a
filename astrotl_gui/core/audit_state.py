"""Where an audit stands: which sources are to be labelled next, and what the answers prove once all are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from astrotl_gui.core.audit import least_recall, most_unfound
from astrotl_gui.core.audit_table import CERTIFIED, RELEASED, STANDING, STOPPED, Audit, Certificate, answers
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import Label, Labels


@dataclass(frozen=True, eq=False)
class AuditState:
    """An audit with its answers: source id → the blind label that counts.

    `found_now` of the set are called yes now, `since` of these were not when the sample was drawn: hits of the audit
    and what the list gave meanwhile.
    """

    audit: Audit
    answers: Mapping[int, Label]
    found_now: int
    since: int

    @property
    def next(self) -> list[int]:
        """Ids that are still to be labelled, in the order drawn."""
        return [source for source in self.audit.sample.tolist() if source not in self.answers]

    @property
    def done(self) -> int:
        return len(self.answers)

    @property
    def total(self) -> int:
        return len(self.audit.sample)

    @property
    def hits(self) -> int:
        """Targets in the sample: what the search before the audit had missed."""
        return self._called("positive")

    @property
    def unsure(self) -> int:
        return self._called("unsure")

    @property
    def complete(self) -> bool:
        return self.done == self.total

    @property
    def certificate(self) -> Certificate | None:
        """What was certified; while it can still change, what the answers say. None before all are given."""
        if self.audit.certificate is not None:
            return self.audit.certificate
        return certify(self) if self.audit.state == STANDING and self.complete else None

    @property
    def base_rate(self) -> float | None:
        """The best guess of the share of targets in the set; None before all answers are given."""
        proved = self.certificate
        if proved is None:
            return None
        share = proved.hits / proved.labelled if proved.labelled else 0.0
        return (proved.found + proved.count * share) / (proved.found + proved.count)

    @property
    def recall_now(self) -> float | None:
        """The least share of all targets of the set that is found by now, at the certificate's confidence.

        The set holds at most F + U of them, whatever was found since.
        """
        proved = self.certificate
        if proved is None:
            return None
        total = self.found_now + max(proved.unfound - self.since, 0)
        return self.found_now / total if total else 0.0

    def _called(self, value: str) -> int:
        return sum(label.value == value for label in self.answers.values())


def audit_state(audit: Audit, labels: Labels, vetter: str | None = None) -> AuditState:
    """An audit by the labels that hold now, as `vetter` or as all see them."""
    called = labels.current(audit.target, vetter)
    yes = np.array([i for i, label in called.items() if label.value == "positive"], np.int64)
    now = np.isin(audit.ids, yes)
    since = int((now & ~audit.found).sum())
    return AuditState(audit, answers(audit, labels.events()), int(now.sum()), since)


def certify(state: AuditState) -> Certificate:
    """The certificate that the answers give. Raises AstroTLError before all of them are there.

    Unsure counts as a hit, so the bound holds whatever they are. Fewer answers than were declared prove nothing: who
    may stop when the answers please stops too early.
    """
    audit = state.audit
    if not state.complete:
        left = state.total - state.done
        raise AstroTLError(
            "This audit is not complete",
            f"{left:,} of {state.total:,} labels are missing. Fewer than were declared certify nothing.",
        )
    found = int(audit.found.sum())
    count, bad = audit.size - found, state.hits + state.unsure
    return Certificate(
        now(),
        audit.model,
        found,
        count,
        state.total,
        state.hits,
        state.unsure,
        int(most_unfound(count, state.total, bad)),
        float(least_recall(found, count, state.total, bad)),
    )


def ended(state: AuditState, become: str) -> dict[str, object]:
    """What changes of an audit (fields of it) when it becomes CERTIFIED, RELEASED or STOPPED.

    Raises AstroTLError where it cannot.
    """
    audit = state.audit
    if audit.state == STOPPED or audit.state == RELEASED:
        raise AstroTLError("This audit has ended", f"Audit {audit.number} ended {audit.ended[:10]}.")
    time = now()
    if become == STOPPED:
        if audit.state == CERTIFIED:
            raise AstroTLError("This audit is certified", "Its labels can be released to the ranker.")
        return {"state": STOPPED, "ended": time, "released": time}
    certified = {
        "certificate": audit.certificate or certify(state),
        "ended": audit.ended or time,
        "state": become,
    }
    return certified | ({"released": time} if become == RELEASED else {})


def now() -> str:
    """This moment as labels carry it: UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")

"""Where one stands, in plain sentences. A list is never called done: that labels find nothing more proves nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from astrotl_gui.core.audit import labels_needed, rule_of_three
from astrotl_gui.core.audit_state import AuditState
from astrotl_gui.core.audit_table import STANDING, STOPPED
from astrotl_gui.core.progress import round_time
from astrotl_gui.core.targets import nouns
from astrotl_gui.core.yields import Yields

FEW = 50
"""With fewer labels than this nothing can be said of how a list runs dry."""
DRY = 1
"""So many yes among the last 50 labels, or none, and the list seems to run dry."""
SLOWER = 0.75
"""A list slows down when the last 50 labels give less than this share of what all labels gave."""
GOALS = (0.5, 0.8, 0.9, 0.95)
"""What an audit may be asked to show."""

NOTHING, STARTING, FINDING, SLOWING, RUN_DRY, AUDITING, AUDITED = (
    "nothing", "starting", "finding", "slowing", "dry", "auditing", "audited",
)  # fmt: skip


@dataclass(frozen=True)
class Advice:
    """Two sentences: how it stands, and what follows; `state` is one of the constants of this module."""

    state: str
    sentence: str
    detail: str


def advise(where: Yields, names: Mapping[str, str], audits: Sequence[AuditState] = ()) -> Advice:
    """Say where a list stands; `names` are those of the lists, `audits` all of this list, the latest last."""
    standing = next((one for one in audits if one.audit.state == STANDING), None)
    proved = next((one for one in reversed(audits) if one.certificate is not None), None)
    several = sum(one.certificate is not None for one in audits)
    if standing is not None and not standing.complete:
        return Advice(AUDITING, _sentence(where, names), _going_on(standing, names))
    if proved is not None:
        return Advice(AUDITED, _sentence(where, names), _proved(proved, several, where, names))
    state = _state(where)
    stopped = next((one for one in reversed(audits) if one.audit.state == STOPPED), None)
    detail = _detail(state, where, names)
    if stopped is not None:
        detail += f" The audit stopped after {stopped.done:,} of {stopped.total:,} labels proves nothing."
    return Advice(state, _sentence(where, names), detail)


def _state(where: Yields) -> str:
    if not where.labels:
        return NOTHING
    if where.labels < FEW or not where.found:
        return STARTING
    last = sum(where.last(FEW))
    if last <= DRY:
        return RUN_DRY
    return FINDING if last / FEW >= SLOWER * where.found / where.labels else SLOWING


def _sentence(where: Yields, names: Mapping[str, str]) -> str:
    """ "41 lenses found in 212 labels. By chance you would have 4." """
    if not where.labels:
        return "No labels yet."
    says = f"{where.found:,} {nouns(names, where.target, where.found)} found in {_labels(where.labels)}."
    if where.chance is None or not where.found:
        return says
    expected = _count(float(where.chance.expected(where.labels)))
    return f"{says} By chance you would have {'' if where.chance.audited else 'at least '}{expected}."


def _detail(state: str, where: Yields, names: Mapping[str, str]) -> str:
    things = nouns(names, where.target)
    if state == NOTHING:
        return "Press A for yes, X for no. Five are enough to start."
    if state == STARTING:
        if where.labels < FEW:
            return f"Too few labels to tell how the list runs on: it takes {FEW - where.labels} more."
        return "Find a first one by a prototype, a catalog of known ones, or similarity."
    last = sum(where.last(FEW))
    if state == FINDING:
        return f"The last {FEW} labels gave {last}: the list goes on to find {things}. Label on."
    gave = f"The last {FEW} labels gave {last or 'none'}. That alone does not mean the list is finished: "
    if state == SLOWING:
        return gave + "check with an audit."
    return gave + f"{_cost(where, 0.8, where.sources, where.found)} would show whether 80 % are found."


def _cost(where: Yields, recall: float, size: int, found: int) -> str:
    """ "an audit of 590 labels, about 59 min," """
    labels = min(rule_of_three(size, found, recall), size - found)
    time = f", {round_time(where.pace * labels)} at your pace," if where.pace else ""
    return f"an audit of {_labels(labels)}{time}"


def _going_on(state: AuditState, names: Mapping[str, str]) -> str:
    hits = f"{state.hits:,} {nouns(names, state.audit.target, state.hits)}" if state.hits else "none"
    return (
        f"An audit goes on: {state.done:,} of {_labels(state.total)}, {hits} so far. "
        "It proves something once all are given, and nothing before."
    )


def _proved(state: AuditState, several: int, where: Yields, names: Mapping[str, str]) -> str:
    """What the latest certificate says, and what a higher share would cost."""
    proved, now = state.certificate, state.recall_now
    assert proved is not None and now is not None
    day = proved.date[:10]
    says = (
        f"At least {_percent(now)} of all {nouns(names, where.target)} in {state.audit.words} are found: "
        f"by the audit of {day}, {_labels(proved.labelled)}, with 95 % confidence."
    )
    if several > 1:
        says += f" It is audit {several} of this list: all of them hold together with {max(100 - 5 * several, 0)} %."
    goal = next((goal for goal in GOALS if goal > now), None)
    left = state.audit.size - state.found_now
    if goal is None or not state.found_now or left <= 0:
        return says
    needed = labels_needed(state.found_now, left, goal)
    if needed is None:
        return says
    more = min(rule_of_three(state.audit.size, state.found_now, goal), left)
    return f"{says} To show {_percent(goal)} takes another {_labels(more)} without a hit."


def _percent(share: float) -> str:
    """Rounded down: what is proved is never overstated."""
    return f"{int(100 * share + 1e-9)} %"


def _count(expected: float) -> str:
    """A number of things by chance: whole from one on."""
    return f"{expected:,.0f}" if expected >= 0.95 else f"{expected:.1g}"


def _labels(count: int) -> str:
    return f"{count:,} label{'' if count == 1 else 's'}"

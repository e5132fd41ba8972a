"""Audits of a project: plan one, declare its set and draw its sample, end it."""

from __future__ import annotations

import secrets
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.audit import Plan, make_plan
from astrotl_gui.core.audit_state import AuditState, audit_state, ended, now
from astrotl_gui.core.audit_table import CERTIFIED, RELEASED, STANDING, STOPPED, Audit, without_answers
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.project import Project
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.source_filter import chosen, words
from astrotl_gui.core.targets import nouns
from astrotl_gui.core.yields import Yields, pace, yields

RECALL = 0.8
"""What an audit is to show where nothing else is asked."""


def plan_audit(
    project: Project,
    catalog: Catalog,
    target: str,
    recall: float = RECALL,
    filter: str = "",
    hits: int = 0,
    vetter: str | None = None,
) -> Plan:
    """How many labels show that a share `recall` of the targets is found, in the catalog or where `filter` fits.

    `hits` of the sample may be targets. Raises AstroTLError: a recall that is none, a filter that cannot be read or
    fits nothing, and before anything is found.
    """
    if not 0 < recall < 1:
        raise AstroTLError("This share cannot be shown", "Give one between 0 and 1, as 0.8.")
    if hits < 0:
        raise AstroTLError("So many hits cannot be", "Give 0 or more.")
    ids, found = _declared(project, catalog, target, filter, vetter)
    if not found.any():
        raise AstroTLError(
            "Nothing is found yet",
            f"No {nouns(project.target_names, target, 1)} in {_the(filter)} is called yes. Label the top of the list.",
        )
    speed = pace(project.labels.events(), vetter)
    return make_plan(target, words(filter), len(ids), int(found.sum()), recall, hits, speed)


def start_audit(
    project: Project,
    catalog: Catalog,
    target: str,
    recall: float = RECALL,
    filter: str = "",
    hits: int = 0,
    vetter: str | None = None,
    *,
    model: str = "",
    seed: int | None = None,
) -> Audit:
    """Declare the set, draw the sample of the plan from what is not found of it, and store both.

    One audit a list at a time. `model` is what ranks the list now. Raises AstroTLError as `plan_audit` does, and while
    another audit of the list stands.
    """
    if standing(project, target) is not None:
        raise AstroTLError("An audit of this list goes on", "Label its sample, or stop it, before another.")
    plan = plan_audit(project, catalog, target, recall, filter, hits, vetter)
    ids, found = _declared(project, catalog, target, filter, vetter)
    seed = secrets.randbelow(2**32) if seed is None else seed
    sample = np.random.default_rng(seed).permutation(ids[~found])[: plan.labels]
    rows = catalog.rows_of(sample)
    places = np.stack(
        [np.asarray(catalog.column(name), float)[rows] for name in ("ra", "dec", "x", "y")], axis=1
    )
    number = max((audit.number for audit in project.audits), default=0) + 1
    audit = Audit(
        number, target, plan.words, recall, seed, vetter or "", model, now(), ids, found, sample, places
    )
    project.write_audit(audit)
    return audit


def finish_audit(project: Project, number: int) -> Audit:
    """Give the certificate once all of the sample is labelled; its labels stay apart, to calibrate by."""
    return _end(project, number, CERTIFIED)


def release_audit(project: Project, number: int) -> Audit:
    """Let the labels of a complete audit teach the ranker; its certificate is what was proved until now."""
    return _end(project, number, RELEASED)


def stop_audit(project: Project, number: int) -> Audit:
    """Give an audit up: no certificate, and its labels teach the ranker."""
    return _end(project, number, STOPPED)


def states(project: Project, target: str, vetter: str | None = None) -> list[AuditState]:
    """All audits of a list as they stand, the latest last."""
    return [audit_state(a, project.labels, vetter) for a in project.audits if a.target == target]


def where_it_stands(
    project: Project,
    catalog: Catalog,
    target: str,
    ranking: Ranking | None,
    vetter: str | None = None,
) -> Yields:
    """What the labels of a list found, answers to audits aside; by chance as the latest complete audit says."""
    mine, events = states(project, target, vetter), project.labels.events()
    rates = [rate for one in mine if (rate := one.base_rate) is not None]
    return yields(
        target,
        without_answers([one.audit for one in mine], events),
        len(catalog),
        ranking,
        audits=[label for one in mine for label in one.answers.values()],
        base_rate=rates[-1] if rates else None,
        vetter=vetter,
    )


def standing(project: Project, target: str) -> Audit | None:
    """The audit of a list that is being labelled."""
    return next((a for a in project.audits if a.target == target and a.state == STANDING), None)


def _end(project: Project, number: int, become: str) -> Audit:
    audit = next((a for a in project.audits if a.number == number), None)
    if audit is None:
        raise AstroTLError("No such audit", f"There is no audit {number}.")
    state = audit_state(audit, project.labels, audit.vetter or None)
    done = replace(audit, **ended(state, become))  # type: ignore[arg-type]
    project.write_audit(done)
    return done


def _declared(
    project: Project, catalog: Catalog, target: str, filter: str, vetter: str | None
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The ids of the set, ascending, and which of them are called yes now."""
    ids = np.sort(catalog.ids[chosen(catalog, filter)]).astype(np.int64)
    if not len(ids):
        raise AstroTLError("No source fits this filter", f"{_the(filter)} is empty.".capitalize())
    called = project.labels.current(target, vetter)
    yes = [source for source, label in called.items() if label.value == "positive"]
    return ids, np.isin(ids, np.array(yes, np.int64))


def _the(filter: str) -> str:
    return f"the set {words(filter)}" if filter.strip() else "the catalog"

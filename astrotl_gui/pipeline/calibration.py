"""Probabilities for a list, once an audit of it is complete: by the labels of its sample alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from astropy.table import MaskedColumn
from numpy.typing import ArrayLike, NDArray

from astrotl_gui.core.audit_state import AuditState
from astrotl_gui.core.labels import Label
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.project import Project
from astrotl_gui.ml.calibration import FEWEST, Calibration, calibrate
from astrotl_gui.pipeline.audit import states
from astrotl_gui.pipeline.rank import RankInputs, learned


def calibrate_list(
    inputs: RankInputs,
    target: str,
    labels: Mapping[int, int],
    answers: Mapping[int, Label],
    *,
    progress: Progress = SILENT,
) -> Calibration | None:
    """How the scores of a list that `labels` (id → ±1) rank become the probability of a yes, by the audit's `answers`.

    None with fewer than three yes, or three others, among them. Unsure is no yes. Each source of the sample is
    judged as if its own label were not among those the ranker learns from.
    """
    progress(0, 1, "Calibrating")
    known = [source for source in answers if source in inputs.rows]
    scores = unseen_scores(inputs, target, labels, known)
    truth = np.array([answers[source].value == "positive" for source in known], bool)
    found = calibrate(scores, truth)
    progress(1, 1, "Calibrating")
    return found


def unseen_scores(
    inputs: RankInputs, target: str, labels: Mapping[int, int], sources: Iterable[int]
) -> NDArray[np.float64]:
    """Scores (n,) of sources, in (0, 1), where their own labels are left out."""
    rows = inputs.rows.of(list(sources))
    ranker = learned(inputs, target, labels)
    if ranker is None:
        cold = inputs.cold_of(target)
        return np.full(len(rows), 0.5) if cold is None else np.asarray(cold[rows], np.float64)
    mean = ranker.decision_function(rows)
    own = dict(zip(ranker.rows.tolist(), ranker.left_out().tolist(), strict=True))
    return ranker.probability(np.array([own.get(row, m) for row, m in zip(rows.tolist(), mean, strict=True)]))


def calibrations(
    project: Project, inputs: RankInputs, targets: Iterable[str], vetter: str | None = None
) -> dict[str, Calibration]:
    """By target, for those whose latest complete audit had enough yes."""
    found = {}
    for target in targets:
        audit = complete(states(project, target, vetter))
        if audit is None:
            continue
        labels = project.labels.training(target, vetter)
        made = calibrate_list(inputs, target, labels, audit.answers)
        if made is not None:
            found[target] = made
    return found


def probability_column(made: Calibration, name: str, scores: ArrayLike) -> MaskedColumn:
    """The probabilities (N,) of a list called `name`, NaN where its scores are, as a column of an export."""
    values = np.array(scores, np.float32)
    ranked = np.isfinite(values)
    values[ranked] = made.probability(values[ranked])
    by = f"by {made.method} from {made.labels} labels of an audit, calibration error {made.error:.3f}"
    return MaskedColumn(values, mask=False, description=f"{name}: probability of a yes, {by}")


def audited(project: Project, targets: Iterable[str]) -> list[str]:
    """Those of the targets that have a complete audit."""
    return [target for target in targets if complete(states(project, target)) is not None]


def complete(audits: list[AuditState]) -> AuditState | None:
    """The latest audit of which all answers were given."""
    return next((one for one in reversed(audits) if one.certificate is not None), None)


def why_not(audit: AuditState | None) -> str:
    """Why a list shows ranks and no probabilities, in words."""
    if audit is None:
        return "Scores are ranks until an audit is complete."
    return f"The audit gave {audit.hits} yes; with fewer than {FEWEST} there is nothing to calibrate by."

"""Why a candidate stands where it does, in plain words; only what the ranking really used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from astrotl_gui.core.labels import TARGET_NAMES

if TYPE_CHECKING:
    from .session import Session

COLD_WORDS = {
    "lens": "bright, extended, red sources with bluer light around them",
    "agn": "a point-like nucleus of another colour than its host",
    "artifact": "what is sharper than a star, masked, saturated, needle-like or in one band only",
    "outlier": "cutouts unlike those of the other sources",
}
SAID = {1: "yes", -1: "no"}
NEAREST = 3


def reasons(session: Session, source: int) -> list[str]:
    """Sentences on the rank of `source` in the current list: the nearest labelled examples, then the start.

    Empty when there is no ranking yet or the source is not in it.
    """
    inputs, ranking = session.inputs, session.ranking()
    if inputs is None or ranking is None or source not in inputs.rows or session.project is None:
        return []
    target, row = session.target, inputs.rows[source]
    training = session.project.labels.training(target, session.settings.vetter)
    labelled = {inputs.rows[i]: sign for i, sign in training.items() if i in inputs.rows and i != source}
    lines = []
    if labelled:
        rows = np.array(list(labelled))
        distances = np.linalg.norm(inputs.vectors[rows] - inputs.vectors[row], axis=1)
        for k in np.argsort(distances, kind="stable")[:NEAREST]:
            rank = ranking.rank_of(int(inputs.ids[rows[k]]))
            said = SAID[labelled[int(rows[k])]]
            lines.append(f"Candidate {rank:,}, labelled {said}, at distance {distances[k]:.3f}.")
    cold = inputs.cold[target]
    place = 1 + int(np.count_nonzero(cold > cold[row]))
    name = TARGET_NAMES[target] if target == "agn" else TARGET_NAMES[target].lower()
    if not labelled:
        lines.append(f"No {name} labels yet. The list starts with {COLD_WORDS[target]}.")
    else:
        lines.append(f"Rank {place:,} of {len(cold):,} before any label.")
    return lines

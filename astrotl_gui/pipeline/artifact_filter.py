"""Which sources are likely artifacts, for lists that hold those back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from astrotl_gui.core.ranking import Ranking
    from astrotl_gui.pipeline.rank import RankInputs

LEARNED = 0.5
"""Score of the ranker from which on it says yes rather than no."""


def likely_artifacts(
    inputs: RankInputs, ranking: Ranking | None, labels: Mapping[int, int]
) -> NDArray[np.int64]:
    """Return the ids, sorted, of likely artifacts, given the artifact list and its labels (id → +1 or −1).

    They are the sources labelled so; those of which a cold sign is beyond doubt; and, once labels made the
    list, those of which the ranker is as sure as of most labelled ones. What is labelled no artifact is none.
    """
    from astrotl_gui.ml.coldstart import CERTAIN_SIGNS

    found = [inputs.ids[inputs.artifact_signs >= CERTAIN_SIGNS]]
    if ranking is not None and ranking.learned and labels:  # a cold score of 1/2 is the middle of the list
        found.append(ranking.ids[ranking.scores >= _sure(ranking, labels)])
    found.append(np.array([source for source, sign in labels.items() if sign > 0], np.int64))
    none = np.array([source for source, sign in labels.items() if sign < 0], np.int64)
    return np.setdiff1d(np.concatenate(found), none)


def _sure(ranking: Ranking, labels: Mapping[int, int]) -> float:
    """The median score of the labelled artifacts, at least `LEARNED`.

    With hardly a no among the labels most of the sky scores above `LEARNED`.
    """
    known = [ranking.score_of(source) for source, sign in labels.items() if sign > 0]
    scores = [score for score in known if score is not None]
    return max(LEARNED, float(np.median(scores))) if scores else LEARNED

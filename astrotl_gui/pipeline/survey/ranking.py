"""Ranking and similarity over a survey: fitted on labels and a sample, then a pass in which each partition returns its
best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.ml.kernel import Kernel, normal_scores
from astrotl_gui.ml.placing import Placing
from astrotl_gui.ml.ranker import Ranker
from astrotl_gui.pipeline.rank import NO_PLACE, prior_mean
from astrotl_gui.pipeline.survey.folder import Survey
from astrotl_gui.pipeline.survey.listing import Best, SurveyList, best, merged
from astrotl_gui.pipeline.survey.partition import survey_at
from astrotl_gui.pipeline.survey.passes import over_parts
from astrotl_gui.pipeline.survey.reading import Rows, pieces, sample

if TYPE_CHECKING:
    from distributed import Client

F32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Scorer:
    """A ranker over labelled rows alone, and how any other source is placed beside them."""

    placing: Placing
    ranker: Ranker

    @classmethod
    def fit(cls, stands_for_all: Embeddings, labelled: Rows, labels: Mapping[int, int]) -> Scorer:
        """Spaces, ranks and length scales of the sample; the ranker on the labelled rows (ids ascending)."""
        placing = Placing.fit(
            stands_for_all.vectors,
            stands_for_all.blocks,
            stands_for_all.statistics,
            stands_for_all.statistic_names,
        )
        layers = {name: placing.layer(name, stands_for_all.vectors) for name in stands_for_all.blocks}
        kinds = {
            kind: normal_scores(stands_for_all.statistics[:, columns])
            for kind, columns in placing.kinds.items()
        }
        scales = Kernel.fit(layers, kinds, len(stands_for_all))
        values = placing.values(labelled.vectors, labelled.statistics)
        count = len(labelled.ids)
        kernel = Kernel(tuple(replace(part, values=values[part.name]) for part in scales.parts), count)
        prior = prior_mean(np.full(count, NO_PLACE, np.float32), count)
        signs = [labels[source] for source in labelled.ids.tolist()]
        return cls(placing, Ranker(kernel, prior).fit(np.arange(count), signs))

    def scores(self, rows: Rows) -> F32:
        """Scores (n,) in [0, 1], those that `rank` gives in one project of all."""
        placed = self.placing.values(rows.vectors, rows.statistics)
        assert isinstance(self.ranker.kernel, Kernel)
        near = self.ranker.kernel.to(placed, self.ranker.rows)
        mean = self.ranker.prior[0] + near @ self.ranker.weights().astype(np.float32)
        return self.ranker.probability(mean.astype(np.float64)).astype(np.float32)


def score_part(folder: str, number: int, scorer: Scorer, top: int) -> Best:
    """The best of a partition."""
    found: Best = np.zeros(0, np.int64), np.zeros(0, np.float32)
    for rows in pieces(survey_at(folder), number):
        ids, scores = found
        found = best(np.concatenate([ids, rows.ids]), np.concatenate([scores, scorer.scores(rows)]), top)
    return found


def rank_survey(
    survey: Survey,
    target: str,
    labels: Mapping[int, int],
    top: int,
    client: Client | None = None,
    *,
    progress: Progress = SILENT,
) -> SurveyList:
    """The `top` best of what has arrived, given labels (id → +1 or −1), as a project of all would rank them.

    To 20,000 sources the very scores of `rank` in a list without an order before labels; of more, spaces and ranks are
    those of a sample, as they are there, but another one. Raises AstroTLError when no labelled source has arrived.
    """
    parts = survey.finished()
    wanted = np.array(sorted(labels), np.int64)
    stands_for_all, labelled = sample(survey, parts, wanted, client, progress=progress)
    if not len(labelled.ids):
        raise AstroTLError(
            "No labelled source is in the survey", "Label sources of it, or run it to its end."
        )
    scorer = Scorer.fit(stands_for_all, labelled, labels)
    passed = over_parts(survey, parts, score_part, (scorer, top), client, text="Ranking", progress=progress)
    (ids, scores), partitions = merged(passed, top)
    return SurveyList(target, "score", ids, scores, partitions, len(parts), len(survey.work()))


@dataclass(frozen=True, eq=False)
class Likeness:
    """Compares sources as similarity search in a project does: in the ranking space of the last features."""

    placing: Placing
    raw: slice | None
    """Of ULISSE's recipe, these columns of the embedding as they are."""
    example: F32

    @classmethod
    def of(cls, stands_for_all: Embeddings, example: Rows) -> Likeness:
        raw = stands_for_all.last if stands_for_all.meta.get("making", {}).get("recipe") == "ulisse" else None
        last = list(stands_for_all.blocks)[-1]
        blocks = {last: stands_for_all.blocks[last]}
        placing = Placing.fit(stands_for_all.vectors, blocks, np.zeros((0, 0), np.float32), ())
        made = cls(placing, raw, np.zeros(0, np.float32))
        return replace(made, example=made.placed(example)[0])

    def placed(self, rows: Rows) -> F32:
        if self.raw is not None:
            return rows.vectors[:, self.raw].astype(np.float32)
        (name,) = self.placing.blocks
        return self.placing.layer(name, rows.vectors)

    def distances(self, rows: Rows) -> F32:
        """Euclidean, √(2 − 2 cosine) of unit vectors."""
        return np.linalg.norm(self.placed(rows) - self.example, axis=1).astype(np.float32)


def liken_part(folder: str, number: int, likeness: Likeness, source: int, count: int) -> Best:
    """The nearest of a partition and how near they are (minus the distance), the example left out."""
    found: Best = np.zeros(0, np.int64), np.zeros(0, np.float32)
    for rows in pieces(survey_at(folder), number):
        others = rows.take(rows.ids != source)
        ids, near = found
        near = np.concatenate([near, -likeness.distances(others)])
        found = best(np.concatenate([ids, others.ids]), near, count)
    return found


def similar_in_survey(
    survey: Survey, source: int, count: int, client: Client | None = None, *, progress: Progress = SILENT
) -> SurveyList:
    """The `count` sources most like one, compared with every source that has arrived; none is skipped.

    Raises AstroTLError when that source has not arrived.
    """
    parts = survey.finished()
    stands_for_all, example = sample(survey, parts, np.array([source], np.int64), client, progress=progress)
    if not len(example.ids):
        raise AstroTLError("No such source", f"Source {source} is in no finished partition of {survey.path}.")
    arguments = (Likeness.of(stands_for_all, example), source, count)
    passed = over_parts(survey, parts, liken_part, arguments, client, text="Comparing", progress=progress)
    (ids, near), partitions = merged(passed, count)
    return SurveyList(f"similar-{source}", "distance", ids, -near, partitions, len(parts), len(survey.work()))

"""Vectors and statistics of a survey's partitions, a bounded piece at a time, and a fair sample over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from astrotl_gui.core.embeddings import Embeddings, EmbeddingStore, read_shard
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.ml.placing import SAMPLE
from astrotl_gui.pipeline.survey.folder import Survey
from astrotl_gui.pipeline.survey.partition import survey_at
from astrotl_gui.pipeline.survey.passes import over_parts

if TYPE_CHECKING:
    from distributed import Client

PIECE = 8192
"""Sources in memory at a time, about; a shard more at most."""
SPARE = 1.25
"""So many times the sample is drawn, that it is never too small; the smallest lots are kept."""

Ids = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Some sources: ids (N,), vectors float16 (N, D), statistics float32 (N, M)."""

    ids: Ids
    vectors: NDArray[np.float16]
    statistics: NDArray[np.float32]

    def take(self, which: NDArray[np.generic]) -> Rows:
        return Rows(self.ids[which], self.vectors[which], self.statistics[which])

    @classmethod
    def joined(cls, parts: list[Rows]) -> Rows:
        return cls(
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.vectors for part in parts]),
            np.concatenate([part.statistics for part in parts]),
        )


def pieces(survey: Survey, number: int) -> Iterator[Rows]:
    """The sources of a finished partition, PIECE at a time. Raises AstroTLError where a shard is damaged."""
    part = survey.part(number)
    held: list[Rows] = []
    total = 0
    for store in EmbeddingStore.all(part / "embeddings")[:1]:
        for path in store.shards():
            shard = read_shard(path, ("ids", "vectors", "statistics"))
            if shard is None:
                break
            held.append(Rows(shard["ids"], shard["vectors"], shard["statistics"]))
            total += len(held[-1].ids)
            if sum(len(rows.ids) for rows in held) >= PIECE:
                yield Rows.joined(held)
                held = []
    if held:
        yield Rows.joined(held)
    if total < count_of(survey, number):
        raise AstroTLError(
            "A part of the survey is damaged",
            f"Remove {part} and run astrotl survey --out {survey.path} again.",
        )


def count_of(survey: Survey, number: int) -> int:
    """Sources of a finished partition. Raises AstroTLError when its catalog cannot be read."""
    file = survey.part(number) / "catalog.parquet"
    try:
        return int(pq.read_metadata(file).num_rows)
    except OSError as problem:
        raise AstroTLError("A part of the survey cannot be read", f"{file}: {problem}.") from problem


def lots(ids: Ids) -> NDArray[np.uint64]:
    """A random number for each id, the same wherever it is asked for (splitmix64, Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        z = ids.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def draw(folder: str, number: int, below: float, wanted: Ids) -> Rows:
    """Of a partition the sources whose lot is below this share of all lots, and the wanted ones."""
    survey = survey_at(folder)
    limit = np.uint64(min(below * 2.0**64, 2.0**64 - 2.0**12))
    found = []
    for rows in pieces(survey, number):
        chosen = np.isin(rows.ids, wanted) | (lots(rows.ids) < limit if below < 1 else True)
        found.append(rows.take(chosen))
    return Rows.joined(found)


def sample(
    survey: Survey,
    parts: list[int],
    wanted: Ids,
    client: Client | None = None,
    *,
    progress: Progress = SILENT,
) -> tuple[Embeddings, Rows]:
    """(SAMPLE sources that stand for all, by id; the wanted ones that there are, by id).

    All sources where there are no more. Which they are depends on their ids alone, not on partitions and their order.
    """
    total = sum(count_of(survey, number) for number in parts)
    below = SPARE * SAMPLE / total if total > SPARE * SAMPLE else 1.0
    passed = over_parts(survey, parts, draw, (below, wanted), client, text="Sampling", progress=progress)
    drawn = Rows.joined([rows for _, rows in passed])
    drawn = drawn.take(np.argsort(drawn.ids))
    found = drawn.take(np.isin(drawn.ids, wanted))
    if len(drawn.ids) > SAMPLE:
        kept = np.argpartition(lots(drawn.ids), SAMPLE)[:SAMPLE]
        drawn = drawn.take(np.sort(kept))
    (store, *_) = EmbeddingStore.all(survey.part(parts[0]) / "embeddings")
    meta = store.meta()
    names = tuple(meta.get("statistics", ()))
    return Embeddings(drawn.ids, drawn.vectors, drawn.statistics, names, store.key, meta), found

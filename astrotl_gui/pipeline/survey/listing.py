"""A list of a survey's best: chosen in each partition, merged without sorting all, and said with their places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.table import Table
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.files import atomic_write
from astrotl_gui.pipeline.survey.folder import Survey

Best = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Ids and scores (n,)."""


@dataclass(frozen=True, eq=False)
class SurveyList:
    """The best of a survey, best first: ids (n,), `scores` (n,) by column `measure`, and their `partitions` (n,).

    `parts` of `of` partitions had arrived when it was made.
    """

    name: str
    measure: str
    ids: NDArray[np.int64]
    scores: NDArray[np.float32]
    partitions: NDArray[np.int64]
    parts: int
    of: int

    def catalog(self, survey: Survey) -> Catalog:
        """The sources in the order of the list, with their mosaic's number, partition, rank (from 1) and score."""
        tables = []
        for number in np.unique(self.partitions).tolist():
            found = Catalog.read(survey.part(number) / "catalog.parquet")
            tables.append(found.take(found.rows_of(self.ids[self.partitions == number])).table)
        joined = pa.concat_tables(tables) if tables else Catalog.empty().table
        joined = joined.select([name for name in joined.column_names if name != "_healpix_29"])
        ordered = Catalog(joined)
        ordered = ordered.take(ordered.rows_of(self.ids))
        mosaics = dict(survey.work())
        return ordered.with_columns(
            mosaic=np.array([mosaics[number] for number in self.partitions.tolist()], np.int64),
            partition=self.partitions,
            rank=np.arange(1, len(self.ids) + 1),
            **{self.measure: self.scores},
        )

    def write(self, survey: Survey) -> Path:
        """Keep the list in the survey's folder as lists/NAME.parquet; returns the file."""
        file = survey.path / "lists" / f"{quote(self.name, safe=' ')}.parquet"
        with atomic_write(file) as temporary:
            pq.write_table(self.catalog(survey).table, temporary)
        return file

    def table(self, survey: Survey) -> Table:
        """The list as people read it: rank, id, ra, dec, mosaic (name), score."""
        found = self.catalog(survey)
        names = [survey.fields[number].spec.name for number in found.column("mosaic").tolist()]
        made = {name: found.column(name) for name in ("rank", "id", "ra", "dec")}
        return Table({**made, "mosaic": names, self.measure: self.scores})


def best(ids: NDArray[np.int64], scores: NDArray[np.float32], top: int) -> Best:
    """The `top` largest scores, largest first, equal ones by id; only those are sorted."""
    if len(ids) > top:
        edge = np.partition(scores, len(scores) - top)[len(scores) - top]
        level = np.flatnonzero(scores == edge)
        above = np.flatnonzero(scores > edge)
        room = top - len(above)
        kept = np.concatenate([above, level[np.argsort(ids[level])[:room]]])
        ids, scores = ids[kept], scores[kept]
    order = np.lexsort((ids, -scores))
    return ids[order], scores[order]


def merged(found: Iterable[tuple[int, Best]], top: int) -> tuple[Best, NDArray[np.int64]]:
    """The best of the partitions' best, and the partition of each; no more than twice `top` are held."""
    ids, scores = np.zeros(0, np.int64), np.zeros(0, np.float32)
    home: dict[int, int] = {}
    for number, (more, theirs) in found:
        home |= dict.fromkeys(more.tolist(), number)
        ids, scores = best(np.concatenate([ids, more]), np.concatenate([scores, theirs]), top)
        home = {source: home[source] for source in ids.tolist()}
    return (ids, scores), np.array([home[source] for source in ids.tolist()], np.int64)

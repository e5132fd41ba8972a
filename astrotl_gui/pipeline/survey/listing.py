"""A list of a survey's best: chosen in each partition, merged without sorting all, and said with their places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.table import Table
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.pipeline.survey.folder import Survey

Best = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Ids and scores (n,)."""
ARRIVED, OF = b"astrotl_parts", b"astrotl_parts_of"
"""Where the file of a list keeps how many partitions had arrived, of how many."""


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
        file = list_file(survey, self.name)
        table = self.catalog(survey).table
        made_of = {ARRIVED: str(self.parts), OF: str(self.of)}
        with atomic_write(file) as temporary:
            pq.write_table(
                table.replace_schema_metadata({**(table.schema.metadata or {}), **made_of}), temporary
            )
        return file

    @classmethod
    def read(cls, survey: Survey, name: str) -> SurveyList:
        """A list kept by `write`. Raises AstroTLError when there is none of that name, or it cannot be read."""
        file = list_file(survey, name)
        try:
            table = pq.read_table(file)
            measure = next(column for column in ("score", "distance") if column in table.column_names)
            ids, scores, partitions = (table[column].to_numpy() for column in ("id", measure, "partition"))
            parts, of = (int(table.schema.metadata[key]) for key in (ARRIVED, OF))
        except FileNotFoundError:
            kept = ", ".join(sorted(unquote(one.stem) for one in file.parent.glob("*.parquet"))) or "none"
            raise AstroTLError(
                "No such list", f"{survey.path} has no list “{name}”; kept are {kept}. Make one with --rank."
            ) from None
        except (OSError, pa.ArrowException, KeyError, TypeError, StopIteration) as problem:
            raise AstroTLError("The list cannot be read", f"{file}: {problem}. Make it anew.") from problem
        return cls(name, measure, ids, scores, partitions, parts, of)

    def top(self, count: int) -> SurveyList:
        """The first `count` of it."""
        return replace(
            self, ids=self.ids[:count], scores=self.scores[:count], partitions=self.partitions[:count]
        )

    def table(self, survey: Survey) -> Table:
        """The list as people read it: rank, id, ra, dec, mosaic (name), score."""
        found = self.catalog(survey)
        names = [survey.fields[number].spec.name for number in found.column("mosaic").tolist()]
        made = {name: found.column(name) for name in ("rank", "id", "ra", "dec")}
        return Table({**made, "mosaic": names, self.measure: self.scores})


def list_file(survey: Survey, name: str) -> Path:
    """Where a list of that name is kept; names may hold any character."""
    return survey.path / "lists" / f"{quote(name, safe=' ')}.parquet"


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

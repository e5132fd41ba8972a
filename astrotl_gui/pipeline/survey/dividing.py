"""Divides a survey into partitions: every sky source once, in the best mosaic that holds it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write, cannot_write, draft_folder
from astrotl_gui.core.matching import match_sky, unit_vectors
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.survey.folder import ID_STEP, Field, Survey, positions_name
from astrotl_gui.pipeline.survey.hats import read_positions

SAME_SOURCE = 1.0
"""Detections of two mosaics closer than this [arcsec], each the other's nearest, are one source."""
OPEN_MOSAICS = 128

Ids = NDArray[np.int64]


def divide(survey: Survey, per_partition: int, *, progress: Progress = SILENT) -> None:
    """Write the positions of every partition, then work.parquet: they are whole, and of these mosaics' detections.

    What was divided before keeps its numbers; a finished part whose sources are others now is removed, so that none is
    there twice. A catalog's positions go to the best mosaic that holds them (`Field.quality`); what lies on none is
    listed in unplaced.parquet. Detections of overlapping mosaics that are one source are linked in links.parquet (id,
    of), and only the best is kept. Raises AstroTLError for a catalog that cannot be read, a full disk, and where there
    is nothing to embed; `Cancelled`.
    """
    home = survey.path / "work"
    detected = survey.detected()
    draft = draft_folder(home)
    try:
        rows = _placed(survey, progress) if survey.catalog else _detected(survey, detected, progress)
        work = _Work(draft, per_partition, survey.work())
        for number, table in rows:
            work.add(number, table)
        parts = work.finish()
        if not parts:
            raise AstroTLError(
                "No source lies on an image",
                f"{survey.catalog or 'Detection found none'}: nothing to embed. Check WCS and coordinates.",
            )
        _remove_other_sources(survey, draft, {number for number, _, _ in parts})
        shutil.rmtree(home, ignore_errors=True)
        os.rename(draft, home)
        survey.write_work(parts, detected)
    except OSError as problem:
        raise cannot_write(home, problem) from problem
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _remove_other_sources(survey: Survey, positions: Path, numbers: set[int]) -> None:
    """Remove the finished parts that are not of these partitions, or hold other sources than they do now."""
    for number in survey.finished():
        now = pq.read_table(positions / positions_name(number), columns=["id"]) if number in numbers else None
        then = Catalog.read(survey.part(number) / "catalog.parquet").ids
        if now is None or not np.array_equal(then, np.asarray(now["id"])):
            shutil.rmtree(survey.part(number))


class _Work:
    """Collects rows by mosaic and writes them as partitions. The k-th of a mosaic keeps the number it had `before`."""

    def __init__(self, folder: Path, per_partition: int, before: Sequence[tuple[int, int]]) -> None:
        self._folder, self._most = folder, per_partition
        self._waiting: dict[int, list[pa.Table]] = {}
        self._parts: list[tuple[int, int, int]] = []
        self._known: dict[int, list[int]] = {}
        for number, mosaic in reversed(before):
            self._known.setdefault(mosaic, []).append(number)
        self._next = max((number for number, _ in before), default=-1) + 1

    def add(self, mosaic: int, table: pa.Table) -> None:
        waiting = self._waiting.setdefault(mosaic, [])
        waiting.append(table)
        while sum(map(len, waiting)) >= self._most:
            whole = pa.concat_tables(waiting)
            self._write(mosaic, whole.slice(0, self._most))
            waiting[:] = [whole.slice(self._most)]

    def finish(self) -> list[tuple[int, int, int]]:
        """(partition, its mosaic, sources) of all, by number."""
        for mosaic, waiting in sorted(self._waiting.items()):
            if any(map(len, waiting)):
                self._write(mosaic, pa.concat_tables(waiting))
        return sorted(self._parts)

    def _write(self, mosaic: int, table: pa.Table) -> None:
        if self._known.get(mosaic):
            number = self._known[mosaic].pop()
        else:
            number, self._next = self._next, self._next + 1
        pq.write_table(table, self._folder / positions_name(number), compression="zstd")
        self._parts.append((number, mosaic, len(table)))


# --- a catalog ---------------------------------------------------------------------------------------


def _placed(survey: Survey, progress: Progress) -> Iterator[tuple[int, pa.Table]]:
    """(mosaic, rows with x and y there) of the user's catalog, table by table."""
    fields = [one for one in survey.fields if not one.reason]
    mosaic_of = lru_cache(OPEN_MOSAICS)(lambda k: Mosaic.open(fields[k].spec))
    nowhere: list[pa.Table] = []
    count = 0
    for table in read_positions(Path(survey.catalog)):
        ra, dec = (np.asarray(table[name]) for name in ("ra", "dec"))
        best, x, y = _best(fields, mosaic_of, ra, dec)
        placed = table.append_column("x", pa.array(x)).append_column("y", pa.array(y))
        for k in np.unique(best[best >= 0]):
            yield fields[int(k)].number, placed.filter(pa.array(best == k))
        if (best < 0).any():
            nowhere.append(table.filter(pa.array(best < 0)))
        count += len(table)
        progress(0, 0, f"{count:,} positions placed")
    if nowhere:
        with atomic_write(survey.path / "unplaced.parquet") as temporary:
            pq.write_table(pa.concat_tables(nowhere), temporary)


def _best(
    fields: list[Field], mosaic_of: Callable[[int], Mosaic], ra: np.ndarray, dec: np.ndarray
) -> tuple[Ids, np.ndarray, np.ndarray]:
    """For each position its best mosaic (−1: none) and the pixel there."""
    best = np.full(len(ra), -1, np.int64)
    quality, x, y = np.full(len(ra), -np.inf), np.full(len(ra), np.nan), np.full(len(ra), np.nan)
    tree = cKDTree(unit_vectors(ra, dec))
    for k, one in enumerate(fields):
        chord = 2 * np.sin(np.radians(one.radius) / 2) * 1.001
        near = np.array(tree.query_ball_point(unit_vectors(one.ra, one.dec)[0], chord), np.int64)
        if not len(near):
            continue
        mosaic = mosaic_of(k)
        px, py = mosaic.pixel(ra[near], dec[near])
        good = one.holds(px, py)
        near, px, py = near[good], px[good], py[good]
        value = one.quality(px, py)
        wins = value > quality[near]
        rows = near[wins]
        best[rows], quality[rows], x[rows], y[rows] = k, value[wins], px[wins], py[wins]
    return best, x, y


# --- detections --------------------------------------------------------------------------------------


def _detected(survey: Survey, numbers: Sequence[int], progress: Progress) -> Iterator[tuple[int, pa.Table]]:
    """(mosaic, its rows that stand for their sources), ids made unique in the survey; writes links.parquet."""
    fields = [survey.fields[number] for number in numbers]
    catalog_of = lru_cache(OPEN_MOSAICS)(lambda k: Catalog.read(survey.sources_file(fields[k].number)))
    of: dict[int, int] = {}
    for done, (a, b) in enumerate(_overlaps(fields)):
        progress(0, 0, f"{done:,} overlaps matched")
        of.update(_links(fields[a], catalog_of(a), fields[b], catalog_of(b)))
    links = {loser: _root(loser, of) for loser in of}
    with atomic_write(survey.path / "links.parquet") as temporary:
        table = {"id": pa.array(links, pa.int64()), "of": pa.array(links.values(), pa.int64())}
        pq.write_table(pa.table(table), temporary)
    losers = np.array(sorted(links), np.int64)
    for k, one in enumerate(fields):
        catalog = catalog_of(k)
        ids = _survey_ids(one, catalog)
        table = catalog.table.set_column(catalog.table.column_names.index("id"), "id", pa.array(ids))
        yield one.number, table.filter(pa.array(~np.isin(ids, losers)))


def _survey_ids(one: Field, catalog: Catalog) -> Ids:
    return catalog.ids.astype(np.int64) + one.number * ID_STEP


def _overlaps(fields: list[Field]) -> list[tuple[int, int]]:
    """The pairs of mosaics that may share sky."""
    if len(fields) < 2:
        return []
    vectors = unit_vectors([one.ra for one in fields], [one.dec for one in fields])
    radii = np.radians([one.radius for one in fields])
    pairs = cKDTree(vectors).query_pairs(2 * np.sin(min(radii.max(), np.pi / 2)), output_type="ndarray")
    apart = np.linalg.norm(vectors[pairs[:, 0]] - vectors[pairs[:, 1]], axis=1)
    touch = 2 * np.arcsin(np.clip(apart / 2, 0, 1)) <= radii[pairs].sum(axis=1)
    return sorted((int(min(pair)), int(max(pair))) for pair in pairs[touch])


def _links(first: Field, mine: Catalog, second: Field, theirs: Catalog) -> dict[int, int]:
    """Survey id of the worse of two detections → that of the better."""
    there = match_sky(mine.ra, mine.dec, theirs.ra, theirs.dec, SAME_SOURCE)
    back = match_sky(theirs.ra, theirs.dec, mine.ra, mine.dec, SAME_SOURCE)
    rows = np.flatnonzero(there >= 0)
    rows = rows[back[there[rows]] == rows]
    if not len(rows):
        return {}
    others = there[rows]
    better = first.quality(mine.x[rows], mine.y[rows]) >= second.quality(theirs.x[others], theirs.y[others])
    a, b = _survey_ids(first, mine)[rows], _survey_ids(second, theirs)[others]
    losers, winners = np.where(better, b, a), np.where(better, a, b)
    return dict(zip(losers.tolist(), winners.tolist(), strict=True))


def _root(source: int, of: dict[int, int]) -> int:
    """The row that stands for a source, through links of links."""
    seen = {source}
    while source in of and of[source] not in seen:
        source = of[source]
        seen.add(source)
    return source

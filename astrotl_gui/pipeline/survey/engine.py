"""Runs a survey: the tasks that are missing, one after another here or many at once on a Dask cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.survey.dividing import divide
from astrotl_gui.pipeline.survey.folder import Field, Survey
from astrotl_gui.pipeline.survey.handing import as_they_come
from astrotl_gui.pipeline.survey.hats import write_sky_catalog
from astrotl_gui.pipeline.survey.partition import DETECT, EMBED, Done, attempt

if TYPE_CHECKING:
    from distributed import Client, Future

PER_PARTITION = 20_000
"""Sources of a partition at most: some minutes of work, which is what a killed worker costs."""
TRIES = 3
AGAIN_SECONDS = 5.0
"""What failed is tried again after so long, the third time after twice that: by then another worker may be there."""
STRETCH_FIELDS = 8
"""The stretch of a survey is measured on so many of its mosaics."""


@dataclass(frozen=True)
class Outcome:
    """What a run of a survey came to: sources embedded in all (`embedded` by this run), partitions done of all, and
    what failed. `nowhere` counts a catalog's positions on no mosaic, `linked` detections that another stands for."""

    sources: int
    partitions: int
    done: int
    failures: tuple[Done, ...]
    seconds: float
    embedded: int
    nowhere: int
    linked: int

    @property
    def rate(self) -> float:
        """Sources a second of this run."""
        return self.embedded / self.seconds if self.seconds > 0 else 0.0


def run(
    survey: Survey,
    client: Client | None = None,
    *,
    per_partition: int = PER_PARTITION,
    device: str = "auto",
    progress: Progress = SILENT,
) -> Outcome:
    """Do what is missing of a survey, and write its sky catalog.

    Without a client the tasks run here, one after another; with one they run on its workers. What fails is tried again
    elsewhere, TRIES times in all, then listed; the next run tries it anew. Raises AstroTLError where the cluster goes
    away (what is finished is kept), where no mosaic can be read and where the folder cannot be written; `Cancelled`.
    """
    begin = time.monotonic()
    readable = [one for one in survey.fields if not one.reason]
    if not readable:
        raise AstroTLError(
            "No mosaic can be read", survey.fields[0].reason if survey.fields else "There is none."
        )
    _check_bands(readable)
    for one in survey.fields:
        if one.reason:
            survey.note_failure(DETECT, one.number, one.spec.name, one.reason, 1)
    failures = [Done(DETECT, one.number, one.spec.name, one.reason) for one in survey.fields if one.reason]
    if not survey.catalog:
        todo = [one.number for one in readable if not survey.sources_file(one.number).is_file()]
        failures += _do(survey, DETECT, todo, client, device, progress)[1]
    if not survey.divided:
        divide(survey, per_partition, progress=progress)
    if survey.preprocessing is None:
        survey.preprocessing = _stretch(survey)
        survey.save()
    todo = [number for number, _ in survey.work() if not survey.part(number).is_dir()]
    embedded, failed = _do(survey, EMBED, todo, client, device, progress)
    failures += failed
    finished = survey.finished()
    if finished and (todo or not (survey.path / "catalog").is_dir()):
        write_sky_catalog(survey.path / "catalog", part_tables(survey), survey.name, progress=progress)
    sources = sum(_rows(survey.part(number) / "catalog.parquet") for number in finished)
    return Outcome(
        sources,
        len(survey.work()),
        len(finished),
        tuple(failures),
        time.monotonic() - begin,
        embedded,
        _rows(survey.path / "unplaced.parquet"),
        _rows(survey.path / "links.parquet"),
    )


def _rows(file: Path) -> int:
    return int(pq.read_metadata(file).num_rows) if file.is_file() else 0


def part_tables(survey: Survey) -> Iterator[pa.Table]:
    """The sources of every finished partition, with the number of their mosaic and of their partition."""
    mosaics = dict(survey.work())
    for number in survey.finished():
        table = Catalog.read(survey.part(number) / "catalog.parquet").table.replace_schema_metadata(None)
        table = table.select([name for name in table.column_names if name != "_healpix_29"])
        table = table.append_column("mosaic", pa.array(np.full(len(table), mosaics[number], np.int32)))
        yield table.append_column("partition", pa.array(np.full(len(table), number, np.int32)))


# --- tasks -------------------------------------------------------------------------------------------


def _do(
    survey: Survey,
    stage: str,
    todo: Sequence[int],
    client: Client | None,
    device: str,
    progress: Progress,
) -> tuple[int, list[Done]]:
    """(sources done, the tasks that failed in the end)."""
    tasks = _here if client is None else _on_cluster
    text = "Detecting" if stage == DETECT else "Embedding"
    sources, failures = 0, []
    progress(0, len(todo), f"{text}: mosaic" if stage == DETECT else f"{text}: partition")
    for done, result in enumerate(tasks(survey.path, stage, todo, client, device), 1):
        sources += result.sources
        if result.reason:
            failures.append(result)
        failed = f", {len(failures)} failed" if failures else ""
        progress(done, len(todo), f"{text} {done:,} of {len(todo):,}{failed}")
    return sources, failures


def _here(folder: Path, stage: str, todo: Sequence[int], client: None, device: str) -> Iterator[Done]:
    for number in todo:
        yield attempt(str(folder), stage, number, 1, device)


def _on_cluster(folder: Path, stage: str, todo: Sequence[int], client: Client, device: str) -> Iterator[Done]:
    """Results as they come. What failed waits a while, and then goes to another worker if there is one."""
    waiting = list(reversed(todo))
    again: list[tuple[float, int, str]] = []  # (not before, task, the worker that failed)
    tries = dict.fromkeys(todo, 0)

    def take() -> tuple[int, str] | None:
        if again and again[0][0] <= time.monotonic():
            return again.pop(0)[1:]
        return (waiting.pop(), "") if waiting else None

    def submit(task: tuple[int, str]) -> Future:
        number, avoid = task
        tries[number] += 1
        others = [address for address in client.nthreads() if address != avoid] if avoid else []
        call = (attempt, str(folder.resolve()), stage, number, tries[number], device)
        return client.submit(*call, workers=others or None, allow_other_workers=bool(others), pure=False)

    def result(task: tuple[int, str], future: Future) -> Done | None:
        number, _ = task
        done = _result(future, folder, stage, number, tries[number])
        if not done.reason or tries[number] >= TRIES:
            return done
        (holders,) = client.who_has([future]).values()
        again.append((time.monotonic() + tries[number] * AGAIN_SECONDS, number, next(iter(holders), "")))
        again.sort()
        return None

    for done in as_they_come(client, take, lambda: waiting or again, submit, result):
        if done is not None:
            yield done


def _result(future: Future, folder: Path, stage: str, number: int, tries: int) -> Done:
    """What a task returned; a worker that died did not get to say it."""
    from distributed import KilledWorker

    try:
        found: Done = future.result()
        return found
    except KilledWorker:
        reason = "The worker died several times (killed, or out of memory). Give workers more memory."
    except (CancelledError, OSError):
        raise
    except Exception as problem:
        reason = f"{type(problem).__name__}: {problem}"
    Survey.open(folder).note_failure(stage, number, "", reason, tries)
    return Done(stage, number, "", reason)


# --- the stretch -------------------------------------------------------------------------------------


def _stretch(survey: Survey) -> Any:
    """One stretch for the whole survey: the median of what some of its mosaics, evenly taken, would have of their own.

    Raises AstroTLError when none of them can be read.
    """
    from astrotl_gui.ml.preprocess import Preprocessing
    from astrotl_gui.pipeline.embed import cutout_size

    size = cutout_size(survey.cutouts, survey.encoder)
    first = {mosaic: number for number, mosaic in reversed(survey.work())}
    wanted = [first[mosaic] for mosaic in sorted(first)]
    chosen = [wanted[k] for k in np.unique(np.linspace(0, len(wanted) - 1, STRETCH_FIELDS).astype(int))]
    found: list[Preprocessing] = []
    problem: AstroTLError | None = None
    for number in chosen:
        catalog = Catalog.read(survey.positions_file(number))
        try:
            mosaic = Mosaic.open(survey.mosaic_of(number).spec)
            found.append(Preprocessing.fit(mosaic, catalog.ids, catalog.x, catalog.y, size))
        except AstroTLError as refused:
            problem = refused
    if not found:
        assert problem is not None
        raise problem
    middle: dict[str, Any] = {
        name: tuple(np.median([getattr(one, name) for one in found], axis=0).tolist())
        for name in ("sky", "scatter", "noise", "white")
    }
    return replace(found[0], reference=(), **middle)


def _check_bands(fields: Sequence[Field]) -> None:
    """Embeddings of other bands do not compare."""
    bands: dict[tuple[str, ...], str] = {}
    for one in fields:
        bands.setdefault(tuple(band.name for band in one.spec.bands), one.spec.name)
    if len(bands) > 1:
        said = "; ".join(f"{name}: {', '.join(names)}" for names, name in bands.items())
        raise AstroTLError("The mosaics have other bands", f"{said}. Run a survey for each set of bands.")

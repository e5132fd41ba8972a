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
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.survey.dividing import divide
from astrotl_gui.pipeline.survey.fields import open_field
from astrotl_gui.pipeline.survey.folder import Field, Survey
from astrotl_gui.pipeline.survey.hats import write_sky_catalog
from astrotl_gui.pipeline.survey.partition import DETECT, EMBED, Done, attempt

if TYPE_CHECKING:
    from distributed import Client

PER_PARTITION = 20_000
"""Sources of a partition at most: some minutes of work, which is what a killed worker costs."""
TRIES = 3
AHEAD = 2
"""Tasks handed to each worker at a time, so that none waits for the next."""
AGAIN_SECONDS = 5.0
"""What failed is tried again after so long, the third time after twice that: by then another worker may be there."""
LOOK_SECONDS = 2.0
PATIENCE = 60.0
"""Seconds that a cluster may be without any worker."""
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
    for one in survey.fields:
        if one.reason:
            survey.note_failure(DETECT, one.number, one.spec.name, one.reason, 1)
    failures = [Done(DETECT, one.number, one.spec.name, one.reason) for one in survey.fields if one.reason]
    if not survey.catalog:
        todo = [one.number for one in readable if not survey.sources_file(one.number).is_file()]
        failures += _do(survey, DETECT, todo, client, device, progress)[1]
        if todo and survey.work_file.is_file():
            survey.work_file.unlink()  # more was detected than was divided
    if not survey.work():
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
    """Results as they come; only as many tasks as keep the workers busy are handed out at a time."""
    from distributed import wait

    waiting = list(reversed(todo))
    again: list[tuple[float, int, str]] = []  # (not before, task, by another worker than)
    tries = dict.fromkeys(todo, 0)
    under_way: dict[Any, int] = {}
    seen = time.monotonic()
    try:
        while waiting or again or under_way:
            workers = workers_now(client)
            seen = time.monotonic() if workers else seen
            if time.monotonic() - seen > PATIENCE:
                raise lost("no worker has been there for a minute")
            while len(under_way) < AHEAD * max(workers, 1):
                if again and again[0][0] <= time.monotonic():
                    _, number, avoid = again.pop(0)
                elif waiting:
                    number, avoid = waiting.pop(), ""
                else:
                    break
                tries[number] += 1
                where = {"workers": _others(client, avoid), "allow_other_workers": bool(avoid)}
                call = (attempt, str(folder.resolve()), stage, number, tries[number], device)
                under_way[client.submit(*call, **where, pure=False)] = number
            if not under_way:
                time.sleep(LOOK_SECONDS / 4)
                continue
            try:
                finished = wait(list(under_way), timeout=LOOK_SECONDS, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                continue
            for future in finished:
                number = under_way.pop(future)
                result = _result(future, folder, stage, number, tries[number])
                if result.reason and tries[number] < TRIES:
                    again.append((time.monotonic() + tries[number] * AGAIN_SECONDS, number, result.worker))
                    again.sort()
                else:
                    yield result
    except (OSError, RuntimeError, CancelledError) as problem:  # closed connections are OSErrors
        raise lost(str(problem)) from problem
    finally:
        if client.status == "running":
            client.cancel(list(under_way))


def lost(why: str) -> AstroTLError:
    return AstroTLError(
        "The cluster went away", f"{why}. What is finished is kept; run astrotl survey again for the rest."
    )


def _result(future: Any, folder: Path, stage: str, number: int, tries: int) -> Done:
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


def workers_now(client: Client) -> int:
    """How many tasks run at a time now. Raises OSError where the scheduler is gone."""
    if client.status not in ("running", "connecting"):
        raise ConnectionError("the scheduler does not answer")
    return int(sum(client.nthreads().values()))


def _others(client: Client, avoid: str) -> list[str] | None:
    """The workers on other processes than one that failed; None: any."""
    if not avoid:
        return None
    known = client.run(_who) if len(client.nthreads()) > 1 else {}
    return [address for address, name in known.items() if name != avoid] or None


def _who() -> str:
    from astrotl_gui.pipeline.survey.partition import worker_name

    return worker_name()


# --- the stretch -------------------------------------------------------------------------------------


def _stretch(survey: Survey) -> Any:
    """One stretch for the whole survey: the median of what some of its mosaics, evenly taken, would have of their own.

    Raises AstroTLError when none of them can be read, or their bands differ.
    """
    from astrotl_gui.ml.preprocess import Preprocessing
    from astrotl_gui.pipeline.embed import cutout_size

    size = cutout_size(survey.cutouts, survey.encoder)
    first = {mosaic: number for number, mosaic in reversed(survey.work())}
    wanted = [first[mosaic] for mosaic in sorted(first)]
    chosen = [wanted[k] for k in np.unique(np.linspace(0, len(wanted) - 1, STRETCH_FIELDS).astype(int))]
    mosaics = dict(survey.work())
    found: list[Preprocessing] = []
    problem: AstroTLError | None = None
    for number in chosen:
        catalog = Catalog.read(survey.positions_file(number))
        try:
            mosaic = open_field(survey.fields[mosaics[number]])
            found.append(Preprocessing.fit(mosaic, catalog.ids, catalog.x, catalog.y, size))
        except AstroTLError as refused:
            problem = refused
    if not found:
        assert problem is not None
        raise problem
    _check_bands(survey.fields)
    middle: dict[str, Any] = {
        name: tuple(np.median([getattr(one, name) for one in found], axis=0).tolist())
        for name in ("sky", "scatter", "noise", "white")
    }
    return replace(found[0], reference=(), **middle)


def _check_bands(fields: Sequence[Field]) -> None:
    """Embeddings of other bands do not compare."""
    bands: dict[tuple[str, ...], str] = {}
    for one in fields:
        if not one.reason:
            bands.setdefault(tuple(band.name for band in one.spec.bands), one.spec.name)
    if len(bands) > 1:
        said = "; ".join(f"{name}: {', '.join(names)}" for names, name in bands.items())
        raise AstroTLError("The mosaics have other bands", f"{said}. Run a survey for each set of bands.")

"""Passes over the finished partitions of a survey that only read: one after another here, or on a Dask cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.survey.engine import AHEAD, LOOK_SECONDS, PATIENCE, TRIES, lost, workers_now
from astrotl_gui.pipeline.survey.folder import Survey

if TYPE_CHECKING:
    from distributed import Client

T = TypeVar("T")


def over_parts(
    survey: Survey,
    parts: Sequence[int],
    task: Callable[..., T],
    arguments: Sequence[Any],
    client: Client | None = None,
    *,
    text: str,
    progress: Progress = SILENT,
) -> Iterator[tuple[int, T]]:
    """(partition, task(folder, partition, *arguments)), in any order; the arguments travel once to each worker.

    Raises AstroTLError for no partitions, what a task raises (a list without one of its partitions would look whole),
    and a cluster that goes away; `Cancelled`.
    """
    if not parts:
        raise AstroTLError(
            "Nothing has arrived of this survey",
            f"{survey.path} has no finished partition. Run it: astrotl survey --out {survey.path}",
        )
    progress(0, len(parts), text)
    made = _here if client is None else _on_cluster
    for done, found in enumerate(made(survey.path, parts, task, arguments, client), 1):
        yield found
        progress(done, len(parts), text)


def _here(
    folder: Path, parts: Sequence[int], task: Callable[..., T], arguments: Sequence[Any], client: None
) -> Iterator[tuple[int, T]]:
    for number in parts:
        yield number, task(str(folder), number, *arguments)


def _on_cluster(
    folder: Path, parts: Sequence[int], task: Callable[..., T], arguments: Sequence[Any], client: Client
) -> Iterator[tuple[int, T]]:
    from distributed import KilledWorker, wait

    waiting = list(reversed(parts))
    under_way: dict[Any, int] = {}
    seen = time.monotonic()
    try:
        shared = client.scatter(list(arguments), broadcast=True, hash=False) if arguments else []
        while waiting or under_way:
            workers = workers_now(client)
            seen = time.monotonic() if workers else seen
            if time.monotonic() - seen > PATIENCE:
                raise lost("no worker has been there for a minute")
            while waiting and len(under_way) < AHEAD * max(workers, 1):
                number = waiting.pop()
                call = (task, str(folder.resolve()), number, *shared)
                under_way[client.submit(*call, pure=False, retries=TRIES - 1)] = number
            try:
                finished = wait(list(under_way), timeout=LOOK_SECONDS, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                continue
            for future in finished:
                yield under_way.pop(future), future.result()
    except KilledWorker as problem:
        raise AstroTLError(
            "Workers died", "Killed, or out of memory, several times. Give workers more memory."
        ) from problem
    except (OSError, RuntimeError, CancelledError) as problem:  # closed connections are OSErrors
        raise lost(str(problem)) from problem
    finally:
        if client.status == "running":
            client.cancel(list(under_way))

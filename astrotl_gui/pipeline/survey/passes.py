"""Passes over the finished partitions of a survey that only read: one after another here, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.survey.engine import TRIES
from astrotl_gui.pipeline.survey.folder import Survey
from astrotl_gui.pipeline.survey.handing import as_they_come

if TYPE_CHECKING:
    from distributed import Client, Future

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
    from distributed import KilledWorker

    waiting = list(reversed(parts))
    shared: list[Future] = []

    def submit(number: int) -> Future:
        if arguments and not shared:
            shared.extend(client.scatter(list(arguments), broadcast=True, hash=False))
        call = (task, str(folder.resolve()), number, *shared)
        return client.submit(*call, pure=False, retries=TRIES - 1)

    def result(number: int, future: Future) -> tuple[int, T]:
        return number, future.result()

    try:
        yield from as_they_come(
            client, lambda: waiting.pop() if waiting else None, lambda: waiting, submit, result
        )
    except KilledWorker as problem:
        raise AstroTLError(
            "Workers died", "Killed, or out of memory, several times. Give workers more memory."
        ) from problem

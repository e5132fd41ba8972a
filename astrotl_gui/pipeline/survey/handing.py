"""Hands tasks out to the workers of a Dask cluster, a few at a time, and returns what they give as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, TypeVar

from astrotl_gui.core.errors import AstroTLError

if TYPE_CHECKING:
    from distributed import Client, Future

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 2
"""Tasks handed to each worker at a time, so that none waits for the next."""
LOOK_SECONDS = 2.0
PATIENCE = 60.0
"""Seconds that a cluster may be without any worker."""


def as_they_come(
    client: Client,
    take: Callable[[], T | None],
    left: Callable[[], object],
    submit: Callable[[T], Future],
    result: Callable[[T, Future], R],
) -> Iterator[R]:
    """`result(task, future)` of each task, in any order.

    `take` gives the next one, None while there is none to hand out now, though some may be `left`. What is under way is
    cancelled when nobody asks on. Raises AstroTLError where the cluster goes away, and what `result` raises.
    """
    from distributed import wait

    under_way: dict[Any, T] = {}
    seen = time.monotonic()
    try:
        while left() or under_way:
            workers = _workers(client)
            seen = time.monotonic() if workers else seen
            if time.monotonic() - seen > PATIENCE:
                raise _lost("no worker has been there for a minute")
            while len(under_way) < AHEAD * max(workers, 1) and (task := take()) is not None:
                under_way[submit(task)] = task
            if not under_way:
                time.sleep(LOOK_SECONDS / 4)
                continue
            try:
                finished = wait(list(under_way), timeout=LOOK_SECONDS, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                continue
            for future in finished:
                yield result(under_way.pop(future), future)
    except (OSError, RuntimeError, CancelledError) as problem:  # closed connections are OSErrors
        raise _lost(str(problem)) from problem
    finally:
        if client.status == "running":
            client.cancel(list(under_way))


def _workers(client: Client) -> int:
    """How many tasks run at a time now. Raises OSError where the scheduler is gone."""
    if client.status not in ("running", "connecting"):
        raise ConnectionError("the scheduler does not answer")
    return int(sum(client.nthreads().values()))


def _lost(why: str) -> AstroTLError:
    return AstroTLError(
        "The cluster went away", f"{why}. What is finished is kept; run astrotl survey again for the rest."
    )

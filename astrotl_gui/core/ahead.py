"""Work that runs ahead of its consumer, in other threads, by a bounded number of items."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, Full, Queue
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


def ahead(
    items: Iterable[S], work: Callable[[S], T], threads: int = 1, depth: int = 4
) -> Generator[T, None, None]:
    """Yield `work(item)` for each item, in order.

    One thread walks the items, `threads` more do the work, and at most about `depth` results wait. An
    exception from either is raised here, at its place in the order; closing the iterator stops them.
    """
    queue: Queue[Future[T] | None] = Queue(depth)
    stop = threading.Event()

    def put(future: Future[T] | None) -> None:
        while not stop.is_set():
            try:
                return queue.put(future, timeout=0.1)
            except Full:
                continue

    def feed() -> None:
        try:
            for item in items:
                if stop.is_set():
                    return
                put(pool.submit(work, item))
        except BaseException as problem:
            failed: Future[T] = Future()
            failed.set_exception(problem)
            put(failed)
        put(None)

    feeder = threading.Thread(target=feed, name="read ahead", daemon=True)
    with ThreadPoolExecutor(threads, "work ahead") as pool:
        feeder.start()
        try:
            while (future := queue.get()) is not None:
                yield future.result()
        finally:
            stop.set()
            _drain(queue)
            feeder.join()


def _drain(queue: Queue[Future[T] | None]) -> None:
    try:
        while True:
            if (future := queue.get_nowait()) is not None:
                future.cancel()
    except Empty:
        return

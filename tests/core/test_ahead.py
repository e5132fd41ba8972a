"""Work that runs ahead: in order, bounded, stopped by its consumer, failing at its place."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from astrotl_gui.core.ahead import ahead


def running() -> set[str]:
    return {thread.name for thread in threading.enumerate() if "ahead" in thread.name}


@pytest.mark.parametrize("threads", [1, 4])
def test_results_come_in_order_and_the_threads_end(threads: int) -> None:
    assert list(ahead(range(200), lambda k: k * k, threads)) == [k * k for k in range(200)]
    assert not running()


def test_it_is_bounded_and_stops_with_its_consumer() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for k in range(1000):
            taken.append(k)
            yield k

    results = ahead(items(), lambda k: k, threads=2, depth=3)
    assert next(results) == 0
    results.close()
    assert not running()
    assert len(taken) < 12


def test_an_exception_is_raised_at_its_place() -> None:
    def items() -> Iterator[int]:
        yield from range(3)
        raise OSError("gone")

    results = ahead(items(), lambda k: k)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OSError, match="gone"):
        next(results)
    with pytest.raises(ZeroDivisionError):
        list(ahead([1, 0, 2], lambda k: 1 / k))
    assert not running()

"""Jobs and fetchers: every ending, cancellation, throttling, order, and nothing left running."""

from __future__ import annotations

import threading
import time

import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import SILENT
from astrotl_gui.gui.jobs import Fetcher, Jobs


@pytest.fixture
def jobs(qtbot):
    jobs = Jobs()
    yield jobs
    jobs.close()


def endings(job):
    seen = []
    for name in ("succeeded", "failed"):
        getattr(job, name).connect(lambda value, name=name: seen.append((name, value)))
    job.cancelled.connect(lambda: seen.append(("cancelled", None)))
    job.finished.connect(lambda: seen.append(("finished", None)))
    return seen


def test_value_then_finished(qtbot, jobs):
    job = jobs.run("Add", lambda a, b, progress: a + b, 2, b=3)
    seen = endings(job)
    assert jobs.active == [job]
    with qtbot.waitSignal(job.finished):
        pass
    assert seen == [("succeeded", 5), ("finished", None)]
    assert job.state == "succeeded" and jobs.active == []


def test_failure_carries_the_exception(qtbot, jobs):
    problem = AstroTLError("No", "way")

    def fail(progress):
        raise problem

    job = jobs.run("Fail", fail)
    seen = endings(job)
    with qtbot.waitSignal(job.finished):
        pass
    assert seen == [("failed", problem), ("finished", None)]


def test_cancel_stops_at_the_next_report(qtbot, jobs):
    reports = []

    def endless(progress):
        while True:
            reports.append(1)
            progress(1, 10, "working")
            time.sleep(0.001)

    job = jobs.run("Endless", endless)
    seen = endings(job)
    with qtbot.waitSignal(job.progressed):
        pass
    with qtbot.waitSignal(job.finished):
        job.cancel()
    assert seen == [("cancelled", None), ("finished", None)]
    count = len(reports)
    assert threading.active_count() >= 1 and len(reports) == count


def test_reports_are_throttled_and_the_last_arrives_on_the_main_thread(qtbot, jobs):
    def count(progress):
        for done in range(1, 5001):
            progress(done, 5000, f"{done}")

    job = jobs.run("Count", count)
    seen, threads = [], set()
    job.progressed.connect(lambda: (seen.append(job.done), threads.add(threading.current_thread())))
    with qtbot.waitSignal(job.finished):
        pass
    assert seen[-1] == 5000 and job.text == "5000"
    assert len(seen) < 200
    assert threads == {threading.main_thread()}


def test_partial_results_stream(qtbot, jobs):
    def stream(progress):
        for value in "abc":
            progress.partial(value)

    job = jobs.run("Stream", stream)
    seen = []
    job.partial.connect(seen.append)
    with qtbot.waitSignal(job.finished):
        pass
    assert seen == ["a", "b", "c"]


def test_fetcher_loads_nearest_first_and_forgets_what_is_not_wanted(qtbot):
    gate, order = threading.Event(), []

    def load(key):
        gate.wait()
        order.append(key)
        return key * 10

    fetcher = Fetcher(load)
    fetcher.want([1, 2, 3])
    qtbot.waitUntil(lambda: 1 in fetcher._loading)
    fetcher.want([9, 3])
    gate.set()
    qtbot.waitUntil(lambda: fetcher.get(3) == 30)
    assert order == [1, 9, 3] and fetcher.get(2) is None and fetcher.get(9) == 90
    fetcher.close()


def test_fetcher_is_bounded_and_keeps_exceptions_as_values(qtbot):
    def load(key):
        if key == 5:
            raise AstroTLError("Unreadable")
        return key

    fetcher = Fetcher(load, capacity=3)
    fetcher.want([1, 2, 3, 4, 5])
    qtbot.waitUntil(lambda: fetcher.idle)
    qtbot.waitUntil(lambda: isinstance(fetcher.get(5), AstroTLError))
    assert len(fetcher._values) == 3 and fetcher.get(1) is None
    fetcher.close()


def test_fetcher_is_bounded_by_size_and_what_is_wanted_goes_last(qtbot):
    fetcher = Fetcher(lambda key: b"x" * 40, capacity=100, size=len)
    for wanted in (["seen"], ["near", "seen"], ["ahead", "near"]):
        fetcher.want(wanted)
        qtbot.waitUntil(lambda keys=wanted: fetcher.idle and all(map(fetcher.get, keys)))
    assert fetcher.get("seen") is None
    assert fetcher._held == 80
    fetcher.get("near"), fetcher.get("ahead")
    fetcher.want(["near", "next"])
    qtbot.waitUntil(lambda: fetcher.get("next") is not None)
    assert fetcher.get("near") and fetcher.get("ahead") is None, "used last, but wanted no more"
    fetcher.drop()
    assert fetcher._held == 0
    fetcher.close()


def test_dropped_values_do_not_come_back(qtbot):
    gate = threading.Event()
    fetcher = Fetcher(lambda key: gate.wait() and "old")
    fetcher.want([1])
    qtbot.waitUntil(lambda: 1 in fetcher._loading)
    fetcher.drop()
    gate.set()
    fetcher.close()
    assert fetcher.get(1) is None


def test_silent_progress_accepts_everything():
    SILENT(1, 2, "text")
    SILENT.partial(object())

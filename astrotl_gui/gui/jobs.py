"""Work off the main thread: jobs (named, cancellable) and fetchers (tiles and thumbnails on demand).

Both cross back to the main thread in one place, the `Mailbox`: worker threads put plain callables into a queue and
one signal wakes the main thread, which runs them. Jobs and fetchers are QObjects that live on the main thread;
the functions they run are plain Python and know nothing of Qt.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from astrotl_gui.core.progress import Cancelled, Pace, Progress
from astrotl_gui.core.remote import RETRY_SECONDS, ConnectionLost

log = logging.getLogger(__name__)

STEP_SECONDS = 0.05  # a job reports at most 20 times a second; the last report always arrives


class Mailbox(QObject):
    """Runs callables on the main thread, in the order in which any thread posted them."""

    _wake = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue: deque[Callable[[], None]] = deque()
        self._wake.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[[], None]) -> None:
        self._queue.append(call)
        self._wake.emit()

    @Slot()
    def _deliver(self) -> None:
        while self._queue:
            self._queue.popleft()()


def _yield_to_window() -> None:
    """Let the window's thread go first when cores are few (Linux sets niceness per thread)."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


class _JobProgress(Progress):
    """The worker's end of a job: throttled reports, cancellation at each of them."""

    def __init__(self, job: Job, mailbox: Mailbox) -> None:
        self._job, self._mailbox, self._last = job, mailbox, 0.0

    def __call__(self, done: float, total: float, text: str = "") -> None:
        if self._job.stopping:
            raise Cancelled
        now = time.monotonic()
        if done >= total or now - self._last >= STEP_SECONDS:
            self._last = now
            self._mailbox.post(lambda: self._job.report(done, total, text))

    def partial(self, value: object) -> None:
        self._mailbox.post(lambda: self._job.partial.emit(value))


class Job(QObject):
    """One background computation, seen from the main thread.

    Ends in exactly one of `succeeded(value)`, `failed(exception)`, `cancelled()`, then always `finished()`.
    """

    progressed = Signal()
    partial = Signal(object)
    succeeded = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    finished = Signal()

    def __init__(self, name: str, quiet: bool, parent: QObject) -> None:
        super().__init__(parent)
        self.name = name
        self.quiet = quiet
        self.state = "running"
        self.done, self.total, self.text = 0.0, 0.0, ""
        self._pace = Pace()
        self._stop = threading.Event()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    @property
    def left_seconds(self) -> float | None:
        return self._pace.left_seconds

    @property
    def rate(self) -> float:
        """Units done a second."""
        return self._pace.rate

    def cancel(self) -> None:
        self._stop.set()

    def report(self, done: float, total: float, text: str) -> None:
        self.done, self.total, self.text = done, total, text
        self._pace.update(done, total)
        self.progressed.emit()

    def end(self, state: str, value: object) -> None:
        self.state = state
        if state == "cancelled":
            self.cancelled.emit()
        else:
            (self.succeeded if state == "succeeded" else self.failed).emit(value)
        self.finished.emit()


class Jobs(QObject):
    """Starts jobs and knows which are running. `changed` fires when one starts or ends."""

    changed = Signal()
    started = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mailbox = Mailbox(self)
        self._threads: dict[Job, threading.Thread] = {}

    @property
    def active(self) -> list[Job]:
        """Running jobs that the user should see, oldest first."""
        return [job for job in self._threads if not job.quiet]

    def run(
        self, name: str, function: Callable[..., Any], *args: Any, quiet: bool = False, **kwargs: Any
    ) -> Job:
        """Call `function(*args, progress=..., **kwargs)` in a thread of its own.

        `quiet` jobs (re-ranking after a label) do not show in the window.
        """
        job = Job(name, quiet, self)
        thread = threading.Thread(
            target=self._work, args=(job, function, args, kwargs), name=name, daemon=True
        )
        self._threads[job] = thread
        thread.start()
        self.started.emit(job)
        self.changed.emit()
        return job

    def _work(
        self, job: Job, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        _yield_to_window()
        state, value = "succeeded", None
        try:
            value = function(*args, progress=_JobProgress(job, self._mailbox), **kwargs)
        except Cancelled:
            state = "cancelled"
        except Exception as problem:  # any failure becomes the job's `failed`, never a dead thread
            log.info("%s failed", job.name, exc_info=True)
            state, value = "failed", problem
        self._mailbox.post(lambda: self._end(job, state, value))

    def _end(self, job: Job, state: str, value: object) -> None:
        self._threads.pop(job).join()
        job.end(state, value)
        self.changed.emit()

    def cancel_all(self) -> None:
        for job in self._threads:
            job.cancel()

    def close(self, timeout: float = 30.0) -> None:
        """Cancel everything and wait for the threads; for the end of the program or of a test."""
        self.cancel_all()
        deadline = time.monotonic() + timeout
        for thread in list(self._threads.values()):
            thread.join(max(0.0, deadline - time.monotonic()))


class Fetcher(QObject):
    """Values for keys, loaded by worker threads, nearest first, kept in a bounded cache.

    `want(keys)` replaces the waiting list, so what scrolled out of sight is no longer loaded. `get(key)` never
    blocks: it is the cached value or None. A key whose load raised has that exception as its value.
    Together values take at most `capacity` by their `size` (one each, if not told otherwise); what is not wanted goes
    first, the least recently used of it before the rest. What a lost connection kept back is loaded again every few
    seconds while it is wanted.
    """

    fetched = Signal(object)

    def __init__(
        self,
        load: Callable[[Any], Any],
        threads: int = 1,
        capacity: int = 2000,
        parent: QObject | None = None,
        size: Callable[[Any], int] = lambda value: 1,
    ) -> None:
        super().__init__(parent)
        self.capacity = capacity
        self._load = load
        self._size = size
        self._held = 0
        self._wanted: set[Hashable] = set()
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self._lost: dict[Hashable, float] = {}
        self._retry = QTimer(self, interval=round(1000 * RETRY_SECONDS), singleShot=True)
        self._retry.timeout.connect(self._again)
        self._waiting: deque[Hashable] = deque()
        self._loading: set[Hashable] = set()
        self._turn = threading.Condition()
        self._generation = 0
        self._closed = False
        self._mailbox = Mailbox(self)
        self._threads = [
            threading.Thread(target=self._work, name="Fetcher", daemon=True) for _ in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def get(self, key: Hashable) -> Any:
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def want(self, keys: Sequence[Hashable]) -> None:
        """Load these keys, in this order, and forget what else was waiting."""
        self._wanted = set(keys)
        with self._turn:
            missing = (key for key in keys if self._absent(key) and key not in self._loading)
            self._waiting = deque(missing)
            self._turn.notify_all()

    def _absent(self, key: Hashable) -> bool:
        lost = self._lost.get(key)
        return key not in self._values if lost is None else time.monotonic() - lost >= RETRY_SECONDS

    @Slot()
    def _again(self) -> None:
        """Ask again for what a lost connection kept back, as far as it is still wanted."""
        self._lost = {key: when for key, when in self._lost.items() if key in self._wanted}
        with self._turn:
            waiting = {*self._waiting, *self._loading}
            self._waiting.extend(key for key in self._lost if key not in waiting and self._absent(key))
            self._turn.notify_all()
        if self._lost:
            self._retry.start()

    @property
    def idle(self) -> bool:
        with self._turn:
            return not self._waiting and not self._loading

    def drop(self) -> None:
        """Forget every value, and whatever is being loaded now."""
        with self._turn:
            self._generation += 1
            self._waiting.clear()
            self._loading.clear()
        self._values.clear()
        self._lost.clear()
        self._held = 0

    def close(self) -> None:
        self._retry.stop()
        with self._turn:
            self._closed = True
            self._waiting.clear()
            self._turn.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        _yield_to_window()
        while True:
            with self._turn:
                while not self._waiting and not self._closed:
                    self._turn.wait()
                if self._closed:
                    return
                key, generation = self._waiting.popleft(), self._generation
                self._loading.add(key)
            try:
                value = self._load(key)
            except Exception as problem:  # shown as an unreadable tile or cutout
                log.info("fetching %r failed", key, exc_info=True)
                value = problem
            self._mailbox.post(partial(self._keep, key, generation, value))

    def _keep(self, key: Hashable, generation: int, value: Any) -> None:
        with self._turn:
            if generation != self._generation or self._closed:
                return
            self._loading.discard(key)
        self._forget(key)
        self._values[key] = value
        self._lost.pop(key, None)
        if isinstance(value, ConnectionLost):
            self._lost[key] = time.monotonic()
            if not self._retry.isActive():
                self._retry.start()
        self._held += self._size(value)
        if self._held > self.capacity:
            self._make_room(key)
        self.fetched.emit(key)

    def _make_room(self, newest: Hashable) -> None:
        oldest = [key for key in self._values if key != newest]
        for key in sorted(oldest, key=self._wanted.__contains__):
            if self._held <= self.capacity:
                break
            self._forget(key)

    def _forget(self, key: Hashable) -> None:
        if key in self._values:
            self._held -= self._size(self._values.pop(key))

"""A server on this computer that stands for one on the net, and a progress that is watched."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from astrotl_gui.core.progress import Cancelled, Progress


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """Let `answer` meet every GET; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Watched(Progress):
    """Keeps what it is told; cancels after so many bytes."""

    def __init__(self, stop_after: float = float("inf")) -> None:
        self.told: list[tuple[float, float, str]] = []
        self._stop_after = stop_after

    def __call__(self, done: float, total: float, text: str = "") -> None:
        self.told.append((done, total, text))
        if done > self._stop_after:
            raise Cancelled

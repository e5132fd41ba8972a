"""A web server in a thread that sends parts of files, or misbehaves in one way."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Served:
    """What a server does and has done. `dies_after`: so many requests for parts are answered, then none."""

    folder: Path
    ranges: bool = True
    says_none: bool = False
    dies_after: int | None = None
    fails: int = 0
    url: str = ""
    sent: int = 0
    parts: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def serving(folder: Path, **behaviour: object) -> Iterator[Served]:
    served = Served(folder, **behaviour)  # type: ignore[arg-type]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *words: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, body: bool) -> None:
            file = served.folder / self.path.lstrip("/")
            if not file.is_file():
                self.send_error(404)
                return
            size = file.stat().st_size
            asked = re.match(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            if body:
                with served.lock:
                    served.parts += 1
                    if served.dies_after is not None and served.parts > served.dies_after:
                        self.close_connection = True
                        return
                    if served.fails > 0:
                        served.fails -= 1
                        self.close_connection = True
                        return
            part = served.ranges and asked is not None
            start, stop = (int(asked[1]), min(int(asked[2]) + 1, size)) if part else (0, size)
            self.send_response(206 if part else 200)
            self.send_header("Content-Length", str(stop - start))
            self.send_header("Accept-Ranges", "none" if served.says_none else "bytes")
            self.send_header("ETag", f'"{file.stat().st_mtime_ns}"')
            if part:
                self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
            self.end_headers()
            if not body:
                return
            try:
                with open(file, "rb") as handle:
                    handle.seek(start)
                    left = stop - start
                    while left:
                        part_of = handle.read(min(left, 1 << 16))
                        self.wfile.write(part_of)
                        left -= len(part_of)
                        with served.lock:
                            served.sent += len(part_of)
            except OSError:  # who asked has left
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""A package registry on this machine: a simple index and its files from a thread, with whatever can go wrong."""

from __future__ import annotations

import hashlib
import io
import tarfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import PurePosixPath

from astrotl_gui.pipeline.real_fields import Archive, Member, RealField
from tests.pipeline.local_server import serving

TITLE = "Small field"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def source_package(files: dict[str, bytes]) -> bytes:
    """A .tar.gz that cannot be made much smaller is up to the caller's bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def wheel(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def field_of(packed: bytes, members: dict[str, bytes], ending: str = ".tar.gz", **pins: object) -> RealField:
    """A field whose archive and members are pinned to these bytes; `pins` replace parts of the archive's pins."""
    facts: dict[str, object] = {
        "package": "small",
        "version": "1.0",
        "file": "small-1.0-py3-none-any.whl" if ending == ".whl" else f"small-1.0{ending}",
        "sha256": sha256(packed),
        "size": len(packed),
        "needed": len(packed),
    }
    archive = Archive(**facts | pins)  # type: ignore[arg-type]
    pinned = tuple(Member(path, len(content), sha256(content)) for path, content in members.items())
    return RealField("small", TITLE, "Test, one band", "Nobody · via small 1.0", archive, pinned)


@dataclass
class FakeRegistry:
    """`files` by name are listed (with `listed_sha256`, if not theirs) and served, cut after `cut_after` bytes, with
    a `pause` [s] after each 16 KiB."""

    files: dict[str, bytes] = field(default_factory=dict)
    listed_sha256: str = ""
    cut_after: int = -1
    status: int = 200
    page: str = ""
    pause: float = 0.0
    asked: list[str] = field(default_factory=list)
    sent: int = 0

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        name = PurePosixPath(handler.path).name
        if handler.path == "/simple/small/" and self.files:
            self._send(handler, (self.page or self._listing()).encode(), "text/html")
        elif handler.path.startswith("/files/") and name in self.files and self.status == 200:
            self._send(handler, self.files[name], "application/octet-stream", self.cut_after)
        else:
            handler.send_error(404 if self.status == 200 else self.status)

    def _listing(self) -> str:
        links = [
            f'<a href="/files/{name}#sha256={self.listed_sha256 or sha256(content)}">{name}</a>'
            for name, content in self.files.items()
        ]
        return f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>"

    def _send(self, handler: BaseHTTPRequestHandler, content: bytes, kind: str, cut_after: int = -1) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        whole = content if cut_after < 0 else content[:cut_after]
        for start in range(0, len(whole), 1 << 14):
            try:
                handler.wfile.write(whole[start : start + (1 << 14)])
            except OSError:  # whoever asked has had enough
                return
            if kind != "text/html":
                time.sleep(self.pause)
                self.sent += len(whole[start : start + (1 << 14)])


@contextmanager
def simple_index(registry: FakeRegistry) -> Iterator[str]:
    """Serve a registry; yields the address of its simple index."""
    with serving(lambda handler: registry.answer(handler)) as address:  # as it answers then, not now
        yield f"{address}/simple/"

"""A model hub on this machine: what the hub's library asks for, from a thread, with whatever can go wrong."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.local_server import serving

COMMIT = "0123456789abcdef0123456789abcdef01234567"
BLOCK = 1 << 14


@dataclass
class FakeHub:
    """One model `name` of these `files`; in place of some of them `swapped` is sent.

    Connections break after `cut_after` bytes of a file, `cuts` times; `status` answers for files, `info_status` for
    what the model consists of; `pause` [s] after each block.
    """

    name: str = "timm/small"
    files: dict[str, bytes] = field(default_factory=dict)
    licence: str = "apache-2.0"
    swapped: dict[str, bytes] = field(default_factory=dict)
    cut_after: int = -1
    cuts: int = 1000
    status: int = 200
    info_status: int = 200
    error_code: str = ""
    pause: float = 0.0
    asked: list[str] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.partition("?")[0]
        self.asked.append(path)
        if path.startswith("/api/models/"):
            self._info(handler, path)
        elif path.startswith(f"/{self.name}/resolve/") or path.startswith("/files/"):
            content = (self.files | self.swapped).get(path.rsplit("/", 1)[-1])
            if content is None or self.status != 200:
                self._refuse(handler, self.status if content is not None else 404)
            else:
                self._send(handler, content)
        else:
            self._refuse(handler, 404)

    def _info(self, handler: BaseHTTPRequestHandler, path: str) -> None:
        if path != f"/api/models/{self.name}":
            self.error_code = "RepoNotFound"
            return self._refuse(handler, 401)
        if self.info_status != 200:
            return self._refuse(handler, self.info_status)
        listed = [self._listed(name, content) for name, content in self.files.items()]
        info = {
            "id": self.name,
            "sha": COMMIT,
            "siblings": listed,
            "cardData": {"license": self.licence},
            "tags": [],
            "private": False,
            "downloads": 0,
        }
        body = json.dumps(info).encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def _listed(self, name: str, content: bytes) -> dict[str, Any]:
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        listed: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": blob}
        if not name.endswith(".json"):
            digest = hashlib.sha256(content).hexdigest()
            listed["lfs"] = {"size": len(content), "sha256": digest, "pointerSize": 134}
        return listed

    def _refuse(self, handler: BaseHTTPRequestHandler, status: int) -> None:
        handler.send_response(status)
        if self.error_code:
            handler.send_header("X-Error-Code", self.error_code)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def _send(self, handler: BaseHTTPRequestHandler, content: bytes) -> None:
        start = int((handler.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        end = len(content)
        if self.cut_after >= 0 and self.cuts > 0:
            self.cuts -= 1
            end, handler.close_connection = min(end, start + self.cut_after), True
        for place in range(start, end, BLOCK):
            try:
                handler.wfile.write(content[place : min(end, place + BLOCK)])
            except OSError:  # whoever asked has had enough
                return
            time.sleep(self.pause)


@contextmanager
def as_the_hub(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """Let the library talk to `hub` only, at once and without a login."""
    with serving(hub.answer) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("HF_TOKEN", "")
        yield hub


def small_weights(
    folder: Path, architecture: str = "test_efficientnet", seed: int = 1, **arguments: Any
) -> Path:
    """A tiny timm model's random weights, classifier and all, as safetensors."""
    import timm
    import torch
    from safetensors.torch import save_file

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = timm.create_model(architecture, pretrained=False, **arguments)
    for value in network.state_dict().values():  # untrained normalisation would hide a mix-up
        if value.ndim == 1 and value.is_floating_point():
            value.add_(0.1 * torch.rand(value.shape, generator=torch.Generator().manual_seed(seed)))
    path = folder / "model.safetensors"
    save_file(network.state_dict(), path)
    return path

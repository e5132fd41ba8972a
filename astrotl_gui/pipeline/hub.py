"""The model hub, spoken to by its own library: what a model consists of, and its files, whole and verified."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import cannot_write

TIMEOUT = 20.0
"""Seconds to wait for a connection, and for the next bytes."""
BLOCK = 1 << 16
BROKEN = {"ReadError", "RemoteProtocolError", "ReadTimeout"}
"""What a connection that breaks raises, by the names that HTTP clients give it."""
ATTEMPTS, PAUSE_SECONDS = 5, 1.0
"""How often a connection that breaks is taken up again without a single byte, and the wait before."""
Report = Callable[[int, int], object]
"""Told of (bytes that came, bytes in all; 0 when unknown); may raise Cancelled."""


@dataclass(frozen=True)
class RemoteFile:
    """A file to download. `size` [bytes] and `sha256` (all of it, or its first digits) where they are known."""

    name: str
    url: str
    whose: str  # the model that it belongs to, for messages
    size: int = 0
    sha256: str = ""
    git_sha1: str = ""
    page: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HubModel:
    """A model of the hub at one commit."""

    name: str
    commit: str
    licence: str
    files: dict[str, RemoteFile]


def hub_model(name: str) -> HubModel:
    """Ask the hub what a model ("owner/model", or "owner/model@revision") consists of.

    The address is the library's own, or HF_ENDPOINT. Raises AstroTLError without network, for a model that is not
    there, and for one behind a login.
    """
    from huggingface_hub import HfApi, hf_hub_url
    from huggingface_hub.utils import build_hf_headers

    repo, _, revision = name.partition("@")
    endpoint = os.environ.get("HF_ENDPOINT") or None
    api = HfApi(endpoint=endpoint)
    page = f"{api.endpoint}/{repo}"
    with _explained(repo, page, "model.safetensors"):
        info = api.model_info(repo, revision=revision or None, files_metadata=True, timeout=10)
        commit, headers = info.sha or "main", build_hf_headers()
    files = {
        found.rfilename: RemoteFile(
            found.rfilename,
            hf_hub_url(repo, found.rfilename, revision=commit, endpoint=endpoint),
            repo,
            found.size or 0,
            found.lfs.sha256 if found.lfs else "",
            "" if found.lfs else found.blob_id or "",
            page,
            headers,
        )
        for found in info.siblings or []
    }
    licence = info.card_data.get("license") if info.card_data else ""
    return HubModel(repo, commit, str(licence or ""), files)


def fetch(file: RemoteFile, folder: Path, report: Report) -> Path:
    """Download a file into `folder` and verify it; what is cut short or differs is removed.

    A connection that breaks is taken up again where it broke. Raises AstroTLError without network, for a file that
    is not what was announced, and for a full disk; whatever `report` raises.
    """
    path = folder / Path(file.name).name
    try:
        with _explained(file.whose, file.page, file.name), _writing(path) as sink:
            _take(file, sink, report)
        _verify(path, file)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _take(file: RemoteFile, sink: BinaryIO, report: Report) -> None:
    """Write the file's bytes into `sink`, in as many connections as it takes."""
    came, failed = 0, 0
    while True:
        try:
            return _stream(file, sink, report)
        except Exception as problem:
            failed = 1 if sink.tell() > came else failed + 1
            came = sink.tell()
            passing = BROKEN | ({"TransportError"} if came else set())  # the network may come back
            if not _kinds(problem) & passing or failed > ATTEMPTS:
                raise
            time.sleep(PAUSE_SECONDS)


def _stream(file: RemoteFile, sink: BinaryIO, report: Report) -> None:
    """One connection: what is still missing of a file."""
    from huggingface_hub import get_session
    from huggingface_hub.utils import hf_raise_for_status

    came = sink.tell()
    report(came, file.size)
    headers = file.headers | {"Accept-Encoding": "identity"} | ({"Range": f"bytes={came}-"} if came else {})
    with get_session().stream(
        "GET", file.url, headers=headers, timeout=TIMEOUT, follow_redirects=True
    ) as answer:
        hf_raise_for_status(answer)
        if came and answer.status_code != 206:  # it sends the whole again
            came = sink.seek(0)
            sink.truncate()
        total = file.size or came + int(answer.headers.get("Content-Length") or 0)
        for block in answer.iter_bytes(BLOCK):
            sink.write(block)
            came += len(block)
            if file.size and came > file.size:
                raise _not_expected(file)
            report(came, total)


@contextmanager
def _writing(path: Path) -> Iterator[BinaryIO]:
    """A file whose failed writes are the disk's fault, not the network's."""
    try:
        with open(path, "wb") as sink:
            yield sink
            sink.flush()
            os.fsync(sink.fileno())
    except OSError as problem:
        if problem.errno is not None:
            raise cannot_write(path, problem) from problem
        raise


def _verify(path: Path, file: RemoteFile) -> None:
    """Raise AstroTLError unless the file is the one announced: by SHA-256, git's SHA-1 or at least its size."""
    size = path.stat().st_size
    if file.sha256:
        with open(path, "rb") as handle:
            good = hashlib.file_digest(handle, "sha256").hexdigest().startswith(file.sha256)
    elif file.git_sha1:
        content = path.read_bytes()
        good = hashlib.sha1(b"blob %d\0" % size + content).hexdigest() == file.git_sha1
    else:
        good = size == file.size or (not file.size and size > 0)
    if not good:
        raise _not_expected(file)


def announced_sha256(url: str) -> str:
    """The first digits of the SHA-256 in a file's name, as "resnet50-0a1b2c3d.pth" has it; "" where none are."""
    found = re.search(r"-([0-9a-f]{8,64})\.", urlsplit(url).path.rsplit("/", 1)[-1])
    return found[1] if found else ""


@contextmanager
def _explained(model: str, page: str, file: str) -> Iterator[None]:
    """Turn what the library raises into what a user can do."""
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as problem:
        raise _behind_login(model, page) from problem
    except errors.HFValidationError as problem:
        raise AstroTLError("This is no model name", f'"{model}". Give it as hf_hub:owner/model.') from problem
    except (
        errors.RepositoryNotFoundError,
        errors.RevisionNotFoundError,
        errors.EntryNotFoundError,
    ) as problem:
        raise AstroTLError(
            "There is no such model",
            f"{file} is not at {page or model}. Mind the spelling; a private model needs a login: hf auth login.",
        ) from problem
    except errors.HfHubHTTPError as problem:
        if problem.response.status_code in (401, 403):
            raise _behind_login(model, page) from problem
        raise AstroTLError(
            "The model hub refused",
            f"It would not give {file} of {model} ({problem.response.status_code}). Nothing was changed. "
            "Try again later.",
        ) from problem
    except errors.OfflineModeIsEnabled as problem:
        raise _no_network(model, file, "HF_HUB_OFFLINE is set") from problem
    except Exception as problem:
        if (kinds := _kinds(problem)) & BROKEN:
            raise _broke_off(model, file) from problem
        if "TransportError" in kinds:
            slow = "TimeoutException" in kinds
            why = "did not answer in time" if slow else "could not be reached"
            raise _no_network(model, file, f"its source {why}") from problem
        raise


def _kinds(problem: BaseException) -> set[str]:
    """Names of its classes: the library changes its HTTP client now and then, and both call them the same."""
    return {kind.__name__ for kind in type(problem).__mro__}


def _not_expected(file: RemoteFile) -> AstroTLError:
    return AstroTLError(
        "Not the file expected",
        f"{file.name} of {file.whose} is not what its source announced. It was thrown away, nothing was "
        "changed. Try again, or download it elsewhere and add it from the file (--weights FILE).",
    )


def _no_network(model: str, file: str, why: str) -> AstroTLError:
    return AstroTLError(
        "No network",
        f"{file} of {model} is not on this computer, and {why}. Nothing was changed. Connect and try again, or "
        "download it elsewhere and add it from the file (--weights FILE).",
    )


def _broke_off(model: str, file: str) -> AstroTLError:
    return AstroTLError(
        "The download broke off",
        f"{file} of {model} did not come whole; what had come was thrown away. Try again, or download it "
        "elsewhere and add it from the file (--weights FILE).",
    )


def _behind_login(model: str, page: str) -> AstroTLError:
    return AstroTLError(
        "This model needs a login",
        f"Accept the licence of {model} at {page}, then log in on this computer with: hf auth login. "
        "Nothing was changed.",
    )

"""The model hub, spoken to by its own library: what a model consists of, and its files, whole and verified."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import cannot_write

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

    A connection that breaks is taken up again where it broke, five times. Raises AstroTLError without network, for a
    file that is not what was announced, and for a full disk; whatever `report` raises.
    """
    from huggingface_hub.file_download import http_get

    path = folder / Path(file.name).name
    try:
        with _explained(file.whose, file.page, file.name), _writing(path) as sink:
            http_get(
                file.url,
                sink,
                headers=dict(file.headers),
                expected_size=file.size or None,
                tqdm_class=_bar(report),
            )
        _verify(path, file)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _bar(report: Report) -> Any:
    """A progress bar, as the library wants one, that reports instead of drawing; its update is where one cancels."""

    class Bar:
        def __init__(self, *args: Any, total: int | None = None, initial: int = 0, **kwargs: Any) -> None:
            self.done, self.total = initial, total or 0
            report(self.done, self.total)

        def update(self, count: int | None = 1) -> None:
            self.done += count or 0
            report(self.done, self.total)

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *problem: object) -> None:
            pass

        def close(self) -> None:
            pass

    return Bar


@contextmanager
def _writing(path: Path) -> Iterator[Any]:
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
        raise AstroTLError(
            "Not the file expected",
            f"{file.name} of {file.whose} is not what its source announced. It was thrown away, nothing was "
            "changed. Try again, or download it elsewhere and add it from the file (--weights FILE).",
        )


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
    except OSError as problem:  # the library's own: fewer bytes than announced, or offline mode
        if isinstance(problem, errors.OfflineModeIsEnabled):
            raise _no_network(model, file, "HF_HUB_OFFLINE is set") from problem
        raise _broke_off(model, file) from problem
    except Exception as problem:
        kinds = {
            kind.__name__ for kind in type(problem).__mro__
        }  # the library changes its HTTP client now and then
        if kinds & {"ReadError", "RemoteProtocolError", "ReadTimeout"}:
            raise _broke_off(model, file) from problem
        if "TransportError" in kinds:
            slow = "Timeout" in type(problem).__name__
            why = "did not answer in time" if slow else "could not be reached"
            raise _no_network(model, file, f"its source {why}") from problem
        raise


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

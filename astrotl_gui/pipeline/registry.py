"""The package registry: where it is, and a file of it as a stream. The library knows its address; we do not."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.real_fields import RealField

if TYPE_CHECKING:
    from pypi_simple import PyPISimple

TIMEOUT = (6.0, 20.0)
"""Seconds to wait for a connection, and for the next bytes."""


class Download:
    """The bytes of a field's archive as they come; a file object for reading forward.

    `report(count)` is told of every block. A connection that breaks and more bytes than the archive has are an
    AstroTLError.
    """

    def __init__(self, response: Any, field: RealField, report: Callable[[int], object]) -> None:
        self._raw, self._field, self._report = response.raw, field, report
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        from urllib3.exceptions import HTTPError

        try:
            block: bytes = self._raw.read(None if size < 0 else size, decode_content=False)
        except (HTTPError, OSError) as problem:
            raise broke_off(self._field, self.count) from problem
        self.count += len(block)
        if self.count > self._field.archive.size:
            raise not_expected(self._field)
        self._report(self.count)
        return block


@contextmanager
def download(field: RealField, report: Callable[[int], object]) -> Iterator[Download]:
    """Open a field's archive in the registry (or in the mirror that pip or uv is told to use) for reading.

    Raises AstroTLError without network, when the file is gone, or when the registry lists another file by its name.
    """
    import requests
    from pypi_simple import PYPI_SIMPLE_ENDPOINT, PyPISimple

    with PyPISimple(_mirror() or PYPI_SIMPLE_ENDPOINT) as client:
        place = _place(client.endpoint, PYPI_SIMPLE_ENDPOINT)
        if certificate := _setting("cert"):
            client.s.verify = certificate
        try:
            url = _find(client, field, place)
            headers = {"Accept-Encoding": "identity"}
            response = client.s.get(url, stream=True, timeout=TIMEOUT, headers=headers)
            response.raise_for_status()
        except requests.RequestException as problem:
            raise _unreachable(field, place, problem) from problem
        with response:
            yield Download(response, field, report)


def broke_off(field: RealField, count: int) -> AstroTLError:
    return AstroTLError(
        "The download broke off",
        f"{count / 1e6:.1f} MB of {field.archive.needed / 1e6:.1f} MB of {field.title} had come; "
        "they were thrown away. Try again.",
    )


def not_expected(field: RealField, name: str = "") -> AstroTLError:
    """For what is not, byte for byte, what it was when AstroTL was made."""
    return AstroTLError(
        "Not the file expected",
        f"{name or field.archive.file}, for {field.title}, is not what AstroTL was made with. "
        "It was thrown away, nothing was changed. Update AstroTL.",
    )


def _find(client: PyPISimple, field: RealField, place: str) -> str:
    """The address of a field's archive. Raises AstroTLError when it is not listed, or with another SHA-256."""
    from pypi_simple import NoSuchProjectError

    try:
        page = client.get_project_page(field.archive.package, timeout=TIMEOUT)
    except (NoSuchProjectError, ValueError) as problem:  # ValueError: a sign-in page, say, instead of a list
        raise _gone(field, place) from problem
    for package in page.packages:
        if package.filename == field.archive.file:
            if package.digests.get("sha256", field.archive.sha256) != field.archive.sha256:
                raise not_expected(field)
            return package.url
    raise _gone(field, place)


def _gone(field: RealField, place: str) -> AstroTLError:
    return AstroTLError(
        "This field is not there",
        f"{place} has no {field.archive.file}, which holds {field.title}. Nothing was changed. "
        "Choose another field, or update AstroTL.",
    )


def _unreachable(field: RealField, place: str, problem: Exception) -> AstroTLError:
    """What a failed request means to a user."""
    import requests

    if isinstance(problem, requests.HTTPError):
        if problem.response is not None and problem.response.status_code in (404, 410):
            return _gone(field, place)
        return AstroTLError(
            "The registry refused",
            f"{place} would not give {field.title}. Nothing was changed. Try again later.",
        )
    why = "could not be reached"
    if isinstance(problem, requests.exceptions.SSLError):
        why = "could not prove who it is"
    elif isinstance(problem, requests.Timeout):
        why = "did not answer in time"
    return AstroTLError(
        "No network",
        f"{field.title} is not on this computer yet, and {place[0].lower()}{place[1:]} {why}. "
        "Nothing was changed. Connect and try again.",
    )


def _place(endpoint: str, usual: str) -> str:
    """The registry as one speaks of it; a mirror by its host."""
    if endpoint == usual:
        return "The package registry"
    return f"Your package mirror ({urlsplit(endpoint).hostname or endpoint})"


# --- what pip and uv are told --------------------------------------------------------------------------


def _mirror() -> str:
    """The registry that pip or uv is told to use; "" where neither is."""
    uv = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL") or ""
    name, equals, url = uv.partition("=")  # uv takes NAME=URL as well
    uv = url if equals and "/" not in name else uv
    return os.environ.get("PIP_INDEX_URL") or uv or _pip_settings().get("index-url", "")


def _setting(name: str) -> str:
    return os.environ.get(f"PIP_{name.upper()}") or _pip_settings().get(name, "")


@cache
def _pip_settings() -> dict[str, str]:
    """What pip's configuration files say, by option; empty without pip (a bundled program has none)."""
    if getattr(sys, "frozen", False) or find_spec("pip") is None:
        return {}
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    settings = {}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        section, _, option = key.partition(".")
        if section in ("global", "install") and value[:1] in ("'", '"'):
            settings[option] = str(ast.literal_eval(value))
    return settings

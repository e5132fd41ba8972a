"""Files at URLs, read in parts: http(s), s3, any scheme that fsspec knows. Nothing is downloaded whole.

A URL travels through the program as a `Path` ("https:/host/a.fits": a path keeps single slashes); `address`
gives it back. Blocks read lately are kept, of all files together, up to CACHE_BYTES.
"""

from __future__ import annotations

import io
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO, cast

from astrotl_gui.core.errors import AstroTLError

BLOCK = 64 * 2**10
"""Bytes read and kept at once."""
RUN_BLOCKS = 64
"""Blocks asked for in one request at most."""
CACHE_BYTES = 256 * 2**20
CONNECTIONS = 8
"""Requests under way at once, of all files."""
TRIES = 3
PAUSE_SECONDS = 0.5
"""Before the second try; twice as long before the third."""
RETRY_SECONDS = 5.0
TIMEOUT_SECONDS = 30.0
"""Without an answer for so long, a request has failed."""
_URL = re.compile(r"^(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]+):/+(?P<rest>.+)$", re.DOTALL)

Key = tuple[str, str, int]
"""(URL, what tells its version, number of the block)"""


def is_remote(path: Path | str) -> bool:
    """Whether a path is a URL. Drives of one letter (C:) are none."""
    match = _URL.match(_text(path))
    return match is not None and match["scheme"].lower() != "file"


def address(path: Path | str) -> str:
    """The URL that a path stands for; other paths as they are."""
    match = _URL.match(_text(path))
    if match is None or match["scheme"].lower() == "file":
        return str(path)
    return f"{match['scheme']}://{match['rest']}"


def local_path(text: str) -> Path:
    """The path that a text names: of a file:// URL, the file on this computer."""
    match = _URL.match(text)
    return Path("/" + match["rest"]) if match and match["scheme"].lower() == "file" else Path(text)


def _text(path: Path | str) -> str:
    return path.as_posix() if isinstance(path, Path) else path


class ConnectionLost(AstroTLError):
    """A failure that may mend itself: worth asking again after RETRY_SECONDS."""


class Blocks:
    """The blocks read last, up to CACHE_BYTES. Safe to use from several threads."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[Key, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self.bytes = 0
        self.fetched = 0
        """Bytes that came over the network."""

    def get(self, key: Key) -> bytes | None:
        with self._lock:
            found = self._blocks.get(key)
            if found is not None:
                self._blocks.move_to_end(key)
            return found

    def put(self, key: Key, block: bytes) -> None:
        with self._lock:
            self.fetched += len(block)
            if key not in self._blocks:
                self._blocks[key] = block
                self.bytes += len(block)
            while self.bytes > CACHE_BYTES and len(self._blocks) > 1:
                self.bytes -= len(self._blocks.popitem(last=False)[1])

    def clear(self) -> None:
        with self._lock:
            self._blocks.clear()
            self.bytes = self.fetched = 0


BLOCKS = Blocks()
_pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="remote")


class RemoteFile:
    """One file at a URL; safe to read from several threads.

    `size` [bytes] and `version` (its ETag or time, where the server tells) are asked once. Raises AstroTLError
    where the file is missing, the host does not answer, or the server cannot send parts of it.
    """

    def __init__(self, path: Path | str) -> None:
        self.url = address(path)
        self._system, self._place = _file_system(self.url)
        said = self._tried(lambda: self._system.info(self._place))
        if said.get("type") == "directory":
            raise AstroTLError("This is a folder", f"{self.url} is a folder; name the FITS files in it.")
        if said.get("size") is None or said.get("partial") is False:
            raise _no_parts(self.url)
        self.size = int(said["size"])
        marks = (said.get(key) for key in ("ETag", "Last-Modified", "LastModified", "mtime", "created"))
        self.version = f"{self.size} {next((mark for mark in marks if mark), '')}"

    def read_at(self, start: int, size: int) -> bytes:
        """Bytes from `start` on, fewer at the end of the file."""
        stop = min(start + size, self.size)
        if start >= stop:
            return b""
        first, last = start // BLOCK, (stop - 1) // BLOCK
        blocks = self._blocks(range(first, last + 1))
        joined = blocks[first] if first == last else b"".join(blocks[n] for n in range(first, last + 1))
        return joined[start - first * BLOCK : stop - first * BLOCK]

    def announce(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Fetch (start, size) pieces that will be read next, side by side; as many as the cache holds half of."""
        numbers: dict[int, None] = {}
        for start, size in ranges:
            stop = min(start + size, self.size)
            numbers.update(dict.fromkeys(range(start // BLOCK, -(-stop // BLOCK))))
            if len(numbers) * BLOCK > CACHE_BYTES // 2:
                return
        self._blocks(list(numbers))

    # --- inside ------------------------------------------------------------------------------------

    def _blocks(self, numbers: Sequence[int]) -> dict[int, bytes]:
        found = {number: BLOCKS.get((self.url, self.version, number)) for number in numbers}
        runs = _runs([number for number, block in found.items() if block is None])
        if len(runs) == 1:
            fetched = [self._fetch(*runs[0])]
        else:
            fetched = list(_pool.map(lambda run: self._fetch(*run), runs))
        for (first, last), data in zip(runs, fetched, strict=True):
            for number in range(first, last):
                block = data[(number - first) * BLOCK : (number + 1 - first) * BLOCK]
                BLOCKS.put((self.url, self.version, number), block)
                found[number] = block
        return cast(dict[int, bytes], found)

    def _fetch(self, first: int, last: int) -> bytes:
        """Blocks first…last − 1 in one request."""
        start, stop = first * BLOCK, min(last * BLOCK, self.size)

        def ask() -> bytes:
            data = _range(self._system, self._place, start, stop, self.size)
            if len(data) < stop - start:
                raise OSError(f"{len(data):,} of {stop - start:,} bytes came")
            return data[: stop - start]

        return self._tried(ask)

    def _tried(self, ask: Any) -> Any:
        """What `ask` returns, asked again where the connection was at fault."""
        for number in range(1, TRIES + 1):
            try:
                return ask()
            except AstroTLError:
                raise
            except Exception as problem:  # each scheme raises its own
                clear = _clear(problem, self.url)
                if clear is not None:
                    raise clear from problem
                if number == TRIES:
                    raise ConnectionLost(
                        "The connection was lost",
                        f"{self.url} did not answer, {TRIES} times ({_reason(problem)}). What was read so far is "
                        "kept; try again when the network or the server is back.",
                    ) from problem
                time.sleep(PAUSE_SECONDS * number)
        raise AssertionError("unreachable")


class RemoteStream(io.RawIOBase):
    """A remote file as a seekable stream of bytes, for one thread."""

    def __init__(self, file: RemoteFile) -> None:
        super().__init__()
        self._file = file
        self._at = 0
        self.name = file.url
        self.mode = "rb"

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._file.size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        wanted = self._file.size - self._at if size is None or size < 0 else size
        data = self._file.read_at(self._at, wanted)
        self._at += len(data)
        return data

    def readall(self) -> bytes:
        return self.read()

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def open_bytes(path: Path) -> BinaryIO:
    """A file on disk or at a URL, to read bytes from. Raises OSError, or AstroTLError for URLs."""
    return cast(BinaryIO, RemoteStream(RemoteFile(path))) if is_remote(path) else open(path, "rb")


def size_of(path: Path) -> int:
    """Bytes of a file on disk or at a URL."""
    return RemoteFile(path).size if is_remote(path) else path.stat().st_size


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Half-open runs of neighbours among rising numbers, of RUN_BLOCKS at most."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number and number - runs[-1][0] < RUN_BLOCKS:
            runs[-1] = (runs[-1][0], number + 1)
        else:
            runs.append((number, number + 1))
    return runs


def _file_system(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError as problem:
        raise AstroTLError(
            "Images at URLs need fsspec", "It is an extra: pip install 'astrotl[remote]'."
        ) from problem
    options: dict[str, Any] = {}
    try:
        if url.lower().startswith(("http:", "https:")):
            import aiohttp

            limit = aiohttp.ClientTimeout(total=None, sock_connect=TIMEOUT_SECONDS, sock_read=TIMEOUT_SECONDS)
            options["client_kwargs"] = {"timeout": limit}
        system, place = url_to_fs(url, **options)
    except ImportError as problem:
        raise AstroTLError("A library is missing", f"{url} needs it: {problem}.") from problem
    except ValueError as problem:
        raise AstroTLError("This address cannot be read", f"{url}: {problem}.") from problem
    return system, str(place)


def _range(system: Any, place: str, start: int, stop: int, size: int) -> bytes:
    """Some bytes in one request. Over HTTP through a file of fsspec: it stops where a server sends all instead."""
    protocol = system.protocol if isinstance(system.protocol, tuple) else (system.protocol,)
    if "http" not in protocol:
        return bytes(system.cat_file(place, start=start, end=stop))
    with system.open(place, "rb", block_size=BLOCK, cache_type="none", size=size) as file:
        if not file.seekable():
            raise _no_parts(place)
        file.seek(start)
        return bytes(file.read(stop - start))


def _no_parts(url: str) -> AstroTLError:
    return AstroTLError(
        "The server sends whole files only",
        f"{url} cannot be read in parts. Download it, or ask for a server that answers Range requests.",
    )


def _clear(problem: Exception, url: str) -> AstroTLError | None:
    """What can be said of a failure that another try would not mend."""
    status = getattr(problem, "status", None)
    if isinstance(problem, FileNotFoundError) or status in (404, 410):
        if _unreachable(problem):
            return None
        return AstroTLError("File not found", f"There is nothing at {url}. Check the address.")
    if isinstance(problem, PermissionError) or status in (401, 403):
        return AstroTLError("Access was refused", f"{url} may not be read by you. Check your credentials.")
    if isinstance(problem, ValueError) and "range" in str(problem).lower():
        return _no_parts(url)
    return None


def _unreachable(problem: BaseException) -> bool:
    """Whether a "not found" is about the connection: fsspec says so of hosts that do not answer, too."""
    cause = problem.__cause__ or problem.__context__
    while cause is not None:
        if "Connector" in type(cause).__name__ or isinstance(cause, (ConnectionError, TimeoutError)):
            return True
        if type(cause).__name__ in ("ServerDisconnectedError", "ClientOSError", "ClientPayloadError"):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _reason(problem: Exception) -> str:
    cause: BaseException = problem
    while isinstance(cause, FileNotFoundError) and cause.__cause__ is not None:
        cause = cause.__cause__
    return " ".join(str(cause).split())[:160] or type(cause).__name__

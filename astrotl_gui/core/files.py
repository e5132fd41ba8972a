"""Writing a file so that it is either whole or not there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from astrotl_gui.core.errors import AstroTLError


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is flushed to disk and replaces `path`.

    Raises AstroTLError when the folder is missing or read-only or the disk is full; `path` is then untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with open(temporary, "rb+") as handle:
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except OSError as problem:
        raise cannot_write(path, problem) from problem
    finally:
        with suppress(OSError):  # gone already, or in a folder that does not let us look
            temporary.unlink()


def cannot_write(path: Path, problem: OSError) -> AstroTLError:
    """The message for a failed write, by its cause."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return AstroTLError("The disk is full", f"{path} was not written. Free some space and try again.")
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return AstroTLError(
            "This folder cannot be written", f"{path.parent} is read-only for you. Choose another folder."
        )
    return AstroTLError("This file cannot be written", f"{path}: {problem.strerror or problem}.")

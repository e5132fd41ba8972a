"""Writing a file or a folder so that it is either whole or not there."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from astrotl_gui.core.errors import AstroTLError

ABANDONED_SECONDS = 3600
"""A draft this old belongs to a process that was killed."""


def draft_folder(folder: Path) -> Path:
    """An empty folder beside `folder`, to be renamed to it; what killed processes left there is cleared away.

    Raises AstroTLError where it cannot be made.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for old in folder.parent.glob(f".{folder.name}.*.part"):
            if time.time() - old.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
        draft = folder.parent / f".{folder.name}.{os.getpid()}.{secrets.token_hex(4)}.part"
        draft.mkdir()
    except OSError as problem:
        raise cannot_write(folder, problem) from problem
    return draft


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

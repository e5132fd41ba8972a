"""The images of a real field: from the cache folder, else out of the package that ships them, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from astrotl_gui.core.files import cannot_write, draft_folder
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.real_fields import Member, RealField
from astrotl_gui.pipeline.registry import Download, broke_off, download, not_expected

CHUNK = 1 << 16


def field_files(field: RealField, *, progress: Progress = SILENT) -> list[Path]:
    """The images of a field in the cache folder, downloaded on first use.

    Kept files are verified each time, so that a damaged one is fetched again. Only the named members are taken out
    of the package, and reading stops when they are there: their own SHA-256 vouch for them. Raises AstroTLError
    without network, for anything that is not the pinned file, and for a full disk; `Cancelled` through `progress`.
    The field's folder is then as it was.
    """
    if not _intact(field):
        _fetch(field, progress)
    return field.files


def _intact(field: RealField) -> bool:
    """Whether every image is kept, byte for byte."""
    try:
        return all(
            hashlib.sha256(file.read_bytes()).hexdigest() == member.sha256
            for file, member in zip(field.files, field.members, strict=True)
        )
    except OSError:
        return False


def _fetch(field: RealField, progress: Progress) -> None:
    needed, text = field.archive.needed, f"Downloading {field.title}"
    progress(0, needed, text)
    draft = draft_folder(field.folder)
    try:
        with download(field, lambda count: progress(min(count, needed), needed, text)) as source:
            _take(source, field, draft)
        progress(needed, needed, text)
        if not _intact(field):  # another window may have been quicker
            _put_in_place(draft, field.folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put_in_place(draft: Path, folder: Path) -> None:
    """Rename the draft to the folder; what is there is damaged."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(draft, folder)
    except OSError as problem:
        raise cannot_write(folder, problem) from problem


def _take(source: Download, field: RealField, folder: Path) -> None:
    """Write the members into `folder`, each verified. Raises AstroTLError when one is missing or differs."""
    missing = {member.path: member for member in field.members}
    try:
        for path, size, content in _contents(source, field):
            member = missing.get(path)
            if member is None:
                continue
            if size != member.size:
                raise not_expected(field, member.name)
            if (opened := content()) is not None:
                _write(opened, field, member, folder / member.name)
            del missing[path]
            if not missing:
                return
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as problem:
        raise broke_off(field, source.count) from problem
    raise not_expected(field, next(iter(missing.values())).name)


def _contents(
    source: Download, field: RealField
) -> Iterator[tuple[str, int, Callable[[], IO[bytes] | None]]]:
    """(path, size, a way to read it) of each file, in the archive's order.

    A source package is read as it comes; a wheel has its list of files at its end, so all of it is taken first.
    """
    if not field.archive.file.endswith(".whl"):
        stream = cast(Any, source)  # a stream needs nothing but read
        with tarfile.open(fileobj=stream, mode="r|gz", bufsize=CHUNK) as packed:
            for entry in packed:
                if entry.isfile():
                    yield entry.name, entry.size, partial(packed.extractfile, entry)
        return
    whole = b"".join(iter(lambda: source.read(CHUNK), b""))
    if len(whole) < field.archive.size:
        raise broke_off(field, len(whole))
    if hashlib.sha256(whole).hexdigest() != field.archive.sha256:
        raise not_expected(field)
    with zipfile.ZipFile(io.BytesIO(whole)) as wheel:
        for item in wheel.infolist():
            yield item.filename, item.file_size, partial(wheel.open, item)


def _write(content: IO[bytes], field: RealField, member: Member, path: Path) -> None:
    """Copy and verify one member. Raises AstroTLError when it differs or the disk is full."""
    digest = hashlib.sha256()
    try:
        with open(path, "wb") as sink:
            while block := content.read(CHUNK):
                digest.update(block)
                sink.write(block)
            os.fsync(sink.fileno())
    except OSError as problem:
        raise cannot_write(path, problem) from problem
    if digest.hexdigest() != member.sha256:
        raise not_expected(field, member.name)

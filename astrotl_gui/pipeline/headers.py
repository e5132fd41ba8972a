"""All headers of a FITS file, as text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from astropy.io import fits

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.remote import open_bytes


@dataclass(frozen=True)
class FileHeader:
    """The header of one HDU: its number, EXTNAME ("" = none), and its cards, one a line."""

    hdu: int
    name: str
    text: str


def header_text(header: fits.Header) -> str:
    """The cards of a header, one a line."""
    return header.tostring(sep="\n", endcard=False, padding=False)


def file_headers(path: Path, *, progress: Progress = SILENT) -> list[FileHeader]:
    """The headers of every HDU of a file, pixels unread. Raises AstroTLError when it cannot be read."""
    found = []
    try:
        with open_bytes(path) as file, fits.open(file) as hdus:
            for number, hdu in enumerate(hdus):
                progress(number, number + 1, f"Reading {path.name}")
                found.append(FileHeader(number, str(hdu.name).strip(), header_text(hdu.header)))
    except (OSError, ValueError, TypeError) as problem:
        raise AstroTLError("The headers cannot be read", f"{path.name}: {problem}.") from problem
    return found

"""What a drop on the window means: a project to open, stamps or images for a new one."""

from __future__ import annotations

from pathlib import Path

from astropy.io import fits
from PySide6.QtCore import QMimeData

from ..pipeline.overlay_files import is_regions
from ..pipeline.stamps.find import are_stamps

IMAGE_ENDINGS = (".fits", ".fit", ".fts", ".fz", ".fits.gz", ".fits.bz2", ".fit.gz", ".fit.bz2")
TABLE_ENDINGS = (".csv", ".ecsv", ".parquet", ".vot", ".xml", ".tsv", ".txt", ".dat")


def dropped_paths(data: QMimeData) -> list[Path]:
    """The local files and folders of a drag."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def project_of(paths: list[Path]) -> Path | None:
    """The project among dropped things: a project folder, or a file that lies in one."""
    return _folder_of(paths, ".astrotl", "project.toml")


def survey_of(paths: list[Path]) -> Path | None:
    """The survey among dropped things: a survey folder, or a file that lies in one."""
    return _folder_of(paths, ".survey", "survey.toml")


def _folder_of(paths: list[Path], ending: str, settings: str) -> Path | None:
    """The first folder of that ending, or with a file of that name in it; a path means also the folder it lies in."""
    for path in paths:
        for folder in (path, path.parent):
            if folder.suffix == ending or (folder / settings).is_file():
                return folder
    return None


def stamps_of(paths: list[Path]) -> tuple[list[Path], Path | None] | None:
    """The stamps among dropped things, and a table dropped with them; None when these are no stamps."""
    tables = [path for path in paths if path.name.lower().endswith(TABLE_ENDINGS)]
    others = [path for path in paths if path not in tables]
    return (others, tables[0] if tables else None) if others and are_stamps(others) else None


def overlays_of(paths: list[Path]) -> list[Path]:
    """The dropped things, where each is a DS9 region file or a table to lay over the mosaic that is open."""
    laid = [path for path in paths if path.is_file() and (is_regions(path) or _is_table(path))]
    return laid if len(laid) == len(paths) else []


def _is_table(path: Path) -> bool:
    """Whether a file is a catalog: by its name, a FITS file by its extensions."""
    if path.name.lower().endswith(TABLE_ENDINGS):
        return True
    if not path.name.lower().endswith((".fits", ".fit", ".fts")):
        return False
    try:
        with fits.open(path) as hdus:
            tables = [
                isinstance(hdu, fits.BinTableHDU) and not isinstance(hdu, fits.CompImageHDU) for hdu in hdus
            ]
            return any(tables) and all(
                table or hdu.data is None for table, hdu in zip(tables, hdus, strict=True)
            )
    except OSError:
        return False


def images_of(paths: list[Path]) -> list[Path]:
    """The images among dropped things: files as they are (what is none says so later), folders by their FITS files."""
    images: list[Path] = []
    for path in paths:
        if path.is_dir():
            images += sorted(p for p in path.iterdir() if p.name.lower().endswith(IMAGE_ENDINGS))
        else:
            images.append(path)
    return images

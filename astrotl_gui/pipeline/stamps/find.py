"""Which stamps some files, a folder or an array hold."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import image_planes, plane_shape
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.sky import NoSky, Sky
from astrotl_gui.pipeline.stamps import array_files, fits_files, pictures
from astrotl_gui.pipeline.stamps.arrays import read_array
from astrotl_gui.pipeline.stamps.collection import Stamps, some
from astrotl_gui.pipeline.stamps.fits_files import read_fits
from astrotl_gui.pipeline.stamps.pictures import read_pictures

FEWEST, SMALL, PROBES = 10, 512, 5
"""FITS images are stamps when there are so many at least, and those looked at are no larger [px], of several places."""
MOST_LOOKED_AT = 5000
"""A folder dropped on the window is looked through no further than so many files."""


def find_stamps(paths: Sequence[Path], array: str = "", *, progress: Progress = SILENT) -> Stamps:
    """The stamps in a folder (and those below it), in some files, or in a file of arrays.

    Raises AstroTLError when there is none, or none can be read, `Cancelled` through `progress`.
    """
    if len(paths) == 1 and is_array(paths[0]):
        return read_array(paths[0], array)
    for path in paths:
        if not path.exists():
            raise AstroTLError("File not found", f"{path} does not exist. Check the path.")
    shown, images = (_files(paths, kind.ENDINGS) for kind in (pictures, fits_files))
    if not shown and not images:
        where = paths[0] if paths else "nothing"
        raise AstroTLError(
            "No stamps here", f"{where} has no JPEG, PNG or FITS image and is no .npz, HDF5 or Zarr file."
        )
    kind, chosen, other = (
        (read_pictures, shown, images) if len(shown) >= len(images) else (read_fits, images, shown)
    )
    stamps = kind(chosen, progress)
    if not other:
        return stamps
    note = f"{len(other):,} files of another kind are left out: {some(list(other))}."
    return replace(stamps, notes=(*stamps.notes, note))


def is_array(path: Path) -> bool:
    """Whether a path is a file of arrays, by its name (a Zarr store may be a folder)."""
    return path.suffix.lower() in array_files.ENDINGS


def are_stamps(paths: Sequence[Path]) -> bool:
    """Whether these are stamps rather than images of one field.

    Pictures are, when they outnumber FITS images; FITS images when they are many, small, and not of one place.
    """
    if len(paths) == 1 and is_array(paths[0]):
        return True
    shown, images = (_files(paths, kind.ENDINGS, MOST_LOOKED_AT) for kind in (pictures, fits_files))
    if len(shown) > len(images):
        return True
    files = list(images.values())
    return len(files) >= FEWEST and _small_and_apart(files[:: -(-len(files) // PROBES)])


def _small_and_apart(files: Sequence[Path]) -> bool:
    places: set[object] = set()
    for path in files:
        try:
            header = image_planes(path)[0][1]
            shape = plane_shape(header)
            sky = Sky.of(header, shape)
        except AstroTLError:
            return False
        except NoSky:
            places.add(path)
        else:
            places.add(tuple(np.round(sky.sky(shape[1] / 2, shape[0] / 2), 3)))
        if max(shape) > SMALL:
            return False
    return len(places) > 1


def _files(paths: Sequence[Path], endings: tuple[str, ...], most: int | None = None) -> Mapping[str, Path]:
    """Files by name (below a folder, the way from it), sorted; hidden ones and links to folders are passed over."""
    named = ((name, path) for name, path in _walk(paths) if name.lower().endswith(endings))
    return dict(sorted(islice(named, most)))


def _walk(paths: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    for path in paths:
        if not path.is_dir():
            yield path.name, path
            continue
        for folder, below, names in os.walk(path):
            below[:] = [name for name in below if not name.startswith(".")]
            for name in names:
                if not name.startswith("."):
                    yield (Path(folder) / name).relative_to(path).as_posix(), Path(folder) / name

"""Stamps as JPEG and PNG pictures: red, green and blue become bands, grey ones a single band."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from astrotl_gui.core.progress import Progress
from astrotl_gui.pipeline.stamps.collection import (
    COLOUR,
    GREY,
    Stamps,
    Unreadable,
    check_shape,
    none_readable,
    unknown,
)

ENDINGS = (".jpg", ".jpeg", ".png")
_GREY_MODES = {"1": np.int16, "L": np.int16, "LA": np.int16, "I": np.int32, "F": np.float32}
SAMPLE = 64
"""So many pictures are looked at to tell whether those stored in colour show any."""


def read_pictures(files: Mapping[str, Path], progress: Progress) -> Stamps:
    """The pictures, by name. Their headers are read now, their pixels by `read`, rows turned to run upwards.

    Raises AstroTLError when none can be read, `Cancelled` through `progress`.
    """
    names, shapes, modes, skipped = [], [], [], []
    for number, (name, path) in enumerate(files.items()):
        progress(number, len(files), "Reading stamps")
        try:
            with opened(path) as image:
                shapes.append(check_shape((image.height, image.width)))
                modes.append(image.mode)
        except Unreadable as reason:
            skipped.append((name, str(reason)))
        else:
            names.append(name)
    if not names:
        raise none_readable(skipped)
    paths = [files[name] for name in names]
    coloured = [name for name, mode in zip(names, modes, strict=True) if not _is_grey(mode)]
    grey = not coloured or all(map(_shows_grey, paths[:: max(1, len(paths) // SAMPLE)]))
    notes = []
    if coloured and not grey and len(coloured) < len(names):
        notes.append(
            f"{len(names) - len(coloured):,} of {len(names):,} stamps are grey, the others in colour."
        )
    if grey and coloured:
        notes.append("The stamps are stored in colour but show none: one band is kept.")
    kinds = [_dtype(mode) for mode in modes] if grey else [np.dtype(np.int16)]
    nothing = unknown(len(names))
    return Stamps(
        tuple(names),
        GREY if grey else COLOUR,
        np.array(shapes, np.int64),
        np.result_type(*kinds),
        lambda index: _pixels(paths[index], grey),
        nothing,
        nothing,
        nothing,
        pictures=True,
        skipped=tuple(skipped),
        notes=tuple(notes),
    )


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """A picture of which nothing but the header is read; whatever is wrong with it is Unreadable."""
    try:
        with warnings.catch_warnings():
            # A picture that unpacks to far more than its size is refused, not just warned of.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("JPEG", "PNG")) as image:
                yield image
    except Unreadable:
        raise
    except Exception as problem:  # the decoders raise whatever they like on damaged files
        raise Unreadable(_reason(problem)) from problem


def _reason(problem: Exception) -> str:
    if isinstance(problem, Image.UnidentifiedImageError):
        return "neither a JPEG nor a PNG picture"
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    lines = str(problem).strip().splitlines()
    return lines[0][:120].rstrip(".") if lines else type(problem).__name__


def _is_grey(mode: str) -> bool:
    return mode in _GREY_MODES or mode.startswith("I;16")


def _dtype(mode: str) -> np.dtype[Any]:
    return np.dtype(np.int32 if mode.startswith("I;16") else _GREY_MODES.get(mode, np.int16))


def _pixels(path: Path, grey: bool) -> NDArray[Any]:
    with opened(path) as image:
        if not grey:
            return np.moveaxis(np.asarray(image.convert("RGB"))[::-1], 2, 0)
        deep = _is_grey(image.mode) and _dtype(image.mode) != np.int16
        return np.asarray(image if deep else image.convert("L"))[None, ::-1]


def _shows_grey(path: Path) -> bool:
    """Whether a picture has the same values in all channels; one that cannot be read does not count."""
    try:
        red, green, blue = _pixels(path, grey=False)
    except Unreadable:
        return True
    return bool((red == green).all() and (green == blue).all())

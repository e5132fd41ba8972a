"""Pictures as the network and the statistics see them: red, green and blue over 255, with no stretch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.statistics import SIDE, local_background, statistics
from astrotl_gui.ml.preprocess import Preprocessing, reference_rows
from astrotl_gui.pipeline.stamps.collection import Unreadable
from astrotl_gui.pipeline.stamps.pictures import opened

F32 = NDArray[np.float32]

BANDS = ("B", "G", "R")
LEAST_NOISE = 0.5 / 255
"""Half a step of 8 bits: where the border of a picture is of one value."""


def read_picture(path: Path) -> Image.Image:
    """An 8-bit picture in red, green and blue. AstroTLError, with its name, when it cannot be read."""
    try:
        with opened(path) as image:
            if image.mode in ("I", "F") or image.mode.startswith("I;16"):
                raise Unreadable("more than 8 bits a channel; make it 8-bit first")
            return image.convert("RGB")
    except Unreadable as reason:
        raise AstroTLError("A picture cannot be read", f"{path}: {reason}.") from reason


def network_pixels(picture: Image.Image, side: int) -> NDArray[np.uint8]:
    """Red, green, blue (3, side, side): bilinear, antialiased where it shrinks."""
    return np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR)).transpose(2, 0, 1)


def small_planes(picture: Image.Image) -> F32:
    """Blue, green, red in 0…1 (3, 56, 56), as statistics take them: light averaged where it shrinks."""
    shrinks = min(picture.size) >= SIDE
    small = picture.resize((SIDE, SIDE), Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR)
    return np.asarray(small, np.float32).transpose(2, 0, 1)[::-1] / np.float32(255)


def turned(pictures: NDArray[np.uint8], view: int) -> NDArray[np.uint8]:
    """One of the eight views of (n, 3, h, h), numbered as `core.regions.Regions.turned` does."""
    if view & 1:
        pictures = pictures.swapaxes(2, 3)
    if view & 2:
        pictures = pictures[:, :, ::-1]
    if view & 4:
        pictures = pictures[..., ::-1]
    return np.ascontiguousarray(pictures)


class PictureStatistics:
    """Statistics of pictures, as those of a project of the same stamps; levels are of a seeded sample of them."""

    def __init__(self, paths: Sequence[Path]) -> None:
        rows = reference_rows(np.arange(len(paths)))
        sample = np.stack([small_planes(read_picture(paths[row])) for row in rows])
        levels, noises = local_background(sample)
        sky = np.median(levels, axis=0)
        self.preprocessing = Preprocessing(
            bands=BANDS,
            channels=("R", "G", "B"),
            unit=(1.0, 1.0, 1.0),
            sky=tuple(sky.tolist()),
            scatter=tuple((1.4826 * np.median(np.abs(levels - sky), axis=0)).tolist()),
            noise=tuple(np.maximum(np.median(noises, axis=0), LEAST_NOISE).tolist()),
            white=(1.0, 1.0, 1.0),
            reference=tuple(rows.tolist()),
            linear=True,
        )

    def __call__(self, planes: F32) -> tuple[F32, tuple[str, ...]]:
        """Return (values (n, M), names) of `small_planes` (n, 3, 56, 56)."""
        sky, noise = self.preprocessing.background(planes)
        return statistics(planes, sky, np.maximum(noise, LEAST_NOISE))

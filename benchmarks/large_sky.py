"""Three bands of noise with Gaussian sources, written once in pieces; and a catalog of millions."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from astropy.io import fits

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.fits import Plane
from benchmarks.field import FOLDER

BANDS = ("g", "r", "i")
SCALE = 0.2
DRAWN = 200_000
"""So many of the sources are in the pixels, and lists begin with them; the rest of the catalog lies on empty sky."""
ROWS, REACH, WIDTH = 500, 4, 1.6


def mosaic_spec(side: int) -> MosaicSpec:
    """The files, written on first use: `side`² float32 a band."""
    bands = []
    for number, name in enumerate(BANDS):
        path = FOLDER / f"gallery-{side}-{name}.fits"
        if not path.exists():
            FOLDER.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            _write(part, side, number)
            part.rename(path)
        bands.append(BandSpec(name, Plane(path, 0), zeropoint=27.0, wavelength=480.0 + 140 * number))
    return MosaicSpec(f"Gallery {side}", tuple(bands), "r", ("i", "r", "g"), pixel_scale=SCALE)


def catalog(count: int, side: int) -> Catalog:
    """`count` sources spread evenly, ids 1 … count."""
    x, y = _places(count, side)
    nowhere = np.full(count, np.nan)
    magnitude = np.random.default_rng(3).uniform(18, 26, count).astype(np.float32)
    columns = {"id": np.arange(1, count + 1), "ra": nowhere, "dec": nowhere, "x": x, "y": y}
    axes = np.full(count, 2 * SCALE, np.float32)
    return Catalog.from_columns({**columns, "mag_r": magnitude, "snr": magnitude, "a": axes, "b": axes})


def forget_files(side: int) -> None:
    """Have the system forget what it holds of the files, so that the next read comes from the disk."""
    for name in BANDS:
        handle = os.open(FOLDER / f"gallery-{side}-{name}.fits", os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def _places(count: int, side: int) -> np.ndarray:
    first = np.random.default_rng(1).uniform(0, side - 1, (2, DRAWN))
    rest = np.random.default_rng(2).uniform(0, side - 1, (2, max(count - DRAWN, 0)))
    return np.concatenate([first, rest], axis=1)[:, :count]


def _write(path: Path, side: int, number: int) -> None:
    rng = np.random.default_rng(number)
    noise = rng.standard_normal((ROWS, side), np.float32)
    x, y = _places(DRAWN, side)
    flux = 10 ** rng.uniform(0.5, 2.5, DRAWN)
    header = fits.Header({"SIMPLE": True, "BITPIX": -32, "NAXIS": 2, "NAXIS1": side, "NAXIS2": side})
    stream = fits.StreamingHDU(str(path), header)
    dy, dx = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1]
    for low in range(0, side, ROWS):
        block = np.zeros((ROWS + 2 * REACH, side + 2 * REACH), np.float32)
        near = np.flatnonzero((np.rint(y) >= low) & (np.rint(y) < low + ROWS))
        for source in near.tolist():
            column, row = round(x[source]), round(y[source])
            shape = np.exp(-((dx + column - x[source]) ** 2 + (dy + row - y[source]) ** 2) / (2 * WIDTH**2))
            block[row - low : row - low + 2 * REACH + 1, column : column + 2 * REACH + 1] += (
                flux[source] * shape
            )
        made = np.roll(noise, int(rng.integers(side)), axis=1) + block[REACH:-REACH, REACH:-REACH]
        stream.write(made.astype(">f4")[: side - low])
    stream.close()

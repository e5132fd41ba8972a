"""Large mosaics for the benchmark: real pixels written in a stream, Rice copies, and files gone from the cache."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings
from astrotl_gui.pipeline.demo import demo_field

FOLDER = Path("bench-output/data")
STRIPE = 512
SQUARE = 512
SCALE = 0.2
NOISE = 2.0
"""Added to the repeated demo sky, so that no two parts are alike and nothing compresses better than a sky does."""


def raw(side: int) -> Path:
    """A float32 image of side × side pixels: the demo sky over and over, its columns shifted stripe by stripe."""
    path = FOLDER / f"mosaic-{side}.fits"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with open(part, "wb") as file:
            file.write(_header(side).tostring().encode())
            _write_pixels(file.fileno(), file, side)
            file.write(b"\0" * (-4 * side * side % 2880))
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    return path


def _write_pixels(handle: int, file: object, side: int) -> None:
    sky, rng = _sky(), np.random.default_rng(7)
    height, width = sky.shape
    columns = -(-side // width) + 1
    for y in range(0, side, STRIPE):
        rows = min(STRIPE, side - y)
        shift = int(rng.integers(width))
        stripe = np.tile(sky[(np.arange(y, y + rows)) % height], columns)[:, shift : shift + side]
        noise = rng.standard_normal(stripe.shape, np.float32)
        file.write((stripe + np.float32(NOISE) * noise).astype(">f4").tobytes())  # type: ignore[attr-defined]
        # Dirty pages of 14 GB would stall whoever is timed next.
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


def _sky() -> NDArray[np.float32]:
    with fits.open(demo_field().images["r"]) as hdus:
        return np.asarray(hdus[1].data, np.float32)


def _header(side: int) -> fits.Header:
    header = fits.Header()
    header["SIMPLE"], header["BITPIX"], header["NAXIS"] = True, -32, 2
    header["NAXIS1"], header["NAXIS2"] = side, side
    header["CTYPE1"], header["CTYPE2"] = "RA---TAN", "DEC--TAN"
    header["CRVAL1"], header["CRVAL2"] = 150.0, 2.0
    header["CRPIX1"] = header["CRPIX2"] = (side + 1) / 2
    header["CDELT1"], header["CDELT2"] = -SCALE / 3600, SCALE / 3600
    header["FILTER"] = "r"
    return header


def rice(side: int, square: bool) -> Path:
    """A Rice-compressed copy, a row of pixels a tile or in square tiles."""
    path = FOLDER / f"mosaic-{side}-{'square' if square else 'rows'}.fits.fz"
    if not path.exists():
        shape = (SQUARE, SQUARE) if square else (1, side)
        with fits.open(raw(side), memmap=True) as hdus:
            header = hdus[0].header
            data = hdus[0].data.astype(np.float32)
        part = path.with_suffix(".part")
        fits.CompImageHDU(data, header, compression_type="RICE_1", tile_shape=shape).writeto(part)
        part.rename(path)
    return path


def project(path: Path, bands: str = "r") -> Path:
    """A project of one image, without sources; of several `bands` all are this image."""
    folder = FOLDER / f"{path.name.split('.')[0]}-{bands}.astrotl"
    if not folder.exists():
        plane = Plane(path, 1 if path.suffix == ".fz" else 0)
        spec = MosaicSpec(path.name, tuple(BandSpec(band, plane) for band in bands))
        Project.create(folder, spec, DetectionSettings(), CutoutSettings(10, 30)).close()
    return folder


def cold(path: Path) -> None:
    """Make sure that none of a file's bytes are in the file cache."""
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)

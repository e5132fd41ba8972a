"""Stamps on disk for tests: pictures, FITS files and arrays of known pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from PIL import Image


def pixels(count: int, side: int = 32, channels: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    """Noise with a blob in the middle and a mark in the top left corner, uint8 (N, side, side, channels)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    blob = 150 * np.exp(-(x**2 + y**2) / 18)[None, :, :, None]
    colour = np.linspace(0.4, 1, channels)
    stamps = rng.integers(5, 15, (count, side, side, channels)) + blob * colour
    stamps[:, :3, :3] = 250
    return stamps.astype(np.uint8)


def pictures(folder: Path, stamps: NDArray[np.uint8], ending: str = "png") -> list[Path]:
    """Colour or grey pictures 000.png, 001.png …"""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{k:03d}.{ending}" for k in range(len(stamps))]
    for path, stamp in zip(paths, stamps, strict=True):
        Image.fromarray(stamp.squeeze()).save(path)
    return paths


def fits_stamp(path: Path, data: NDArray[np.generic], band: str = "r", ra: float | None = 150.0) -> Path:
    """A FITS image with a filter and, with `ra`, a WCS of 0.2″ pixels whose centre is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hdu = fits.PrimaryHDU(data)
    hdu.header["FILTER"] = band
    if ra is not None:
        ny, nx = data.shape[-2:]
        hdu.header.update(
            CTYPE1="RA---TAN", CTYPE2="DEC--TAN", CRVAL1=ra, CRVAL2=2.0, CRPIX1=(nx + 1) / 2, CRPIX2=(ny + 1) / 2,
            CDELT1=-0.2 / 3600, CDELT2=0.2 / 3600,
        )  # fmt: skip
    hdu.writeto(path)
    return path

"""Small mosaics with known grids, for the tests of core."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from astropy.io import fits

from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import BandSpec, Mosaic, MosaicSpec

RA, DEC = 150.0, 2.0


def tan_header(
    shape: tuple[int, int],
    scale: float,
    angle: float = 0.0,
    ra: float = RA,
    dec: float = DEC,
    **cards: object,
) -> fits.Header:
    """A TAN WCS with `scale` [arcsec], turned by `angle` [deg], (ra, dec) at the image centre, east left."""
    cos, sin = np.cos(np.radians(angle)) * scale / 3600, np.sin(np.radians(angle)) * scale / 3600
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "RADESYS": "ICRS", "CUNIT1": "deg"})
    header.update({"CUNIT2": "deg", "CRVAL1": ra, "CRVAL2": dec, "CD1_1": -cos, "CD1_2": sin})
    header.update({"CD2_1": sin, "CD2_2": cos, "CRPIX1": (shape[1] + 1) / 2, "CRPIX2": (shape[0] + 1) / 2})
    header.update(cards)
    return header


def write(path: Path, data: np.ndarray, header: fits.Header | None = None) -> Plane:
    fits.PrimaryHDU(data, header).writeto(path, overwrite=True, output_verify="silentfix")
    return Plane(path, 0)


def two_bands(
    tmp_path: Path, a: tuple[np.ndarray, fits.Header], b: tuple[np.ndarray, fits.Header], **more: Plane
) -> Mosaic:
    """Band a (the reference) and band b; `more` goes with b."""
    planes = write(tmp_path / "a.fits", *a), write(tmp_path / "b.fits", *b)
    bands = BandSpec("a", planes[0]), replace(BandSpec("b", planes[1]), **more)  # type: ignore[arg-type]
    return Mosaic.open(MosaicSpec("test", bands, "a"))


def one_band(
    tmp_path: Path, header: fits.Header, shape: tuple[int, int] = (100, 120), **spec: object
) -> Mosaic:
    plane = write(tmp_path / "one.fits", np.ones(shape, "f4"), header)
    return Mosaic.open(MosaicSpec("test", (BandSpec("a", plane),), **spec))  # type: ignore[arg-type]


def full(mosaic: Mosaic) -> tuple[int, int, int, int]:
    return 0, 0, mosaic.shape[1], mosaic.shape[0]


def sip_header() -> fits.Header:
    header = tan_header((1000, 1000), 0.05, 10.0)
    header.update({"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "A_ORDER": 2, "B_ORDER": 2})
    header.update({"A_2_0": 2e-5, "A_0_2": 1e-5, "B_1_1": -2e-5, "B_2_0": 1e-5})
    return header

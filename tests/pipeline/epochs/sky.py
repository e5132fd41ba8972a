"""Small simulated epochs: constant stars, some that vary, Gaussian noise, a WCS, dates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic

SIDE, SCALE, SIGMA, GAIN, NOISE = 220, 0.3, 1.6, 4.0, 5.0


@dataclass(frozen=True)
class Visits:
    """Files of the epochs by date, and the `flux` (N, E) that each star has in them, in the units of the first."""

    mosaic: Mosaic
    catalog: Catalog
    files: list[Path]
    flux: np.ndarray


def make_visits(
    folder: Path,
    epochs: int = 6,
    shifts: dict[int, tuple[float, float]] | None = None,
    dims: dict[int, float] | None = None,
    variables: int = 3,
    seed: int = 4,
) -> Visits:
    """Stars on a net, ids 1 … 36: the last `variables` of them vary by a sine of 20 %. `shifts`: epoch → px by which
    its image is off its header; `dims`: epoch → share of the light that comes through."""
    rng = np.random.default_rng(seed)
    net = np.arange(6)
    x, y = (axis.ravel() + rng.uniform(-3, 3, 36) for axis in np.meshgrid(28 + 33.0 * net, 28 + 33.0 * net))
    flux = np.geomspace(3000, 40000, 36)[rng.permutation(36)]
    light = np.repeat(flux[:, None], epochs, axis=1)
    phases = 2 * np.pi * np.arange(epochs) / 4.3
    light[36 - variables :] *= 1 + 0.2 * np.sin(phases + np.arange(variables)[:, None])
    files = []
    for k in range(epochs):
        image = _image(x, y, light[:, k] * (dims or {}).get(k, 1.0), (shifts or {}).get(k, (0, 0)), rng)
        header = _header()
        header["MJD-OBS"], header["EXPTIME"], header["GAIN"] = 59000.0 + 2.5 * k, 60.0, GAIN
        header["FILTER"], header["MAGZERO"] = "r", 27.0
        files.append(folder / f"visit_{k}.fits")
        fits.writeto(files[-1], image, header, overwrite=True)
    deep = folder / "deep_r.fits"
    header = _header()
    header["FILTER"], header["MAGZERO"] = "r", 27.0
    fits.writeto(deep, _image(x, y, flux, (0, 0), rng, 0.3), header, overwrite=True)
    spec = MosaicSpec("sky", (BandSpec("r", Plane(deep, 0), zeropoint=27.0),))
    mosaic = Mosaic.open(spec)
    ra, dec = mosaic.sky(x, y)
    columns = {
        "id": np.arange(1, 37),
        "ra": ra,
        "dec": dec,
        "x": x,
        "y": y,
        "snr": flux / 60,
        "flags": np.zeros(36),
    }
    return Visits(mosaic, Catalog.from_columns(columns), files, light)


def _image(
    x: np.ndarray,
    y: np.ndarray,
    flux: np.ndarray,
    shift: tuple[float, float],
    rng: np.random.Generator,
    noise: float = 1.0,
) -> np.ndarray:
    row, column = np.mgrid[:SIDE, :SIDE]
    image = np.zeros((SIDE, SIDE))
    for a, b, f in zip(x + shift[0], y + shift[1], flux, strict=True):
        image += f / (2 * np.pi * SIGMA**2) * np.exp(-((column - a) ** 2 + (row - b) ** 2) / (2 * SIGMA**2))
    photons = rng.poisson(np.maximum(image, 0) * GAIN) / GAIN if noise == 1 else image
    return (photons + 100 + rng.normal(0, NOISE * noise, image.shape)).astype(np.float32)


def _header() -> fits.Header:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = "RA---TAN", "DEC--TAN"
    wcs.wcs.crval = 150.0, 2.0
    wcs.wcs.crpix = SIDE / 2, SIDE / 2
    wcs.wcs.cdelt = -SCALE / 3600, SCALE / 3600
    return wcs.to_header()

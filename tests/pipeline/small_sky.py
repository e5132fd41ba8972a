"""A small sky on disk: bands of discs and points, with their positions as a catalog."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits

from astrotl_gui.core.bands import BandSpec, MosaicSpec, default_colour
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic

SCALE = 0.2


def make_sky(folder: Path, names: str = "gri", count: int = 40, seed: int = 0) -> tuple[Mosaic, Catalog]:
    """A mosaic without WCS (0.2 arcsec per px) of `count` sources, and its catalog."""
    rng = np.random.default_rng(seed)
    side = 300
    row, column = np.mgrid[:side, :side]
    x, y = rng.uniform(20, side - 20, (2, count))
    flux, size = rng.uniform(5, 60, count), rng.choice([1.2, 3.0], count)
    bands = []
    for k, name in enumerate(names):
        image = rng.normal(10, 1, (side, side)).astype(np.float32)
        for i in range(count):
            colour = 1 + 0.5 * k * (i % 3)
            image += flux[i] * colour * np.exp(-np.hypot(column - x[i], row - y[i]) / size[i])
        image[40:44, 60:64] = np.nan
        path = folder / f"sky_{name}.fits"
        fits.PrimaryHDU(image).writeto(path, overwrite=True)
        bands.append(BandSpec(name=name, image=Plane(path, 0), zeropoint=25.0, wavelength=480.0 + 150 * k))
    spec = MosaicSpec(
        name="sky",
        bands=tuple(bands),
        reference=names[0],
        colour=default_colour(tuple(names)),
        pixel_scale=SCALE,
    )
    return Mosaic.open(spec), make_catalog(x, y, snr=flux * size, r50=size * 1.7 * SCALE)


def make_catalog(x: np.ndarray, y: np.ndarray, **columns: np.ndarray) -> Catalog:
    """A catalog of ids 101, 102 ... at pixels x, y."""
    n = len(x)
    nowhere = np.full(n, np.nan)
    table = {"id": np.arange(101, 101 + n), "ra": nowhere, "dec": nowhere, "x": x, "y": y, **columns}
    return Catalog.from_columns(table)

"""Three overlapping mosaics with a place on the sky, and a catalog of their sources."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.io import fits
from astropy.wcs import WCS

SCALE = 0.2
SIDE = 160
SHIFT = 110


def make_mosaics(folder: Path, count: int = 3, sources: int = 60, bands: str = "gr") -> Path:
    """sky_K_BAND.fits in `folder`, each SHIFT px beside the last; returns positions.parquet of all sources."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    width = SHIFT * (count - 1) + SIDE
    x, y = rng.uniform(8, width - 8, sources), rng.uniform(8, SIDE - 8, sources)
    flux = rng.uniform(40, 200, sources)
    row, column = np.mgrid[:SIDE, :width]
    for band in bands:
        image = rng.normal(10, 1, (SIDE, width)).astype(np.float32)
        for i in range(sources):
            image += flux[i] * np.exp(-((column - x[i]) ** 2 + (row - y[i]) ** 2) / 8)
        for number in range(count):
            wcs = _wcs(number * SHIFT)
            header = wcs.to_header()
            header["FILTER"] = band
            header["OBJECT"] = f"field{number}"
            cut = image[:, number * SHIFT : number * SHIFT + SIDE]
            fits.PrimaryHDU(cut, header).writeto(folder / f"sky{number}_{band}.fits", overwrite=True)
    ra, dec = _wcs(0).all_pix2world(x, y, 0)
    file = folder / "positions.parquet"
    pq.write_table(pa.table({"ra": ra, "dec": dec, "name": [f"s{i}" for i in range(sources)]}), file)
    return file


def _wcs(offset: int) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [150.0, 2.0]
    wcs.wcs.crpix = [1 - offset, 1]
    wcs.wcs.cdelt = [-SCALE / 3600, SCALE / 3600]
    return wcs

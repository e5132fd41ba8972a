"""A project whose embeddings hold a physical parameter, made without a network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import EmbeddingStore, Shard
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings
from astrotl_gui.pipeline.making import making

COUNT, SIDE = 300, 200
STRANGE = 10
"""So many of the last sources are unlike all others."""


def make_project(folder: Path) -> Path:
    """300 sources on an empty sky; the last ten look like nothing else."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix = [53.16, -27.8], [SIDE / 2, SIDE / 2]
    wcs.wcs.cdelt = [-2 / 3600, 2 / 3600]
    image = np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32)
    fits.PrimaryHDU(image, wcs.to_header()).writeto(folder / "r.fits")
    spec = MosaicSpec("Masses", (BandSpec("r", Plane(folder / "r.fits", 0), zeropoint=27.0),))
    project = Project.create(folder / "masses.astrotl", spec, DetectionSettings(), CutoutSettings(4, 12))
    mosaic = Mosaic.open(spec)
    rng = np.random.default_rng(1)
    ids = np.arange(1, COUNT + 1)
    x, y = rng.uniform(5, SIDE - 5, (2, COUNT))
    ra, dec = mosaic.sky(x, y)
    flux, size = 10 ** rng.uniform(1, 3, COUNT), rng.uniform(1, 4, COUNT)
    columns = {"id": ids, "ra": ra, "dec": dec, "x": x, "y": y, "flux_r": flux, "r50": size, "snr": flux / 2}
    columns["mag_r"] = 27 - 2.5 * np.log10(flux)
    project.write_catalog(Catalog.from_columns(columns))
    hidden = rng.normal(size=(COUNT, 3))
    vectors = hidden @ rng.normal(size=(3, 16)) + 0.05 * rng.normal(size=(COUNT, 16)) + 4
    vectors[-STRANGE:] = 40 * rng.normal(size=16)
    store = EmbeddingStore(project.embeddings_folder, "test")
    store.append(Shard(ids, np.stack([x, y], axis=1), vectors, np.zeros((COUNT, 1))))
    store.write_meta(
        {"statistics": ["one"], "making": {**making(mosaic, project.cutouts, project.encoder), "views": 8}}
    )
    mass = 10 + 0.5 * hidden[:, 0] + 0.7 * (np.log10(flux) - 2) + rng.normal(0, 0.1, COUNT)
    table = Table({"RA": ra, "DEC": dec, "logmass": mass, "survey": ["a"] * COUNT})
    table["logmass"].unit = "dex"
    table["logmass"][::3] = np.nan  # two thirds are known
    table["logmass"][-STRANGE:] = np.nan
    table.write(folder / "masses.ecsv")
    project.close()
    return project.path

"""Artifacts of every kind, planted in a small mosaic, come before its clean stars and galaxies."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from scipy.ndimage import gaussian_filter

from astrotl_gui.core.bands import BandSpec, MosaicSpec, default_colour
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.cutout import cutout
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.core.statistics import local_background, statistics
from astrotl_gui.ml.coldstart import Columns, artifact_score
from astrotl_gui.pipeline.detect import detect

SIDE, SCALE, SIGMA = 512, 0.2, 1.7  # px, arcsec per px, px
SATURATED = 3000.0
PLACES = {
    "cosmic ray": (100, 100),
    "trail": (300, 60),
    "saturated star": (420, 300),
    "bleed": (60, 330),
    "oversubtracted": (250, 250),
    "chip edge": (507, 450),
}


def sky(rng: np.random.Generator) -> np.ndarray:
    """Bands (3, n, n) before noise: stars and discs on a jittered grid, clear of what is planted."""
    images = np.zeros((3, SIDE, SIDE))
    column, row = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    for y0 in range(24, SIDE - 20, 44):
        for x0 in range(24, SIDE - 20, 44):
            x, y = np.array([x0, y0]) + rng.uniform(-6, 6, 2)
            near = min(np.hypot(x - px, y - py) for px, py in PLACES.values())
            if (
                near < 45
                or (abs(y - 60) < 25 and abs(x - 300) < 100)
                or (abs(x - 60) < 20 and abs(y - 330) < 50)
            ):
                continue
            colour = np.array([1.0, rng.uniform(1, 2), rng.uniform(1, 3)])
            radius = np.hypot((column - x) / rng.uniform(1, 1.6), row - y)
            light = np.exp(-radius / 2.5) if rng.uniform() < 0.6 else (radius < 1).astype(float)
            images += 10 ** rng.uniform(2.9, 3.9) * colour[:, None, None] * light / light.sum()
    return images


def plant(images: np.ndarray) -> np.ndarray:
    """Blur by the PSF, then draw the artifacts: into one band what strikes a detector, into all what shines."""
    column, row = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    x, y = PLACES["trail"]
    images[1] += 60.0 * ((abs(row - y) < 1) & (abs(column - x) < 70))
    x, y = PLACES["saturated star"]
    images[:, y, x] += 6e5
    x, y = PLACES["chip edge"]
    images[:, y, x] += 3000.0
    images = np.array([gaussian_filter(image, SIGMA) for image in images])
    x, y = PLACES["bleed"]
    images[2, y - 30 : y + 30, x] += 400.0
    x, y = PLACES["cosmic ray"]
    for step in range(4):
        images[0, y + step // 2, x + step] += 500.0
    x, y = PLACES["oversubtracted"]
    away = np.hypot(column - x, row - y)
    images += 400 * np.exp(-0.5 * (away / SIGMA) ** 2) - 60 * np.exp(-0.5 * ((away - 14) / 4) ** 2)
    return np.minimum(images, SATURATED)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Catalog, Columns]:
    """The sources of the sky with its artifacts, and what the cold lists know of them."""
    folder = tmp_path_factory.mktemp("planted")
    rng = np.random.default_rng(2)
    images = plant(sky(rng)) + rng.normal(100, 4, (3, SIDE, SIDE))
    bands = []
    for name, image in zip("gri", images, strict=True):
        path = folder / f"{name}.fits"
        header = fits.Header({"SATURATE": SATURATED + 50})
        fits.PrimaryHDU(image.astype(np.float32), header).writeto(path)
        bands.append(BandSpec(name=name, image=Plane(path, 0), zeropoint=25.0))
    spec = MosaicSpec("planted", tuple(bands), "g", default_colour(tuple("gri")), pixel_scale=SCALE)
    mosaic = Mosaic.open(spec)
    catalog = detect(mosaic, DetectionSettings())
    cutouts = np.stack(
        [cutout(mosaic, x, y, 11.2, 56, "gri") for x, y in zip(catalog.x, catalog.y, strict=True)]
    )
    values, names = statistics(cutouts, *local_background(cutouts))
    table = {name: values[:, k] for k, name in enumerate(names)}
    table |= {name: catalog.column(name) for name in ("snr", "a", "b", "r50", "flags", "masked_fraction")}
    return catalog, Columns(len(catalog), table, float(np.median(list(catalog.fwhm.values()))))


@pytest.mark.parametrize("kind", sorted(PLACES))
def test_a_planted_artifact_outranks_clean_sources(found: tuple[Catalog, Columns], kind: str) -> None:
    catalog, columns = found
    scores = artifact_score(columns).score
    clean = np.ones(len(catalog), bool)
    for name, (x, y) in PLACES.items():
        clean &= np.hypot(catalog.x - x, catalog.y - y) > (80 if name == "trail" else 45)
    assert clean.sum() > 40
    x, y = PLACES[kind]
    there = np.hypot(catalog.x - x, catalog.y - y) < (75 if kind == "trail" else 35 if kind == "bleed" else 5)
    assert there.any(), "it is detected"
    assert scores[there].max() > np.percentile(scores[clean], 95)


def test_clean_sources_have_hardly_a_sign(found: tuple[Catalog, Columns]) -> None:
    catalog, columns = found
    far = np.all([np.hypot(catalog.x - x, catalog.y - y) > 80 for x, y in PLACES.values()], axis=0)
    assert np.median(artifact_score(columns).score[far]) < 0.2

"""Where an image saturates, told by its header or by its pixels; and never where nothing says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.core.flags import Flag
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.detect import detect
from astrotl_gui.pipeline.saturation import saturation
from tests.pipeline.injected import Injected, draw, mosaic, tan, write_band

SIDE = 500


def stars(size: float = 2.0, ratio: float = 1.0, seed: int = 1) -> np.ndarray:
    """Stars over three decades in flux on a noisy sky of 300."""
    rng = np.random.default_rng(seed)
    image = rng.normal(300, 5, (SIDE, SIDE))
    x, y = rng.uniform(20, SIDE - 20, (2, 150))
    flux = 10 ** rng.uniform(3, 6.3, 150)
    draw(image, Injected(x, y, flux, np.full(150, size), np.full(150, size * ratio), rng.uniform(0, 3, 150)))
    return image.astype(np.float32)


def level(*parts: np.ndarray, **cards: float) -> float:
    return saturation(fits.Header(cards), parts, 5.0)


def test_the_header_decides() -> None:
    assert level(stars(), SATURATE=9000.0) == 9000
    assert level(np.minimum(stars(), 5000), SATURATE=9000.0) == 9000
    assert level(stars(), SATURATE=50.0) == np.inf, "a level within the noise cannot be meant"


@pytest.mark.parametrize("limit", [2000.0, 8000.0, 20_000.0])
@pytest.mark.parametrize("scatter", [0.0, 0.04])
def test_a_flat_top_is_found(limit: float, scatter: float) -> None:
    """Flat-fielding spreads what was one value by some per cent."""
    rng = np.random.default_rng(2)
    image = stars()
    full = image >= limit
    image[full] = limit * (1 + rng.normal(0, scatter, full.sum()))
    assert 0.8 * limit < level(image) < limit
    assert 0.8 * limit < level(image[:250], image[250:]) < limit
    image[rng.integers(0, SIDE, 9), rng.integers(0, SIDE, 9)] = 65_000
    assert 0.8 * limit < level(image) < limit, "nine hot pixels hide nothing"


def test_where_nothing_piles_up_nothing_is_saturated() -> None:
    for image in (stars(), stars(0.8), stars(6.0, 0.4), np.random.default_rng(0).normal(0, 1, (SIDE, SIDE))):
        assert level(image) == np.inf
    row, column = np.mgrid[:SIDE, :SIDE]
    radius = np.hypot(row - 250, column - 250)
    galaxy = 300 + np.random.default_rng(1).normal(0, 5, (SIDE, SIDE))
    assert level(galaxy + 1e5 * np.exp(-((radius / 40) ** 0.5))) == np.inf
    assert level(galaxy + 1e4 / (1 + (radius / 60) ** 2)) == np.inf, "a core is no plateau"
    assert level(np.zeros((0, 5))) == level(np.full((50, 50), np.nan)) == level(np.ones((50, 50))) == np.inf


def test_masked_pixels_do_not_count() -> None:
    image = np.minimum(stars(), 5000)
    assert level(np.where(image >= 5000, np.nan, image)) == np.inf


def test_sources_are_flagged_without_any_card(tmp_path: Path) -> None:
    image = np.minimum(stars(), 5000)
    catalog = detect(mosaic(write_band(tmp_path, "r", image, tan(image.shape))), DetectionSettings())
    peaks = image[np.rint(catalog.y).astype(int), np.rint(catalog.x).astype(int)]
    flagged = (catalog.column("flags") & int(Flag.SATURATED)) != 0
    assert flagged[peaks >= 5000].all() and flagged.sum() > 20
    assert not flagged[(peaks < 2000) & (catalog.column("flags") & int(Flag.BLENDED) == 0)].any()


def test_real_images_that_are_not_saturated(shared_data: Path) -> None:
    for pattern in ("sdss/frame*", "jwst_a2744/jw0256*", "euclid_lens/euclid_q1*"):
        opened = Mosaic.open(identify(sorted((shared_data / "fits").glob(pattern))).spec(pixel_scale=0.1))
        for band in opened.bands:
            ny, nx = band.shape
            assert saturation(fits.Header(), [band.read((0, 0, nx, ny))], 0.0) == np.inf, (pattern, band.name)

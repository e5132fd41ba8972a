"""Descriptions against known answers: noise, stars, sources; any mosaic; real fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.describe import describe
from astrotl_gui.pipeline.description.numbers import Description, Distribution
from astrotl_gui.pipeline.detect import detect
from tests.pipeline.injected import SCALE, Injected, draw, mosaic, tan, write_band

FWHM = 2.3548


def sky(side: int, level: float = 100.0, sigma: float = 3.0, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(level, sigma, (side, side))


def described(folder: Path, image: np.ndarray, **band: object) -> Description:
    spec = write_band(folder, "r", image, tan(image.shape), **band)  # type: ignore[arg-type]
    return describe(mosaic(spec), None, DetectionSettings())


def crowd(seed: int, side: int = 700, count: int = 500, size: float = 1.0) -> Injected:
    """Galaxies of every brightness, `size` times as large; stars are not among them."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(5, side - 5, (2, count))
    a = size * (2.0 + rng.gamma(2.0, 0.5, count))
    b = a * rng.uniform(0.5, 1.0, count)
    flux = 300 * (1 + rng.pareto(1.0, count)).clip(max=200)
    return Injected(x, y, flux, a, np.maximum(b, 1.6), rng.uniform(-1.5, 1.5, count))


def spread(one: Description, name: str) -> Distribution:
    return next(d for d in one.sources.distributions if d.name == name)


# --- sky -------------------------------------------------------------------------------------------------


def test_white_noise(tmp_path: Path) -> None:
    one = described(tmp_path, sky(800), zeropoint=25.0)
    (band,) = one.bands
    assert band.sky.level == pytest.approx(100, abs=0.05)
    assert band.sky.sigma == pytest.approx(3, rel=0.01)
    assert band.sky.surface_brightness == pytest.approx(25 - 2.5 * np.log10(3 / SCALE**2), abs=0.01)
    for direction in (band.sky.along_x, band.sky.along_y, band.sky.diagonal):
        np.testing.assert_allclose(direction, 0, atol=0.006)
    np.testing.assert_allclose(band.sky.binned, 1, atol=0.03)
    assert band.sky.tail == pytest.approx(1, abs=0.12)
    assert band.sky.structure == pytest.approx(0, abs=0.05)
    assert band.sky.map_ratio is None
    assert band.psf.fwhm is None and band.depth is None, "nothing tells the PSF of an empty sky"
    assert one.sources.count <= 1 and band.turnover is None


@pytest.mark.parametrize("width", [0.7, 1.0])
def test_correlated_noise(tmp_path: Path, width: float) -> None:
    """White noise smoothed by a Gaussian of σ = w along x alone: ρ(d) = exp(−d² / 4w²)."""
    image = 3 * gaussian_filter(np.random.default_rng(3).normal(0, 1, (900, 900)), (0, width))
    (band,) = described(tmp_path, image).bands
    lags = np.arange(1, 4)
    kernel = np.exp(-0.5 * (np.arange(-6, 7) / width) ** 2)
    kernel /= kernel.sum()
    expected = np.array([(kernel[:-lag] * kernel[lag:]).sum() for lag in lags]) / (kernel**2).sum()
    np.testing.assert_allclose(band.sky.along_x, expected, atol=0.012)
    np.testing.assert_allclose(band.sky.along_y, 0, atol=0.012)
    np.testing.assert_allclose(band.sky.diagonal, 0, atol=0.012)
    rho = {0: 1.0} | {
        d: (kernel[: len(kernel) - d] * kernel[d:]).sum() / (kernel**2).sum() for d in range(1, 8)
    }
    binned = [np.sqrt(sum((1 - abs(d) / n) * rho[abs(d)] for d in range(1 - n, n))) for n in (2, 4, 8)]
    np.testing.assert_allclose(band.sky.binned, binned, rtol=0.03)


def test_sources_do_not_leak_into_the_noise(tmp_path: Path) -> None:
    image = sky(700, 50, 1.0)
    draw(image, crowd(1))
    (band,) = described(tmp_path, image).bands
    assert band.sky.sigma == pytest.approx(1, rel=0.03)
    assert band.sky.level == pytest.approx(50, abs=0.15)
    np.testing.assert_allclose([band.sky.along_x, band.sky.along_y, band.sky.diagonal], 0, atol=0.03)
    np.testing.assert_allclose(band.sky.binned, 1, atol=0.1)


def test_a_noise_map_is_held_against_the_noise(tmp_path: Path) -> None:
    sigma = np.where(np.arange(600) < 300, 2.0, 6.0) * np.ones((600, 600))
    image = np.random.default_rng(2).normal(0, 1, (600, 600)) * sigma
    (band,) = described(tmp_path, image, rms=2 * sigma).bands
    assert band.sky.map_ratio == pytest.approx(0.5, rel=0.02)
    np.testing.assert_allclose([*band.sky.along_x, *band.sky.along_y], 0, atol=0.01)
    (band,) = described(tmp_path, image, weight=sigma**-2.0).bands
    assert band.sky.map_ratio == pytest.approx(1, rel=0.02)


def test_a_gradient_is_structure_and_not_noise(tmp_path: Path) -> None:
    image = sky(800, 0, 2.0) + 20 * np.linspace(-1, 1, 800)
    (band,) = described(tmp_path, image).bands
    assert band.sky.structure == pytest.approx(20 / np.sqrt(3) / 2, rel=0.05)
    assert band.sky.sigma == pytest.approx(2, rel=0.02)
    np.testing.assert_allclose(band.sky.along_y, 0, atol=0.02)


def test_bad_pixels_are_counted(tmp_path: Path) -> None:
    image, mask = sky(400, 10, 1), np.zeros((400, 400))
    image[:20], mask[:, :40] = np.nan, 1
    image[100:102, 100:200] = 4000
    one = described(tmp_path, image, mask=mask, cards={"SATURATE": 3999.0})
    (band,) = one.bands
    assert band.missing == pytest.approx(0.05)
    assert band.masked == pytest.approx(0.1 * 0.95)
    assert band.saturated == pytest.approx(200 / 400**2)
    assert one.sources.area == pytest.approx(0.9 * 0.95 * (400 * SCALE / 60) ** 2, rel=1e-3)


# --- stars -----------------------------------------------------------------------------------------------


def test_stars_of_known_width_and_ellipticity(tmp_path: Path) -> None:
    image = sky(900, 20, 1.0)
    stars = Injected.grid(900, 60, flux=8000, a=2.0, b=1.8)
    draw(image, replace(stars, theta=np.full(len(stars.x), 0.7)))
    (band,) = described(tmp_path, image, zeropoint=25.0).bands
    assert band.psf.origin == "stars" and band.psf.stars > 100
    assert band.psf.fwhm == pytest.approx(FWHM * np.sqrt(2.0 * 1.8) * SCALE, rel=0.02)
    assert band.psf.ellipticity == pytest.approx(0.1, abs=0.01)
    assert band.psf.inside == pytest.approx(1 - 0.5**4, abs=0.01)
    assert band.psf.beta is not None and band.psf.beta > 8, "a Gaussian has no wings"
    flux = 5 * 1.0 * np.sqrt(4 * np.pi) * np.sqrt(2.0 * 1.8)
    assert band.depth == pytest.approx(25 - 2.5 * np.log10(flux), abs=0.06)


@pytest.mark.parametrize("beta", [2.5, 4.0])
def test_moffat_stars(tmp_path: Path, beta: float) -> None:
    image, fwhm = sky(900, 20, 1.0), 4.0
    stars = Injected.grid(900, 60, flux=0, a=1, b=1)
    scale2 = (fwhm / 2) ** 2 / (2 ** (1 / beta) - 1)
    for x, y in zip(stars.x, stars.y, strict=True):
        columns, rows = np.arange(int(x) - 25, int(x) + 26), np.arange(int(y) - 25, int(y) + 26)
        r2 = (columns - x) ** 2 + (rows[:, None] - y) ** 2
        columns, rows = columns.clip(0, 899), rows.clip(0, 899)
        image[rows[:, None], columns] += 600 * (1 + r2 / scale2) ** -beta
    (band,) = described(tmp_path, image).bands
    assert band.psf.core_fwhm == pytest.approx(fwhm * SCALE, rel=0.02)
    assert band.psf.beta == pytest.approx(beta, rel=0.08)
    light = [1 - (1 + (k * band.psf.fwhm / SCALE) ** 2 / scale2) ** (1 - beta) for k in (1, 2)]
    assert band.psf.inside == pytest.approx(light[0] / light[1], abs=0.015)
    assert band.psf.ellipticity == pytest.approx(0, abs=0.01)


# --- sources ---------------------------------------------------------------------------------------------


def test_counts_sizes_shapes_and_colours_of_known_sources(tmp_path: Path) -> None:
    side, shape = 900, (900, 900)
    sources = Injected.grid(side, 60, flux=10_000, a=4.0, b=2.2)
    bands = []
    for name, share in (("g", 0.5), ("r", 1.0)):
        image = sky(side, 30, 1.0, seed=len(bands))
        draw(image, sources, share)
        bands.append(write_band(tmp_path, name, image, tan(shape)))
    one = describe(mosaic(*bands, reference="r"), None, DetectionSettings())
    count, numbers = len(sources.x), one.sources
    assert numbers.count == count
    assert numbers.density == pytest.approx(count / (side * SCALE / 60) ** 2)
    (only,) = [bin for bin in numbers.counts if bin.count]
    assert (only.bright, only.faint, only.count) == (15.0, 15.5, count)
    assert only.density == pytest.approx(numbers.density / 0.5)
    assert only.error == pytest.approx(only.density / np.sqrt(count))
    assert numbers.turnover == pytest.approx(15.0, abs=0.2)
    u, v = np.random.default_rng(0).normal(size=(2, 400_000))
    radius = float(np.median(np.hypot(4.0 * u, 2.2 * v))) * SCALE
    np.testing.assert_allclose(spread(one, "half-light radius").quantiles, radius, rtol=0.04)
    np.testing.assert_allclose(spread(one, "ellipticity").quantiles, 0.45, atol=0.02)
    np.testing.assert_allclose(spread(one, "g − r").quantiles, 2.5 * np.log10(2), atol=0.02)
    brightness = 15.0 + 2.5 * np.log10(2 * np.pi * radius**2)
    np.testing.assert_allclose(spread(one, "surface brightness").quantiles, brightness, atol=0.08)
    (slice_,) = spread(one, "half-light radius").by_magnitude
    assert (slice_.bright, slice_.faint, slice_.count) == (15.0, 16.0, spread(one, "ellipticity").count)


def test_points_and_galaxies_are_told_apart(tmp_path: Path) -> None:
    image = sky(900, 30, 1.0)
    sources = Injected.grid(900, 60, flux=5000, a=1.8, b=1.8)
    galaxies = np.arange(len(sources.x)) % 4 == 0
    sources.a[galaxies], sources.b[galaxies] = 5.0, 3.0
    draw(image, sources)
    one = described(tmp_path, image)
    assert one.sources.point_radius == pytest.approx(0.5 * FWHM * 1.8 * SCALE, rel=0.03)
    assert one.sources.point_share == pytest.approx(1 - galaxies.mean(), abs=0.02)
    assert spread(one, "ellipticity").count == pytest.approx(galaxies.sum(), abs=2)


def test_pairs_over_random(tmp_path: Path) -> None:
    side, count = 1000, 300
    x, y = np.random.default_rng(5).uniform(20, side - 20, (2, count))
    ones = np.ones(count)
    area = np.pi * 5**2 / (side * SCALE) ** 2
    for paired in (False, True):
        if paired:  # every second source 3″ from another
            x[1::2], y[1::2] = x[::2] + 3 / SCALE, y[::2]
        image = sky(side, 0, 1.0)
        draw(image, Injected(x, y, 3000 * ones, 1.5 * ones, 1.5 * ones, 0 * ones))
        within = described(tmp_path, image).sources.pairs
        expected = 1 + (1 / (count * area) if paired else 0)
        assert within[1] == pytest.approx(expected, abs=0.5)
        assert 1.2 < within[2] < within[1] if paired else within[2] == pytest.approx(1, abs=0.15)


def test_sources_of_a_catalog_are_taken(tmp_path: Path) -> None:
    image = sky(500, 0, 1.0)
    draw(image, crowd(3, 500, 200))
    field = mosaic(write_band(tmp_path, "r", image, tan((500, 500))))
    catalog = detect(field, DetectionSettings())
    some = catalog.take(np.arange(0, len(catalog), 2))
    one = describe(field, some, DetectionSettings(), snr=20)
    assert one.sources.count == (some.column("snr") >= 20).sum() > 10
    assert one.sources.snr == 20
    assert one.bands[0].sky == describe(field, catalog, DetectionSettings()).bands[0].sky


# --- what must not matter --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    values = sky(700, 40, 1.0)
    draw(values, crowd(2))
    return values


def numbers(one: Description) -> dict[str, object]:
    (band,) = one.bands
    return {
        **vars(band.sky),
        **vars(band.psf),
        "depth": band.depth,
        "count": one.sources.count,
        "radius": spread(one, "half-light radius").quantiles,
        "shape": spread(one, "ellipticity").quantiles,
    }


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        (lambda image: image + 250, {"level": lambda level: level + 250}),
        (
            lambda image: 8 * image,
            {"level": lambda v: 8 * v, "sigma": lambda v: 8 * v}
            | dict.fromkeys(("surface_brightness", "depth"), lambda v: v - 2.5 * np.log10(8)),
        ),
    ],
    ids=["a constant sky", "a factor"],
)
def test_only_what_should_change_does(
    tmp_path: Path,
    image: np.ndarray,
    change: Callable[[np.ndarray], np.ndarray],
    moved: dict[str, Callable[[float], float]],
) -> None:
    before, after = (numbers(described(tmp_path, values)) for values in (image, change(image)))
    for name, value in before.items():
        if isinstance(value, str) or value is None:
            assert after[name] == value
            continue
        expected = moved.get(name, lambda v: v)(value)  # type: ignore[arg-type]
        np.testing.assert_allclose(
            np.asarray(after[name], float), np.asarray(expected, float), rtol=0.01, atol=3e-3, err_msg=name
        )


def test_the_tile_size_does_not_matter(tmp_path: Path, image: np.ndarray) -> None:
    field = mosaic(write_band(tmp_path, "r", image, tan(image.shape)))
    whole, tiled = (describe(field, None, DetectionSettings(tile=tile)) for tile in (1024, 200))
    assert whole.bands[0].sky == tiled.bands[0].sky
    assert whole.bands[0].psf == tiled.bands[0].psf
    assert whole.sources.count == pytest.approx(tiled.sources.count, rel=0.01)
    for name in ("half-light radius", "ellipticity"):
        np.testing.assert_allclose(spread(whole, name).quantiles, spread(tiled, name).quantiles, rtol=0.01)


# --- any mosaic ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(100, 100), (60, 400), (1500, 1400)])
def test_noise_of_any_shape(tmp_path: Path, shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).normal(5, 2, shape)
    one = describe(
        mosaic(write_band(tmp_path, "r", values, None, zeropoint=None), pixel_scale=0.3),
        None,
        DetectionSettings(),
    )
    (band,) = one.bands
    assert band.sky.sigma == pytest.approx(2, rel=0.05)
    assert band.sky.surface_brightness is None and band.depth is None and band.turnover is None
    assert one.pixel_scale == 0.3
    json.dumps(one.to_dict(), allow_nan=False)


def test_nothing_to_see(tmp_path: Path) -> None:
    flat = np.full((120, 90), 3.0)
    blank = sky(200)
    for values, planes in ((flat, {}), (blank, {"mask": np.ones_like(blank)}), (np.zeros((30, 30)), {})):
        one = described(tmp_path, values, **planes)
        assert one.sources.count == 0 and one.sources.counts == ()
        assert one.bands[0].sky.sigma is None
        assert one.sources.pairs == (None, None, None)
        json.dumps(one.to_dict(), allow_nan=False)


def test_bands_on_other_grids_are_measured_on_their_own(tmp_path: Path) -> None:
    """A coarser band keeps its white noise: resampled to the reference grid it would be correlated."""
    fine = write_band(tmp_path, "r", sky(500, 0, 1), tan((500, 500)))
    coarse = write_band(tmp_path, "K", sky(250, 0, 4, seed=2), tan((250, 250), scale=2 * SCALE, rotation=20))
    one = describe(mosaic(fine, coarse), None, DetectionSettings())
    band = one.band("K")
    assert band is not None and band.pixel_scale == pytest.approx(2 * SCALE, rel=1e-4)
    assert band.sky.sigma == pytest.approx(4, rel=0.02)
    np.testing.assert_allclose(band.sky.along_x, 0, atol=0.02)


def test_progress_is_reported_and_cancels(tmp_path: Path) -> None:
    class Recorder(Progress):
        def __init__(self, stop: str) -> None:
            self.texts: list[str] = []
            self.stop = stop

        def __call__(self, done: float, total: float, text: str = "") -> None:
            self.texts.append(text)
            if text == self.stop:
                raise Cancelled

    field = mosaic(write_band(tmp_path, "r", sky(200), tan((200, 200))))
    record = Recorder("")
    describe(field, None, DetectionSettings(), progress=record)
    assert {"Tile 1 of 1", "Describing r"} <= set(record.texts)
    for stop in ("Tile 1 of 1", "Describing r"):
        with pytest.raises(Cancelled):
            describe(field, None, DetectionSettings(), progress=Recorder(stop))


# --- real fields -----------------------------------------------------------------------------------------


def real(files: list[Path]) -> Description:
    return describe(Mosaic.open(identify(sorted(files)).spec()), None, DetectionSettings())


def test_cfhtls(shared_data: Path) -> None:
    one = real(list((shared_data / "fits/cfhtls_w3").glob("*.fits")))
    assert one.pixel_scale == pytest.approx(0.186, abs=5e-4)
    for band, depth in zip(one.bands, (26.5, 25.5, 25.4), strict=True):
        assert band.psf.fwhm is not None and 0.6 < band.psf.fwhm < 1.0
        assert band.depth == pytest.approx(depth, abs=0.3)
        assert 0.05 < band.sky.along_x[0] < 0.15  # type: ignore[operator]
        assert -0.1 < band.sky.along_x[1] < -0.02, "Lanczos resampling"  # type: ignore[operator]
    assert 30 < one.sources.count < 90


def test_sdss_frame(shared_data: Path) -> None:
    (band,) = (one := real(list((shared_data / "fits/sdss").glob("frame*")))).bands
    assert one.pixel_scale == pytest.approx(0.396, abs=1e-3)
    assert band.psf.fwhm == pytest.approx(1.08, abs=0.1) and band.psf.stars > 100
    assert band.depth == pytest.approx(23.1, abs=0.2), "SDSS g at 5σ"
    np.testing.assert_allclose([band.sky.along_x, band.sky.along_y], 0, atol=0.03)


def test_xdf(shared_data: Path) -> None:
    one = real(list((shared_data / "fits/xdf").glob("*.fits")))
    assert one.pixel_scale == pytest.approx(0.06, abs=1e-4)
    assert all(band.depth is None and band.turnover is None for band in one.bands), "no zero points"
    for band in one.bands:
        assert band.sky.along_x[0] is not None and band.sky.along_x[0] > 0.4, "drizzled"
        assert band.sky.map_ratio is not None and band.sky.map_ratio < 0.6, "its map is of single pixels"

"""One exposure: noise as the RMS image says, artifacts where the truth says, masks that know what they should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from astrotl_gui.pipeline.simulation import artifacts, bits
from astrotl_gui.pipeline.simulation.artifacts import Artifact
from astrotl_gui.pipeline.simulation.camera import GROUND, SPACE, Camera, rng_for
from astrotl_gui.pipeline.simulation.observation import TILE, Observation, Tile
from astrotl_gui.pipeline.simulation.sky import CHIP, Sky, correlated_noise

GRI = GROUND.with_bands(("g", "r", "i"))
SHAPE = (500, 600)


@pytest.fixture(scope="module")
def pair() -> tuple[Tile, Tile]:
    """The same sky twice, with other noise."""
    first = Observation(5, SHAPE, GRI)
    return tuple(seen.tile(seen.tiles()[0]) for seen in (first, replace(first, noise_seed=1)))  # type: ignore[return-value]


def sigma(values: np.ndarray) -> float:
    """σ of the middle of a distribution: artifacts and stars do not count."""
    low, high = np.percentile(values, [25, 75])
    return float((high - low) / 1.349)


def test_noise_is_what_the_rms_image_says(pair: tuple[Tile, Tile]) -> None:
    """To 2 %: the difference of two exposures of one sky holds nothing but their noise."""
    for k in range(3):
        first, second = (tile.images[k].astype(float) for tile in pair)
        dark = first < 3 * pair[0].rms[k]
        scaled = (first - second) / np.hypot(pair[0].rms[k], pair[1].rms[k])
        assert sigma(scaled[dark]) == pytest.approx(1.0, abs=0.02)


def test_bright_pixels_have_photon_noise(pair: tuple[Tile, Tile]) -> None:
    """Where sources outshine the sky, the variance is rms² + light / gain."""
    for k, band in enumerate(GRI.bands):
        first, second = (tile.images[k].astype(float) for tile in pair)
        mean, rms = (first + second) / 2, pair[0].rms[k].astype(float)
        bright = (mean > 30 * rms) & (mean < 0.5 * band.saturate(GRI.pixel_scale))
        expected = np.sqrt(2 * (rms**2 + mean / band.gain))
        assert bright.sum() > 100
        assert sigma(((first - second) / expected)[bright]) == pytest.approx(1.0, abs=0.12)


@pytest.mark.parametrize("camera", [GROUND, SPACE], ids=["ground", "space"])
def test_noise_is_correlated_as_its_kernel_says(camera: Camera) -> None:
    kernel = np.array(camera.noise_kernel)
    noise = correlated_noise(np.random.default_rng(0), (1000, 1000), kernel)
    assert noise.std() == pytest.approx(1, abs=0.01)
    line = np.correlate(kernel, kernel, "full") / (kernel**2).sum()
    for lag in (1, 2):
        expected = line[len(kernel) - 1 + lag]
        for pairs in (noise[:, lag:] * noise[:, :-lag], noise[lag:] * noise[:-lag]):
            assert pairs.mean() == pytest.approx(expected, abs=0.006)


def test_depth_means_five_sigma_for_a_point_source() -> None:
    """A star of the depth's magnitude, in the effective area of its PSF, stands 5σ above white noise."""
    for band in GRI.bands:
        pixels = 2.266 * (band.fwhm / GRI.pixel_scale) ** 2
        assert band.counts(band.depth) / (band.noise(GRI.pixel_scale) * np.sqrt(pixels)) == pytest.approx(5.0)


def test_exposure_map_has_gaps_and_never_none() -> None:
    sky = Sky(GRI, GRI.bands[0], (CHIP + 400, 900), 3)
    coverage = sky.coverage((0, 0, 900, CHIP + 400))
    assert coverage.min() >= 0.2 and coverage.max() == 1 and 0.01 < (coverage < 1).mean() < 0.3
    part = sky.coverage((100, 700, 300, 1300))
    assert np.array_equal(part, coverage[700:1300, 100:300])
    assert np.array_equal(sky.residual((0, 0, 900, 500))[100:200, 40:60], sky.residual((40, 100, 60, 200)))


def test_saturated_pixels_are_clipped_and_masked() -> None:
    seen = Observation(5, (700, 700), GRI.with_depths({"": 24.0}))
    tile = seen.tile(seen.tiles()[0])
    for k, band in enumerate(GRI.bands):
        level = np.float32(band.saturate(GRI.pixel_scale))
        clipped = tile.images[k] >= level
        assert clipped.any() and tile.images[k].max() == level
        assert (tile.masks[k][clipped] & (bits.SATURATED | bits.BLEED) > 0).all()


def lone(kind: str, seed: int, masked: bool = False) -> Artifact:
    makers = {"cosmic ray": artifacts._cosmic_ray, "bad column": artifacts._column, "ghost": artifacts._ghost}
    return makers[kind](rng_for(seed, kind), 50.0, 60.0, 0, masked)


@pytest.mark.parametrize("kind", ["cosmic ray", "bad column", "ghost"])
def test_artifacts_add_the_light_they_say_where_they_say(kind: str) -> None:
    for seed in range(5):
        one = lone(kind, seed)
        image, mask = np.zeros((400, 400), np.float32), np.zeros((400, 400), np.uint8)
        box = (-150, -140, 250, 260)
        one.add(image, mask, box, 2.0, 1.0)
        assert image.sum() == pytest.approx(2.0 * one.light, rel=0.02)
        rows, columns = np.nonzero(image > 0.2 * image.max())
        assert abs(columns.mean() - 150 - one.x) < one.reach and abs(rows.mean() - 140 - one.y) < one.reach
        assert not mask.any()


@pytest.mark.parametrize("kind", ["cosmic ray", "bad column"])
def test_the_mask_knows_some_of_them(kind: str) -> None:
    one = lone(kind, 2, masked=True)
    image, mask = np.zeros((300, 300), np.float32), np.zeros((300, 300), np.uint8)
    one.add(image, mask, (-100, -90, 200, 210), 1.0, 1.0)
    assert ((mask > 0) == (image > 1)).all() and mask.max() == artifacts.BITS_OF[kind]


def test_a_trail_is_straight_and_crosses_tiles() -> None:
    trail = artifacts._trail(rng_for(3, "trail"), 300.0, 200.0, 1, False, 900.0)
    whole, mask = np.zeros((400, 600), np.float32), np.zeros((400, 600), np.uint8)
    trail.add(whole, mask, (0, 0, 600, 400), 1.0, 1.0)
    halves = [np.zeros((400, 300), np.float32) for _ in range(2)]
    for k, half in enumerate(halves):
        trail.add(half, np.zeros((400, 300), np.uint8), (300 * k, 0, 300 * k + 300, 400), 1.0, 1.0)
    assert np.array_equal(np.hstack(halves), whole)
    y, x = np.nonzero(whole > 0.3 * whole.max())
    across = (y - trail.y) * np.cos(trail.angle) - (x - trail.x) * np.sin(trail.angle)
    assert len(x) > 100 and np.abs(across).max() < 6


def test_artifacts_of_a_field_do_not_depend_on_the_box() -> None:
    skies = [Sky(GRI, band, (2000, 2000), 4) for band in GRI.bands]
    whole = {(a.kind, a.x, a.y) for a in artifacts.artifacts_in((0, 0, 2000, 2000), GRI, skies, 4)}
    part = {(a.kind, a.x, a.y) for a in artifacts.artifacts_in((600, 600, 1200, 1200), GRI, skies, 4)}
    assert part <= whole
    assert {a for a in whole if 600 <= a[1] < 1200 and 600 <= a[2] < 1200} <= part
    kinds = [kind for kind, _, _ in whole]
    assert kinds.count("cosmic ray") > 30 and {"bad column", "ghost"} <= set(kinds)


def test_truth_rows_are_those_of_the_tile() -> None:
    """Two tiles share no row and together have all; what is listed can be seen."""
    seen = Observation(5, (300, TILE + 200), GRI.with_depths({"": 23.0}))
    boxes = seen.tiles()
    assert boxes == [(0, 0, TILE, 300), (TILE, 0, TILE + 200, 300)]
    tiles = [seen.tile(box) for box in boxes]
    for (x0, _, x1, _), tile in zip(boxes, tiles, strict=True):
        assert tile.rows and all(x0 - 0.5 <= row["x"] < x1 - 0.5 for row in tile.rows)  # type: ignore[operator]
    stars = [row for tile in tiles for row in tile.rows if row["class"] in ("galaxy", "star")]
    assert all(min(row[f"mag_{b}"] for b in "gri") < 23.5 for row in stars)  # type: ignore[type-var]

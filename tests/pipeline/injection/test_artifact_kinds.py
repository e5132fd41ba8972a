"""Injected artifacts: shape, width, brightness and bands of each kind, in units of the noise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.settings import ARTIFACT_KINDS, InjectionSettings
from astrotl_gui.pipeline.injection.artifact import ArtifactInjector, painter, units
from astrotl_gui.pipeline.injection.artifact_kinds import BRIGHTNESS, KINDS, Frame
from astrotl_gui.pipeline.injection.injector import Square
from astrotl_gui.pipeline.injection.instrument import Instrument
from astrotl_gui.pipeline.injection.pairs import draw_pairs
from tests.pipeline.injection.small_field import GAIN, empty_square, field, instrument

LENGTH, WIDTHS = 101, np.array([4.0, 3.0, 5.0])
SEEDS = range(12)


def frame(x: float = 0.0, y: float = 0.0) -> Frame:
    """A square whose middle pixel is the centre, a little off."""
    axis = np.arange(LENGTH) - LENGTH // 2
    return Frame((axis - x)[None, :], (axis - y)[:, None], WIDTHS, LENGTH - 3.0)


def drawn(kind: str, seed: int) -> np.ndarray:
    return KINDS[kind](frame(), np.random.default_rng(seed))


def bands_hit(light: np.ndarray) -> int:
    return int((np.abs(np.nan_to_num(light, nan=1.0)).max(axis=(1, 2)) > 0).sum())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    return instrument(field(tmp_path_factory.mktemp("artifacts")))


def test_every_kind_can_be_drawn_and_is_about_as_bright_as_said() -> None:
    assert list(KINDS) == list(ARTIFACT_KINDS)
    for kind in KINDS:
        peaks = [np.nanmax(np.abs(drawn(kind, seed))) for seed in SEEDS]
        assert 0.5 < np.median(peaks) <= (30 if kind == "spikes" else 1.0), kind


def test_a_cosmic_ray_is_in_one_band_sharper_than_the_psf_and_no_longer_than_its_track() -> None:
    for seed in SEEDS:
        light = drawn("cosmic-ray", seed)
        assert bands_hit(light) == 1
        plane = light.sum(axis=0)
        y, x = np.nonzero(plane > 0.01)
        assert plane.max() == 1 and np.hypot(x - 50, y - 50).max() < 10
        assert (
            np.linalg.svd(np.stack([x - x.mean(), y - y.mean()]), compute_uv=False)[-1] / len(x) ** 0.5 < 1.0
        )


def test_a_bad_column_is_a_few_columns_of_one_band_hot_or_dull() -> None:
    signs = set()
    for seed in SEEDS:
        light = drawn("bad-column", seed)
        assert bands_hit(light) == 1
        plane = light.sum(axis=0)
        columns = np.flatnonzero(np.abs(plane).sum(axis=0))
        assert 50 in columns and len(columns) <= 3 and np.ptp(columns) == len(columns) - 1
        assert (np.abs(plane[:, columns]).sum(axis=0) >= LENGTH // 2).all()  # half of it, or right through
        signs.add(np.sign(plane.sum()))
    assert signs == {-1.0, 1.0}


def test_a_trail_is_a_straight_line_as_wide_as_the_psf_or_wider() -> None:
    hit = set()
    for seed in SEEDS:
        light = drawn("trail", seed)
        hit.add(bands_hit(light))
        band = int(light.max(axis=(1, 2)).argmax())
        plane, at = light[band], frame()
        y, x = np.mgrid[:LENGTH, :LENGTH] - LENGTH // 2
        inside = np.hypot(x, y) < 40
        weight = plane * inside
        moments = np.array([[np.sum(weight * a * b) for a in (x, y)] for b in (x, y)]) / weight.sum()
        across, along = np.linalg.eigvalsh(moments)
        width = 2.3548 * np.sqrt(across)
        assert 0.95 * at.widths[band] < width < 2.4 * at.widths[band]
        assert np.sqrt(along) == pytest.approx(40 / np.sqrt(3), rel=0.05)  # even over ±40 px
        # Total within a circle of radius r: peak · width · √(2π) / 2.3548 · 2 r.
        assert weight.sum() == pytest.approx(width / 2.3548 * np.sqrt(2 * np.pi) * 80, rel=0.1)
    assert hit == {1, 3}


def test_a_bleed_runs_along_its_column_in_every_band_at_full_well() -> None:
    for seed in SEEDS:
        light = drawn("bleed", seed)
        assert bands_hit(light) == 3 and light.max() == pytest.approx(1.0)
        for plane in light / light.max(axis=(1, 2))[:, None, None]:
            full = plane > 0.999
            rows = np.flatnonzero(full[:, 50])
            assert len(rows) >= 0.2 * 98 / 2 and np.ptp(rows) == len(rows) - 1
            assert full[rows[0]].sum() >= 1


def test_spikes_have_unit_brightness_at_the_centre_and_point_to_a_saturated_star() -> None:
    for seed in SEEDS:
        light = drawn("spikes", seed)
        assert bands_hit(light) == 3
        brightest = light[int(light[:, 50, 50].argmax())]
        assert brightest[50, 50] >= 0.99
        assert light.max() <= 30 + 1e-6


def test_a_ghost_is_an_even_disc_or_ring_with_soft_edges() -> None:
    for seed in SEEDS:
        light = drawn("ghost", seed)
        assert bands_hit(light) == 3 and light.min() > -1e-9
        lit = light[0] > 0.5 * light[0].max()
        assert lit.sum() > 100 and np.median(light[0][lit]) > 0.8 * light[0].max()


def test_beyond_a_chip_edge_pixels_are_missing_or_the_sky_is_another() -> None:
    ways = set()
    for seed in range(30):
        light = drawn("chip-edge", seed)
        assert bands_hit(light) == 3 and light[0, 50, 50] == 0  # the host is on the chip
        missing = np.isnan(light[0])
        assert np.array_equal(np.isnan(light), np.broadcast_to(missing, light.shape))
        ways.add((bool(missing.any()), bool((light[0] == 1).any())))
        beyond = missing if missing.any() else light[0] == 1
        assert 0.15 < beyond.mean() < 0.55
    assert ways == {(True, False), (True, True), (False, True)}


def test_strength_is_in_units_of_the_noise(made: Instrument) -> None:
    noise = np.array([band.sigma for band in made.bands])
    assert units(made, "cosmic-ray")[:, 0, 0] == pytest.approx(noise)
    assert units(made, "bleed")[:, 0, 0] == pytest.approx(noise * BRIGHTNESS["bleed"])
    # A trail of 5 σ is as bright as a point source at the 5 σ depth is in its area of 4π s².
    depth = np.array([band.flux(band.depth) for band in made.bands])
    area = [4 * np.pi * (band.fwhm / 2.3548) ** 2 for band in made.bands]
    assert 5 * units(made, "trail")[:, 0, 0] == pytest.approx(depth / area, rel=0.01)


@pytest.mark.parametrize("kind", list(KINDS))
def test_at_strength_zero_the_pixels_are_those_of_the_host(made: Instrument, kind: str) -> None:
    planes = np.random.default_rng(3).normal(0, 1, (2, 61, 61)).astype(np.float32)
    planes[:, 10:12, 30] = np.nan
    injector = ArtifactInjector(InjectionSettings(artifact_kinds=(kind,), artifact_strength=(50, 50)))
    square = Square(0, planes, 30.0, 30.0, 58.0)
    paint, facts = injector.draw(made, square, np.random.default_rng(1))
    assert np.array_equal(paint(0.0), planes, equal_nan=True)
    assert facts == {"kind": list(KINDS).index(kind), "strength": pytest.approx(50)}
    assert not np.array_equal(paint(1.0), planes, equal_nan=True)
    assert np.isnan(paint(1.0)[:, 10, 30]).all()


def test_added_light_brings_its_photons_missing_and_negative_light_none(made: Instrument) -> None:
    light = np.zeros((2, 60, 60))
    light[:, :, :30], light[:, :20, 30:], light[:, 20:40, 30:] = 40.0, -7.0, np.nan
    square = replace(empty_square(length=60), planes=np.zeros((2, 60, 60), np.float32))
    planes = painter(made, square, light, np.random.default_rng(0))(1.0)
    assert planes[:, :, :30].mean() == pytest.approx(40, rel=0.01)
    assert planes[:, :, :30].var() == pytest.approx(40 / GAIN, rel=0.1)
    assert (planes[:, :20, 30:] == -7).all() and np.isnan(planes[:, 20:40, 30:]).all()
    assert (planes[:, 40:, 30:] == 0).all()


def test_the_same_seed_draws_the_same_into_each_host_and_another_seed_others(tmp_path: Path) -> None:
    made = instrument(field(tmp_path))
    injector = ArtifactInjector(InjectionSettings())
    first, again, other = (
        next(draw_pairs(made, injector, 16, seed, batch=16)).injected[0].planes for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again, equal_nan=True)
    assert not np.array_equal(first, other, equal_nan=True)
    alone = {row: part for drawn in draw_pairs(made, injector, 16, 1, batch=5)
             for row, part in zip(drawn.injected[0].rows.tolist(), drawn.injected[0].planes, strict=True)}  # fmt: skip
    rows = next(draw_pairs(made, injector, 16, 1, batch=16)).injected[0].rows.tolist()
    assert all(np.array_equal(alone[row], first[k], equal_nan=True) for k, row in enumerate(rows))


def test_kinds_are_those_that_are_asked_for(made: Instrument) -> None:
    injector = ArtifactInjector(InjectionSettings(artifact_kinds=("trail", "ghost")))
    kinds = {
        injector.draw(made, empty_square(), np.random.default_rng(seed))[1]["kind"] for seed in range(20)
    }
    assert {list(KINDS)[int(kind)] for kind in kinds} == {"trail", "ghost"}

"""Measures of stamps against known light."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.core.flags import Flag
from astrotl_gui.pipeline.stamps.light import measure_light

N, SCALE = 64, 0.5


def stamp(sx: float, sy: float, flux: float = 1e4, sky: float = 100, noise: float = 1.0, seed: int = 0):
    y, x = np.mgrid[:N, :N] - (N - 1) / 2
    light = flux / (2 * np.pi * sx * sy) * np.exp(-(x**2) / (2 * sx**2) - y**2 / (2 * sy**2))
    return (light + np.random.default_rng(seed).normal(sky, noise, (N, N))).astype(np.float32)


def test_known_light_is_measured() -> None:
    stamps = np.stack([[stamp(3, 3)], [stamp(5, 2.5, sky=-40, seed=1)]])
    found = measure_light(stamps, ["r"], [25.0], SCALE)
    assert found["flux_r"] == pytest.approx([1e4, 1e4], rel=0.03)
    assert found["mag_r"] == pytest.approx([15, 15], abs=0.03)
    expected = np.sqrt(np.pi * (0.6 * N / 2) ** 2)
    assert found["fluxerr_r"] == pytest.approx([expected] * 2, rel=0.15)
    assert found["r50"][0] == pytest.approx(1.1774 * 3 * SCALE, rel=0.05)
    assert found["a"] == pytest.approx([3 * SCALE, 5 * SCALE], rel=0.08)
    assert found["b"] == pytest.approx([3 * SCALE, 2.5 * SCALE], rel=0.08)
    assert found["flags"].tolist() == [0, 0] and np.isnan(found["theta"]).all()


def test_missing_pixels_are_flagged_and_nothing_is_made_up() -> None:
    holed, empty = stamp(3, 3), np.full((N, N), np.nan, np.float32)
    holed[20:40, 20:26] = np.nan
    flat = np.zeros((N, N), np.float32)
    found = measure_light(np.stack([[holed], [empty], [flat]]), ["r"], [None], SCALE)
    assert found["flags"].tolist() == [int(Flag.MASKED), int(Flag.MASKED), 0]
    assert found["masked_fraction"] == pytest.approx([120 / (np.pi * 19.2**2), 1, 0], rel=0.02)
    assert (
        np.isnan(found["flux_r"][1]) and np.isnan(found["snr"][1:]).all() and np.isnan(found["mag_r"]).all()
    )

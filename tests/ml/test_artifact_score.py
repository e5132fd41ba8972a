"""The artifact list: each sign alone brings a source to the top, several count more than one."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.core.flags import Flag
from astrotl_gui.ml.coldstart import Columns, artifact_score

COUNT = 200


def clean(seed: int = 0) -> dict[str, np.ndarray]:
    """Round and not so round sources from a star's size up, of which nothing is wrong."""
    rng = np.random.default_rng(seed)
    b = rng.uniform(0.3, 0.6, COUNT)
    return {
        "snr": 10 ** rng.uniform(0.8, 2.5, COUNT),
        "r50": rng.uniform(0.35, 1.0, COUNT),
        "a": b * rng.uniform(1, 2.5, COUNT),
        "b": b,
        "flags": np.zeros(COUNT),
        "masked_fraction": np.zeros(COUNT),
        "single_band": rng.uniform(0, 0.2, COUNT),
        "negative": np.zeros(COUNT),
        "sharpness": rng.uniform(0.1, 0.3, COUNT),
    }


def score(table: dict[str, np.ndarray]) -> np.ndarray:
    return artifact_score(Columns(COUNT, table, fwhm=0.7)).score


SIGNS = {
    "saturated": {"flags": float(Flag.SATURATED)},
    "at the edge": {"flags": float(Flag.EDGE)},
    "masked": {"masked_fraction": 0.4},
    "sharper than the PSF": {"r50": 0.15},
    "a needle": {"a": 4.0, "b": 0.5},
    "thinner than the PSF": {"a": 0.8, "b": 0.15},
    "in one band": {"single_band": 1.5, "snr": 30.0},
    "oversubtracted": {"negative": 0.05},
    "marked by deepCR": {"deepcr": 0.9},
}


@pytest.mark.parametrize("sign", sorted(SIGNS))
def test_each_sign_alone_brings_a_source_to_the_top(sign: str) -> None:
    table = clean() | {"deepcr": np.zeros(COUNT)}
    for name, value in SIGNS[sign].items():
        table[name][7] = value
    assert score(table).argmax() == 7


def test_two_signs_count_more_than_one() -> None:
    table = clean()
    table["negative"][[3, 4]] = 0.05
    table["masked_fraction"][4] = 0.4
    scores = score(table)
    assert scores[4] > scores[3] > np.delete(scores, [3, 4]).max()


def test_the_brighter_of_two_saturated_stars_comes_first() -> None:
    table = clean()
    for values in table.values():
        values[4] = values[3]
    table["flags"][[3, 4]] = float(Flag.SATURATED)
    table["snr"][3], table["snr"][4] = 200.0, 5000.0
    assert score(table).argsort()[-2:].tolist() == [3, 4]


def test_stars_widened_by_large_pixels_do_not_hide_what_is_sharper() -> None:
    """Stars of 0.9 px FWHM come out 1.35 times as wide; a spike of 0.9 of the PSF is sharper than any star."""
    table = clean()
    table["r50"] = np.maximum(table["r50"], 0.35 * 1.35)
    table["r50"][7] = 0.35 * 0.9
    assert score(table).argmax() == 7


def test_without_deepcr_nothing_is_said_of_cosmic_rays() -> None:
    table = clean()
    assert np.allclose(score(table), score(table | {"deepcr": np.zeros(COUNT)}))


def test_numbers_that_are_not_known_are_finite() -> None:
    table = {name: np.full(COUNT, np.nan) for name in clean()}
    assert np.isfinite(score(table)).all()


@pytest.mark.parametrize("name", ["r50", "a", "b", "masked_fraction", "single_band", "negative", "deepcr"])
def test_a_sign_that_cannot_be_measured_is_no_sign(name: str) -> None:
    table = clean() | {"deepcr": np.zeros(COUNT)}
    table[name][7] = np.nan
    parts = artifact_score(Columns(COUNT, table, fwhm=0.7)).parts
    assert sum(part[7] for label, part in parts.items() if label not in ("Elongated", "Bright")) < 0.1

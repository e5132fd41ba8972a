"""Stretches, limits and mid: known answers, and equal to astropy's where it has the same."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.visualization import (
    AsinhStretch,
    HistEqStretch,
    LinearStretch,
    LogStretch,
    ManualInterval,
    PercentileInterval,
    SqrtStretch,
    SquaredStretch,
    ZScaleInterval,
)

from astrotl_gui.core.stretch import (
    LIMITS,
    STRETCHES,
    Curve,
    Levels,
    Look,
    Sample,
    Spread,
    curve_of,
    limits,
    measure_levels,
    picture_levels,
    spread,
    take_sample,
)

SIGMA = np.linspace(-3, 130, 400)
BLACK, WHITE = 2.0, 102.0


def skewed(seed: int, size: int = 300) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(100, 4, (size, size)) + 8 * rng.pareto(1.5, (size, size))).astype(np.float32)


@pytest.mark.parametrize(
    ("stretch", "theirs"),
    [
        ("asinh", AsinhStretch(a=5 / (WHITE - BLACK))),
        ("log", LogStretch(a=(WHITE - BLACK) / 5)),
        ("sqrt", SqrtStretch()),
        ("linear", LinearStretch()),
        ("square", SquaredStretch()),
    ],
)
def test_stretches_are_those_of_astropy(stretch: str, theirs: object) -> None:
    normed = ManualInterval(BLACK, WHITE)(SIGMA)
    ours = Curve(stretch, BLACK, WHITE, softness=5.0)(SIGMA)
    assert ours == pytest.approx(np.asarray(theirs(normed)), abs=1e-6)  # type: ignore[operator]


def test_equalisation_is_that_of_astropy_on_the_pixels_between_the_limits() -> None:
    values = np.sort(np.random.default_rng(0).gamma(2.0, 20.0, 5000))
    inside = values[(values > BLACK) & (values < WHITE)]
    theirs = HistEqStretch(np.concatenate([[BLACK], inside, [WHITE]]))
    ours = Curve("histogram", BLACK, WHITE, spread=Spread(values))(SIGMA)
    assert ours == pytest.approx(theirs(ManualInterval(BLACK, WHITE)(SIGMA)), abs=1e-6)
    shown = Curve("histogram", BLACK, WHITE, spread=Spread(values))(inside)
    assert np.histogram(shown, 10, (0, 1))[0] == pytest.approx(np.full(10, len(inside) / 10), rel=0.01)


def test_without_pixels_equalisation_is_linear() -> None:
    assert Curve("histogram", BLACK, WHITE)(SIGMA) == pytest.approx(Curve("linear", BLACK, WHITE)(SIGMA))


def test_q_is_that_of_lupton() -> None:
    """asinh(α Q x) / Q reaches 1 at white when α = sinh(Q) / (Q · (white − black))."""
    curve = Curve("asinh", BLACK, WHITE, softness=5.0)
    q, x = curve.q, SIGMA - BLACK
    alpha = np.sinh(q) / (q * (WHITE - BLACK))
    assert curve(SIGMA) == pytest.approx(np.clip(np.arcsinh(alpha * q * x) / q, 0, 1), abs=1e-12)
    assert curve.with_q(8.0).q == pytest.approx(np.arcsinh(100 / 0.3), abs=1e-9), "softness ends at 0.3 σ"
    assert curve.with_q(4.0).q == pytest.approx(4.0)


@pytest.mark.parametrize("stretch", STRETCHES)
def test_mid_shows_half_bright_and_can_be_put_anywhere(stretch: str) -> None:
    values = Spread(np.sort(np.random.default_rng(0).gamma(2.0, 20.0, 5000)))
    curve = Curve(stretch, BLACK, WHITE, 5.0, 1.3 if stretch not in ("asinh", "log") else 1.0, values)
    assert float(curve(curve.mid)) == pytest.approx(0.5, abs=1e-3)
    for wanted in (10.0, 20.0, 40.0):
        moved = curve.with_mid(wanted)
        assert moved.mid == pytest.approx(wanted, abs=0.05)
        assert (moved.stretch, moved.black, moved.white) == (stretch, BLACK, WHITE)
    for wanted in (-50.0, 500.0):
        assert np.isfinite(curve.with_mid(wanted)(SIGMA)).all(), "beyond the ends it goes as far as it can"


def test_limits_are_those_of_astropy_on_the_same_pixels() -> None:
    levels = measure_levels(skewed(0))
    assert levels.sample is not None
    sigma = (levels.sample.pixels.astype(float).ravel() - levels.black) / levels.noise
    for name in ("90", "95", "99", "99.5", "99.9"):
        theirs = PercentileInterval(float(name)).get_limits(sigma)
        assert limits([levels], Look(limits=name)) == pytest.approx(theirs, rel=1e-6)
    assert limits([levels], Look(limits="zscale")) == pytest.approx(
        ZScaleInterval().get_limits(np.sort(sigma))
    )
    assert limits([levels], Look(limits="minmax")) == pytest.approx((sigma.min(), sigma.max()), rel=1e-6)
    assert limits([levels], Look()) == (0.0, pytest.approx(levels.white_sigma))
    assert limits([levels], Look(black=3.0, white=9.0)) == (3.0, 9.0)


def test_limits_in_colour_are_of_the_intensity_as_shown() -> None:
    levels = [measure_levels(skewed(seed)) for seed in range(3)]
    found = spread(tuple(levels))
    assert found is not None
    unit = np.sqrt(sum((v.noise / v.balance) ** 2 for v in levels)) / 3
    mean = sum((v.sample.pixels - v.black) / v.balance for v in levels if v.sample) / 3 / unit
    assert np.allclose(found.sigma, np.sort(mean.ravel()), rtol=1e-4, atol=1e-4)
    assert limits(levels, Look(limits="99")) == pytest.approx(np.percentile(mean, [0.5, 99.5]), rel=1e-3)
    assert found.sigma[found.sigma < 0].std() < 1.3, "σ is the noise of the mean"


@pytest.mark.parametrize("name", LIMITS)
def test_limits_without_a_sample_or_of_one_value_are_usable(name: str) -> None:
    for levels in (Levels(10, 2, 210, 20), measure_levels(np.full((9, 9), 7, np.float32))):
        black, white = limits([levels], Look(limits=name))
        assert white >= black + 0.5


def test_a_sample_has_no_blank_area_and_keeps_its_places() -> None:
    plane = skewed(0, 900)
    plane[:300] = 0
    plane[400, 400] = np.nan
    made = take_sample(plane)
    assert isinstance(made, Sample)
    assert made.pixels.shape == (300, 300)
    assert np.isnan(made.pixels[:100]).all()
    assert made.pixels[100:, 7] == pytest.approx(plane[300::3, 21], nan_ok=True)
    assert made.high == np.nanmax(plane) and made.low == plane[300:][np.isfinite(plane[300:])].min()
    assert take_sample(np.full((5, 5), np.nan, np.float32)) is None


def test_a_picture_is_shown_as_it_is() -> None:
    levels = picture_levels(skewed(0), 255.0)
    assert (levels.black, levels.white, levels.noise) == (0.0, 255.0, 255 / 256)
    assert levels.sample is not None


def test_a_curve_takes_what_its_stretch_needs() -> None:
    levels = measure_levels(skewed(0))
    asinh = curve_of([levels], Look(softness=7.0, gamma=3.0))
    assert (asinh.softness, asinh.gamma, asinh.spread) == (7.0, 1.0, None)
    equalised = curve_of([levels], Look(stretch="histogram", softness=7.0, gamma=3.0))
    assert (equalised.softness, equalised.gamma, equalised.spread) == (5.0, 3.0, spread((levels,)))

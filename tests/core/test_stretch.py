"""Levels, stretches and colour: known answers, properties, missing pixels, real data."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tomli_w
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st

from astrotl_gui.core.stretch import (
    COLORMAPS,
    STRETCHES,
    Curve,
    Levels,
    Look,
    bands_shown,
    measure_levels,
    render,
    render_bands,
    white_sigma,
)
from astrotl_gui.core.stretch.colormaps import colormap

LEVEL = Levels(black=10.0, noise=2.0, white=210.0, balance=20.0)


def spec(names: str, colour: tuple[str, str, str]) -> SimpleNamespace:
    return SimpleNamespace(bands=[SimpleNamespace(name=name) for name in names], colour=colour)


def flat(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def test_levels_of_a_sky_with_sources() -> None:
    rng = np.random.default_rng(0)
    sky = rng.normal(100, 3, (600, 600)).astype(np.float32)
    for _ in range(150):
        y, x = rng.integers(5, 595, 2)
        sky[y - 4 : y + 4, x - 4 : x + 4] += 200
    sky[:50] = np.nan
    levels = measure_levels(sky)
    assert levels.black == pytest.approx(100, abs=0.3)
    assert levels.noise == pytest.approx(3, rel=0.03)
    assert levels.balance == pytest.approx(200, rel=0.15)


def test_levels_ignore_an_area_of_zeros() -> None:
    rng = np.random.default_rng(0)
    sky = rng.normal(100, 3, (300, 300)).astype(np.float32)
    sky[:200] = 0
    assert measure_levels(sky).black == pytest.approx(100, abs=0.5)


@pytest.mark.parametrize("pixels", [np.full((9, 9), np.nan), np.zeros((9, 9)), np.full((9, 9), 7.0), flat()])
def test_levels_of_nothing_are_usable(pixels: np.ndarray) -> None:
    plane = pixels.astype(np.float32)
    levels = measure_levels(plane)
    assert levels.noise > 0
    assert levels.white > levels.black - 1e-9
    assert np.isfinite([levels.black, levels.noise, levels.white, levels.balance]).all()
    assert render([plane], [levels], Look()).shape == (*plane.shape, 4)


@given(
    stretch=st.sampled_from(STRETCHES),
    softness=st.floats(0.3, 300),
    black=st.floats(-5, 100),
    span=st.floats(0.5, 5000),
)
@settings(max_examples=100, deadline=None)
def test_every_stretch_rises_from_black_to_white(
    stretch: str, softness: float, black: float, span: float
) -> None:
    curve = Curve(stretch, black, black + span, softness)
    values = curve(np.linspace(black, black + span, 500))
    assert values[0] == pytest.approx(0, abs=1e-6)
    assert values[-1] == pytest.approx(1, abs=1e-6)
    assert (np.diff(values) >= 0).all()


def test_asinh_is_linear_below_softness_and_logarithmic_above() -> None:
    curve = Curve("asinh", 0, 1000, softness=5)
    low = curve([0.5, 1.0])
    assert low[1] / low[0] == pytest.approx(2, rel=0.01)
    high = curve([100, 200, 400])
    assert high[2] - high[1] == pytest.approx(high[1] - high[0], rel=0.01)


def test_grey_goes_from_black_to_white() -> None:
    pixels = render([flat(-50, 10, 60, 210, 1e9)], [LEVEL], Look())[0]
    assert pixels[0].tolist() == [0, 0, 0, 255]
    assert pixels[1].tolist() == [0, 0, 0, 255]
    assert 0 < pixels[2, 0] < 255
    assert pixels[3].tolist() == pixels[4].tolist() == [255] * 4
    inverted = render([flat(10, 210)], [LEVEL], Look(invert=True))[0]
    assert inverted[0, 0] == 255
    assert inverted[1, 0] == 0


@pytest.mark.parametrize("missing", [np.nan, np.inf, -np.inf])
def test_pixels_without_data_show_the_colour_behind_the_sky(missing: float) -> None:
    for planes in ([flat(missing, 60)], [flat(missing, 60)] * 3):
        pixels = render(planes, [LEVEL] * len(planes), Look())[0]
        assert pixels[0].tolist() == [10, 10, 10, 255]
        assert pixels[1, 0] > 10


def test_a_pixel_with_one_channel_missing_shows_the_others() -> None:
    pixels = render([flat(110), flat(np.nan), flat(110)], [LEVEL] * 3, Look())[0, 0]
    assert pixels[0] == pixels[1] == pixels[2] > 50


def test_balanced_channels_are_grey_and_the_longest_band_is_red() -> None:
    other = Levels(0.0, 0.1, 10.0, 1.0)
    grey = render([flat(110), flat(5), flat(110)], [LEVEL, other, LEVEL], Look())[0, 0]
    assert int(grey[:3].max()) - int(grey[:3].min()) <= 1
    blue, green, red, _ = render([flat(200), flat(100), flat(20)], [LEVEL] * 3, Look())[0, 0]
    assert red > green > blue


def test_hue_does_not_depend_on_brightness() -> None:
    """Lupton et al. (2004): channel ratios survive the stretch (between the noise and white)."""
    for factor in (1, 2, 4):
        planes = [flat(10 + 20 * factor), flat(10 + 16 * factor), flat(10 + 12 * factor)]
        pixel = render(planes, [Levels(10.0, 0.5, 810.0, 20.0)] * 3, Look())[0, 0].astype(float)
        assert pixel[2] / pixel[1] == pytest.approx(20 / 16, rel=0.03)
        assert pixel[0] / pixel[1] == pytest.approx(12 / 16, rel=0.03)


def test_the_noise_is_neutral_and_saturated_cores_are_white() -> None:
    rng = np.random.default_rng(0)
    planes = [rng.normal(10, 2, (64, 64)).astype(np.float32) for _ in range(3)]
    sky = render(planes, [LEVEL] * 3, Look())[..., :3].astype(int)
    assert np.percentile(sky.max(axis=2) - sky.min(axis=2), 90) <= 4
    assert sky.mean() < 12
    core = render([flat(5000), flat(2000), flat(900)], [LEVEL] * 3, Look())[0, 0]
    assert core[:3].min() >= 250


def test_inverting_colour_keeps_the_hue() -> None:
    planes = [flat(10, 200), flat(10, 100), flat(10, 60)]
    plain = render(planes, [LEVEL] * 3, Look())[0].astype(int)
    inverted = render(planes, [LEVEL] * 3, Look(invert=True))[0].astype(int)
    assert inverted[0, :3].tolist() == [255, 255, 255]
    assert inverted[1, 2] > inverted[1, 1] > inverted[1, 0]
    assert plain[1, :3].max() + inverted[1, :3].min() == pytest.approx(255, abs=1)


def test_bands_behind_the_channels() -> None:
    three = spec("gri", ("i", "r", "g"))
    assert bands_shown(three, Look()) == [["i"], ["r"], ["g"]]
    assert bands_shown(three, Look(mode="r")) == [["r"]]
    assert bands_shown(three, Look(mode="gone")) == [["i"], ["r"], ["g"]]
    assert bands_shown(spec("gi", ("i", "", "g")), Look()) == [["i"], ["i", "g"], ["g"]]
    assert bands_shown(spec("r", ("r", "r", "r")), Look()) == [["r"]]


def test_two_bands_make_a_colour_whose_green_lies_between() -> None:
    planes = {"g": flat(30, 110), "i": flat(200, 110)}
    levels = {"g": LEVEL, "i": LEVEL}
    pixels = render_bands(planes, levels, spec("gi", ("i", "", "g")), Look())[0].astype(int)
    assert pixels[0, 2] > pixels[0, 1] > pixels[0, 0]
    assert np.ptp(pixels[1, :3]) <= 1


def test_a_look_survives_saving_and_stays_within_its_ranges() -> None:
    by_hand = Look("r", "log", 12.0, 1.5, 300.0, True, gamma=2.0, colormap="viridis", smooth=1.5).with_scale(
        "g", 2.0
    )
    chosen = by_hand.with_(limits="99.5").with_scale("i", 0.5)
    for look in (Look(), by_hand, chosen):
        assert Look.from_dict(tomllib.loads(tomli_w.dumps(look.to_dict()))) == look
    assert Look().to_dict() == {}
    assert chosen.to_dict()["scale"] == {"g": 2.0, "i": 0.5}
    old = {"mode": "r", "stretch": "asinh", "softness": 5.0, "black": 1.0, "invert": True}
    assert Look.from_dict(old) == Look("r", black=1.0, invert=True), "as projects had it before"
    strange = {"stretch": "cubist", "softness": 1e9, "extra": 1, "gamma": "x", "colormap": 3, "limits": "42",
               "scale": {"g": "a", "r": 1e9}, "invert": 1, "mode": 7, "white": float("nan"), "smooth": -3}  # fmt: skip
    assert Look.from_dict(strange) == Look(softness=300.0)
    assert Look().with_(softness=0).softness > 0
    assert white_sigma([LEVEL], Look(white=1.0, black=5.0)) > 5


def test_black_by_hand_ends_limits_that_the_image_chooses() -> None:
    zscale = Look(black=3.0, white=9.0).with_(limits="zscale")
    assert (zscale.black, zscale.white, zscale.by_hand) == (0.0, None, False)
    assert zscale.with_(stretch="log").limits == "zscale"
    assert zscale.with_(white=7.0) == Look(white=7.0)
    assert zscale.with_(white=7.0).by_hand


@pytest.mark.parametrize("name", COLORMAPS)
def test_colour_maps_run_from_their_first_to_their_last_colour(name: str) -> None:
    look, table = Look("r", "linear", colormap=name), colormap(name)
    pixels = render([flat(10, 110, 210)], [LEVEL], look)[0, :, 2::-1].astype(float)
    assert pixels[[0, 2]] == pytest.approx(table[[0, -1]], abs=0.51)
    assert pixels[1] == pytest.approx(table[127:129].mean(axis=0), abs=1)
    inverted = render([flat(10, 110, 210)], [LEVEL], look.with_(invert=True))[0, :, 2::-1].astype(float)
    assert inverted[[2, 0]] == pytest.approx(pixels[[0, 2]], abs=1)


def test_known_ends_of_colour_maps() -> None:
    assert colormap("grey")[[0, -1]].tolist() == [[0] * 3, [255] * 3]
    assert colormap("viridis")[[0, -1]] == pytest.approx(np.array([[68, 1, 84], [253, 231, 37]]), abs=1)
    assert colormap("cubehelix")[[0, -1]] == pytest.approx(np.array([[0] * 3, [255] * 3]), abs=1)


def test_a_band_can_weigh_more_in_colour_and_only_there() -> None:
    planes, levels = {b: flat(60, 110) for b in "gri"}, dict.fromkeys("gri", LEVEL)
    three = spec("gri", ("i", "r", "g"))
    plain = render_bands(planes, levels, three, Look())[0, 1].astype(int)
    bluer = render_bands(planes, levels, three, Look().with_scale("g", 2.0))[0, 1].astype(int)
    assert bluer[0] - bluer[2] > plain[0] - plain[2] + 20
    assert bluer[1] == pytest.approx(bluer[2], abs=1)
    every = Look().with_scale("g", 2.0).with_scale("r", 2.0).with_scale("i", 2.0)
    assert render_bands(planes, levels, three, every)[0] == pytest.approx(
        render_bands(planes, levels, three, Look())[0]
    )
    grey = Look("g").with_scale("g", 2.0)
    assert np.array_equal(
        render_bands(planes, levels, three, grey), render_bands(planes, levels, three, Look("g"))
    )
    two = spec("gi", ("i", "", "g"))
    mixed = render_bands(planes, levels, two, Look().with_scale("g", 2.0))[0, 1].astype(int)
    assert mixed[0] > mixed[1] > mixed[2], "the green between the two takes its part"


@pytest.mark.parametrize("stretch", STRETCHES)
def test_each_stretch_keeps_the_hue(stretch: str) -> None:
    for factor in (1, 2, 4):
        planes = [flat(10 + 20 * factor), flat(10 + 16 * factor), flat(10 + 12 * factor)]
        pixel = render(planes, [Levels(10.0, 0.5, 810.0, 20.0)] * 3, Look(stretch=stretch, gamma=0.5))[
            0, 0
        ].astype(float)
        if pixel.min() > 20:
            assert pixel[2] / pixel[1] == pytest.approx(20 / 16, rel=0.06)
            assert pixel[0] / pixel[1] == pytest.approx(12 / 16, rel=0.06)


def test_a_tile_is_rendered_quickly() -> None:
    """At most a few ms a 256² tile, or changing the stretch would stutter."""
    from time import perf_counter

    rng = np.random.default_rng(0)
    planes = [rng.normal(10, 2, (256, 256)).astype(np.float32) for _ in range(3)]
    render(planes, [LEVEL] * 3, Look())
    times = []
    for _ in range(5):
        start = perf_counter()
        render(planes, [LEVEL] * 3, Look())
        times.append(perf_counter() - start)
    assert min(times) < 0.01


def test_real_sky_is_dark_and_neutral_and_its_galaxies_have_colour(shared_data: Path) -> None:
    folder = shared_data / "fits" / "cfhtls_w3"
    planes = {b: fits.getdata(folder / f"CFHTLS-test_{b}.fits").astype(np.float32) for b in "gri"}
    levels = {band: measure_levels(plane) for band, plane in planes.items()}
    picture = render_bands(planes, levels, spec("gri", ("i", "r", "g")), Look())[..., :3].astype(int)
    assert np.median(picture) <= 12
    sky = picture[300:430, 300:430]
    assert np.percentile(np.ptp(sky, axis=2), 75) <= 4
    lens = picture[225:236, 217:228].reshape(-1, 3).mean(axis=0)
    assert lens[2] > lens[0] + 20, "the lens galaxy is red"
    star = picture[160:172, 186:196]
    assert np.percentile(star, 25) > 240, "the saturated star has a white core"

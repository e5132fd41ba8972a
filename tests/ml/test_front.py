"""Fronts: the pixels that the network sees, against the same written plainly with NumPy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from astrotl_gui.core.regions import Regions
from astrotl_gui.ml.encoders import card
from astrotl_gui.ml.front import AsinhFront, PictureFront, asinh, resampled
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.ml.recipes import AsinhRecipe

STRETCH = Preprocessing(
    bands=("g", "r", "i"),
    channels=("i", "r", "g"),
    unit=(2.0, 1.0, 0.5),
    sky=(1.0, 2.0, 3.0),
    scatter=(0.1, 0.1, 0.1),
    noise=(0.1, 0.2, 0.4),
    white=(5.0, 10.0, 30.0),
    reference=(),
)
SKY = np.tile(np.array(STRETCH.sky, np.float32), (4, 1))


def regions(length: int, side: float, count: int = 4) -> Regions:
    rng = np.random.default_rng(length)
    planes = rng.normal(2, 3, (count, 3, length, length)).astype(np.float32)
    x, y = (rng.uniform(length / 2 - 1, length / 2 + 1, count).astype(np.float32) for _ in range(2))
    return Regions(np.arange(count), planes, x, y, np.full(count, side, np.float32))


def seen(stretch: Preprocessing, part: Regions) -> np.ndarray:
    """What the network would see, mean and std undone: (n, 3, 224, 224) in [0, 1]."""
    recipe = AsinhRecipe(stretch, card(), 8.0)
    inputs = [
        torch.from_numpy(np.ascontiguousarray(value)) for value in recipe.inputs(part, SKY[: len(part)])
    ]
    return (recipe.front()(*inputs) * 0.5 + 0.5).numpy()


@pytest.mark.parametrize(("length", "side"), [(60, 50.0), (301, 290.0)])
def test_the_image_is_the_stretch_of_the_cutout(length: int, side: float) -> None:
    """Enlarged, the stretched picture is interpolated; shrunk, the light is averaged and then stretched."""
    part = regions(length, side)
    noise, white = (np.array(value)[:, None, None] for value in (STRETCH.noise, STRETCH.white))
    low, high = np.arcsinh(-2 / 3), np.arcsinh(white / (3 * noise))

    def stretched(planes: np.ndarray) -> np.ndarray:
        flux = STRETCH.physical(planes) - SKY[:, :, None, None]
        return np.clip((np.arcsinh(flux / (3 * noise)) - low) / (high - low), 0, 1).astype(np.float32)

    if side < 224:
        want = replace(part, planes=stretched(part.planes)).resampled(224)
    else:
        want = stretched(part.resampled(224))
    got = seen(STRETCH, part)
    np.testing.assert_allclose(got, want[:, ::-1], atol=3e-4)
    assert got.min() == 0 and got.max() > 0.99


def test_resampling_is_that_of_regions() -> None:
    for length, side in ((60, 50.0), (301, 290.0)):
        part = regions(length, side)
        got = resampled(*map(torch.from_numpy, (part.planes, part.x, part.y, part.side)), 224)
        np.testing.assert_allclose(got, part.resampled(224), atol=2e-4)


def test_longest_wavelength_is_red_and_a_missing_green_is_between() -> None:
    part = regions(60, 50.0, 1)
    part.planes[:] = (SKY[0] / np.array(STRETCH.unit, np.float32))[:, None, None]
    part.planes[0, 2, 30, 30] += 40  # only i
    image = seen(STRETCH, part)[0]
    assert image[0].max() > image[0].min() + 0.3
    assert np.ptp(image[1]) < 1e-4
    two = replace(STRETCH, channels=("i", "", "g"))
    image = seen(two, regions(60, 50.0))
    np.testing.assert_allclose(image[:, 1], (image[:, 0] + image[:, 2]) / 2, atol=1e-6)
    one = replace(STRETCH, channels=("r", "r", "r"))
    image = seen(one, regions(60, 50.0))
    assert np.array_equal(image[:, 0], image[:, 2])


def test_bad_pixels_look_like_the_local_background() -> None:
    part = regions(60, 50.0, 1)
    part.planes[0, :, 25:35, 25:35] = np.nan
    image = seen(STRETCH, part)[0]
    low, high = np.arcsinh(-2 / 3), np.arcsinh(np.array(STRETCH.white) / (3 * np.array(STRETCH.noise)))
    np.testing.assert_allclose(image[:, 112, 112], (-low / (high - low))[::-1], atol=1e-4)


def test_asinh_is_asinh() -> None:
    value = torch.cat([torch.linspace(-0.9, 60, 10_000), torch.logspace(-6, 5, 1000)])
    np.testing.assert_allclose(asinh(value), torch.asinh(value), atol=2e-6)


def test_pictures_are_normalised() -> None:
    picture = torch.full((1, 3, 2, 2), 51, dtype=torch.uint8)
    got = PictureFront((0.1, 0.2, 0.3), (0.5, 0.5, 0.25))(picture)
    np.testing.assert_allclose(got[0, :, 0, 0], [0.2, 0.0, -0.4], atol=1e-6)


def test_the_front_is_not_trained_and_travels_with_its_network() -> None:
    front = AsinhFront(STRETCH, card())
    assert not list(front.parameters())
    assert all(value.device.type == "meta" for value in front.to("meta").buffers())


def test_a_sky_without_noise_is_seen_too() -> None:
    """A simulation without noise: σ is nought, and the brightest pixel is any number of σ."""
    silent = replace(STRETCH, noise=(1e-30,) * 3, sky=(0.0,) * 3)
    part = regions(60, 50.0)
    part.planes[:] = 0
    part.planes[:, :, 25:35, 25:35] = 100  # beyond white in every band
    recipe = AsinhRecipe(silent, card(), 8.0)
    inputs = [
        torch.from_numpy(np.ascontiguousarray(value))
        for value in recipe.inputs(part, np.zeros((4, 3), np.float32))
    ]
    image = (recipe.front()(*inputs) * 0.5 + 0.5).numpy()
    assert np.isfinite(image).all()
    assert image[:, :, 112, 112].min() == 1
    assert image[:, :, 0, 0].max() < 0.1

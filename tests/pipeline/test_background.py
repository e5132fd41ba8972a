"""The sky mesh: known levels, whatever the box, with holes and sources in it."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.core.mosaic import Box
from astrotl_gui.pipeline.background import Background, Read
from astrotl_gui.pipeline.band_model import noise_scale, sample_boxes


def reading(image: np.ndarray) -> Read:
    def read(box: Box) -> np.ndarray:
        return image[box[1] : box[3], box[0] : box[2]].astype(np.float32)

    return read


def whole(image: np.ndarray) -> Box:
    return 0, 0, image.shape[1], image.shape[0]


def test_gradient_noise_and_sources() -> None:
    rng = np.random.default_rng(1)
    row, column = np.mgrid[:600, :800]
    sky = 100 + 0.02 * column + 3 * np.sin(row / 200)
    image = sky + rng.normal(0, 2, sky.shape)
    for x, y in rng.uniform(0, 600, (40, 2)):
        image += 80 * np.exp(-0.5 * ((column - x) ** 2 + (row - y) ** 2) / 4)
    background = Background.measure(reading(image), image.shape, 64)
    residual = background.level(whole(image)) - sky
    assert abs(np.median(residual)) < 0.1
    assert np.abs(residual).max() < 1.0, "to the very edge"
    np.testing.assert_allclose(background.sigma(whole(image)), 2.0, rtol=0.15)
    assert background.typical_sigma == pytest.approx(2.0, rel=0.06)


def test_value_does_not_depend_on_the_box() -> None:
    image = np.random.default_rng(2).normal(0, 1, (300, 410))
    background = Background.measure(reading(image), image.shape, 50)
    part = background.level((117, 33, 350, 290))
    np.testing.assert_array_equal(part, background.level(whole(image))[33:290, 117:350])


def test_cells_without_data_take_the_nearest() -> None:
    image = np.random.default_rng(3).normal(7, 1, (256, 256))
    image[:140, :140] = np.nan
    background = Background.measure(reading(image), image.shape, 64)
    np.testing.assert_allclose(background.level(whole(image)), 7, atol=0.4)


@pytest.mark.parametrize("shape", [(1, 1), (5, 200), (49, 49)])
def test_tiny_and_blank_images(shape: tuple[int, int]) -> None:
    image = np.full(shape, 3.0)
    assert Background.measure(reading(image), shape, 64).level((0, 0, 1, 1)).item() in (0.0, 3.0)
    blank = Background.measure(reading(image * np.nan), shape, 64)
    assert blank.sigma(whole(image)).max() == 0


def test_noise_scale_of_white_and_correlated_noise() -> None:
    from scipy.ndimage import uniform_filter

    rng = np.random.default_rng(4)
    white = rng.normal(0, 3, (800, 800)).astype(np.float32)
    sigma = np.full_like(white, 3)
    assert noise_scale([(white, sigma)], 1.5) == pytest.approx(1, abs=0.03)
    smooth = uniform_filter(white, 3) * 3
    assert noise_scale([(smooth, sigma)], 1.5) == pytest.approx(2.63, abs=0.1)
    assert noise_scale([(white[:50, :50], sigma[:50, :50])], 1.5) == 1, "too little sky to tell"


@pytest.mark.parametrize("shape", [(1, 1), (700, 1500), (20_000, 20_000)])
def test_samples_are_few_and_inside(shape: tuple[int, int]) -> None:
    boxes = sample_boxes(shape)
    assert 1 <= len(boxes) <= 9
    for x0, y0, x1, y1 in boxes:
        assert 0 <= x0 < x1 <= shape[1] and 0 <= y0 < y1 <= shape[0]
        assert (x1 - x0) * (y1 - y0) <= 1024**2

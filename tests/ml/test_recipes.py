"""ULISSE's recipe, stage by stage, against the same written as a plain loop with Pillow and torchvision."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from torchvision import transforms

from astrotl_gui.core.regions import Regions
from astrotl_gui.ml.encoder import Encoder
from astrotl_gui.ml.encoders import card
from astrotl_gui.ml.network import load_network
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.ml.recipes import UlisseRecipe, enlarge

PICTURES = Preprocessing(
    bands=("B", "G", "R"),
    channels=("R", "G", "B"),
    unit=(1.0, 1.0, 1.0),
    sky=(0.0, 0.0, 0.0),
    scatter=(0.0, 0.0, 0.0),
    noise=(1.0, 1.0, 1.0),
    white=(255.0, 255.0, 255.0),
    reference=(),
    linear=True,
)
SKY = np.zeros((5, 3), np.float32)


def pictures() -> np.ndarray:
    """Five colour pictures, uint8 (64, 64, 3), first row at the top."""
    rng = np.random.default_rng(7)
    row, column = np.mgrid[:64, :64] - 31.5
    discs = [np.exp(-np.hypot(column / a, row / b)) for a, b in rng.uniform(3, 12, (5, 2))]
    colour = rng.uniform(60, 250, (5, 3))
    noisy = [d[..., None] * c + rng.normal(12, 4, (64, 64, 3)) for d, c in zip(discs, colour, strict=True)]
    return np.clip(noisy, 0, 255).astype(np.uint8)


def on_a_sheet(shown: np.ndarray) -> Regions:
    """The same pictures as regions of a mosaic: bands blue to red, rows from the bottom, a frame without values."""
    planes = shown[:, ::-1, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32)
    framed = np.pad(planes, ((0, 0), (0, 0), (2, 2), (2, 2)), constant_values=np.nan)
    middle = np.full(len(shown), 33.5, np.float32)
    return Regions(np.arange(len(shown)), framed, middle, middle, np.full(len(shown), 64, np.float32))


def close(got: np.ndarray, want: np.ndarray) -> bool:
    return float(np.linalg.norm(got - want) / np.linalg.norm(want)) <= 1e-4


@pytest.mark.parametrize("architecture", ["tf_efficientnet_lite0", "efficientnet_b0"])
def test_every_stage_is_that_of_the_plain_loop(architecture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the built-in network, and with B0 of random weights (its pretrained ones are not on this computer)."""
    if architecture == "efficientnet_b0":
        torch.manual_seed(0)
        network = timm.create_model(architecture, pretrained=False, num_classes=0).eval()
        monkeypatch.setattr("astrotl_gui.ml.encoder.load_network", lambda card, layers: network)
        the_card = replace(card(), name="b0", architecture=architecture, sha256="random")
    else:
        the_card, network = card(), load_network(card())
    monkeypatch.setitem(__import__("astrotl_gui.ml.encoder", fromlist=["x"]).PRECISIONS, "cpu", ())
    shown = pictures()
    recipe = UlisseRecipe(PICTURES)
    np.testing.assert_array_equal(recipe.pictures(on_a_sheet(shown), SKY), shown)
    (large,) = recipe.inputs(on_a_sheet(shown), SKY)
    seen = recipe.front()(torch.from_numpy(large))
    made = Encoder(the_card, recipe.front(), device="cpu", batch=5).embed(large)
    resize = transforms.Resize((224, 224), transforms.InterpolationMode.BILINEAR)
    tensor = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
    )
    for k, picture in enumerate(shown):
        larger = resize(Image.fromarray(picture))
        np.testing.assert_array_equal(large[k], np.asarray(larger).transpose(2, 0, 1))
        image = tensor(larger)[None]
        assert close(seen[k : k + 1].numpy(), image.numpy())
        with torch.inference_mode():
            features = network.forward_features(image).mean(dim=(2, 3))
        assert close(made[k : k + 1], features.numpy())


def test_fluxes_are_composed_in_colour_and_faint_stays_dark() -> None:
    stretch = replace(PICTURES, linear=False, unit=(2.0, 2.0, 2.0), noise=(0.1, 0.1, 0.1), white=(9.0,) * 3)
    planes = np.zeros((1, 3, 68, 68), np.float32)
    planes[0, 2, 40:44, 20:24] = 500  # red, above the middle
    middle = np.full(1, 33.5, np.float32)
    regions = Regions(np.arange(1), planes, middle, middle, np.full(1, 64, np.float32))
    picture = UlisseRecipe(stretch).pictures(regions, SKY[:1])[0]
    assert picture.shape == (64, 64, 3)
    assert picture.dtype == np.uint8
    bright = np.argwhere(picture[..., 0] > 100)
    assert bright[:, 0].max() < 28, "the first row is the top"
    assert picture[..., 2].max() < 10
    assert enlarge(picture).shape == (3, 224, 224)


def test_of_two_bands_the_mean_is_green() -> None:
    shown = pictures()[:, ::-1]
    two = UlisseRecipe(replace(PICTURES, channels=("R", "", "B")))
    got = two.pictures(on_a_sheet(shown), SKY).astype(int)
    np.testing.assert_array_equal(got[..., 0], shown[..., 0])
    np.testing.assert_array_equal(got[..., 2], shown[..., 2])
    np.testing.assert_allclose(got[..., 1], (got[..., 0] + got[..., 2]) / 2, atol=0.51)

"""The encoder: the right weights in the right layers, and the same numbers however it is run."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.ml.device import choose_device
from astrotl_gui.ml.encoder import AGREEMENT, Encoder, check_images, describe_encoder
from astrotl_gui.ml.encoders import card, file_hash
from astrotl_gui.ml.network import load_network
from astrotl_gui.ml.precision import folded, mixed


@cache
def encoder() -> Encoder:
    return Encoder("cpu", batch=8)


def test_it_knows_what_imagenet_taught() -> None:
    """With the classifier put back, scikit-learn's two photographs are a palace and a daisy."""
    import torch
    from PIL import Image
    from sklearn.datasets import load_sample_images

    squares = []
    for photo in load_sample_images().images:
        height, width = photo.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        square = Image.fromarray(photo[top : top + side, left : left + side]).resize((224, 224))
        squares.append(np.asarray(square).transpose(2, 0, 1))
    stored = torch.load(card().weights, weights_only=True)
    head, bias = stored["_fc.weight"].numpy(), stored["_fc.bias"].numpy()
    features = encoder().embed(np.stack(squares))
    assert features.shape == (2, 1280)
    palace, daisy = 698, 985
    assert (features @ head.T + bias).argmax(axis=1).tolist() == [palace, daisy]


def test_folding_changes_nothing_and_mixed_precision_little() -> None:
    import torch

    images = torch.from_numpy(check_images(3)) * 2 - 1
    plain = load_network(card())
    with torch.inference_mode():
        want = plain(images)
        np.testing.assert_allclose(folded(plain)(images), want, atol=2e-4)
        cosine = torch.nn.functional.cosine_similarity(mixed(folded(plain))(images), want)
    assert float(cosine.min()) > AGREEMENT


def test_numbers_do_not_depend_on_the_batch_or_the_type() -> None:
    images = check_images(11)
    whole = encoder().embed(images)
    np.testing.assert_array_equal(encoder().embed(images[9:]), whole[9:])
    bytes_ = np.round(images * 255).astype(np.uint8)
    np.testing.assert_array_equal(encoder().embed(bytes_), encoder().embed(bytes_.astype(np.float32) / 255))


def test_a_full_gpu_halves_the_batch_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    small = Encoder("cpu", batch=8)
    images = check_images(7)
    want = small.embed(images)
    network = small._network

    def limited(batch: torch.Tensor) -> torch.Tensor:
        if len(batch) > 2:
            raise torch.OutOfMemoryError("full")
        return network(batch)

    monkeypatch.setattr(small, "_network", limited)
    got = small.embed(images)
    assert small.batch == 2
    cosine = (got * want).sum(1) / np.linalg.norm(got, axis=1) / np.linalg.norm(want, axis=1)
    assert cosine.min() > AGREEMENT

    def full(batch: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("full")

    monkeypatch.setattr(small, "_network", full)
    with pytest.raises(AstroTLError, match="out of memory"):
        small.embed(images)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    import torch

    tensors = list(torch.load(card().weights, weights_only=True).items())
    torch.save(dict(tensors[:-7]), tmp_path / "short.pth")
    torch.save({**dict(tensors), "_conv_stem.weight": torch.zeros(16, 3, 3, 3)}, tmp_path / "shape.pth")
    for name in ("short.pth", "shape.pth"):
        with pytest.raises(AstroTLError, match="do not fit"):
            load_network(replace(card(), weights=tmp_path / name, sha256=file_hash(tmp_path / name)))


def test_devices_and_description() -> None:
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(AstroTLError, match="not available"):
        choose_device("abacus")
    assert describe_encoder()["weights"] == encoder().card.sha256

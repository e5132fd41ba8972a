"""The encoder: the right weights in the right layers, and the same numbers however it is run."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.ml import encoder as module
from astrotl_gui.ml.device import choose_device
from astrotl_gui.ml.encoder import AGREEMENT, Encoder, check_pictures, cosines, make_backend
from astrotl_gui.ml.encoders import card, file_hash
from astrotl_gui.ml.front import PictureFront
from astrotl_gui.ml.network import load_network
from astrotl_gui.ml.precision import folded, halves


def front() -> PictureFront:
    return PictureFront(card().mean, card().std)


@cache
def encoder() -> Encoder:
    return Encoder(card(), front(), device="cpu", batch=8)


def test_it_knows_what_imagenet_taught() -> None:
    """With the classifier put back, scikit-learn's two photographs are a palace and a daisy."""
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


def test_folding_and_halving_change_nothing() -> None:
    images = front()(torch.from_numpy(check_pictures(224, 3)))
    plain = load_network(card())
    with torch.inference_mode():
        want = plain(images)
        np.testing.assert_allclose(folded(plain)(images), want, atol=2e-4)
        parts = halves(folded(plain))
        assert parts is not None
        np.testing.assert_allclose(parts[1](parts[0](images)), want, atol=2e-4)
    assert halves(torch.nn.Linear(2, 2)) is None


@pytest.mark.parametrize("kind", ["openvino mixed", "openvino fp32", "torch mixed", "torch fp32"])
def test_every_backend_gives_the_same_embeddings(kind: str) -> None:
    pictures = [check_pictures(224, 4)]
    network = folded(load_network(card()))
    with torch.inference_mode():
        want = network(front()(torch.from_numpy(pictures[0]))).numpy()
    got = make_backend(kind, front(), network, "cpu", pictures).submit(pictures)()
    assert cosines(got, want).min() > (0.99999 if "fp32" in kind else AGREEMENT)


def test_a_backend_that_does_not_agree_or_does_not_run_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    true = module.make_backend

    def some(kind: str, *args: object) -> object:
        if kind == "openvino mixed":
            raise ImportError("no openvino")
        if kind == "openvino fp32":
            return Wrong()
        return true(kind, *args)  # type: ignore[arg-type]

    class Wrong:
        def submit(self, inputs: object) -> object:
            return lambda: np.random.default_rng(0).normal(size=(8, 1280)).astype(np.float32)

    monkeypatch.setattr(module, "make_backend", some)
    monkeypatch.setitem(module.PRECISIONS, "cpu", ("openvino mixed", "openvino fp32"))
    made = Encoder(card(), front(), device="cpu")
    assert (made.backend, made.agreement) == ("torch fp32", 1.0)


def test_numbers_do_not_depend_on_the_batch() -> None:
    pictures = check_pictures(224, 11)
    whole = encoder().embed(pictures)
    assert whole.shape == (11, 1280)
    np.testing.assert_array_equal(encoder().embed(pictures[9:]), whole[9:])
    other = Encoder(card(), front(), device="cpu", batch=3).embed(pictures)
    assert cosines(other, whole).min() > 0.99999


def test_a_stream_keeps_order_and_tokens() -> None:
    pictures = check_pictures(224, 11)
    parts = [(name, (pictures[k : k + 4],)) for name, k in (("a", 0), ("b", 4), ("c", 7))]
    got = list(encoder().stream(parts))
    assert [token for token, _ in got] == ["a", "b", "c"]
    np.testing.assert_array_equal(got[2][1], encoder().embed(pictures[7:]))
    assert not list(encoder().stream([]))


def test_a_full_gpu_halves_the_batch_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device whose memory holds two images."""
    small = Encoder(card(), front(), device="cpu", batch=8)
    pictures = check_pictures(224, 7)
    want = small.embed(pictures)
    true, holds = module.make_backend, 2

    class Limited:
        def __init__(self, *args: object) -> None:
            self.backend = true(*args)  # type: ignore[arg-type]

        def submit(self, inputs: list[np.ndarray]) -> object:
            if len(inputs[0]) > holds:
                raise torch.OutOfMemoryError("full")
            return self.backend.submit(inputs)

    monkeypatch.setattr(module, "make_backend", Limited)
    monkeypatch.setattr(small, "_running", {})
    got = small.embed(pictures)
    assert small.batch == 2
    assert cosines(got, want).min() > 0.99999
    holds = 0
    with pytest.raises(AstroTLError, match="out of memory"):
        small.embed(pictures)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    tensors = list(torch.load(card().weights, weights_only=True).items())
    torch.save(dict(tensors[:-7]), tmp_path / "short.pth")
    torch.save({**dict(tensors), "_conv_stem.weight": torch.zeros(16, 3, 3, 3)}, tmp_path / "shape.pth")
    for name in ("short.pth", "shape.pth"):
        with pytest.raises(AstroTLError, match="do not fit"):
            load_network(replace(card(), weights=tmp_path / name, sha256=file_hash(tmp_path / name)))


def test_devices() -> None:
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    with pytest.raises(AstroTLError, match="not available"):
        choose_device("abacus")

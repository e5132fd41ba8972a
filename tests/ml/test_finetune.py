"""Fine-tuning: what is trained and what stays, the same by seed, and what happens when it goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import timm
import torch

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import Cancelled
from astrotl_gui.core.settings import TuningSettings
from astrotl_gui.ml import finetune as module
from astrotl_gui.ml.encoders import card
from astrotl_gui.ml.finetune import Lesson, changed_weights, embed_maps, tune
from astrotl_gui.ml.maps import Maps
from astrotl_gui.ml.tail import Cut, _cut, cut

SETTINGS = TuningSettings(epochs=3, batch=12, rate=1e-3)
NONE = np.zeros(0, np.int64)
YES, NO, WEAK = np.arange(0, 10), np.arange(10, 20), np.arange(20, 30)
HELD = np.arange(30, 36)


def of(name: str) -> Cut:
    torch.manual_seed(0)
    made = _cut(timm.create_model(name, pretrained=False, num_classes=0).eval())
    assert made is not None
    return made


@pytest.fixture(scope="module")
def net() -> Cut:
    return of("test_efficientnet")


@pytest.fixture(scope="module")
def maps(net: Cut) -> Maps:
    """Two views of 36 noise pictures, of which the wanted ones are brighter on the left."""
    rng = np.random.default_rng(0)
    images = rng.normal(0, 0.3, (36 * 3, 3, 96, 96)).astype(np.float32)
    for row in [*YES, *HELD[:3]]:
        images[3 * row : 3 * row + 3, :, :, :48] += 1
    with torch.no_grad():
        made = net.trunk(torch.from_numpy(images)).numpy().astype(np.float16)
    made = made.reshape(36, 3, *made.shape[1:])
    taught = np.arange(30)
    return Maps(made[:, :2], made[:30, 2:], taught)


def lesson() -> Lesson:
    return Lesson(YES, NO, WEAK, HELD[:3], HELD[3:])


def quiet(*_: object) -> None:
    pass


def tuned(net: Cut, maps: Maps, report: Callable[..., object] = quiet, **changed: Any) -> torch.nn.Module:
    values = {"settings": SETTINGS, "seed": 1, "device": "cpu"} | changed
    return tune(net, maps, lesson(), report=report, **values)


def test_the_built_in_network_is_cut_before_its_last_stage() -> None:
    made = cut(card(), "auto")
    names = {name.removeprefix("network.").split(".")[0] for name, _ in made.tail.named_parameters()}
    assert names == {"blocks", "conv_head", "bn2"}
    assert {n.split(".")[2] for n, _ in made.tail.named_parameters() if ".blocks." in n} == {"6"}
    with pytest.raises(AstroTLError, match="would be tuned too"):
        cut(card(), "2,4,last")


@pytest.mark.parametrize("name", ["test_efficientnet", "test_resnet", "test_convnext", "test_vit"])
def test_trunk_and_tail_are_the_network(name: str) -> None:
    network = timm.create_model(name, pretrained=False, num_classes=0).eval()
    made = _cut(network)
    assert made is not None
    size = network.pretrained_cfg["input_size"][1]
    images = torch.randn(2, 3, size, size)
    with torch.inference_mode():
        torch.testing.assert_close(made.tail(made.trunk(images)), network(images))


def test_an_architecture_that_is_not_known_is_refused() -> None:
    assert _cut(torch.nn.Sequential(torch.nn.Linear(2, 2))) is None


def test_the_loss_falls_and_the_curve_is_told(net: Cut, maps: Maps) -> None:
    points: list[tuple[float, float]] = []

    def report(epoch: int, images: int, loss: float, validation: float) -> None:
        if loss == loss:
            points.append((loss, validation))

    tuned(net, maps, report, settings=TuningSettings(epochs=12, batch=12, rate=1e-3))
    assert len(points) == 12 and points[-1][0] < points[0][0] and all(v == v for _, v in points)


def test_only_weights_change_and_no_statistics(net: Cut, maps: Maps) -> None:
    before = {name: value.clone() for name, value in net.tail.state_dict().items()}
    changed = changed_weights(net.tail, tuned(net, maps))
    assert changed and not any("running" in name or "num_batches" in name for name in changed)
    assert all(f"network.{name}" in before for name in changed)
    after = net.tail.state_dict()
    assert all(
        torch.equal(value, after[name]) for name, value in before.items()
    )  # always from the pretrained


def test_the_same_seed_gives_the_same_network(net: Cut, maps: Maps) -> None:
    one, again, other = (
        embed_maps(tuned(net, maps, seed=seed), maps, "cpu", lambda images: None) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert not np.allclose(one, other)


def test_what_is_held_out_is_never_in_a_batch(net: Cut, maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[int] = set()
    true = module._Tuning.draw

    def spy(self: Any) -> Any:
        rows, called = true(self)
        seen.update(rows.tolist())
        assert set(rows[called == 1]) <= set(YES) and set(rows[called == 0]) <= set(NO)
        return rows, called

    monkeypatch.setattr(module._Tuning, "draw", spy)
    tuned(net, maps)
    assert seen <= set(range(30)) and not seen & set(HELD.tolist())


def test_noisy_copies_are_of_their_own_source() -> None:
    clean = np.arange(4, dtype=np.float16)[:, None, None] * np.ones((1, 2, 1), np.float16)
    noisy = np.array([[[11.0]], [[13.0]]], np.float16)
    made = Maps(clean, noisy, np.array([1, 3]))
    rng = np.random.default_rng(0)
    drawn = made.drawn(np.repeat([0, 1, 2, 3], 50), rng)[:, 0].reshape(4, 50)
    assert [set(row) for row in drawn.tolist()] == [{0}, {1, 11}, {2}, {3, 13}]


def test_a_loss_that_is_no_number_stops_it(net: Cut, maps: Maps) -> None:
    with pytest.raises(AstroTLError, match="went astray"):
        tuned(net, maps, settings=TuningSettings(epochs=3, batch=12, rate=float("inf")))


def test_it_can_be_cancelled_at_any_step(net: Cut, maps: Maps) -> None:
    for stop in (1, 3, 5):
        calls = 0

        def report(*_: object, stop: int = stop) -> None:
            nonlocal calls
            calls += 1
            if calls == stop:
                raise Cancelled

        with pytest.raises(Cancelled):
            tuned(net, maps, report)
        assert calls == stop


def test_a_full_gpu_halves_the_batch_then_takes_the_processor(
    net: Cut, maps: Maps, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[tuple[str, int]] = []
    true = module._Tuning.__init__

    def full(self: Any, *args: Any) -> None:
        tried.append((args[5].type, args[6]))
        if args[5].type == "meta":
            raise torch.OutOfMemoryError
        true(self, *args)

    monkeypatch.setattr(module._Tuning, "__init__", full)
    monkeypatch.setattr(
        module, "choose_device", lambda name: torch.device("meta" if name == "cuda" else name)
    )
    tuned(net, maps, settings=TuningSettings(epochs=1, batch=24), device="cuda")
    assert tried == [("meta", 24), ("meta", 12), ("meta", 6), ("cpu", 24)]


def test_a_transformer_takes_lora_on_its_last_blocks() -> None:
    pytest.importorskip("peft")
    net = of("test_vit")
    rng = np.random.default_rng(0)
    with torch.no_grad():
        size = net.trunk.network.patch_embed.img_size[0]  # type: ignore[union-attr]
        images = torch.from_numpy(rng.normal(size=(36, 3, size, size)).astype(np.float32))
        made = net.trunk(images).numpy().astype(np.float16)[:, None]
    made_maps = Maps(made, made[:30], np.arange(30))
    after = tune(net, made_maps, lesson(), SETTINGS, 1, "cpu", quiet)
    changed = changed_weights(net.tail, after)
    assert changed and all(name.startswith("blocks.") and name.endswith("weight") for name in changed)
    assert list(after.state_dict()) == list(net.tail.state_dict())

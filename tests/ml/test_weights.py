"""A checkpoint gives the network timm would give, whoever saved it and under which names, or one clear refusal."""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path
from typing import Any

import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.ml.weights import fill, read_weights
from tests.pipeline.fake_hub import small_weights

SMALL = "test_efficientnet"


def tensors(folder: Path, architecture: str = SMALL) -> dict[str, Any]:
    return read_weights(small_weights(folder, architecture))


def filled(path: Path, architecture: str = SMALL, **arguments: Any) -> Any:
    import timm

    network = timm.create_model(architecture, pretrained=False, num_classes=0, **arguments)
    fill(network, path, architecture)
    return network


def refused(path: Path, architecture: str = SMALL) -> str:
    with pytest.raises(AstroTLError) as caught:
        filled(path, architecture)
    assert len(caught.value.title.split()) <= 6 and path.name in caught.value.detail
    return str(caught.value)


def saved(value: Any, path: Path) -> Path:
    import torch

    torch.save(value, path)
    return path


@pytest.mark.parametrize("architecture", [SMALL, "test_convnext", "test_vit"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda t: t,
        lambda t: {"state_dict": t, "epoch": 3},
        lambda t: {"model": {f"module.{n}": v for n, v in t.items()}, "args": argparse.Namespace(lr=0.1)},
        lambda t: {f"encoder.{n}": v for n, v in t.items()} | {"head_.weight": next(iter(t.values()))},
        lambda t: {"state_dict": {f"model.encoder.{n}": v for n, v in t.items()}},
        lambda t: {"encoder": t, "projector": {"fc.weight": next(iter(t.values()))}},
        lambda t: {"student": {n: 0 * v for n, v in t.items()}, "teacher": {f"backbone.{n}": v for n, v in t.items()}},
    ],
    ids=["plain", "state_dict", "module", "encoder", "model.encoder", "simclr", "teacher"],
)  # fmt: skip
def test_wherever_the_tensors_are(tmp_path: Path, architecture: str, wrap: Any) -> None:
    import torch

    given = tensors(tmp_path, architecture)
    network = filled(saved(wrap(given), tmp_path / "mine.pth"), architecture)
    for name, value in network.state_dict().items():
        assert torch.equal(value, given[name]), name


def test_position_embeddings_of_another_size_are_resized_as_timm_does(tmp_path: Path) -> None:
    import timm
    import torch

    path = small_weights(tmp_path, "test_vit")
    network = filled(path, "test_vit", img_size=96)
    want = timm.create_model(
        "test_vit", pretrained=True, num_classes=0, img_size=96, pretrained_cfg_overlay={"file": str(path)}
    )
    assert torch.equal(network.pos_embed, want.pos_embed)


def test_what_is_missing_or_of_another_shape_is_named_and_counted(tmp_path: Path) -> None:
    import torch

    given = tensors(tmp_path)
    blocks = {name: value for name, value in given.items() if not name.startswith("blocks.4")}
    text = refused(saved(blocks, tmp_path / "short.pth"))
    missing = sum(n.startswith("blocks.4") and not n.endswith("num_batches_tracked") for n in given)
    assert "it has no blocks.4.0.conv_pw.weight" in text and f"and {missing - 1} more" in text
    wrong = given | {"conv_stem.weight": torch.zeros(16, 4, 3, 3)}
    assert "its conv_stem.weight is 16×4×3×3, not 24×3×3×3" in refused(saved(wrong, tmp_path / "wrong.pth"))


def test_another_architecture_or_a_deeper_one_is_refused(tmp_path: Path) -> None:
    path = small_weights(tmp_path, "test_convnext")
    assert "is no test_efficientnet" in refused(path)
    given = tensors(tmp_path)
    deeper = given | {"blocks.4.1.conv_pw.weight": given["blocks.4.0.conv_pw.weight"]}
    assert "also has blocks.4.1.conv_pw.weight" in refused(saved(deeper, tmp_path / "deeper.pth"))


def test_old_checkpoints_without_batch_counts_are_taken(tmp_path: Path) -> None:
    given = {n: v for n, v in tensors(tmp_path).items() if not n.endswith("num_batches_tracked")}
    filled(saved(given, tmp_path / "old.pth"))


class Trap:
    sprung = False

    def __reduce__(self) -> tuple[Any, ...]:
        return setattr, (Trap, "sprung", True)


def test_what_is_no_weights_file_is_refused_and_never_run(tmp_path: Path) -> None:
    whole = small_weights(tmp_path).read_bytes()
    torch_file = saved(tensors(tmp_path), tmp_path / "whole.pth").read_bytes()
    for name, content, says in (
        ("empty.pth", b"", "is empty"),
        ("cut.safetensors", whole[: len(whole) // 2], "cut short"),
        ("cut.pth", torch_file[: len(torch_file) // 2], "cut short"),
        ("page.pth", b"<html>Sign in</html>" * 50, "no weights file"),
        ("sky.safetensors", b"SIMPLE  =                    T" + b" " * 5000, "no weights file"),
    ):
        (tmp_path / name).write_bytes(content)
        assert says in refused(tmp_path / name), name
    saved({"state_dict": tensors(tmp_path), "trap": Trap()}, tmp_path / "trap.pth")
    (tmp_path / "pickle.pth").write_bytes(pickle.dumps(Trap()))
    for name in ("trap.pth", "pickle.pth"):
        assert "Python objects" in refused(tmp_path / name)
    assert not Trap.sprung
    assert "by name" in refused(saved([1, 2], tmp_path / "list.pth"))
    with pytest.raises(AstroTLError, match="cannot be read"):
        read_weights(tmp_path / "nowhere.pth")

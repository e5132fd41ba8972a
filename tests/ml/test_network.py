"""A loaded network gives timm's own numbers, pooled last or by stages, and runs as the fast forms need it."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.ml.encoder_choice import FINAL, parse_layers
from astrotl_gui.ml.encoders import Card, card, file_hash
from astrotl_gui.ml.network import block_widths, load_network
from tests.pipeline.fake_hub import small_weights

STAGES = {"test_efficientnet": 5, "test_convnext": 4, "test_vit": 6, "test_vit3": 9, "test_resnet": 5}


def small_card(folder: Path, architecture: str, **changes: Any) -> Card:
    path = small_weights(folder, architecture)
    made = Card(
        name="small", architecture=architecture, weights=path, sha256=file_hash(path), input=160,
        mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), interpolation="bicubic", licence="", source="",
        parameters=0, dimensions=0, stages=STAGES[architecture], size=0,
    )  # fmt: skip
    return replace(made, **changes)


def images(count: int = 2, size: int = 160) -> Any:
    import torch

    return torch.from_numpy(np.random.default_rng(0).normal(size=(count, 3, size, size)).astype(np.float32))


def timms_own(made: Card) -> Any:
    import timm

    overlay = {"file": str(made.weights)}
    return timm.create_model(
        made.architecture, pretrained=True, num_classes=0, pretrained_cfg_overlay=overlay
    ).eval()


@pytest.mark.parametrize("architecture", STAGES)
def test_last_is_what_the_classifier_would_see(tmp_path: Path, architecture: str) -> None:
    import torch

    made = small_card(tmp_path, architecture)
    plain = timms_own(made)
    with torch.inference_mode():
        want = plain.forward_head(plain.forward_features(images()), pre_logits=True)
        got = load_network(made)(images())
    assert got.ndim == 2 and float(got.std()) > 0
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("architecture", STAGES)
def test_stages_are_their_maps_means_one_after_another(tmp_path: Path, architecture: str) -> None:
    import torch

    made = small_card(tmp_path, architecture)
    plain, wanted = timms_own(made), []
    with torch.inference_mode():
        maps = plain.forward_intermediates(images(), intermediates_only=True)
        for number in (1, 3):
            wanted.append(maps[number].reshape(*maps[number].shape[:2], -1).mean(dim=-1))
        got = load_network(made, "3, 1")(images())
    np.testing.assert_allclose(got, torch.cat(wanted, dim=1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("architecture", STAGES)
def test_three_depths_end_with_the_last_features(tmp_path: Path, architecture: str) -> None:
    import torch

    made = small_card(tmp_path, architecture)
    early, _, late, _, last = parse_layers("auto", made)
    assert early.stage < late.stage < made.stages and last == FINAL
    with torch.inference_mode():
        network = load_network(made, "auto")
        got, maps = (
            network(images()),
            timms_own(made).forward_intermediates(images(), intermediates_only=True),
        )
        texture, parts = maps[early.stage], maps[late.stage]
        height, width = parts.shape[2:]
        centre = parts[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4]
        want = [
            texture.mean(dim=(2, 3)),
            texture.std(dim=(2, 3), correction=0),
            centre.mean(dim=(2, 3)),
            parts.amax(dim=(2, 3)),
            load_network(made)(images()),
        ]
        widths = block_widths(network, images())
    np.testing.assert_allclose(got, torch.cat(want, dim=1), rtol=1e-5, atol=1e-5)
    assert widths == tuple(part.shape[1] for part in want)


@pytest.mark.parametrize("layers", ["last", "1,3", "auto"])
@pytest.mark.parametrize("architecture", ["test_efficientnet", "test_convnext", "test_vit"])
def test_it_can_be_traced_and_run_in_mixed_precision(tmp_path: Path, architecture: str, layers: str) -> None:
    import torch

    network, batch = load_network(small_card(tmp_path, architecture), layers), images()
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # torch.jit is on its way out, OpenVINO still asks for it; sizes are fixed
        traced = torch.jit.trace(network, images(2))
        np.testing.assert_allclose(traced(batch), network(batch), rtol=1e-5, atol=1e-6)
        with torch.autocast("cpu", torch.bfloat16):
            mixed = network(batch)
        cosine = torch.nn.functional.cosine_similarity(mixed.float(), network(batch))
    assert float(cosine.min()) > 0.99


@pytest.mark.parametrize("layers", ["last", "1,3", "auto"])
def test_nothing_is_left_that_adapts_to_a_size(tmp_path: Path, layers: str) -> None:
    """OpenVINO cannot convert the resampling of position embeddings."""
    import torch

    network = load_network(small_card(tmp_path, "test_vit"), layers)
    with torch.no_grad():
        graph = torch.export.export(network, (images(),)).graph
    assert not [node for node in graph.nodes if "upsample" in str(node.target)]


def test_arguments_build_the_architecture(tmp_path: Path) -> None:
    import torch

    made = small_card(tmp_path, "test_efficientnet")
    mean, most = load_network(made), load_network(replace(made, arguments={"global_pool": "max"}))
    with torch.inference_mode():
        assert not torch.allclose(mean(images()), most(images()))
    made = small_card(tmp_path, "test_vit")
    with torch.inference_mode():
        assert load_network(replace(made, arguments={"img_size": [96, 96]}))(images(2, 96)).shape == (2, 64)
    with pytest.raises(AstroTLError, match="cannot be made"):
        load_network(replace(made, arguments={"colour": "blue"}))
    with pytest.raises(AstroTLError, match="cannot be made"):
        load_network(replace(made, architecture="nonet"))


def test_layers_that_do_not_exist_are_refused(tmp_path: Path) -> None:
    made = small_card(tmp_path, "test_vit")
    for layers in ("6", "-1", "2,2", "first", "", "1.5", "0,9", "c", "2cc", "last,last"):
        with pytest.raises(AstroTLError, match="stages 0 to 5"):
            load_network(made, layers)
    with pytest.raises(AstroTLError, match="no stages"):
        load_network(replace(made, stages=0), "1")


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    made = small_card(tmp_path, "test_efficientnet")
    load_network(made)
    content = bytearray(made.weights.read_bytes())
    content[-1] ^= 1
    made.weights.write_bytes(content)
    with pytest.raises(AstroTLError, match="not the file that was added as small"):
        load_network(made)
    made.weights.unlink()
    with pytest.raises(AstroTLError, match="cannot be read"):
        load_network(made)


def test_the_built_in_card_says_what_the_network_is() -> None:
    import torch

    network = load_network(card())
    assert sum(part.numel() for part in network.parameters()) == card().parameters
    assert len(network.feature_info) == card().stages
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 224, 224)).shape == (1, card().dimensions)

"""A network cut before its last stage: the trunk stays as it is, the tail is what fine-tuning trains."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.ml.encoder_choice import parse_layers
from astrotl_gui.ml.encoders import Card
from astrotl_gui.ml.network import load_network

if TYPE_CHECKING:
    import torch
    from torch import nn

LORA_SHARE = 3
"""One in so many blocks of a transformer, the last ones, is tuned."""
FAMILIES = (
    ("blocks", ("conv_head", "bn2", "norm_head")),  # EfficientNet, MobileNet
    ("layer4", ()),  # ResNet
    ("stages", ("norm_pre", "final_conv", "head")),  # ConvNeXt, NFNet
    ("s4", ("final_conv",)),  # RegNet
)
"""Where the last stage is, and the layers after it that belong to it."""
FRONT = {"conv_stem", "bn1", "conv1", "act1", "maxpool", "layer1", "layer2", "layer3", "stem", "s1", "s2", "s3"} | {
    "patch_embed", "pos_drop", "patch_drop",
}  # fmt: skip
"""Parts before the last stage, which a tail does without."""


@dataclass(frozen=True, eq=False)
class Cut:
    """`trunk`: images → maps; `tail`: maps → features (n, D). `transformer`: the tail takes LoRA."""

    trunk: nn.Module
    tail: nn.Module
    transformer: bool


def cut(card: Card, layers: str = "last") -> Cut:
    """Cut the network of an encoder, as shipped.

    Raises AstroTLError for an architecture whose last stage is not known, and for layers of the embedding that lie in
    the part that would be tuned.
    """
    import torch

    from astrotl_gui.ml.encoder import check_pictures

    network = load_network(card)
    made = _cut(network)
    if made is None:
        raise _cannot(card)
    images = torch.from_numpy(check_pictures(card.input, 2)).float() / 127.5 - 1
    with torch.inference_mode():
        same = torch.allclose(made.tail(made.trunk(images)), network(images), rtol=1e-3, atol=1e-3)
    if not same:
        raise _cannot(card)
    tuned = card.stages - (max(1, card.stages // LORA_SHARE) if made.transformer else 1)
    if any(not layer.last and layer.stage >= tuned for layer in parse_layers(layers, card)):
        raise AstroTLError(
            "These layers would be tuned too",
            f"{layers}: the gate compares the last features alone. Embed with layers auto, then fine-tune.",
        )
    return made


def _cut(network: Any) -> Cut | None:
    from torch import nn

    front, back = copy.deepcopy(network), copy.deepcopy(network)
    if hasattr(network, "patch_embed") and isinstance(getattr(network, "blocks", None), nn.Sequential):
        count = max(1, len(network.blocks) // LORA_SHARE)
        front.blocks, front.norm = network_part(front.blocks, slice(None, -count)), nn.Identity()
        back.blocks = network_part(back.blocks, slice(-count, None))
        return Cut(_features(front), _tail(back, ("blocks", "norm")), True)
    for stage, after in FAMILIES:
        part = getattr(network, stage, None)
        if part is None:
            continue
        several = stage in ("blocks", "stages")
        setattr(front, stage, network_part(part, slice(None, -1)) if several else nn.Identity())
        if several:
            setattr(back, stage, network_part(part, slice(-1, None)))
        there = tuple(name for name in after if hasattr(network, name))
        for name in (*there, "global_pool"):
            if hasattr(front, name):
                setattr(front, name, nn.Identity())
        features = tuple(name for name in there if name not in ("head", "norm_head"))
        if hasattr(network, "conv_head") and not hasattr(network, "bn2"):  # MobileNetV3: after the pooling
            features = ()
        return Cut(_features(front), _tail(back, (stage, *features)), False)
    return None


def network_part(parts: nn.Sequential, which: slice) -> nn.Sequential:
    """Some of the parts, under the names that they have in the whole, so that weights keep theirs."""
    from collections import OrderedDict

    from torch import nn

    return nn.Sequential(OrderedDict(list(parts.named_children())[which]))


def _features(front: Any) -> nn.Module:
    from torch import nn

    class Trunk(nn.Module):
        """Images → the maps that the last stage takes."""

        def __init__(self) -> None:
            super().__init__()
            self.network = front

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.network.forward_features(x)
            return out

    return Trunk().eval()


def _tail(back: Any, order: tuple[str, ...]) -> nn.Module:
    from torch import nn

    for name, _ in list(back.named_children()):
        if name in FRONT:
            setattr(back, name, nn.Identity())

    class Tail(nn.Module):
        """Maps → features; the parts of `network` before the last stage are gone."""

        def __init__(self) -> None:
            super().__init__()
            self.network = back

        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            x = maps
            for name in order:
                x = getattr(self.network, name)(x)
            out: torch.Tensor = self.network.forward_head(x)
            return out

    return Tail().eval()


def _cannot(card: Card) -> AstroTLError:
    return AstroTLError(
        "This encoder cannot be fine-tuned",
        f"The last stage of {card.architecture} is not known. Use the built-in one, a ResNet, a ConvNeXt or a ViT.",
    )

"""The network itself: the weights of a card in timm's layers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import BUILT_IN
from astrotl_gui.ml.encoder_choice import LAST, stage_numbers
from astrotl_gui.ml.encoders import Card, file_hash
from astrotl_gui.ml.weights import fill, read_weights

if TYPE_CHECKING:
    from torch import nn


def load_network(card: Card, layers: str = LAST) -> nn.Module:
    """Return the headless network in eval mode: images float32 (N, 3, input, input), normalised → (N, D).

    `layers` as in `EncoderSettings`: "last" gives the pooled features that the classifier would see, "2,3" the
    means over those stages' feature maps (a transformer's patch tokens), concatenated. Raises AstroTLError when the
    file changed since it was added, when it does not fit the architecture, and for a stage that is not there.
    """
    numbers = stage_numbers(layers, card)
    if file_hash(card.weights) != card.sha256:
        raise AstroTLError(
            "These network weights have changed",
            f"{card.weights} is not the file that was added as {card.name}. Remove the encoder and add it again.",
        )
    network = build(card)
    if card.name == BUILT_IN:
        _fill_in_order(network, card.weights)
    else:
        fill(network, card.weights, card.architecture)
    return (_stages(network, numbers) if numbers else network).eval()


def build(card: Card) -> Any:
    """Return the headless network of a card's architecture with random weights. AstroTLError when timm has none."""
    arguments = {k: tuple(v) if isinstance(v, list) else v for k, v in card.arguments.items()}
    network = _create(card.architecture, arguments)
    if getattr(network, "dynamic_img_size", False) and getattr(network, "pos_embed", None) is not None:
        # Inputs have one size here, and position embeddings that adapt to any cannot be converted to OpenVINO.
        fixed = {"img_size": card.input} | arguments | {"dynamic_img_size": False}
        network = _create(card.architecture, fixed)
    return network


def _create(architecture: str, arguments: dict[str, Any]) -> Any:
    import timm

    try:
        return timm.create_model(architecture, pretrained=False, num_classes=0, **arguments)
    except (RuntimeError, TypeError, ValueError) as problem:
        raise AstroTLError(
            "This network cannot be made",
            f"timm’s {architecture} with {arguments or 'its defaults'}: {problem}.",
        ) from problem


def _stages(network: Any, numbers: tuple[int, ...]) -> nn.Module:
    import torch
    from torch import nn

    class Stages(nn.Module):
        """The spatial means of some stages' feature maps, concatenated."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            maps = self.network.forward_intermediates(
                x, indices=list(numbers), intermediates_only=True, stop_early=True, output_fmt="NCHW"
            )
            return torch.cat([stage.mean(dim=(2, 3)) for stage in maps], dim=1)

    return Stages()


def _fill_in_order(network: Any, path: Path) -> None:
    """Fill the built-in network from its file, which names the same layers differently, but in the same order.

    Each tensor is checked by shape and by kind (weight, bias, running_mean ...); the file's classifier, the
    last two, is dropped.
    """
    stored = list(read_weights(path).items())
    wanted = network.state_dict()
    if len(stored) - len(wanted) not in (0, 2):
        raise _unfit(path, f"{len(stored)} tensors, {len(wanted)} or {len(wanted) + 2} expected")
    for name, (theirs, value) in zip(list(wanted), stored, strict=False):
        kind, their_kind = name.rsplit(".", 1)[-1], theirs.rsplit(".", 1)[-1]
        if wanted[name].shape != value.shape or kind != their_kind:
            raise _unfit(path, f"{theirs} {tuple(value.shape)} where {name} belongs")
        wanted[name] = value
    for name, value in stored[len(wanted) :]:
        if value.shape[0] != 1000:
            raise _unfit(path, f"{name} {tuple(value.shape)} is no ImageNet classifier")
    network.load_state_dict(wanted)


def _unfit(path: Path, what: str) -> AstroTLError:
    return AstroTLError("These network weights do not fit", f"{path.name}: {what}. Reinstall the package.")

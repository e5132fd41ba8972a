"""The network itself: the weights of a card in timm's layers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import BUILT_IN
from astrotl_gui.ml.encoder_choice import FINAL, LAST, Layer, parse_layers
from astrotl_gui.ml.encoders import Card, file_hash
from astrotl_gui.ml.weights import fill, read_weights

if TYPE_CHECKING:
    import torch
    from torch import nn


def load_network(card: Card, layers: str = LAST) -> nn.Module:
    """Return the headless network in eval mode: images float32 (N, 3, input, input), normalised → (N, D).

    `layers` as in `EncoderSettings`: "last" gives the pooled features that the classifier would see, stages the
    means over their feature maps (a transformer's patch tokens); several are concatenated. Raises AstroTLError when
    the file changed since it was added, when it does not fit the architecture, and for a stage that is not there.
    """
    wanted = parse_layers(layers, card)
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
    if card.tuned is not None:
        _replace_tuned(network, card)
    return (network if wanted == (FINAL,) else _depths(network, wanted)).eval()


def _replace_tuned(network: Any, card: Card) -> None:
    """Put the tuned weights of a version in place of the encoder's own."""
    assert card.tuned is not None
    if file_hash(card.tuned) != card.tuned_sha256:
        raise AstroTLError(
            "These model weights have changed",
            f"{card.tuned} is not the file that was written with version {card.model}. Use another version.",
        )
    tensors, wanted = read_weights(card.tuned), network.state_dict()
    for name, value in tensors.items():
        if name not in wanted or wanted[name].shape != value.shape:
            raise _unfit(card.tuned, f"{name} {tuple(value.shape)} has no place in {card.architecture}")
    network.load_state_dict(wanted | tensors)


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


def _depths(network: Any, layers: tuple[Layer, ...]) -> nn.Module:
    import torch
    from torch import nn

    stages = [layer.stage for layer in layers if not layer.last]
    whole = any(layer.last for layer in layers)

    class Depths(nn.Module):
        """The means of some stages' feature maps (and the last features), concatenated."""

        def __init__(self) -> None:
            super().__init__()
            self.network, self.layers = network, layers

        def parts(self, x: torch.Tensor) -> list[torch.Tensor]:
            last, maps = self.network.forward_intermediates(
                x, indices=sorted(set(stages)), stop_early=not whole, output_fmt="NCHW"
            )
            found = dict(zip(sorted(set(stages)), maps, strict=True))
            return [
                self.network.forward_head(last) if layer.last else pooled(found[layer.stage], layer.pooling)
                for layer in layers
            ]

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cat(self.parts(x), dim=1)

    return Depths()


def block_widths(network: Any, images: torch.Tensor) -> tuple[int, ...]:
    """How many numbers of an embedding come from each of its layers, in order."""
    parts = network.parts(images) if hasattr(network, "parts") else [network(images)]
    return tuple(part.shape[1] for part in parts)


def pooled(feature_map: torch.Tensor, pooling: str) -> torch.Tensor:
    """Feature maps (N, D, h, w) → (N, D), in a way of `Layer.pooling`."""
    if pooling == "m":
        return feature_map.amax(dim=(2, 3))
    if pooling == "s":
        centred = feature_map - feature_map.mean(dim=(2, 3), keepdim=True)
        return (centred * centred).mean(dim=(2, 3)).sqrt()
    if pooling == "c":
        height, width = feature_map.shape[2:]
        feature_map = feature_map[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4]
    return feature_map.mean(dim=(2, 3))


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

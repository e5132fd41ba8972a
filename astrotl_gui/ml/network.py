"""The network itself: the weights of a card in timm's layers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.ml.encoders import Card

if TYPE_CHECKING:
    import torch
    from torch import nn


def load_network(card: Card) -> nn.Module:
    """Return the headless network in eval mode: images float32 (N, 3, input, input), normalised → (N, D).

    Raises AstroTLError when the weights do not fit the architecture.
    """
    import timm
    import torch

    network = timm.create_model(card.architecture, pretrained=False, num_classes=0)
    _fill_in_order(network, card.weights, torch.load(card.weights, map_location="cpu", weights_only=True))
    return network.eval()


def _fill_in_order(network: nn.Module, path: Path, weights: dict[str, torch.Tensor]) -> None:
    """Fill a network from a file that names the same layers differently, but in the same order.

    Each tensor is checked by shape and by kind (weight, bias, running_mean ...); the file's classifier, the
    last two, is dropped.
    """
    stored = list(weights.items())
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

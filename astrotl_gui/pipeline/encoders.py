"""Add an encoder to those on this computer: downloaded by name, or from a weights file."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import cannot_write
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import BUILT_IN
from astrotl_gui.ml.encoders import RGB, Card, encoders_folder, file_hash, is_name
from astrotl_gui.pipeline.encoder_source import Source, short_name, source_of
from astrotl_gui.pipeline.hub import fetch

ABANDONED_SECONDS = 24 * 3600
"""A draft this old belongs to a process that was killed."""
BLOCK = 1 << 22


def add_encoder(
    name: str,
    weights: Path | None = None,
    *,
    called: str = "",
    input: int = 0,
    mean: RGB | None = None,
    std: RGB | None = None,
    progress: Progress = SILENT,
) -> Card:
    """Put an encoder among those on this computer and return its card; it is there whole or not at all.

    `name` is timm's (`efficientnet_b0`, `convnext_tiny.fb_in22k`) or the hub's (`hf_hub:owner/model`); its weights
    are downloaded, or copied from the file `weights`. `called` is its name here, by default the model's. `input`
    [px], `mean` and `std` replace what the model's configuration says. Raises AstroTLError without network, for a
    file that is not what was announced or does not fit the architecture, for a name that is taken, and for a full
    disk; `Cancelled` through `progress`.
    """
    called = called or short_name(name)
    folder = _free_folder(called)
    with _draft(folder) as draft:
        progress(0, 0, f"Looking up {called}")
        source = source_of(name, weights, draft)
        _check_given(input, mean, std)
        file = _copy(weights, draft, progress) if weights else _download(source, draft, called, progress)
        progress(0, 0, f"Checking {called}")
        card = _measured(_card(called, source, file, input, mean, std))
        card.write()
        (draft / "config.json").unlink(missing_ok=True)
        progress(1, 1, f"Checking {called}")
        _put_in_place(draft, folder)
    return replace(card, weights=folder / file.name)


def _free_folder(name: str) -> Path:
    """Where an encoder of this name goes. AstroTLError when it is no name, or taken."""
    if not is_name(name):
        raise AstroTLError("This cannot be a name", f'"{name}". Use letters, digits and . _ + - (--as NAME).')
    folder = encoders_folder() / name
    if name == BUILT_IN or folder.exists():
        raise AstroTLError(
            "This encoder is here already", f"{name}. Remove it first, or give another name (--as NAME)."
        )
    return folder


def _check_given(input: int, mean: RGB | None, std: RGB | None) -> None:
    if input and not 16 <= input <= 2048:
        raise AstroTLError("This input does not fit", f"{input} px. Give 16 to 2048.")
    for values in (mean, std):
        if values is not None and (len(values) != 3 or (values is std and min(values) <= 0)):
            raise AstroTLError("Three numbers are needed", "Mean and std: one for each channel, std above 0.")


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder`, gone at the end; so is what killed processes left."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for old in folder.parent.glob(".*.part"):
            if time.time() - old.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    except OSError as problem:
        raise cannot_write(folder, problem) from problem
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put_in_place(draft: Path, folder: Path) -> None:
    try:
        os.rename(draft, folder)
    except OSError as problem:
        raise cannot_write(folder, problem) from problem


def _download(source: Source, draft: Path, called: str, progress: Progress) -> Path:
    assert source.weights is not None
    text = f"Downloading {called}"
    size = source.weights.size
    return fetch(source.weights, draft, lambda done, total: progress(done, size or total, text))


def _copy(weights: Path, draft: Path, progress: Progress) -> Path:
    """The user's file among our own: the original may move."""
    try:
        size, path = weights.stat().st_size, draft / weights.name
        with open(weights, "rb") as given:
            _write(given, path, lambda done: progress(done, size, f"Copying {weights.name}"))
    except OSError as problem:
        raise AstroTLError(
            "The network weights cannot be read", f"{weights}: {problem.strerror}."
        ) from problem
    return path


def _write(given: Any, path: Path, report: Any) -> None:
    try:
        with open(path, "wb") as sink:
            while block := given.read(BLOCK):
                sink.write(block)
                report(sink.tell())
            os.fsync(sink.fileno())
    except OSError as problem:
        raise cannot_write(path, problem) from problem


def _card(called: str, source: Source, file: Path, input: int, mean: RGB | None, std: RGB | None) -> Card:
    """The card as the configuration has it; how large the network is, is not known yet."""
    config, arguments = source.config, dict(source.arguments)
    size = int(input or config["input_size"][-1])
    if config.get("fixed_input_size") and size != config["input_size"][-1]:
        arguments["img_size"] = size
    return Card(
        name=called,
        architecture=source.architecture,
        weights=file,
        sha256=file_hash(file),
        input=size,
        mean=mean or _three(config["mean"]),
        std=std or _three(config["std"]),
        interpolation=str(config["interpolation"]),
        licence=source.licence,
        source=source.origin,
        parameters=0,
        dimensions=0,
        stages=0,
        size=file.stat().st_size,
        added=datetime.now(UTC).date().isoformat(),
        arguments={k: list(v) if isinstance(v, tuple) else v for k, v in arguments.items() if v is not None},
    )


def _three(values: Any) -> RGB:
    """A configuration's mean or std; of a network for one channel, the same for all."""
    first, *others = (float(value) for value in values)
    return (first, others[0], others[1]) if len(others) == 2 else (first, first, first)


def _measured(card: Card) -> Card:
    """The card with what only the loaded network tells. AstroTLError when it does not load or run."""
    import torch

    from astrotl_gui.ml.network import load_network

    network: Any = load_network(card)
    patch = getattr(getattr(network, "patch_embed", None), "patch_size", None) or (1, 1)
    if card.input % patch[0]:  # what is left over at the edge would not be seen
        fits = max(1, round(card.input / patch[0])) * patch[0]
        raise AstroTLError(
            "This input does not fit",
            f"{card.architecture} sees patches of {patch[0]} px; {card.input} px is no multiple. Give {fits}.",
        )
    try:
        with torch.inference_mode():
            vector = network(torch.zeros(1, 3, card.input, card.input))
        shape = tuple(vector.shape)
    except Exception as problem:  # whatever an architecture does with a size that does not suit it
        raise AstroTLError(
            "This network does not run",
            f"{card.architecture} fails on 3 × {card.input} × {card.input} px: {problem}. Give another input size.",
        ) from problem
    if len(shape) != 2:
        raise AstroTLError(
            "This is no encoder", f"{card.architecture} gives {shape}, not one vector an image."
        )
    return replace(
        card,
        dimensions=shape[1],
        parameters=sum(part.numel() for part in network.parameters()),
        stages=len(getattr(network, "feature_info", ())) if hasattr(network, "forward_intermediates") else 0,
    )

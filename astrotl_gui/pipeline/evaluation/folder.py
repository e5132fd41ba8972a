"""A folder of labelled pictures as a labelled set, embedded once and then kept in the user's cache."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from astrotl_gui.core.embeddings import EmbeddingStore, Shard, content_key
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import BUILT_IN, cache_folder
from astrotl_gui.ml.encoder import Encoder
from astrotl_gui.ml.encoder_choice import AUTO, layers_text, parse_layers
from astrotl_gui.ml.encoders import card
from astrotl_gui.pipeline.evaluation.labelled_set import LabelledSet, rows_catalog
from astrotl_gui.pipeline.evaluation.pictures import (
    PictureStatistics,
    network_pixels,
    read_picture,
    small_planes,
    turned,
)
from astrotl_gui.pipeline.evaluation.truth import read_truth

VERSION = 1
"""Raised when the same pictures would give other numbers."""
VIEWS = 8
PART = 128
"""Pictures embedded between two writes to disk, at least."""


def read_folder(
    folder: Path,
    classes: Sequence[str] = (),
    *,
    target: str = "",
    encoder: str = BUILT_IN,
    layers: str = AUTO,
    views: int = VIEWS,
    device: str = "auto",
    progress: Progress = SILENT,
) -> LabelledSet:
    """Read the labels (see `read_truth`) and embed the pictures, each in 1 or 8 views, by `layers` of the encoder.

    Embeddings are kept by the pictures' bytes, encoder, layers and views: a second run embeds nothing, one after
    `Cancelled` goes on. Raises AstroTLError as `read_truth` does, for an unknown encoder, and for a picture that
    cannot be read.
    """
    if views not in (1, 8):
        raise ValueError("views is 1 or 8")
    truth = read_truth(folder, classes)
    chosen = card(encoder)
    depths = layers_text(parse_layers(layers, chosen))
    meta = {
        "version": VERSION,
        "pictures": _digest(truth.paths, progress),
        "making": {
            "recipe": "pictures",
            "encoder": chosen.identity(),
            "layers": depths,
            "zooms": [1.0],
            "views": views,
        },
    }
    store = EmbeddingStore(cache_folder() / "evaluation", content_key(meta))
    catalog = rows_catalog(len(truth.names))
    missing = store.missing(catalog)
    if len(missing):
        network = Encoder.of_pictures(chosen, depths, device)
        _fill(store, meta, truth.paths, missing.tolist(), network, views, progress)
    embeddings = store.load(catalog)
    assert embeddings is not None
    settings = {
        "encoder": chosen.name,
        "layers": depths,
        "views": views,
        "classes": list(classes),
        "target": target,
    }
    return LabelledSet(
        folder.resolve().name, truth.positive, catalog, embeddings, target, settings, truth.paths
    )


def _digest(paths: Sequence[Path], progress: Progress) -> str:
    """Of every picture's bytes, in order."""
    whole = hashlib.sha256()
    for number, path in enumerate(paths):
        progress(number, len(paths), "Reading pictures")
        try:
            whole.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError as problem:
            raise AstroTLError("A picture cannot be read", f"{path}: {problem.strerror}.") from problem
    return whole.hexdigest()[:32]


def _fill(
    store: EmbeddingStore,
    meta: dict[str, Any],
    paths: Sequence[Path],
    rows: Sequence[int],
    network: Encoder,
    views: int,
    progress: Progress,
) -> None:
    """Embed the pictures `rows` part by part, each on disk before the next."""
    progress(len(paths) - len(rows), len(paths), "Embedding")
    measure = PictureStatistics(paths)
    size = max(PART, network.batch)
    for start in range(0, len(rows), size):
        part = np.array(rows[start : start + size])
        pictures = [read_picture(paths[row]) for row in part]
        values, names = measure(np.stack([small_planes(picture) for picture in pictures]))
        pixels = np.stack([network_pixels(picture, network.card.input) for picture in pictures])
        vectors = network.embed(pixels)
        for view in range(1, views):
            done = len(paths) - len(rows) + start + len(part) * view / views
            progress(done, len(paths), "Embedding")
            vectors += network.embed(turned(pixels, view))
        if not start:
            described = {"statistics": list(names), "dimensions": vectors.shape[1]}
            store.write_meta(meta | described | {"blocks": list(network.blocks)})
        places = np.stack([part, np.zeros(len(part))], axis=1)
        store.append(Shard(part, places, (vectors / views).astype(np.float16), values))
    progress(len(paths), len(paths), "Embedding")

"""Arcs without a ray tracer: by how much an arc moved the embeddings of other galaxies, shipped for one encoder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.embeddings import Embeddings, EmbeddingStore
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.injected import Injected
from astrotl_gui.core.resources import resource
from astrotl_gui.pipeline.injection.injector import Injector
from astrotl_gui.pipeline.injection.instrument import Instrument

FILE = "shipped-arcs/lens.npz"
KEY = ("encoder", "recipe", "zooms")
"""What must be the same in the making of the embeddings; the last features must be among their layers."""
MISSING = "Rays cannot be traced without caustics (the extra: inject)"


def shipped_pairs(
    store: EmbeddingStore, instrument: Instrument, injector: Injector, count: int, making: dict[str, Any]
) -> Injected:
    """Pairs of the user's own hosts and what an arc would make of their embeddings; statistics stay unknown.

    None, with a note, for another encoder or recipe than the shipped arcs were made with.
    """
    shifts = shipped(store.meta()["making"])
    if shifts is None:
        note = f"{MISSING}, and no arcs come with this encoder: the list has its formula alone."
        return Injected.none(injector.target, making, (note,))
    rows, embeddings = injector.hosts(instrument), store.load(instrument.catalog)
    if not len(rows) or embeddings is None:
        return Injected.none(injector.target, making, (f"{MISSING}, and no source is fit to be a host.",))
    rows = np.resize(rows, min(count, len(shifts)))
    plain = embeddings.vectors[rows]
    drawn = plain.copy()
    drawn[:, embeddings.last] += shifts[: len(rows)].astype(np.float16)
    unknown = np.full((len(rows), embeddings.statistics.shape[1]), np.nan, np.float32)
    note = f"{MISSING}: arcs that come with AstroTL are used."
    return Injected(
        injector.target, embeddings.ids[rows], drawn, plain, unknown, unknown, {}, making, (note,)
    )


def shipped(made: Mapping[str, Any], file: Path | None = None) -> NDArray[np.float32] | None:
    """The shifts (n, D) of the last features that fit embeddings of this making; None where none do."""
    try:
        with np.load(file or resource(FILE), allow_pickle=False) as data:
            about = json.loads(data["about"].tobytes())
            shifts = data["shifts"].astype(np.float32)
    except (OSError, ValueError, KeyError):
        return None
    fits = all(about[name] == made.get(name) for name in KEY) and "last" in str(made.get("layers")).split(",")
    return shifts if fits else None


def write_shipped(path: Path, pairs: Injected, embeddings: Embeddings, count: int) -> None:
    """Keep the shifts of the last features of `count` pairs, and what made these embeddings."""
    made, last = embeddings.meta["making"], embeddings.last
    shifts = (pairs.vectors.astype(np.float32) - pairs.host_vectors.astype(np.float32))[:count, last]
    about = json.dumps({name: made[name] for name in KEY})
    with atomic_write(path) as temporary, open(temporary, "wb") as handle:
        np.savez_compressed(
            handle, shifts=shifts.astype(np.float16), about=np.frombuffer(about.encode(), np.uint8)
        )

"""Embed every source in every epoch, and its stack: shards on disk as they come, so that any stop can be resumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.ahead import ahead
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embedding_reader import EmbeddingReader
from astrotl_gui.core.embeddings import SHARD, EmbeddingStore, Shard, content_key
from astrotl_gui.core.epochs import MOST, visit_id
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.regions import Regions, in_tiles
from astrotl_gui.core.settings import EncoderSettings
from astrotl_gui.ml.encoder import Encoder
from astrotl_gui.ml.encoders import network_card
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.ml.recipes import AsinhRecipe
from astrotl_gui.pipeline.batches import background
from astrotl_gui.pipeline.epochs.looking import Chunk, chunks, fit_preprocessing
from astrotl_gui.pipeline.epochs.opening import OpenSeries

F32 = NDArray[np.float32]
Rows = NDArray[np.int64]

VERSION = 1
MOVED, RESCALED = 0.1, 0.02
"""An epoch whose shift [px] or scale changed by more is another epoch to the network."""


@dataclass(frozen=True, eq=False)
class Looked:
    """Where embeddings are: `visits`, by `visit_id`, and `stacks`, by that of number MOST; and how they were made.

    `opened` has the shifts and scales with which the epochs were embedded.
    """

    visits: EmbeddingStore
    stacks: EmbeddingStore
    preprocessing: Preprocessing
    size: float
    opened: OpenSeries
    recipe: AsinhRecipe
    encoder: Encoder

    @cached_property
    def readers(self) -> tuple[EmbeddingReader, EmbeddingReader]:
        """What finds the vectors of visits and of stacks in the shards that there are when it is first asked for."""
        return EmbeddingReader(self.visits), EmbeddingReader(self.stacks)


def embed_epochs(
    opened: OpenSeries,
    catalog: Catalog,
    folder: Path,
    size: float,
    settings: EncoderSettings,
    *,
    device: str = "auto",
    progress: Progress = SILENT,
) -> Looked:
    """Embed what `folder` does not hold yet of N sources × E epochs, in cutouts of `size` arcsec.

    Memory is bounded by a few dozen sources in all epochs. Sources come tile by tile, so that each part of an image is
    read once. New epochs only add their rows. Raises AstroTLError as `pipeline.embed.embed` does.
    """
    card = network_card(settings)
    made = {"version": VERSION, "band": opened.series.band, "size": float(size), "encoder": card.identity(),
            "mosaic": opened.reference.fingerprint}  # fmt: skip
    visits, opened = _store(folder, made, opened, catalog, size)
    preprocessing = Preprocessing.from_dict(visits.meta()["preprocessing"])
    recipe = AsinhRecipe(preprocessing, card, size)
    encoder = Encoder(card, recipe.front(), "last", device)
    stack_of = opened.stack.mosaic.fingerprint if opened.stack else sorted(opened.series.numbers)
    stacks = EmbeddingStore(folder, content_key({"visits": visits.key, "stack": stack_of}))
    if not stacks.meta():
        stacks.write_meta({"making": {"stack_of": visits.key}})
    looked = Looked(visits, stacks, preprocessing, size, opened, recipe, encoder)
    _fill(looked, catalog, progress)
    return looked


def visits_of(catalog: Catalog, numbers: tuple[int, ...]) -> Catalog:
    """The sources in each of the epochs, all epochs of a source one after another, as rows of a catalog of visits."""
    ids = np.concatenate([visit_id(catalog.ids[:, None], number) for number in numbers], axis=1).ravel()
    x, y = (np.repeat(values, len(numbers)) for values in (catalog.x, catalog.y))
    nowhere = np.full(len(ids), np.nan)
    return Catalog.from_columns({"id": ids, "ra": nowhere, "dec": nowhere, "x": x, "y": y})


def _store(
    folder: Path, made: dict[str, Any], opened: OpenSeries, catalog: Catalog, size: float
) -> tuple[EmbeddingStore, OpenSeries]:
    """The store to go on with, with the epochs as they were looked at in it; or a new one."""
    facts: dict[str, dict[str, Any]] = {
        str(epoch.number): {"image": v.mosaic.fingerprint, "dx": v.dx, "dy": v.dy, "scale": v.scale}
        for epoch, v in zip(opened.series.epochs, opened.views, strict=True)
    }
    for store in EmbeddingStore.all(folder):
        meta = store.meta()
        known = meta.get("epochs", {})
        if meta.get("making") == made and all(
            _alike(known[key], facts[key]) for key in known if key in facts
        ):
            facts |= {key: known[key] for key in known}
            store.write_meta({**meta, "epochs": facts})
            break
    else:
        preprocessing = fit_preprocessing(opened, catalog, size).to_dict()
        meta = {"making": made, "preprocessing": preprocessing, "epochs": facts}
        store = EmbeddingStore(folder, content_key(meta))
        store.write_meta(meta)
    own: list[dict[str, Any]] = [facts[str(number)] for number in opened.series.numbers]
    opened = opened.moved([f["dx"] for f in own], [f["dy"] for f in own]).scaled([f["scale"] for f in own])
    return store, opened


def _alike(known: dict[str, Any], now: dict[str, Any]) -> bool:
    moved = np.hypot(known["dx"] - now["dx"], known["dy"] - now["dy"])
    return bool(
        known["image"] == now["image"] and moved < MOVED and abs(known["scale"] / now["scale"] - 1) < RESCALED
    )


Batch = tuple[int, Rows, Any]
"""(number of the epoch, MOST for the stack; rows of the catalog; what the encoder takes)."""


def _fill(looked: Looked, catalog: Catalog, progress: Progress) -> None:
    numbers = looked.opened.series.numbers
    lacking = looked.visits.missing(visits_of(catalog, numbers))
    gaps = np.zeros((len(catalog), len(numbers) + 1), bool)
    gaps[lacking // len(numbers), lacking % len(numbers)] = True
    gaps[looked.stacks.missing(visits_of(catalog, (MOST,))), -1] = True
    rows = np.flatnonzero(gaps.any(axis=1))
    rows = rows[in_tiles(catalog.x[rows], catalog.y[rows])]
    total, done = gaps.size, int(gaps.size - gaps.sum())
    progress(done, total, "Embedding epochs")
    ready: dict[int, list[tuple[Rows, int, F32]]] = {0: [], 1: []}

    def batches() -> Iterator[tuple[tuple[int, Rows], Any]]:
        source = chunks(looked.opened, catalog, rows, looked.size, looked.encoder.batch)
        for prepared in ahead(source, lambda chunk: _prepared(chunk, gaps, numbers, looked), depth=2):
            for number, which, inputs in prepared:
                yield (number, which), inputs

    for (number, which), vectors in looked.encoder.stream(batches()):
        is_stack = int(number == MOST)
        ready[is_stack].append((which, number, vectors))
        if sum(len(part[0]) for part in ready[is_stack]) >= SHARD:
            _write((looked.visits, looked.stacks)[is_stack], catalog, ready[is_stack])
        done += len(which)
        progress(done, total, "Embedding epochs")
    for is_stack, store in enumerate((looked.visits, looked.stacks)):
        _write(store, catalog, ready[is_stack])


def _prepared(chunk: Chunk, gaps: NDArray[np.bool_], numbers: tuple[int, ...], looked: Looked) -> list[Batch]:
    batches: list[Batch] = []
    for place, number in enumerate((*numbers, MOST)):
        which = np.flatnonzero(gaps[chunk.rows, place])
        if len(which):
            part = (chunk.stack if number == MOST else chunk.epochs[place]).take(which.tolist())
            batches.append((number, chunk.rows[which], encoder_inputs(part, looked.recipe)))
    return batches


def encoder_inputs(regions: Regions, recipe: AsinhRecipe) -> Any:
    """What the encoder takes of these regions, their own sky measured."""
    _, sky, _ = background(regions, recipe.preprocessing)
    return recipe.inputs(regions, sky)


def _write(store: EmbeddingStore, catalog: Catalog, ready: list[tuple[Rows, int, F32]]) -> None:
    if not ready:
        return
    rows = np.concatenate([which for which, _, _ in ready])
    ids = np.concatenate([visit_id(catalog.ids[which], number) for which, number, _ in ready])
    vectors = np.concatenate([vectors for _, _, vectors in ready]).astype(np.float16)
    positions = np.stack([catalog.x[rows], catalog.y[rows]], axis=1)
    store.append(Shard(ids, positions, vectors, np.zeros((len(ids), 0), np.float32)))
    ready.clear()

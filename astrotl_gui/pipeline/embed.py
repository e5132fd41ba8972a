"""Embed every source: cutouts → network → one vector and some statistics each, on disk as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import SHARD, EmbeddingStore, Shard, content_key
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.regions import in_tiles
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings
from astrotl_gui.ml.encoder import Encoder
from astrotl_gui.ml.encoders import Card, network_card
from astrotl_gui.ml.preprocess import REFERENCE_SIZE, Preprocessing
from astrotl_gui.ml.recipes import AsinhRecipe, Recipe, UlisseRecipe
from astrotl_gui.pipeline.batches import Batch, batches
from astrotl_gui.pipeline.making import fitting, making

EIGHT_VIEWS_WITHIN = 60.0
"""Where the number of views is left open, eight are taken if they are expected to take at most this long [s]."""
RECORDED = ("astrotl", "numpy", "torch", "timm", "openvino")


def embed(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    cutouts: CutoutSettings,
    settings: EncoderSettings = EncoderSettings(),  # noqa: B008 (frozen)
    *,
    device: str = "auto",
    first: Sequence[int] = (),
    fixed: Preprocessing | None = None,
    make_encoder: Callable[..., Encoder] = Encoder,
    progress: Progress = SILENT,
) -> EmbeddingStore:
    """Embed the sources that `folder` holds no embedding of, and return the store that now holds all.

    Shards of 512 sources are written as they are ready, so that after Cancelled (or a kill) the next call
    goes on. Sources keep their embedding while id and position stay the same; another making (bands, sizes,
    encoder, weights …) starts a new key beside the old. The sources with the ids `first` come first, the rest by
    place. `fixed` is the stretch of a new store where given (a survey has one for all its mosaics), else it is measured
    on the catalog; `make_encoder` makes the network. Raises AstroTLError for an unknown device or encoder, a folder
    that cannot be written, images that cannot be read, and a GPU without memory for a single image.
    """
    if settings.views not in (0, 1, 8):
        raise ValueError("views is 0, 1 or 8")
    progress(0, len(catalog), "Embedding")
    wanted = making(mosaic, cutouts, settings)
    the_card = network_card(settings)
    store, missing = _stored(folder, wanted, catalog, fixed)
    if store is not None and not len(missing):
        progress(len(catalog), len(catalog), "Embedding")
        return store
    size = cutout_size(cutouts, settings)
    if store is not None:
        preprocessing = Preprocessing.from_dict(store.meta()["preprocessing"])
    else:
        preprocessing = fixed or Preprocessing.fit(mosaic, catalog.ids, catalog.x, catalog.y, size)
    recipe = recipe_of(preprocessing, the_card, settings, size)
    encoder = make_encoder(the_card, recipe.front(), settings.layers, device)
    if store is None:
        views = wanted["views"] or _affordable_views(mosaic, catalog, recipe, encoder, len(settings.zooms))
        store = _new_store(folder, {**wanted, "views": views}, preprocessing, encoder)
    fill(store, mosaic, catalog, _in_order(catalog, missing, first), recipe, encoder, progress)
    progress(len(catalog), len(catalog), "Embedding")
    return store


def _stored(
    folder: Path, wanted: dict[str, Any], catalog: Catalog, fixed: Preprocessing | None
) -> tuple[EmbeddingStore | None, NDArray[np.int64]]:
    """The store to go on with, the one of the wanted making with the least left to do, and the rows it lacks."""
    # A stretch measured on a handful of sources must not rule a catalog of thousands.
    enough = min(len(catalog), REFERENCE_SIZE) / 2
    best: tuple[float, EmbeddingStore | None, NDArray[np.int64]] = (np.inf, None, np.arange(len(catalog)))
    for store in fitting(folder, wanted):
        meta = store.meta()
        if fixed is not None and meta["preprocessing"] != fixed.to_dict():
            continue
        # Without a sample but with embeddings it is a survey's stretch, fixed for all its mosaics.
        sample = len(meta["preprocessing"]["reference"])
        if fixed is None and sample < enough and (sample or not store.shards()):
            continue
        missing = store.missing(catalog)  # reads every shard
        if (work := len(missing) * meta["making"]["views"]) < best[0]:
            best = work, store, missing
    return best[1], best[2]


def _new_store(
    folder: Path, made: dict[str, Any], preprocessing: Preprocessing, encoder: Encoder
) -> EmbeddingStore:
    meta = {"making": made, "preprocessing": preprocessing.to_dict()}
    store = EmbeddingStore(folder, content_key(meta))
    blocks = [width for _ in made["zooms"] for width in encoder.blocks]
    store.write_meta({**meta, "blocks": blocks, "made_with": _circumstances(encoder)})
    return store


def _circumstances(encoder: Encoder) -> dict[str, Any]:
    """What does not decide the numbers but is worth knowing of them."""
    return {
        "backend": encoder.backend,
        "cosine_to_fp32": encoder.agreement,
        "versions": recorded_versions(),
    }


def recorded_versions() -> dict[str, str]:
    """Versions of the libraries that compute, of those that are installed."""
    versions = {}
    for package in RECORDED:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def cutout_size(cutouts: CutoutSettings, settings: EncoderSettings) -> float:
    """Side [arcsec] of what the network sees: a published recipe has its own."""
    return UlisseRecipe.size if settings.recipe == "ulisse" else cutouts.size


def recipe_of(preprocessing: Preprocessing, the_card: Card, settings: EncoderSettings, size: float) -> Recipe:
    """The recipe of the settings, for cutouts of `size` arcsec (ULISSE's has its own)."""
    if settings.recipe == "ulisse":
        return UlisseRecipe(preprocessing)
    return AsinhRecipe(preprocessing, the_card, size)


def _in_order(catalog: Catalog, rows: NDArray[np.int64], first: Sequence[int]) -> NDArray[np.int64]:
    """`first` first, in their order; the rest tile by tile."""
    wanted = catalog.rows_of(np.asarray(first, np.int64))
    early = wanted[np.isin(wanted, rows)]
    later = np.setdiff1d(rows, early)
    return np.concatenate([early, later[in_tiles(catalog.x[later], catalog.y[later])]])


def _affordable_views(mosaic: Mosaic, catalog: Catalog, recipe: Recipe, encoder: Encoder, zooms: int) -> int:
    """8 where the whole catalog is expected to take at most `EIGHT_VIEWS_WITHIN` seconds, else 1."""
    rows = _in_order(catalog, np.arange(len(catalog)), ())[: encoder.batch]
    for batch in batches(mosaic, catalog, rows, recipe, (1.0,), 1, encoder.batch):
        encoder.embed(*batch.inputs[0][0])  # the first pass of a backend is slower than the others
        begin = time.perf_counter()
        encoder.embed(*batch.inputs[0][0])
        seconds = (time.perf_counter() - begin) / encoder.batch
        return 8 if seconds * 8 * zooms * len(catalog) <= EIGHT_VIEWS_WITHIN else 1
    return 8


def fill(
    store: EmbeddingStore,
    mosaic: Mosaic,
    catalog: Catalog,
    rows: NDArray[np.int64],
    recipe: Recipe,
    encoder: Encoder,
    progress: Progress,
) -> None:
    """Embed `rows` of the catalog, in this order, and write them shard by shard."""
    made = store.meta()["making"]
    ready: list[tuple[Batch, NDArray[np.float32]]] = []
    done = len(catalog) - len(rows)
    waiting = 0
    prepared = batches(mosaic, catalog, rows, recipe, made["zooms"], made["views"], encoder.batch)
    with closing(prepared):
        for batch, vectors in embedded(encoder, prepared):
            ready.append((batch, vectors))
            waiting += len(vectors)
            if waiting >= SHARD:
                _write(store, catalog, ready)
                ready, waiting = [], 0
            done += len(vectors)
            progress(done, len(catalog), "Embedding")
    if ready:
        _write(store, catalog, ready)


def embedded(encoder: Encoder, source: Iterator[Batch]) -> Iterator[tuple[Batch, NDArray[np.float32]]]:
    """Each batch with its embeddings: zooms one after another, each the mean over the views."""

    def passes() -> Iterator[tuple[tuple[Batch, int, bool], Any]]:
        for batch in source:
            last = sum(map(len, batch.inputs)) - 1
            flat = ((zoom, inputs) for zoom, views in enumerate(batch.inputs) for inputs in views)
            for count, (zoom, inputs) in enumerate(flat):
                yield (batch, zoom, count == last), inputs

    sums: dict[int, NDArray[np.float32]] = {}
    for (batch, zoom, last), vectors in encoder.stream(passes()):
        sums[zoom] = sums[zoom] + vectors if zoom in sums else vectors
        if last:
            means = [sums[k] / np.float32(len(views)) for k, views in enumerate(batch.inputs)]
            yield batch, np.concatenate(means, axis=1)
            sums = {}


def _write(store: EmbeddingStore, catalog: Catalog, ready: list[tuple[Batch, NDArray[np.float32]]]) -> None:
    meta, shape = store.meta(), {"statistics": list(ready[0][0].names), "dimensions": ready[0][1].shape[1]}
    if meta != {**meta, **shape}:
        store.write_meta({**meta, **shape})
    rows = np.concatenate([batch.rows for batch, _ in ready])
    store.append(
        Shard(
            catalog.ids[rows],
            np.stack([catalog.x[rows], catalog.y[rows]], axis=1),
            np.concatenate([vectors for _, vectors in ready]).astype(np.float16),
            np.concatenate([batch.statistics for batch, _ in ready]),
        )
    )

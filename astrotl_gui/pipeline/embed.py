"""Embed every source: cutouts → network → one vector and some statistics each, on disk as it goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.cutout import cutouts
from astrotl_gui.core.embeddings import SHARD, Embeddings, EmbeddingStore, Shard, content_key
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import CutoutSettings
from astrotl_gui.core.statistics import statistics
from astrotl_gui.ml.encoder import DIMENSIONS, Encoder, describe_encoder
from astrotl_gui.ml.preprocess import REFERENCE_SIZE, Preprocessing

VERSION = 4
"""Raised when the same settings would give other numbers."""


def embed(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    settings: CutoutSettings,
    *,
    device: str = "auto",
    views: int = 1,
    progress: Progress = SILENT,
) -> Embeddings:
    """Return the embeddings of every source, making those that `folder` does not hold yet.

    Shards of 512 sources are written as they are ready, so that after Cancelled (or a kill) the next call
    goes on. Sources keep their embedding while id and position stay the same; other bands, sizes or
    weights start a new key beside the old. `views` = 8 averages over the dihedral group (D4). Raises
    AstroTLError for an unknown device, a folder that cannot be written, and a GPU without memory.
    """
    if views not in (1, 8):
        raise ValueError("views is 1 or 8")
    progress(0, len(catalog), "Embedding")
    store, preprocessing, meta = _open_store(mosaic, catalog, folder, settings, views)
    missing = store.missing(catalog)
    if len(missing):
        encoder = Encoder(device)
        meta["made_with"] = {
            "device": str(encoder.device),
            "precision": encoder.precision,
            "cosine_to_fp32": encoder.agreement,
        }
        done = len(catalog) - len(missing)
        for start in range(0, len(missing), SHARD):
            rows = missing[start : start + SHARD]

            def report(count: int, before: int = done + start) -> None:
                progress(before + count, len(catalog), "Embedding")

            shard, names = _embed_rows(mosaic, catalog, rows, settings, preprocessing, encoder, views, report)
            if meta.get("statistics") != names or not start:
                meta["statistics"] = names
                store.write_meta(meta)
            store.append(shard)
    progress(len(catalog), len(catalog), "Embedding")
    return store.load(catalog) or _nothing(store, meta)


def _open_store(
    mosaic: Mosaic, catalog: Catalog, folder: Path, settings: CutoutSettings, views: int
) -> tuple[EmbeddingStore, Preprocessing, dict[str, Any]]:
    """The store to go on with: one of the same making, its stretch kept, or else a new one."""
    base = {
        "version": VERSION,
        "mosaic": mosaic.fingerprint,
        "bands": [band.name for band in mosaic.bands],
        "channels": list(mosaic.spec.colour),
        "zeropoints": [str(mosaic.zeropoint(band.name)) for band in mosaic.bands],
        "size": float(settings.size),
        "pixels": int(settings.pixels),
        "views": views,
        "encoder": describe_encoder(),
    }
    # A stretch measured on a handful of sources must not rule a catalog of thousands.
    enough = min(len(catalog), REFERENCE_SIZE) / 2
    for store in EmbeddingStore.all(folder):
        meta = store.meta()
        if meta.get("base") == base and len(meta["preprocessing"]["reference"]) >= enough:
            return store, Preprocessing.from_dict(meta["preprocessing"]), meta
    preprocessing = Preprocessing.fit(mosaic, catalog.ids, catalog.x, catalog.y, settings)
    meta = {"base": base, "preprocessing": preprocessing.to_dict()}
    store = EmbeddingStore(folder, content_key(meta))
    store.write_meta(meta)
    return store, preprocessing, meta


def _embed_rows(
    mosaic: Mosaic,
    catalog: Catalog,
    rows: NDArray[np.int64],
    settings: CutoutSettings,
    preprocessing: Preprocessing,
    encoder: Encoder,
    views: int,
    report: Callable[[int], None],
) -> tuple[Shard, list[str]]:
    x, y = catalog.x[rows], catalog.y[rows]
    vectors = np.zeros((len(rows), DIMENSIONS), np.float16)
    table: NDArray[np.float32] | None = None
    names: tuple[str, ...] = ()
    count = 0
    for index, stamps, _ in cutouts(
        mosaic, x, y, settings.size, settings.pixels, preprocessing.bands, encoder.batch
    ):
        stamps = preprocessing.physical(stamps)
        sky, noise = preprocessing.background(stamps)
        values, names = statistics(stamps, sky, noise)
        table = np.full((len(rows), len(names)), np.nan, np.float32) if table is None else table
        table[index] = values
        vectors[index] = _encode(encoder, preprocessing.images(stamps, sky), views)
        count += len(index)
        report(count)
    assert table is not None
    return Shard(catalog.ids[rows], np.stack([x, y], axis=1), vectors, table), list(names)


def _encode(encoder: Encoder, images: NDArray[np.float32], views: int) -> NDArray[np.float32]:
    """Embeddings of the images; with eight views the mean over turns and reflections."""
    if views == 1:
        return encoder.embed(images)
    total = np.zeros((len(images), DIMENSIONS), np.float32)
    for view in range(views):
        turned = np.rot90(images, view % 4, axes=(2, 3))
        total += encoder.embed(np.ascontiguousarray(turned[..., ::-1] if view >= 4 else turned))
    return total / np.float32(views)


def _nothing(store: EmbeddingStore, meta: dict[str, Any]) -> Embeddings:
    """The embeddings of an empty catalog; anything else missing now was removed behind our back."""
    if store.folder.exists() and list(store.folder.glob("shard-*.npz")):
        raise AstroTLError(
            "Embeddings are not complete", f"{store.folder} changed while it was written. Embed again."
        )
    names = tuple(meta.get("statistics", ()))
    empty = np.zeros((0, len(names)), np.float32)
    return Embeddings(
        np.zeros(0, np.int64), np.zeros((0, DIMENSIONS), np.float16), empty, names, store.key, meta
    )

"""How odd every source is by every method: computed once, kept beside the embeddings, any of them the outlier list."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.outlier_table import OutlierTable
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import OUTLIER_METHODS, CutoutSettings, EncoderSettings
from astrotl_gui.ml.coldstart import Columns
from astrotl_gui.ml.coldstart import rank as mid_rank
from astrotl_gui.ml.outlier import COMBINED, MEMBERS, SINGLE, cold_scores
from astrotl_gui.pipeline.making import find_embeddings, fitting, making
from astrotl_gui.pipeline.rank import RankInputs, measured_columns

VERSION = 1
"""Raised when the same content would give other scores."""

F64 = NDArray[np.float64]


def compare_outliers(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    methods: Sequence[str] = tuple(SINGLE),
    *,
    progress: Progress = SILENT,
) -> OutlierTable:
    """Return the scores of every embedded source by `methods`, those kept from before among them.

    Kept beside the embeddings in `folder`. Raises AstroTLError when the sources are not embedded or the folder
    cannot be written.
    """
    progress(0, len(methods), "Comparing outlier methods")
    embeddings = find_embeddings(folder, catalog, mosaic, cutouts, encoder)
    if embeddings is None or not len(catalog):
        raise AstroTLError("The sources are not embedded", "Embed them, then compare the methods.")
    content = content_of(catalog, embeddings.key)
    place = folder / embeddings.key
    table = OutlierTable.read(place, content)
    known = table.methods if table is not None else ()
    missing = [method for method in methods if method not in known]
    if table is not None and not missing:
        return table

    def begin(method: str) -> None:
        progress(len(methods) - len(missing) + missing.index(method), len(methods), OUTLIER_METHODS[method])

    table = table or OutlierTable(embeddings.ids, (), np.zeros((len(embeddings), 0), np.float32), content)
    scored = cold_scores(
        embeddings.vectors[:, embeddings.last], columns_of(catalog, embeddings), missing, begin
    )
    for method, scores in scored.items():
        table = table.with_method(method, scores)
    table.write(place)
    progress(len(methods), len(methods), "Comparing outlier methods")
    return table


def kept_table(
    mosaic: Mosaic, catalog: Catalog, folder: Path, cutouts: CutoutSettings, encoder: EncoderSettings
) -> OutlierTable | None:
    """What was compared before of the embeddings that fit the project; None without any. Computes nothing."""
    for store in fitting(folder, making(mosaic, cutouts, encoder)):
        if (table := OutlierTable.read(store.folder, content_of(catalog, store.key))) is not None:
            return table
    return None


def odd_by(method: str, folder: Path, catalog: Catalog, embeddings: Embeddings) -> tuple[str, F64] | None:
    """`prepare`'s `odd` for a method: its kept scores, else computed; None for what `prepare` does itself.

    That is `combined`, and a method of cutouts that were not looked at yet.
    """
    table = OutlierTable.read(folder / embeddings.key, content_of(catalog, embeddings.key))
    if table is not None and (scores := scores_by(table, method)) is not None:
        return method, scores
    if method not in SINGLE:
        return None
    return method, cold_scores(
        embeddings.vectors[:, embeddings.last], columns_of(catalog, embeddings), [method]
    )[method]


def columns_of(catalog: Catalog, embeddings: Embeddings) -> Columns:
    """What was measured of the embedded sources, all of which the catalog has."""
    rows = catalog.rows_of(embeddings.ids)
    return measured_columns(catalog, rows, embeddings.statistics, embeddings.statistic_names)


def scores_by(table: OutlierTable, method: str) -> F64 | None:
    """Scores (N,) of a method, `combined` among them; None when the table lacks it."""
    wanted = MEMBERS if method == COMBINED else (method,)
    if not set(wanted) <= set(table.methods):
        return None
    columns = [table.scores[:, table.methods.index(name)] for name in wanted]
    return np.mean(np.array(columns, np.float64), axis=0)


def with_method(inputs: RankInputs, table: OutlierTable, method: str) -> RankInputs | None:
    """`inputs` with the cold outliers by another method; None when the table lacks it or is of other sources."""
    scores = scores_by(table, method)
    order = np.argsort(table.ids, kind="stable")
    if scores is None or not np.array_equal(table.ids[order], inputs.ids):
        return None
    cold = {**inputs.cold, "outlier": mid_rank(np.round(scores[order], 9)).astype(np.float32)}
    return inputs.with_orders(cold=cold, outlier_method=method)


def content_of(catalog: Catalog, key: str) -> str:
    """Names what the scores rest on: the embeddings' key, and the sources with their places and measurements."""
    digest = hashlib.sha256(f"{VERSION} {key}".encode())
    for name in ("id", "x", "y", "snr"):
        if name in catalog:
            digest.update(np.ascontiguousarray(catalog.column(name)).tobytes())
    return digest.hexdigest()[:16]

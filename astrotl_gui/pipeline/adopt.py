"""Take newly found sources into a project so that ids and labels stay with their objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.labels import Label
from astrotl_gui.core.matching import match_pixels
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.measure import measure


@dataclass(frozen=True)
class _Known:
    """Sources that have an id already: int64 (N,), positions [px], whether somebody labelled them."""

    ids: np.ndarray
    x: np.ndarray
    y: np.ndarray
    labelled: np.ndarray


def adopt(
    mosaic: Mosaic,
    previous: Catalog,
    found: Catalog,
    labels: Sequence[Label],
    next_id: int,
    settings: DetectionSettings,
    *,
    progress: Progress = SILENT,
) -> Catalog:
    """`found` with ids: a source within max(1″, 1 FWHM) of a known one keeps its id, others count on from `next_id`.

    Labelled sources choose first. A labelled source that was not found again is measured where it was labelled and
    kept, so that no label is ever without its object.
    """
    known = _known(previous, labels)
    reach = max(1.0, *found.fwhm.values()) if found.fwhm else 1.0
    ids = np.zeros(len(found), np.int64)
    for labelled in (True, False):
        group = np.flatnonzero(known.labelled == labelled)
        _give_ids(ids, found, known, group, reach / mosaic.pixel_scale())
    new = ids == 0
    start = max(next_id, int(known.ids.max(initial=0)) + 1)
    ids[new] = np.arange(start, start + new.sum())
    named = found.with_columns(id=ids)
    lost = np.flatnonzero(known.labelled & ~np.isin(known.ids, ids))
    return _with_lost(mosaic, named, known, lost, settings, progress) if len(lost) else named


def _known(previous: Catalog, labels: Sequence[Label]) -> _Known:
    """The previous sources, and labelled ones that the catalog no longer has."""
    places = {label.source_id: (label.x, label.y) for label in labels if np.isfinite(label.x)}
    gone = {i: place for i, place in places.items() if previous.rows_of([i])[0] < 0}
    ids = np.concatenate([previous.ids, np.array(list(gone), np.int64)])
    x = np.concatenate([previous.x, [place[0] for place in gone.values()]])
    y = np.concatenate([previous.y, [place[1] for place in gone.values()]])
    return _Known(ids, x, y, np.isin(ids, np.array(list(places), np.int64)))


def _give_ids(ids: np.ndarray, found: Catalog, known: _Known, group: np.ndarray, radius: float) -> None:
    """Give the ids of `group` to the free found sources nearest to them, each at most once."""
    free = np.flatnonzero(ids == 0)
    if not len(free) or not len(group):
        return
    here = match_pixels(known.x[group], known.y[group], found.x[free], found.y[free], radius)
    near = np.flatnonzero(here >= 0)
    distance = np.hypot(
        known.x[group[near]] - found.x[free[here[near]]], known.y[group[near]] - found.y[free[here[near]]]
    )
    for k in near[np.argsort(-distance, kind="stable")]:  # the nearest comes last and wins
        ids[free[here[k]]] = known.ids[group[k]]


def _with_lost(
    mosaic: Mosaic,
    found: Catalog,
    known: _Known,
    lost: np.ndarray,
    settings: DetectionSettings,
    progress: Progress,
) -> Catalog:
    x, y = known.x[lost], known.y[lost]
    ra, dec = mosaic.sky(x, y)
    places = Catalog.from_columns({"id": known.ids[lost], "ra": ra, "dec": dec, "x": x, "y": y})
    measured = measure(mosaic, places, settings, progress=progress).with_columns(id=known.ids[lost], x=x, y=y)
    both = pa.concat_tables([found.table, measured.table], promote_options="default")
    return Catalog(both.replace_schema_metadata(found.table.schema.metadata))

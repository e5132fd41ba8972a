"""What a similarity search shows of its result: nearest first, without what the switches hide."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .list_order import ListOrder

if TYPE_CHECKING:
    from astrotl_gui.core.catalog import Catalog

WITHIN_MAG = 1.0
REPEAT_ARCSEC, REPEAT_SHARE = 2.0, 1 / 9
"""A near repeat lies within this angle, or this share of the cutout's side where that is less."""


@dataclass(frozen=True)
class SimilarFilter:
    """What is hidden: another brightness than the query's, neighbours of what is shown already, labelled."""

    brightness: bool = False
    repeats: bool = True
    labelled: bool = False


def similar_order(
    ids: NDArray[np.int64],
    distances: NDArray[np.float32],
    examples: Sequence[int],
    catalog: Catalog,
    band: str,
    radius: float,
    hide: SimilarFilter,
    labelled: Collection[int] = (),
) -> ListOrder:
    """The result `ids`, nearest first, filtered; `scores` of the order are the distances.

    The first of `examples` is the query, whose `band` magnitude the brightness switch compares with; a source
    without magnitude is kept. A repeat lies within 2″ of an example or of a source shown before it
    (`pixel_scale` in arcsec/px).
    """
    keep = np.ones(len(ids), bool)
    rows = catalog.rows_of(ids)
    if hide.brightness and f"mag_{band}" in catalog and len(examples):
        magnitudes = catalog.column(f"mag_{band}")
        query = magnitudes[catalog.rows_of([examples[0]])[0]]
        keep &= ~(np.abs(magnitudes[rows] - query) > WITHIN_MAG)
    if hide.labelled:
        keep &= ~np.isin(ids, np.fromiter(labelled, np.int64))
    if hide.repeats:
        shown = np.flatnonzero(keep)
        known = catalog.rows_of(np.array(list(examples), np.int64))
        known = known[known >= 0]
        x, y = (np.concatenate([axis[known], axis[rows[shown]]]) for axis in (catalog.x, catalog.y))
        repeats = _repeats(np.stack([x, y], axis=1), radius, len(known))
        keep[shown[repeats]] = False
    places = np.flatnonzero(keep)
    ranks = np.arange(1, len(ids) + 1, dtype=np.int32)
    return ListOrder(ids[places], ranks[places], distances[places], len(ids))


def repeat_radius(cutout_size: float) -> float:
    """The angle [arcsec] within which sources count as one, for cutouts of this size [arcsec]."""
    return min(REPEAT_ARCSEC, REPEAT_SHARE * cutout_size)


def _repeats(positions: NDArray[np.float64], radius: float, given: int) -> NDArray[np.int64]:
    """Indices, counted after the first `given` positions, that lie within `radius` of an earlier kept one."""
    from scipy.spatial import cKDTree

    pairs = cKDTree(positions).query_pairs(radius, output_type="ndarray")
    pairs = np.sort(pairs, axis=1)
    dropped = np.zeros(len(positions), bool)
    for first, second in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]:
        if not dropped[first] and second >= given:
            dropped[second] = True
    return np.flatnonzero(dropped) - given

"""Which sources a list shows and in what order: the ranking, a filter, a sort. No widgets here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

MASKED_FRACTION = 0.1
"""Share of bad pixels from which a source counts as masked."""
SORTS = {"rank": "Rank", "brightness": "Brightness", "snr": "Signal to noise"}


class Sources(Protocol):
    """What is needed of a Catalog."""

    @property
    def names(self) -> list[str] | tuple[str, ...]: ...

    def column(self, name: str) -> NDArray: ...

    def rows_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]: ...


@dataclass(frozen=True)
class ListFilter:
    """What the list hides. `limit` is an AB magnitude in `band`; None shows every brightness."""

    band: str = ""
    limit: float | None = None
    hide_labelled: bool = False
    hide_masked: bool = False
    hide_artifacts: bool = False

    @property
    def active(self) -> bool:
        return self.limit is not None or self.hide_labelled or self.hide_masked or self.hide_artifacts

    def text(self) -> str:
        """The filter in words, as the empty state quotes it: "i brighter than 18"."""
        parts = []
        if self.limit is not None:
            parts.append(f"{self.band} brighter than {self.limit:g}")
        if self.hide_labelled:
            parts.append("without label")
        if self.hide_masked:
            parts.append("not masked")
        if self.hide_artifacts:
            parts.append("no artifact")
        return ", ".join(parts)


@dataclass(frozen=True, eq=False)
class ListOrder:
    """The shown sources in order: `ids` int64, `ranks` int32 (1-based, in the whole ranking), `scores`."""

    ids: NDArray[np.int64]
    ranks: NDArray[np.int32]
    scores: NDArray[np.float32]
    total: int

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def hidden(self) -> int:
        """How many ranked sources the filter hides."""
        return self.total - len(self.ids)


NONE = np.empty(0, np.int64)
EMPTY = ListOrder(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), 0)

Labelled = Callable[[], Iterable[int]]


def whole(ids: NDArray[np.int64], scores: NDArray[np.float32]) -> ListOrder:
    """Every source of a ranking, best first."""
    return ListOrder(ids, np.arange(1, len(ids) + 1, dtype=np.int32), scores, len(ids))


def arrange(
    ids: NDArray[np.int64],
    scores: NDArray[np.float32],
    sources: Sources,
    chosen: ListFilter,
    sort: str = "rank",
    band: str = "",
    labelled: Iterable[int] = (),
    artifacts: Iterable[int] = (),
    held_back: NDArray[np.int64] = NONE,
) -> ListOrder:
    """The ranking `ids`, `scores` (best first) filtered and sorted.

    `sort` is a key of SORTS; brightness is that of `band`. Sources without the quantity come last, in
    order of rank, and never fit a brightness limit. `labelled` and `artifacts` are the ids to hide when
    the filter asks for that, `held_back` those to hide in any case.
    """
    order = whole(ids, scores)
    if not chosen.active and sort == "rank" and not len(held_back):
        return order
    rows = sources.rows_of(ids)
    keep = _kept(ids, rows, sources, chosen, labelled, artifacts)
    places = np.flatnonzero(keep & ~np.isin(ids, held_back))
    if sort != "rank":
        key = (
            _brightness(sources, band, rows[places]) if sort == "brightness" else -_snr(sources, rows[places])
        )
        places = places[np.argsort(key, kind="stable")]  # NaN sorts last
    return ListOrder(ids[places], order.ranks[places], scores[places], len(ids))


def _kept(
    ids: NDArray[np.int64],
    rows: NDArray[np.int64],
    sources: Sources,
    chosen: ListFilter,
    labelled: Iterable[int],
    artifacts: Iterable[int],
) -> NDArray[np.bool_]:
    keep = np.ones(len(ids), bool)
    if chosen.limit is not None:
        magnitude = _column(sources, f"mag_{chosen.band}", rows)
        keep &= magnitude < chosen.limit  # NaN is False
    if chosen.hide_masked:
        keep &= ~(_column(sources, "masked_fraction", rows) >= MASKED_FRACTION)
    if chosen.hide_labelled:
        keep &= ~np.isin(ids, np.fromiter(labelled, np.int64))
    if chosen.hide_artifacts:
        keep &= ~np.isin(ids, np.fromiter(artifacts, np.int64))
    return keep


def _brightness(sources: Sources, band: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Magnitudes, or minus the flux where the band has no zero point: both increase to the faint."""
    magnitude = _column(sources, f"mag_{band}", rows)
    if np.isfinite(magnitude).any():
        return magnitude
    return -_column(sources, f"flux_{band}", rows)


def _snr(sources: Sources, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    return _column(sources, "snr", rows)


def _column(sources: Sources, name: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    values = np.full(len(rows), np.nan)
    if name in sources.names:
        known = rows >= 0
        values[known] = np.asarray(sources.column(name), float)[rows[known]]
    return values

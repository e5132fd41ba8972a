"""Which sources a list shows and in what order: the ranking, a filter, a sort. No widgets here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.places import Places, Without

MASKED_FRACTION = 0.1
"""Share of bad pixels from which a source counts as masked."""
SORTS = {"rank": "Rank", "brightness": "Brightness", "snr": "Signal to noise", "variability": "Variability"}
FALLING, RISING = "falling:", "rising:"
"""Before the name of an estimated parameter: sorted by it, the largest or the smallest first."""
VARIES = {"var_chi2": "without flagged epochs", "var_chi2_all": "with all epochs"}
"""Columns of how much a source varies between epochs: reduced χ² of a constant flux."""


class Sources(Protocol):
    """What is needed of a Catalog."""

    @property
    def names(self) -> list[str] | tuple[str, ...]: ...

    def column(self, name: str) -> NDArray: ...

    def rows_of(self, ids: NDArray[np.int64]) -> NDArray[np.int64]: ...


@dataclass(frozen=True)
class ListFilter:
    """What the list hides. `limit` is an AB magnitude in `band`; None shows every brightness. `varies` is the least χ²
    of a constant flux, by the column `variability`; None shows constant sources too. `least` and `most` bound the
    estimated parameter `estimate`."""

    band: str = ""
    limit: float | None = None
    hide_labelled: bool = False
    hide_masked: bool = False
    hide_artifacts: bool = False
    variability: str = next(iter(VARIES))
    varies: float | None = None
    estimate: str = ""
    least: float | None = None
    most: float | None = None

    @property
    def bounded(self) -> bool:
        """Whether it limits an estimated parameter."""
        return bool(self.estimate) and (self.least is not None or self.most is not None)

    @property
    def measured(self) -> bool:
        """Whether it looks at columns that are computed after the sources were found."""
        return self.varies is not None or self.bounded

    @property
    def active(self) -> bool:
        limited = self.limit is not None or self.measured
        return limited or self.hide_labelled or self.hide_masked or self.hide_artifacts

    def text(self) -> str:
        """The filter in words, as the empty state quotes it: "i brighter than 18"."""
        parts = []
        if self.limit is not None:
            parts.append(f"{self.band} brighter than {self.limit:g}")
        if self.varies is not None:
            parts.append(f"varies with χ² above {self.varies:g}, {VARIES[self.variability]}")
        if self.bounded:
            parts.append(self._bounds())
        if self.hide_labelled:
            parts.append("without label")
        if self.hide_masked:
            parts.append("not masked")
        if self.hide_artifacts:
            parts.append("no artifact")
        return ", ".join(parts)

    def _bounds(self) -> str:
        """ "logmass from 10 to 11", "z above 2", "z below 0.5"."""
        if self.least is not None and self.most is not None:
            return f"{self.estimate} from {self.least:g} to {self.most:g}"
        if self.least is not None:
            return f"{self.estimate} above {self.least:g}"
        return f"{self.estimate} below {self.most:g}"


@dataclass(frozen=True, eq=False)
class ListOrder:
    """The shown sources in order: `ids` int64, `ranks` (1-based, in the whole ranking), `scores` float32."""

    ids: NDArray[np.int64]
    ranks: NDArray[np.int64] | NDArray[np.int32] | range
    scores: NDArray[np.float32]
    total: int
    lookup: Places | None = None
    """Of `ids`, where it is at hand."""

    def __len__(self) -> int:
        return len(self.ids)

    def id_at(self, row: int) -> int:
        return int(self.ids[row])

    def rank_at(self, row: int) -> int:
        return int(self.ranks[row])

    def score_at(self, row: int) -> float:
        return float(self.scores[row])

    @cached_property
    def places(self) -> Places:
        return self.lookup or Places(self.ids)

    def row_of(self, source_id: int) -> int:
        return int(self.places.of(source_id))

    def first(self, count: int) -> ListOrder:
        return ListOrder(self.ids[:count], self.ranks[:count], self.scores[:count], self.total)

    @property
    def hidden(self) -> int:
        """How many ranked sources the filter hides."""
        return self.total - len(self.ids)


class HeldOrder:
    """The rows of `kept` as they stand, then the rest of `new` in its order; nothing of the list is copied.

    Kept rows that `new` has too show the rank and score that it gives them.
    """

    def __init__(self, kept: ListOrder, new: ListOrder) -> None:
        self._kept, self._new = kept, new
        self._at = new.places.of(kept.ids)
        self._rest = Without(len(new), self._at)
        self.total = new.total

    def __len__(self) -> int:
        return len(self._kept) + len(self._rest)

    def _place(self, row: int) -> int:
        """Where `new` has what stands in a row, −1 for a kept one that it has not."""
        held = len(self._kept)
        return int(self._at[row]) if row < held else int(self._rest.at(row - held))

    def id_at(self, row: int) -> int:
        return self._kept.id_at(row) if row < len(self._kept) else self._new.id_at(self._place(row))

    def rank_at(self, row: int) -> int:
        place = self._place(row)
        return self._kept.rank_at(row) if place < 0 else self._new.rank_at(place)

    def score_at(self, row: int) -> float:
        place = self._place(row)
        return self._kept.score_at(row) if place < 0 else self._new.score_at(place)

    def row_of(self, source_id: int) -> int:
        rows = np.flatnonzero(self._kept.ids == source_id)
        if len(rows):
            return int(rows[0])
        number = int(self._rest.number_of(self._new.row_of(source_id)))
        return -1 if number < 0 else len(self._kept) + number

    def first(self, count: int) -> ListOrder:
        held = min(count, len(self._kept))
        more = self._rest.at(np.arange(min(count, len(self)) - held))
        at = np.concatenate([self._at[:held], more])
        known, kept, new = at >= 0, self._kept.first(held), self._new
        ranks, scores = np.zeros(len(at), np.int64), np.zeros(len(at), np.float32)
        ranks[:held], scores[:held] = kept.ranks, kept.scores
        ranks[known] = at[known] + 1 if isinstance(new.ranks, range) else new.ranks[at[known]]
        scores[known] = new.scores[at[known]]
        return ListOrder(np.concatenate([kept.ids, new.ids[more]]), ranks, scores, self.total)

    @property
    def ids(self) -> NDArray[np.int64]:
        return self.first(len(self)).ids


NONE = np.empty(0, np.int64)
EMPTY = ListOrder(np.empty(0, np.int64), range(0), np.empty(0, np.float32), 0)


def whole(ids: NDArray[np.int64], scores: NDArray[np.float32], lookup: Places | None = None) -> ListOrder:
    """Every source of a ranking, best first."""
    return ListOrder(ids, range(1, len(ids) + 1), scores, len(ids), lookup)


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
    lookup: Places | None = None,
) -> ListOrder:
    """The ranking `ids`, `scores` (best first) filtered and sorted.

    `sort` is a key of SORTS, or FALLING or RISING and an estimated parameter; brightness is that of `band`.
    Sources without the quantity come last, in
    order of rank, and never fit a brightness limit. `labelled` and `artifacts` are the ids to hide when
    the filter asks for that, `held_back` those to hide in any case. `lookup`: the places of `ids`, where known.
    """
    order = whole(ids, scores, lookup)
    if not chosen.active and sort == "rank" and not len(held_back):
        return order
    limited = chosen.limit is not None or chosen.measured
    measured = limited or chosen.hide_masked or sort != "rank"
    rows = sources.rows_of(ids) if measured else NONE
    keep = _kept(ids, rows, sources, chosen, labelled, artifacts)
    if len(held_back):
        keep &= ~np.isin(ids, held_back)
    places = np.flatnonzero(keep)
    if sort != "rank":
        key = _key(sources, sort, band, chosen.variability, rows[places])
        places = places[np.argsort(key, kind="stable")]  # NaN sorts last
    shown = ids[places]
    return ListOrder(shown, places + 1, scores[places], len(ids), Places(shown))


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
    if chosen.varies is not None:
        keep &= _column(sources, chosen.variability, rows) > chosen.varies
    if chosen.bounded:
        value = _column(sources, chosen.estimate, rows)
        keep &= value >= (-np.inf if chosen.least is None else chosen.least)
        keep &= value <= (np.inf if chosen.most is None else chosen.most)
    if chosen.hide_masked:
        keep &= ~(_column(sources, "masked_fraction", rows) >= MASKED_FRACTION)
    if chosen.hide_labelled:
        keep &= ~np.isin(ids, np.fromiter(labelled, np.int64))
    if chosen.hide_artifacts:
        keep &= ~np.isin(ids, np.fromiter(artifacts, np.int64))
    return keep


def _key(
    sources: Sources, sort: str, band: str, variability: str, rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """What is sorted by, the first of the list least."""
    if sort == "brightness":
        return _brightness(sources, band, rows)
    if sort.startswith(RISING):
        return _column(sources, sort.removeprefix(RISING), rows)
    if sort.startswith(FALLING):
        return -_column(sources, sort.removeprefix(FALLING), rows)
    return -_column(sources, "snr" if sort == "snr" else variability, rows)


def _brightness(sources: Sources, band: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Magnitudes, or minus the flux where the band has no zero point: both increase to the faint."""
    magnitude = _column(sources, f"mag_{band}", rows)
    if np.isfinite(magnitude).any():
        return magnitude
    return -_column(sources, f"flux_{band}", rows)


def _column(sources: Sources, name: str, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    values = np.full(len(rows), np.nan)
    if name in sources.names:
        known = rows >= 0
        values[known] = np.asarray(sources.column(name), float)[rows[known]]
    return values

"""A selection of many sources, kept as one array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Selection(Sequence[int]):
    """Ids of the selected sources in order, the current one last; reads as a list and stays quick at a million."""

    def __init__(self, ids: ArrayLike) -> None:
        self.ids: NDArray[np.int64] = np.asarray(ids, np.int64)

    @cached_property
    def _sorted(self) -> NDArray[np.int64]:
        return np.sort(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> list[int]: ...
    def __getitem__(self, place: int | slice) -> int | list[int]:
        found = self.ids[place]
        return found.tolist() if isinstance(place, slice) else int(found)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.ids, dtype=dtype, copy=copy)

    def __iter__(self) -> Iterator[int]:
        return iter(self.ids.tolist())

    def __contains__(self, source: object) -> bool:
        if not isinstance(source, int | np.integer):
            return False
        at = int(np.searchsorted(self._sorted, source))
        return at < len(self.ids) and bool(self._sorted[at] == source)

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, Sequence) or len(other) != len(self):
            return NotImplemented if not isinstance(other, Sequence) else False
        ids = other.ids if isinstance(other, Selection) else np.asarray(other, np.int64)
        return bool(np.array_equal(self.ids, ids))

    __hash__ = None  # type: ignore[assignment]


def joined(selection: Sequence[int], more: Sequence[int]) -> Selection:
    """Both, what is new last and in its order."""
    before, after = np.asarray(selection, np.int64), np.asarray(more, np.int64)
    return Selection(np.concatenate([before[~np.isin(before, after)], after]))

"""A similarity search: its examples, what it found, and the search it came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astrotl_gui.pipeline.prototypes import PrototypeLists
    from astrotl_gui.pipeline.similar import SimilarList


@dataclass(frozen=True, eq=False)
class SimilarSearch:
    """`more` and `less` are example ids, the first of `more` is what one searches with; `before` is the trail.

    With `prototypes` the result is ULISSE's: the list of the one in `more`, or the union of all of them.
    """

    more: tuple[int, ...]
    less: tuple[int, ...] = ()
    result: SimilarList | None = None
    before: SimilarSearch | None = None
    prototypes: PrototypeLists | None = None

    @classmethod
    def start(cls, source: int, before: SimilarSearch | None) -> SimilarSearch:
        if before is not None and before.prototypes is None and (before.more, before.less) == ((source,), ()):
            return before
        return cls((source,), before=before)

    @classmethod
    def of_prototypes(
        cls, lists: PrototypeLists, one: int | None, before: SimilarSearch | None
    ) -> SimilarSearch:
        """The list of one prototype (id), or the union."""
        from astrotl_gui.pipeline.similar import SimilarList

        if one is None:
            union, more = lists.union, tuple(lists.prototypes.tolist())
            result = SimilarList(lists.sources[union], lists.closest[union], None)
        else:
            place, more = lists.prototypes.tolist().index(one), (one,)
            result = SimilarList(lists.nearest[place], lists.distances[place], None)
        return cls(more, (), result, before, lists)

    @property
    def lists_of(self) -> dict[int, int]:
        """Source id → how many of the prototypes' lists name it, in a union; else empty."""
        lists = self.prototypes
        if lists is None or len(self.more) != len(lists.prototypes):
            return {}
        rows = lists.union
        return dict(zip(lists.sources[rows].tolist(), lists.counts[rows].tolist(), strict=True))

    def with_result(self, result: SimilarList) -> SimilarSearch:
        return replace(self, result=result)

    @property
    def trail(self) -> list[SimilarSearch]:
        """From the first search to this one."""
        return [*(self.before.trail if self.before else []), self]


def example_moved(search: SimilarSearch, source: int, to: str) -> SimilarSearch | None:
    """The search with `source` among the "more" or "less" examples, or in neither; None when no "more" is left."""
    more = tuple(i for i in search.more if i != source)
    less = tuple(i for i in search.less if i != source)
    if to == "more":
        more = (*more, source)
    elif to == "less":
        less = (*less, source)
    return replace(search, more=more, less=less, result=None, prototypes=None) if more else None

"""Vetting: a queue of candidates graded one by one, without their rank or the grades of others in sight."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from astrotl_gui.core.labels import NOTE, Label
from astrotl_gui.core.settings import AppSettings
from astrotl_gui.gui.session_audit import SessionAudit

if TYPE_CHECKING:
    from astrotl_gui.gui.label_queue import LabelQueue

LENGTH = 200
"""Candidates in a queue drawn from a ranking."""
AHEAD = 2
"""So many after the one in view are read in advance, and keep their place when the list is ranked again."""
PAUSE_SECONDS = 60.0
"""Longer looks are breaks, and do not count for the pace."""


@dataclass
class Vetting:
    """A queue of source ids for a target; `place` is the one in view, len(ids) when all are through.

    `drawn`: it came from the ranking and follows it. `seen`: what was in view, graded or skipped. `revealed`: whose
    rank was shown. `graded`: what was graded here, latest last. `looks`: seconds spent on each grade.
    """

    target: str
    vetter: str
    ids: list[int]
    blind: bool = True
    name: str = ""
    drawn: bool = False
    place: int = 0
    seen: set[int] = field(default_factory=set)
    revealed: set[int] = field(default_factory=set)
    graded: list[int] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)

    @property
    def current(self) -> int | None:
        return self.ids[self.place] if self.place < len(self.ids) else None

    @property
    def ahead(self) -> list[int]:
        """The next ones, to be read before they are wanted."""
        return self.ids[self.place + 1 : self.place + 1 + AHEAD]

    @property
    def reached(self) -> int:
        """So many keep their place: all up to the last one seen, and what is read in advance after it."""
        last = max((k for k, source in enumerate(self.ids) if source in self.seen), default=self.place)
        return max(last, self.place) + 1 + AHEAD

    @property
    def hidden(self) -> bool:
        """Whether the rank of the one in view and the grades of others are out of sight."""
        return self.blind and self.current not in self.revealed

    @property
    def pace(self) -> float | None:
        """Median seconds for a grade, of the last twenty; None before the third."""
        looks = sorted(self.looks[-20:])
        return looks[len(looks) // 2] if len(looks) >= 3 else None


class SessionVetting(SessionAudit):
    """The queue being vetted. While it is in front, labels, steps and undo move along it."""

    vetting_changed = Signal()
    queue: LabelQueue

    def __init__(self, settings: AppSettings | None = None, parent: QObject | None = None) -> None:
        super().__init__(settings, parent)
        self.ranking_changed.connect(self._follow_ranking)
        self.catalog_changed.connect(self._drop_vetting)

    def _forget(self) -> None:
        super()._forget()
        self.vetting: Vetting | None = None
        self._looks_at: dict[tuple[str, str], Counter[int]] = {}
        self._in_front = False
        self._shown_at: float | None = None
        # value, seconds and whether to go on, while a label is written
        self._given: tuple[str, float, bool] | None = None

    # -- the queue

    def begin_vetting(
        self,
        ids: Sequence[int] | None = None,
        *,
        blind: bool = True,
        name: str = "",
        first: int | None = None,
    ) -> None:
        """Make a queue of these sources, in this order, for the current target.

        Without ids: what the query strategy asks about next, `first` before all.
        """
        asked = ids if ids is not None else [] if first is None else [first]
        given = [i for i in asked if len(self.catalog) and self.catalog.rows_of([i])[0] >= 0]
        queue = given if ids is not None else [*given, *self._draw(set(given), LENGTH - len(given))]
        self.vetting = Vetting(self.target, self.settings.vetter, queue, blind, name, drawn=ids is None)
        self._move_to(0)

    def resume_vetting(self) -> None:
        """Vet is in front: go on with the queue, or with a new one where it is of another list or vetter."""
        self._in_front = True
        vetting = self.vetting
        same = vetting is not None and (vetting.target, vetting.vetter) == (self.target, self.settings.vetter)
        if vetting is None or not same or not vetting.ids:
            self.begin_vetting()
        else:
            self._move_to(vetting.place)

    def pause_vetting(self) -> None:
        """Something else is in front: keys mean the list there."""
        self._in_front = False

    def candidate_shown(self, source: int) -> None:
        """The picture of the candidate in view is on the screen: its time runs from now."""
        if self._shown_at is None and self.vetting is not None and source == self.vetting.current:
            self._shown_at = time.monotonic()

    def reveal(self) -> bool:
        """Show the rank of the one in view; its label is stored as not blind. Whether it was hidden."""
        vetting = self.vetting
        if not self._in_front or vetting is None or vetting.current is None or not vetting.hidden:
            return False
        vetting.revealed.add(vetting.current)
        self.vetting_changed.emit()
        return True

    def own_label(self, source: int) -> Label | None:
        """This vetter's label for the current target; that of anyone else stays unseen."""
        label = self.label_of(source)
        return label if label is not None and label.vetter == self.settings.vetter else None

    def own_note(self, source: int) -> str:
        """This vetter's latest note on a source."""
        notes = [
            event.comment
            for event in (self.project.labels.events() if self.project else ())
            if event.value == NOTE and event.source_id == source and event.vetter == self.settings.vetter
        ]
        return notes[-1] if notes else ""

    # -- what keys do while it is in front

    def label(self, value: str, grade: str = "", contaminant: str = "", advance: bool = True) -> bool:
        vetting = self.vetting
        if not self._in_front or vetting is None:
            return super().label(value, grade, contaminant, advance)
        if vetting.current is None:
            return False
        self._given = (value, self._seen(vetting.current, value)[1], advance)
        written = super().label(value, grade, contaminant, advance=False)
        self._given = None
        return written

    def _labels_given(self, sources: list[int], target: str = "", contaminants: Sequence[str] = ()) -> None:
        given, self._given = self._given, None
        if given is not None and self.vetting is not None:
            self._labels.clear()
            # before the lists are told and ranked: the next image comes first
            self._go_on(self.vetting, *given)
        super()._labels_given(sources, target, contaminants)

    def step(self, by: int) -> None:
        if not self._in_front or self.vetting is None:
            super().step(by)
        else:
            self._move_to(self.vetting.place + by)

    def select_many(self, sources: Sequence[int]) -> None:
        vetting = self.vetting
        if self._in_front and vetting is not None and len(sources) == 1 and sources[0] != vetting.current:
            if sources[0] not in vetting.ids:
                vetting.ids.insert(vetting.place, sources[0])
            self._move_to(vetting.ids.index(sources[0]))
        else:
            super().select_many(sources)

    def _turn_back(self, verb: str) -> None:
        super()._turn_back(verb)
        if self.vetting is not None:
            own = self.labels(self.vetting.target)
            self.vetting.graded = [i for i in self.vetting.graded if i in own]
            self.vetting_changed.emit()

    # -- inside

    def _go_on(self, vetting: Vetting, value: str, seconds: float, advance: bool) -> None:
        vetting.graded = [i for i in vetting.graded if i != vetting.current]
        if value != "clear" and vetting.current is not None:
            vetting.graded.append(vetting.current)
            if 0 < seconds < PAUSE_SECONDS:
                vetting.looks.append(seconds)
        self._move_to(vetting.place + int(advance))

    def _move_to(self, place: int) -> None:
        vetting = self.vetting
        if vetting is None:
            return
        vetting.place = min(max(place, 0), len(vetting.ids))
        self._shown_at = None
        if vetting.current is not None and vetting.current not in vetting.seen:
            vetting.seen.add(vetting.current)
            self._looked_at(vetting.target, vetting.vetter)[vetting.current] += 1
        self.vetting_changed.emit()
        if self._in_front:
            super().select_many([vetting.current] if vetting.current is not None else [])

    def _draw(self, without: set[int], count: int) -> list[int]:
        """What to label next by the project's query strategy; what others labelled is graded too.

        What was seen and skipped comes after all that was seen less often.
        """
        looks, drawn = self._looked_at(self.target, self.settings.vetter), list[int]()
        for often in range(max(looks.values(), default=0) + 1):
            tired = {source for source, times in looks.items() if times > often}
            drawn += self.queue.next(count - len(drawn), without | tired | set(drawn), own=True).tolist()
            if len(drawn) >= count:
                break
        return drawn

    def _looked_at(self, target: str, vetter: str) -> Counter[int]:
        """In how many queues each source was seen since the project was opened."""
        return self._looks_at.setdefault((target, vetter), Counter())

    def _follow_ranking(self, target: str) -> None:
        """What is seen, in view or read in advance keeps its place; all after it follows the new ranking."""
        vetting = self.vetting
        if vetting is None or not vetting.drawn or target != vetting.target or target != self.target:
            return
        if not vetting.ids:
            self.begin_vetting()
        elif vetting.current is not None:
            kept = vetting.ids[: vetting.reached]
            vetting.ids = kept + self._draw(set(kept), len(vetting.ids) - len(kept))
            self.vetting_changed.emit()

    def _drop_vetting(self) -> None:
        """The sources were found anew."""
        self.vetting = None
        if self._in_front:
            self.begin_vetting()

    def _seen(self, source: int, value: str) -> tuple[bool, float]:
        vetting = self.vetting
        if not self._in_front or vetting is None or value == NOTE:
            return super()._seen(source, value)
        seconds = time.monotonic() - self._shown_at if self._shown_at is not None else 0.0
        return vetting.hidden, round(seconds, 3)

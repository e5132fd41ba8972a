"""Labels: each is on disk before the next repaint, and the ranking follows."""

from __future__ import annotations

from collections.abc import Sequence

from astrotl_gui.core.labels import NOTE, Label, informed
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.session_encoders import SessionEncoders


class SessionLabels(SessionEncoders):
    """Yes, no, unsure, clear, notes; undo to any depth."""

    def label(self, value: str, grade: str = "", contaminant: str = "", advance: bool = True) -> bool:
        """Label the selected sources for the current target; it is on disk when this returns. Whether it was written.

        After a single label the next candidate is selected.
        """
        if not self.selection:
            self.messaged.emit(Message("Nothing is selected", "Choose a source, then press its label’s key."))
            return False
        chosen = list(self.selection)
        following = self._after(chosen) if advance and len(chosen) == 1 else None
        before = [label.contaminant for i in chosen if (label := self.label_of(i)) is not None]
        if not self._write([self._event(i, value, grade, contaminant) for i in chosen]):
            return False
        self._labels_given(chosen, self.target, [*before, contaminant])
        if following is not None:
            self.select(following)
        return True

    def clear_label(self) -> None:
        """Take the label of the selected sources away, for the current target."""
        self.label("clear", advance=False)

    def label_as(self, sources: Sequence[int], value: str, target: str) -> None:
        """Label given sources at once, as one step of undo."""
        before = [label.contaminant for i in sources if (label := self.label_of(i, target)) is not None]
        if self._write([self._event(i, value, "", "", target) for i in sources]):
            self._labels_given(list(sources), target, before)

    def set_note(self, text: str, source: int | None = None) -> None:
        """Keep a comment on a source."""
        source = source or self.selected
        if source is not None and text != self.note(source):
            event = self._event(source, NOTE, "", "", comment=text)
            if self._write([event]):
                self._labels_given([source])

    def undo(self) -> None:
        self._turn_back("undo")

    def redo(self) -> None:
        self._turn_back("redo")

    def _turn_back(self, verb: str) -> None:
        if self.project is None:
            return
        turn = self.project.labels.undo if verb == "undo" else self.project.labels.redo
        touched: list[int] = []
        if self._attempt(lambda: touched.extend(turn(self.settings.vetter))) and touched:
            self._labels_given(touched)
            self.rank_again()
            self.select_many(touched[-1:])

    def _after(self, chosen: list[int]) -> int | None:
        ranking = self.ranking()
        return self._neighbour(chosen[0], 1, ranking) if ranking is not None else None

    def _event(
        self, source: int, value: str, grade: str, contaminant: str, target: str = "", comment: str = ""
    ) -> Label:
        assert self.mosaic is not None
        row = self.catalog.row(source)
        ranking = self.ranking(target)
        blind, seconds = self._seen(source, value)
        return Label(
            source,
            target or self.target,
            value,
            grade,
            contaminant,
            comment,
            vetter=self.settings.vetter,
            ra=row["ra"],
            dec=row["dec"],
            x=row["x"],
            y=row["y"],
            mosaic=self.mosaic.fingerprint,
            model=ranking.model if ranking else "",
            seconds=seconds,
            blind=blind,
        )

    def _seen(self, source: int, value: str) -> tuple[bool, float]:
        """Whether its rank and the grades of others are hidden, and how long it was looked at [s]."""
        return False, 0.0

    def _write(self, events: list[Label]) -> bool:
        return self.project is not None and bool(events) and self._attempt(self.project.labels.add, events)

    def _labels_given(self, sources: list[int], target: str = "", contaminants: Sequence[str] = ()) -> None:
        """Say that labels changed, and rank the lists that labels of `target` with such contaminants teach."""
        self._labels.clear()
        self.labels_changed.emit(sources)
        if target:
            self.rank_again(tuple(informed(target, contaminants, self.targets)))

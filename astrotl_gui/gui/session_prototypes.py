"""Prototypes: known examples that order a list before its first label, and the lists of what is most like them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from astrotl_gui.core.prototypes import Prototype, prototypes_of
from astrotl_gui.gui.jobs import Job
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.search import SimilarSearch
from astrotl_gui.gui.session_state import later
from astrotl_gui.gui.session_targets import SessionTargets

if TYPE_CHECKING:
    from astrotl_gui.pipeline.prototypes import PrototypeLists
    from astrotl_gui.pipeline.rank import RankInputs


class SessionPrototypes(SessionTargets):
    """The prototypes of each target, and what follows from them."""

    def use_as_prototypes(self, sources: Sequence[int] | None = None) -> None:
        """Add sources (the selected ones) to the current list's prototypes; take them away if all of them are."""
        chosen = list(self.selection if sources is None else sources)
        if self.project is None or not chosen:
            return
        before = self.prototypes.get(self.target, [])
        here = [p for p in self._stored() if p.id not in chosen]
        added = any(source not in before for source in chosen)
        if added:
            here += prototypes_of(self.catalog, self.target, chosen)
        what = "Prototype" if len(chosen) == 1 else f"{len(chosen):,} prototypes"
        self._keep_prototypes(self.target, here, f"{what} {'added' if added else 'taken away'}")

    def take_prototypes(self, path: Path | str) -> Job | None:
        """Let the sources on which the positions of a catalog lie be the current list's prototypes."""
        if self.project is None:
            return None
        path, target = Path(path), self.target

        def take(found: tuple[list[int], int]) -> None:
            ids, missed = found
            if not ids:
                self.messaged.emit(
                    Message("No prototype found its source", f"{path.name} lies beside all of them.", "warn")
                )
            elif target in self.targets:
                rows = "1 row lies" if missed == 1 else f"{missed:,} rows lie"
                more = f" {rows} on no source." if missed else ""
                stored = prototypes_of(self.catalog, target, ids, path.name)
                self._keep_prototypes(target, stored, f"{len(ids):,} prototypes taken", more)

        return self._run(
            "Reading the catalog", later("prototypes", "match_catalog"), path, self.catalog, then=take
        )

    def show_prototypes(self, one: int | None = None) -> None:
        """Show the union of the current list's prototypes in place of the search, or the list of `one` of them."""
        lists = self.prototype_lists.get(self.target)
        if lists is None and self.target in self.prototypes:
            self.messaged.emit(
                Message("Not ready to compare", "Sources are compared once all of them are embedded.")
            )
            return
        if lists is None or not len(lists.prototypes):
            self.messaged.emit(
                Message("No prototypes yet", "Select a known example, then choose “Use as prototype”.")
            )
            return
        before = self.similar
        while before is not None and before.prototypes is not None:
            before = before.before
        union = SimilarSearch.of_prototypes(lists, None, before)
        self.similar = union if one is None else SimilarSearch.of_prototypes(lists, one, union)
        self.similar_changed.emit()

    # -- inside

    def _stored(self) -> list[Prototype]:
        """Those of the current list as they are on disk."""
        stored: list[Prototype] = []
        project = self.project
        if project is not None:
            self._attempt(lambda: stored.extend(project.read_prototypes()))
        return [prototype for prototype in stored if prototype.target == self.target]

    def _keep_prototypes(self, target: str, prototypes: list[Prototype], title: str, more: str = "") -> None:
        if self.project is None or not self._attempt(self.project.write_prototypes, target, prototypes):
            return
        self._read_prototypes()
        count, name = len(self.prototypes.get(target, [])), self.targets[target]
        says = f"{name} has {count:,}; before any label, its list starts with what is like them."
        if not count:
            says = f"{name} has none now."

        def show() -> None:
            if target in self.targets:
                self.set_target(target)
                self.show_prototypes()

        self.messaged.emit(Message(title, says + more, actions=(("Show lists", show),) if count else ()))
        self._compare()

    def _read_prototypes(self) -> None:
        project, before = self.project, self.prototypes
        self.prototypes = {}
        if project is not None:
            self._attempt(lambda: self.prototypes.update(project.prototype_ids()))
        named = {*before, *self.prototypes}
        self.prototypes_changed.emit([t for t in named if before.get(t) != self.prototypes.get(t)])

    def _rank_anew(self) -> None:
        if self.prototypes:
            self._all_wait = True
            self._compare()
        else:
            super()._rank_anew()

    def _compare(self) -> None:
        """Compare all sources with the prototypes, then rank the lists that this changes, or all that wait for it."""
        inputs, project, catalog = self.inputs, self.project, self.catalog
        if inputs is None or project is None:
            return
        asked = {target: tuple(ids) for target, ids in self.prototypes.items()}

        def take(found: tuple[RankInputs, dict[str, PrototypeLists]]) -> None:
            now = {target: tuple(ids) for target, ids in self.prototypes.items()}
            if self.inputs is None or self.inputs.ids is not inputs.ids or now != asked:
                return  # what came after it has its own comparison
            before, given = self.inputs.given, found[0].given
            same = {t for t in before if t in given and np.array_equal(before[t], given[t])}
            changed = list({*before, *given} - same)
            self.inputs, self.prototype_lists = self.inputs.with_orders(given=given), found[1]
            self.prototypes_changed.emit(changed)
            self._rank_waiting() if self._all_wait else self.rank_again(changed)
            if self.similar is not None and self.similar.prototypes is not None:
                if self.target in self.prototype_lists:
                    self.show_prototypes()
                else:
                    self.similar = self.similar.before
                    self.similar_changed.emit()

        job = self._run(
            "Comparing with prototypes",
            later("prototypes", "compare_prototypes"),
            inputs,
            project.embeddings_folder,
            catalog,
            self.mosaic,
            project.cutouts,
            project.encoder,
            asked,
            then=take,
            quiet=True,
        )
        for ended in (job.failed, job.cancelled):
            ended.connect(lambda *_: self._rank_waiting() if self._all_wait else None)

    def _rank_waiting(self) -> None:
        self._all_wait = False
        self.rank_again()

    def add_target(self, name: str, yes: Sequence[int] = ()) -> None:
        super().add_target(name, yes)
        before = self.prototypes
        self._read_prototypes()
        if self.prototypes != before:  # a list that came back
            self._compare()

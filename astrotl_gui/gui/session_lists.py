"""From a mosaic to ranked lists: sources, embeddings, rankings, each step a job."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.labels import Label
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import DetectionSettings, InjectionSettings
from astrotl_gui.gui.message import Message, Verb
from astrotl_gui.gui.session_state import SessionState, later

if TYPE_CHECKING:
    from astrotl_gui.gui.jobs import Job
    from astrotl_gui.pipeline.injection.stored import Examples
    from astrotl_gui.pipeline.rank import RankInputs


class SessionLists(SessionState):
    """Detect → embed → rank. Whatever ends, the next step that is missing begins."""

    def detect(self, settings: DetectionSettings | None = None) -> None:
        """Find the sources anew; labels stay with their objects."""
        if self.project is not None:
            if settings is not None:
                self.project.detection = settings
                self._attempt(self.project.save)
            self._find_sources(None)

    def take_catalog(self, path: Path | str) -> None:
        """Use the positions of a catalog instead of detecting."""
        self._find_sources(Path(path))

    def _find_sources(self, catalog_path: Path | None) -> None:
        project = self.project
        if project is None:
            return
        held: list[Label] = []
        if not self._attempt(lambda: held.extend(project.held_places())):
            return
        self._run(
            "Detecting" if catalog_path is None else "Measuring",
            later("sources", "find_sources"),
            self.mosaic,
            self.catalog,
            held,
            project.next_id,
            project.detection,
            catalog_path,
            then=self._adopt_catalog,
        )

    def _adopt_catalog(self, catalog: Catalog) -> None:
        assert self.project is not None
        if not self._attempt(self.project.write_catalog, catalog):
            return
        self.catalog, self.inputs, self.examples, self._rankings = catalog, None, None, {}
        self.similar, self.prototype_lists = None, {}
        self.selection = [i for i in self.selection if catalog.rows_of([i])[0] >= 0]
        self.catalog_changed.emit()
        self.selection_changed.emit()
        self.similar_changed.emit()
        if len(catalog):
            self.embed()
        else:
            self.messaged.emit(
                Message("No sources found", "Lower the detection limit and detect again.", "warn")
            )

    def find_cosmic_rays(self) -> None:
        """Let deepCR mark the sources, then rank anew: one more sign of the artifact list."""
        if self.project is None or not len(self.catalog):
            return
        before = self.catalog

        def take(marked: Catalog) -> None:
            if self.catalog is before:  # else the sources were found anew meanwhile
                self._adopt_catalog(marked)

        self._run(
            "Finding cosmic rays",
            later("cosmic_rays", "mark_cosmic_rays"),
            self.mosaic,
            before,
            then=take,
        )

    def embed(self) -> None:
        """Embed what is not embedded yet, then rank."""
        if self.project is None or not len(self.catalog):
            return
        project, encoder = self.project, self.project.encoder
        job = self._run(
            "Embedding",
            later("embed", "embed"),
            self.mosaic,
            self.catalog,
            project.embeddings_folder,
            project.cutouts,
            project.encoder,
            device=self.settings.device,
            then=lambda _: self.inject_examples(),
        )

        def stopped() -> None:
            if self.project is project and project.encoder == encoder:
                kept = f"{job.done:,.0f} of {job.total:,.0f} sources kept."
                go_on: Verb = ("Continue", self.embed)
                self.messaged.emit(Message("Embedding stopped", kept, actions=(go_on,)))

        job.cancelled.connect(stopped)

    def stop_embedding(self) -> None:
        """Stop what is being embedded: it is no longer wanted."""
        for job in self.jobs.active:
            if job.name == "Embedding":
                job.cancel()

    def inject_examples(self) -> None:
        """Draw rare objects into the project's own sources, then rank by what sets them apart."""
        project = self.project
        if project is None or not len(self.catalog):
            return
        self._without_examples = False
        job = self._run(
            "Injecting examples",
            later("inject", "inject"),
            self.mosaic,
            self.catalog,
            project.embeddings_folder,
            project.cutouts,
            project.encoder,
            project.injection,
            device=self.settings.device,
            then=self._adopt_examples,
        )

        def given_up(*_: object) -> None:
            if self.project is project:
                self._without_examples = True  # lists without examples are better than none
                self.examples_changed.emit()
                self.load_inputs()

        job.failed.connect(given_up)
        job.cancelled.connect(given_up)

    def set_injection(self, settings: InjectionSettings) -> None:
        """Draw other examples, and rank by these."""
        project = self.project
        if project is None or settings == project.injection:
            return
        before, project.injection = project.injection, settings
        if self._attempt(project.save):
            self.inject_examples()
        else:
            project.injection = before

    def _adopt_examples(self, examples: Examples) -> None:
        self.examples = examples
        self.examples_changed.emit()
        if examples.made or self.inputs is None or self.inputs.key != examples.key:
            self.load_inputs()

    def load_inputs(self) -> None:
        """Take up the embeddings on disk, and rank by them."""
        if self.project is None:
            return
        self._run(
            "Ranking",
            later("lists", "load_inputs"),
            self.project.embeddings_folder,
            self.catalog,
            self.mosaic,
            self.project.cutouts,
            self.project.encoder,
            self.project.outliers.method,
            self.project.injection,
            then=self._adopt_inputs,
            ways=(("Embed again", self.embed),),
        )

    def _adopt_inputs(self, inputs: RankInputs | None) -> None:
        if inputs is None:
            self.embed()
        else:
            self.inputs = inputs
            if not inputs.at_once:
                self._run(
                    "Preparing search", later("lists", "index"), inputs, then=lambda _: None, quiet=True
                )
            self.rank_again()
            known = self._without_examples or (self.examples and self.examples.key == inputs.key)
            if not known:
                self.inject_examples()

    def rank_again(self, targets: Sequence[str] | None = None) -> None:
        """Rank by all labels so far. While a ranking runs, the next waits and takes every label with it.

        Of millions of sources a pool is ranked at once, and all of them behind it while no label comes.
        """
        self._stale |= set(self.targets if targets is None else targets)
        if self._pass_job is not None:
            self._pass_job.cancel()
            self._pass_job = None
        if self._ranking_job is not None or self.inputs is None or self.project is None:
            return
        wanted = [target for target in self.targets if target in self._stale]
        self._stale.clear()
        self._ranking_job = self._rank("rank_lists", wanted)
        self._ranking_job.finished.connect(self._ranking_ended)

    def _rank(self, how: str, targets: Sequence[str]) -> Job:
        assert self.project is not None
        log, vetter = self.project.labels, self.settings.vetter
        training = {target: log.training(target, vetter) for target in targets}
        return self._run(
            "Ranking", later("lists", how), self.inputs, training, then=self._adopt_rankings, quiet=True
        )

    def _rank_the_rest(self) -> None:
        """Pass over all sources for the lists whose pool alone was ranked."""
        behind = [
            target for target in self.targets if target in self._rankings and self._rankings[target].rest
        ]
        if not behind or self.inputs is None or self.project is None:
            return
        self._pass_job = self._rank("rank_all", behind)
        self._pass_job.finished.connect(self._pass_ended)

    def _pass_ended(self) -> None:
        if self.sender() is self._pass_job:
            self._pass_job = None

    def _adopt_rankings(self, rankings: dict[str, Ranking]) -> None:
        kept = {target: ranking for target, ranking in rankings.items() if target in self.targets}
        self._rankings |= kept
        for target in kept:
            self.ranking_changed.emit(target)

    def _ranking_ended(self) -> None:
        if self.sender() is self._ranking_job:
            self._ranking_job = None
            if self._stale:
                self.rank_again(tuple(self._stale))
            else:
                self._rank_the_rest()

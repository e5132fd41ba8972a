"""From a mosaic to ranked lists: sources, embeddings, rankings, each step a job."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

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

EMBEDDING, INJECTING = "Embedding", "Injecting examples"


class SessionLists(SessionState):
    """Detect → embed → rank. Whatever ends, the next step that is missing begins."""

    @property
    def writing(self) -> str:
        """Which of EMBEDDING and INJECTING goes on or is about to; "" for neither."""
        return self._writer.doing

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
        self._writer.drop()
        self._stop_pass()
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

    def take_columns(self, catalog: Catalog, before: Catalog) -> None:
        """Adopt columns that were added to, or changed in, the sources `before`; not where others were found since."""
        if self.project is None or not self.catalog.same_sources(before):
            return
        if self.catalog is not before:
            changed = [
                name
                for name in catalog.names
                if name not in before or not _alike(catalog.column(name), before.column(name))
            ]
            catalog = self.catalog.with_columns(**{name: catalog.column(name) for name in changed}).indexed()
        if self._attempt(self.project.write_catalog, catalog):
            self.catalog = catalog
            self.columns_changed.emit()

    def find_cosmic_rays(self) -> None:
        """Let deepCR mark the sources, then rank anew: one more sign of the artifact list."""
        if self.project is None or not len(self.catalog):
            return
        before = self.catalog

        def take(marked: Catalog) -> None:
            if self.catalog.same_sources(before):  # else the sources were found anew meanwhile
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
        if self.project is not None and len(self.catalog):
            self._writer.run(EMBEDDING, self._embed)

    def _embed(self) -> Job:
        assert self.project is not None
        project = self.project
        job = self._run(
            EMBEDDING,
            later("embed", "embed"),
            self.mosaic,
            self.catalog,
            project.embeddings_folder,
            project.cutouts,
            project.encoder,
            device=self.settings.device,
            then=lambda _: self._begin_injection() if job is self._writer.job else None,
        )

        def stopped() -> None:
            if job is self._writer.job:
                kept = f"{job.done:,.0f} of {job.total:,.0f} sources kept."
                go_on: Verb = ("Continue", self.embed)
                self.messaged.emit(Message("Embedding stopped", kept, actions=(go_on,)))

        job.cancelled.connect(stopped)
        return job

    def inject_examples(self) -> None:
        """Draw rare objects into the project's own sources, then rank by what sets them apart.

        An embedding that goes on ends with this anyway.
        """
        if self.project is not None and len(self.catalog) and self.writing != EMBEDDING:
            self._begin_injection()

    def _begin_injection(self) -> None:
        self._without_examples = False
        self._writer.run(INJECTING, self._inject)

    def _inject(self) -> Job:
        assert self.project is not None
        project = self.project
        job = self._run(
            INJECTING,
            later("inject", "inject"),
            self.mosaic,
            self.catalog,
            project.embeddings_folder,
            project.cutouts,
            project.encoder,
            project.injection,
            device=self.settings.device,
            then=lambda examples: self._adopt_examples(examples) if job is self._writer.job else None,
        )

        def given_up(*_: object) -> None:
            if job is self._writer.job:
                self._without_examples = True  # lists without examples are better than none
                self.examples_changed.emit()
                self.load_inputs()

        job.failed.connect(given_up)
        job.cancelled.connect(given_up)
        return job

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
        project, catalog = self.project, self.catalog
        if project is None:
            return
        asked = project.encoder, project.injection

        def take(inputs: RankInputs | None) -> None:
            if self.catalog.same_sources(catalog) and (project.encoder, project.injection) == asked:
                self._adopt_inputs(inputs)
            elif not self.writing:  # else its end brings those of now
                self.load_inputs()

        self._run(
            "Ranking",
            later("lists", "load_inputs"),
            project.embeddings_folder,
            catalog,
            self.mosaic,
            project.cutouts,
            project.encoder,
            project.outliers.method,
            project.injection,
            then=take,
            ways=(("Embed again", self.embed),),
        )

    def _adopt_inputs(self, inputs: RankInputs | None) -> None:
        if inputs is None:
            if not self.writing:  # its end brings the inputs
                self.embed()
        else:
            self._stop_pass()
            self.inputs = inputs
            if not inputs.at_once:
                self._prepare_search(inputs)
            self._rank_anew()
            known = self._without_examples or (self.examples and self.examples.key == inputs.key)
            if not known:
                self.inject_examples()

    def _prepare_search(self, inputs: RankInputs) -> None:
        def keep(_: object) -> None:
            # Prototypes or a method that came meanwhile made other inputs of the same embeddings.
            if self.inputs is not None and self.inputs.ids is inputs.ids:
                vars(self.inputs).setdefault("index", inputs.index)

        self._run("Preparing search", later("lists", "index"), inputs, then=keep, quiet=True)

    def _rank_anew(self) -> None:
        """Rank every list by inputs that were just taken up."""
        self.rank_again()

    def rank_again(self, targets: Sequence[str] | None = None) -> None:
        """Rank by all labels so far. While a ranking runs, the next waits and takes every label with it.

        Of millions of sources a pool is ranked at once, and all of them behind it while no label comes.
        """
        self._stale |= set(self.targets if targets is None else targets)
        self._stop_pass()
        if self._ranking_job is not None or self.inputs is None or self.project is None:
            return
        wanted = [target for target in self.targets if target in self._stale]
        self._stale.clear()
        self._ranking_job = self._rank("rank_lists", wanted)
        self._ranking_job.finished.connect(self._ranking_ended)

    def _rank(self, how: str, targets: Sequence[str]) -> Job:
        assert self.project is not None and self.inputs is not None
        log, vetter, ids = self.project.labels, self.settings.vetter, self.inputs.ids
        training = {target: log.training(target, vetter) for target in targets}

        def take(rankings: dict[str, Ranking]) -> None:
            if self.inputs is not None and self.inputs.ids is ids:  # else of other embeddings or sources
                self._adopt_rankings(rankings)

        return self._run("Ranking", later("lists", how), self.inputs, training, then=take, quiet=True)

    def _rank_the_rest(self) -> None:
        """Pass over all sources for the lists whose pool alone was ranked."""
        behind = [
            target for target in self.targets if target in self._rankings and self._rankings[target].rest
        ]
        if not behind or self.inputs is None or self.project is None:
            return
        self._pass_job = self._rank("rank_all", behind)
        self._pass_job.finished.connect(self._pass_ended)

    def _stop_pass(self) -> None:
        if self._pass_job is not None:
            self._pass_job.cancel()
            self._pass_job = None

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


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two columns hold the same values, NaN like NaN."""
    return np.array_equal(a, b, equal_nan=a.dtype.kind == b.dtype.kind == "f")

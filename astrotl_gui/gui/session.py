"""The open project and what the user can do with it.

Every verb runs on the main thread and returns at once; what takes long goes through `jobs` and is adopted only
if the project it was started for is still the open one. Views listen to the change signals and read the state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import EXCLUDED_BY_ARTIFACT, NOTE, TARGET_NAMES, TARGETS, Label
from astrotl_gui.core.project import Project
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.recent import recent_projects, remember_project
from astrotl_gui.core.settings import AppSettings, CutoutSettings, DetectionSettings
from astrotl_gui.core.stretch import Levels, Look
from astrotl_gui.gui.jobs import Job, Jobs
from astrotl_gui.gui.message import Message, problem_message
from astrotl_gui.gui.search import SimilarSearch, example_moved

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic
    from astrotl_gui.core.tiles import TileSource
    from astrotl_gui.pipeline.opening import OpenProject
    from astrotl_gui.pipeline.rank import RankInputs


def later(module: str, function: str) -> Callable[..., Any]:
    """A pipeline function that is imported where it runs: in the job's thread, not at start-up."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(f"astrotl_gui.pipeline.{module}"), function)(*args, **kwargs)

    return call


class Session(QObject):
    project_changed = Signal()
    catalog_changed = Signal()
    ranking_changed = Signal(str)
    labels_changed = Signal(list)
    selection_changed = Signal()
    target_changed = Signal()
    look_changed = Signal()
    similar_changed = Signal()
    settings_changed = Signal()
    messaged = Signal(object)

    def __init__(self, settings: AppSettings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings or AppSettings()
        self.jobs = Jobs(self)
        self.navigator: Callable[[int, int], int | None] | None = None  # the list in view knows its own order
        self._forget()

    def _forget(self) -> None:
        self.project: Project | None = None
        self.mosaic: Mosaic | None = None
        self.tiles: TileSource | None = None
        self.levels: dict[str, Levels] = {}
        self.catalog = Catalog.empty()
        self.inputs: RankInputs | None = None
        self.target = TARGETS[0]
        self.selection: list[int] = []
        self.look = Look()
        self.similar: SimilarSearch | None = None
        self._rankings: dict[str, Ranking] = {}
        self._labels: dict[str, dict[int, Label]] = {}
        self._ranking_job: Job | None = None
        self._stale: set[str] = set()

    # -- what is known -----------------------------------------------------------------------------------------

    @property
    def selected(self) -> int | None:
        """Id of the current source: the one last selected."""
        return self.selection[-1] if self.selection else None

    def ranking(self, target: str | None = None) -> Ranking | None:
        return self._rankings.get(target or self.target)

    def labels(self, target: str | None = None) -> dict[int, Label]:
        """Source id → label that holds now, as this vetter sees it."""
        target = target or self.target
        if target not in self._labels:
            log = self.project.labels if self.project else None
            self._labels[target] = log.current(target, self.settings.vetter) if log else {}
        return self._labels[target]

    def label_of(self, source: int, target: str | None = None) -> Label | None:
        return self.labels(target).get(source)

    def label_counts(self, target: str | None = None) -> tuple[int, int, int]:
        """(positive, unsure, negative) labels of a target."""
        values = [label.value for label in self.labels(target).values()]
        return values.count("positive"), values.count("unsure"), values.count("negative")

    def note(self, source: int) -> str:
        return self.project.labels.note(source) if self.project else ""

    @property
    def can_undo(self) -> bool:
        return self.project is not None and self.project.labels.can_undo(self.settings.vetter)

    @property
    def can_redo(self) -> bool:
        return self.project is not None and self.project.labels.can_redo(self.settings.vetter)

    @staticmethod
    def recent() -> list[dict[str, Any]]:
        return recent_projects()

    # -- projects ----------------------------------------------------------------------------------------------

    def open_project(self, path: Path | str) -> Job:
        """Open a project; the one open now is closed once the new one is read."""
        return self._run("Opening", later("opening", "open_project"), Path(path), then=self._adopt_project)

    def create_project(
        self,
        path: Path,
        spec: MosaicSpec,
        detection: DetectionSettings,
        cutouts: CutoutSettings,
        catalog_path: Path | None = None,
    ) -> None:
        """Make a project, open it, and go on to ranked lists. Raises AstroTLError when it cannot be made."""
        project = Project.create(Path(path), spec, detection, cutouts)
        project.close()

        def go_on(opened: OpenProject) -> None:
            self._adopt_project(opened)
            self._find_sources(catalog_path)

        self._run("Opening", later("opening", "open_project"), project.path, then=go_on)

    def open_demo(self) -> Job:
        """The simulated demo sky, made on first use."""

        def go_on(path: Path) -> None:
            job = self.open_project(path)
            job.succeeded.connect(lambda _: None if len(self.catalog) else self.detect())

        return self._run("Making the demo sky", later("demo", "demo_project"), then=go_on)

    def close_project(self) -> None:
        """Store what the window shows, then let go of the project."""
        if self.project is None:
            return
        self.jobs.cancel_all()
        self.store()
        self.project.close()
        self._forget()
        self.project_changed.emit()

    def store(self) -> None:
        """Write the view, the rankings and the picture of the open project; labels are on disk already."""
        project = self.project
        if project is None:
            return
        project.view |= {"target": self.target, "look": self.look.to_dict(), "selected": self.selected or 0}
        try:
            project.save()
            for ranking in self._rankings.values():
                project.write_ranking(ranking)
        except AstroTLError as problem:
            self.messaged.emit(problem_message(problem))
        remember_project(project.path, project.name, len(self.catalog), len(self._labelled()))

    def _labelled(self) -> set[int]:
        return {source for target in TARGETS for source in self.labels(target)}

    def _adopt_project(self, opened: OpenProject) -> None:
        self.close_project()
        self.project, self.mosaic = opened.project, opened.mosaic
        self.tiles, self.levels = opened.tiles, opened.levels
        self.catalog, self._rankings = opened.catalog, opened.rankings
        view = opened.project.view
        self.target = view.get("target", TARGETS[0]) if view.get("target") in TARGETS else TARGETS[0]
        self.look = Look.from_dict(view.get("look", {}))
        if self.look.mode not in ("colour", *self.levels) or len(self.levels) == 1:
            self.look = self.look.with_(
                mode=self.mosaic.reference.name if len(self.levels) == 1 else "colour"
            )
        selected = int(view.get("selected", 0))
        self.selection = [selected] if self.catalog.rows_of([selected])[0] >= 0 else []
        remember_project(self.project.path, self.project.name, len(self.catalog), len(self._labelled()))
        self.project_changed.emit()
        for note in self.mosaic.notes:
            self.messaged.emit(Message("About these images", note, "warn"))
        if len(self.catalog):
            self._load_inputs()
        self._build_pyramids()

    def _build_pyramids(self) -> None:
        tiles = self.tiles
        if tiles is None or not tiles.large:
            return

        def build(progress: Any) -> None:
            for band in self.levels:
                if not tiles.built(band):
                    tiles.build(band, progress)

        self._run("Preparing zoom levels", build, then=lambda _: self.look_changed.emit())

    # -- sources and lists -------------------------------------------------------------------------------------

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
        self._run(
            "Detecting" if catalog_path is None else "Measuring",
            later("sources", "find_sources"),
            self.mosaic,
            self.catalog,
            project.labels.events(),
            project.next_id,
            project.detection,
            catalog_path,
            then=self._adopt_catalog,
        )

    def _adopt_catalog(self, catalog: Catalog) -> None:
        assert self.project is not None
        if not self._attempt(self.project.write_catalog, catalog):
            return
        self.catalog, self.inputs, self._rankings = catalog, None, {}
        self.similar = None
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

    def embed(self) -> None:
        """Embed what is not embedded yet, then rank."""
        if self.project is None or not len(self.catalog):
            return
        project = self.project
        job = self._run(
            "Embedding",
            later("embed", "embed"),
            self.mosaic,
            self.catalog,
            project.embeddings_folder,
            project.cutouts,
            device=self.settings.device,
            then=lambda _: self._load_inputs(),
        )
        go_on: tuple[str, Callable[[], object]] = ("Continue", self.embed)
        job.cancelled.connect(
            lambda: (
                self.project is project
                and self.messaged.emit(
                    Message(
                        "Embedding stopped", f"{job.done:,.0f} of {job.total:,.0f} kept.", "note", (go_on,)
                    )
                )
            )
        )

    def _load_inputs(self) -> None:
        assert self.project is not None
        self._run(
            "Ranking",
            later("lists", "load_inputs"),
            self.project.embeddings_folder,
            self.catalog,
            then=self._adopt_inputs,
        )

    def _adopt_inputs(self, inputs: RankInputs | None) -> None:
        if inputs is None:
            self.embed()
        else:
            self.inputs = inputs
            self.rank_again()

    def rank_again(self, targets: Sequence[str] = TARGETS) -> None:
        """Rank by all labels so far. While a ranking runs, the next waits and takes every label with it."""
        self._stale |= set(targets)
        if self._ranking_job is not None or self.inputs is None or self.project is None:
            return
        log, vetter = self.project.labels, self.settings.vetter
        training = {target: log.training(target, vetter) for target in TARGETS if target in self._stale}
        self._stale.clear()
        job = self._run(
            "Ranking",
            later("lists", "rank_lists"),
            self.inputs,
            training,
            then=self._adopt_rankings,
            quiet=True,
        )
        self._ranking_job = job
        job.finished.connect(self._ranking_ended)

    def _adopt_rankings(self, rankings: dict[str, Ranking]) -> None:
        self._rankings |= rankings
        for target in rankings:
            self.ranking_changed.emit(target)

    def _ranking_ended(self) -> None:
        if self.sender() is self._ranking_job:
            self._ranking_job = None
            if self._stale:
                self.rank_again(tuple(self._stale))

    # -- looking -----------------------------------------------------------------------------------------------

    def set_target(self, target: str) -> None:
        if target != self.target:
            self.target = target
            self.target_changed.emit()

    def set_look(self, look: Look) -> None:
        if look != self.look:
            self.look = look
            self.look_changed.emit()

    def set_settings(self, settings: AppSettings) -> None:
        if settings != self.settings:
            self.settings = settings
            self._attempt(settings.save)
            self._labels.clear()
            self.settings_changed.emit()

    def select(self, source: int | None, add: bool = False) -> None:
        """Select one source; with `add` it joins the selection, or leaves it if it was in it."""
        if source is None:
            self.select_many([])
        elif not add:
            self.select_many([source])
        elif source in self.selection:
            self.select_many([i for i in self.selection if i != source])
        else:
            self.select_many([*self.selection, source])

    def select_many(self, sources: Sequence[int]) -> None:
        """Select these sources; the last is the current one."""
        if list(sources) != self.selection:
            self.selection = list(sources)
            self.selection_changed.emit()

    def step(self, by: int) -> None:
        """Select the next (+1) or previous (−1) candidate of the list in view."""
        ranking = self.ranking()
        if ranking is None or not len(ranking):
            return
        if self.selected is None:
            self.select(int(ranking.ids[0]))
            return
        following = self._neighbour(self.selected, by, ranking)
        if following is not None:
            self.select(following)

    def _neighbour(self, source: int, by: int, ranking: Ranking) -> int | None:
        if self.navigator is not None:
            return self.navigator(source, by)
        rank = ranking.rank_of(source)
        row = 0 if rank is None else rank - 1 + by
        return int(ranking.ids[row]) if 0 <= row < len(ranking) else None

    # -- labels ------------------------------------------------------------------------------------------------

    def label(self, value: str, grade: str = "", contaminant: str = "", advance: bool = True) -> None:
        """Label the selected sources for the current target; it is on disk when this returns.

        After a single label the next candidate is selected.
        """
        if not self.selection:
            self.messaged.emit(Message("Nothing is selected", "Choose a source, then press its label’s key."))
            return
        chosen = list(self.selection)
        following = self._after(chosen) if advance and len(chosen) == 1 else None
        if self._write([self._event(i, value, grade, contaminant) for i in chosen]):
            self._labels_given(chosen, [self.target])
            if following is not None:
                self.select(following)

    def clear_label(self) -> None:
        """Take the label of the selected sources away, for the current target."""
        self.label("clear", advance=False)

    def label_as(self, sources: Sequence[int], value: str, target: str) -> None:
        """Label given sources at once, as one step of undo."""
        if self._write([self._event(i, value, "", "", target) for i in sources]):
            self._labels_given(list(sources), [target])

    def set_note(self, text: str, source: int | None = None) -> None:
        """Keep a comment on a source."""
        source = source or self.selected
        if source is not None and text != self.note(source):
            event = self._event(source, NOTE, "", "", comment=text)
            if self._write([event]):
                self._labels_given([source], [])

    def undo(self) -> None:
        self._turn_back("undo")

    def redo(self) -> None:
        self._turn_back("redo")

    def _turn_back(self, verb: str) -> None:
        if self.project is None:
            return
        touched: list[int] = []
        if self._attempt(lambda: touched.extend(getattr(self.project.labels, verb)(self.settings.vetter))):
            if touched:
                self._labels_given(touched, TARGETS)
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
        )

    def _write(self, events: list[Label]) -> bool:
        return self.project is not None and bool(events) and self._attempt(self.project.labels.add, events)

    def _labels_given(self, sources: list[int], targets: Sequence[str]) -> None:
        self._labels.clear()
        self.labels_changed.emit(sources)
        if targets:
            affected = set(targets)
            if "artifact" in affected:
                affected |= set(EXCLUDED_BY_ARTIFACT)
            self.rank_again(tuple(affected))

    # -- similarity --------------------------------------------------------------------------------------------

    def find_similar(self, source: int | None = None) -> None:
        """Search with one source; the search before it stays on the trail."""
        source = source or self.selected
        if source is not None:
            self._search(SimilarSearch.start(source, self.similar))

    def more_like(self, source: int) -> None:
        self._move_example(source, "more")

    def less_like(self, source: int) -> None:
        self._move_example(source, "less")

    def drop_example(self, source: int) -> None:
        self._move_example(source, "")

    def similar_back(self) -> None:
        """Return to the search before this one."""
        if self.similar is not None:
            self.similar = self.similar.before
            self.similar_changed.emit()

    def _move_example(self, source: int, to: str) -> None:
        if self.similar is None:
            if to == "more":
                self.find_similar(source)
            return
        self._search(example_moved(self.similar, source, to))

    def _search(self, search: SimilarSearch | None) -> None:
        if search is None or self.inputs is None:
            if search is not None:
                self.messaged.emit(
                    Message("Not ready to compare", "Sources are compared once all of them are embedded.")
                )
            return
        self._run(
            "Finding similar",
            later("similar", "similar"),
            self.inputs,
            search.more,
            search.less,
            len(self.catalog),
            then=lambda found: self._adopt_search(search.with_result(found)),
            quiet=True,
        )

    def _adopt_search(self, search: SimilarSearch) -> None:
        self.similar = search
        self.similar_changed.emit()

    # -- files -------------------------------------------------------------------------------------------------

    def export(
        self, path: Path | str, targets: Sequence[str] | None = None, labelled_only: bool = False
    ) -> Job | None:
        """Write candidates with their ranks and labels; the extension names the format."""
        if self.project is None or self.mosaic is None:
            return None
        targets = list(targets or [self.target])
        path = Path(path)

        def exported(rows: int) -> None:
            what = TARGET_NAMES[targets[0]].lower() if len(targets) == 1 else "source"
            noun = {"lens": "lenses", "agn": "AGN"}.get(what, f"{what}s") if rows != 1 else what
            self.messaged.emit(
                Message(
                    f"Exported {rows:,} {noun}",
                    f"{path.name}, with who labelled each, when, and by which model.",
                )
            )

        return self._run(
            "Exporting",
            later("export", "export_project"),
            path,
            self.project,
            self.mosaic,
            self.catalog,
            dict(self._rankings),
            targets,
            labelled_only,
            then=exported,
        )

    def import_labels(self, path: Path | str) -> Job | None:
        """Take labels from a table with positions or ids; they join as one step of undo."""
        if self.project is None:
            return None

        def take(events: list[Label]) -> None:
            if self._write(events):
                self._labels_given([e.source_id for e in events], TARGETS)
                self.messaged.emit(Message(f"Imported {len(events):,} labels", Path(path).name))

        return self._run(
            "Reading labels",
            later("label_table", "read_labels"),
            Path(path),
            self.catalog,
            self.settings.vetter,
            then=take,
        )

    # -- inside ------------------------------------------------------------------------------------------------

    def _run(
        self,
        name: str,
        function: Callable[..., Any],
        *args: Any,
        then: Callable[[Any], object],
        quiet: bool = False,
        **kwargs: Any,
    ) -> Job:
        """Start a job; its value reaches `then` only while the same project is open."""
        job = self.jobs.run(name, function, *args, quiet=quiet, **kwargs)
        project = self.project
        job.succeeded.connect(lambda value: then(value) if self.project is project else None)
        job.failed.connect(lambda problem: self.messaged.emit(problem_message(problem)))
        return job

    def _attempt(self, verb: Callable[..., object], *args: object) -> bool:
        """Do it and say so if it fails; whether it worked."""
        try:
            verb(*args)
        except AstroTLError as problem:
            self.messaged.emit(problem_message(problem))
            return False
        return True

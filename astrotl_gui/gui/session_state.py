"""What a session is made of: the open project's state, its change signals, looking and selecting.

`Session` is built in eleven steps, each a class on the one before: state, lists, encoders, labels, reasons, targets,
prototypes, models, audits, vetting, projects and files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import TARGET_NAMES, TARGETS, Label
from astrotl_gui.core.project import Project
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import AppSettings
from astrotl_gui.core.stretch import Levels, Look
from astrotl_gui.core.targets import noun
from astrotl_gui.gui.jobs import Job, Jobs
from astrotl_gui.gui.message import Verb, problem_message
from astrotl_gui.gui.search import SimilarSearch
from astrotl_gui.gui.selection import Selection
from astrotl_gui.gui.store_writer import StoreWriter

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import Mosaic
    from astrotl_gui.core.tiles import TileSource
    from astrotl_gui.pipeline.injection.stored import Examples
    from astrotl_gui.pipeline.prototypes import PrototypeLists
    from astrotl_gui.pipeline.rank import RankInputs


def later(module: str, function: str) -> Callable[..., Any]:
    """A pipeline function that is imported where it runs: in the job's thread, not at start-up."""

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(f"astrotl_gui.pipeline.{module}"), function)(*args, **kwargs)

    return call


class SessionState(QObject):
    """What is open and shown. Views listen to the signals and read the attributes; verbs change them."""

    project_changed = Signal()
    catalog_changed = Signal()
    columns_changed = Signal()  # the same sources have other columns
    ranking_changed = Signal(str)
    labels_changed = Signal(list)
    selection_changed = Signal()
    target_changed = Signal()
    targets_changed = Signal()
    prototypes_changed = Signal(list)  # of these targets
    look_changed = Signal()
    similar_changed = Signal()
    examples_changed = Signal()
    settings_changed = Signal()
    messaged = Signal(object)

    def __init__(self, settings: AppSettings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings or AppSettings()
        self.jobs = Jobs(self)
        self._writer = StoreWriter()
        self.navigator: Callable[[int, int], int | None] | None = None  # the list in view knows its own order
        self._forget()

    def _forget(self) -> None:
        self._writer.drop()
        self.project: Project | None = None
        self.mosaic: Mosaic | None = None
        self.tiles: TileSource | None = None
        self.levels: dict[str, Levels] = {}
        self.catalog = Catalog.empty()
        self.inputs: RankInputs | None = None
        self.examples: Examples | None = None
        self._without_examples = False
        self.target = TARGETS[0]
        self.selection: Sequence[int] = []
        self.look = Look()
        self.similar: SimilarSearch | None = None
        self.prototypes: dict[str, list[int]] = {}
        self.prototype_lists: dict[str, PrototypeLists] = {}
        self._all_wait = False  # every list waits for the prototypes to be compared
        self._rankings: dict[str, Ranking] = {}
        self._labels: dict[str, dict[int, Label]] = {}
        self._ranking_job: Job | None = None
        self._pass_job: Job | None = None
        self._stale: set[str] = set()

    # -- what is known
    @property
    def selected(self) -> int | None:
        """Id of the current source: the one last selected."""
        return self.selection[-1] if self.selection else None

    @property
    def targets(self) -> dict[str, str]:
        """Key → name of the project's lists: the four, then the astronomer's own."""
        return self.project.target_names if self.project else dict(TARGET_NAMES)

    def noun(self, target: str | None = None) -> str:
        """A list's name within a sentence."""
        return noun(self.targets, target or self.target)

    def ranking(self, target: str | None = None) -> Ranking | None:
        return self._rankings.get(target or self.target)

    def labels(self, target: str | None = None) -> dict[int, Label]:
        """Source id → label that holds now, as this vetter sees it."""
        if self.project is None:
            return {}
        target = target or self.target
        if target not in self._labels:
            self._labels[target] = self.project.labels.current(target, self.settings.vetter)
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

    # -- looking

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
        chosen = sources if isinstance(sources, Selection) else list(sources)
        if chosen != self.selection:
            self.selection = chosen
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

    def run(self, name: str, function: Callable[..., Any], *args: Any, then: Callable[[Any], object]) -> Job:
        """Start a job that leaves the project as it is; its value reaches `then` while the project is open."""
        return self._run(name, function, *args, then=then)

    # -- inside

    def _run(
        self,
        name: str,
        function: Callable[..., Any],
        *args: Any,
        then: Callable[[Any], object],
        quiet: bool = False,
        ways: tuple[Verb, ...] = (),
        **kwargs: Any,
    ) -> Job:
        """Start a job; its value reaches `then` only while the same project is open.

        When it fails the message offers `ways` on.
        """
        job = self.jobs.run(name, function, *args, quiet=quiet, **kwargs)
        project = self.project
        job.succeeded.connect(lambda value: then(value) if self.project is project else None)
        job.failed.connect(lambda problem: self.messaged.emit(problem_message(problem, ways)))
        return job

    def _attempt(self, verb: Callable[..., object], *args: object) -> bool:
        """Do it and say so if it fails; whether it worked."""
        try:
            verb(*args)
        except AstroTLError as problem:
            self.messaged.emit(problem_message(problem))
            return False
        return True

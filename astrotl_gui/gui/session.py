"""The session: the open project and everything the user can do with it.

Every verb runs on the main thread and returns at once; what takes long goes through `jobs` and is adopted only
if the project it was started for is still the open one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import TARGET_NAMES, TARGETS, Label
from astrotl_gui.core.project import Project
from astrotl_gui.core.pyramid import block_mean
from astrotl_gui.core.recent import recent_projects, remember_project
from astrotl_gui.core.settings import AppSettings, CutoutSettings, DetectionSettings
from astrotl_gui.core.stretch import Look, render_bands
from astrotl_gui.core.targets import nouns
from astrotl_gui.gui.companions import Companions
from astrotl_gui.gui.epochs import Epochs
from astrotl_gui.gui.file_dialogs import written_message
from astrotl_gui.gui.jobs import Job
from astrotl_gui.gui.label_queue import LabelQueue
from astrotl_gui.gui.message import Message, problem_message
from astrotl_gui.gui.outlier_methods import OutlierMethods
from astrotl_gui.gui.overlays import Overlays
from astrotl_gui.gui.parameters import Parameters
from astrotl_gui.gui.search import SimilarSearch, example_moved
from astrotl_gui.gui.session_state import later
from astrotl_gui.gui.session_vetting import SessionVetting
from astrotl_gui.pipeline.real_fields import FIELDS

PICTURE_SIDE = 256

if TYPE_CHECKING:
    from astrotl_gui.core.tiles import TileSource
    from astrotl_gui.pipeline.new_stamps import StampProject, StampSet
    from astrotl_gui.pipeline.opening import OpenProject
    from astrotl_gui.pipeline.survey.gathering import Gathered


class Session(SessionVetting):
    """Projects, similarity search and files, on top of lists and labels."""

    def __init__(self, settings: AppSettings | None = None, parent: QObject | None = None) -> None:
        super().__init__(settings, parent)
        self.outliers = OutlierMethods(self)
        self.overlays = Overlays(self)
        self.queue = LabelQueue(self)
        self.companions = Companions(self)
        self.epochs = Epochs(self)
        self.parameters = Parameters(self)

    @staticmethod
    def recent() -> list[dict[str, Any]]:
        return recent_projects()

    # -- projects

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

    def create_stamps(self, path: Path, found: StampSet, pixel_scale: float) -> Job:
        """Make a project of stamps, open it, say what was odd, and go on to ranked lists."""

        def go_on(made: StampProject) -> None:
            for note in made.notes:
                self.messaged.emit(Message("About these stamps", note, "warn"))
            self._open_and_detect(made.path)

        return self._run(
            "Laying out stamps",
            later("new_stamps", "new_stamps"),
            path,
            found,
            pixel_scale=pixel_scale,
            then=go_on,
        )

    def open_best(self, survey: Path, labels: Path | list[Label], target: str, top: int, path: Path) -> Job:
        """Rank a survey by labels, make a project of its best, open it, and say which images are out of reach."""

        def go_on(made: Gathered) -> None:
            if made.missing:
                name, reason = made.missing[0]
                said = f"Left out, the images cannot be read. The first, {name}: {reason}"
                title = f"{len(made.missing):,} mosaic{'s' * (len(made.missing) != 1)} passed over"
                self.messaged.emit(Message(title, said, "warn"))
            self.open_project(made.path)

        best = later("survey.gathering", "rank_and_open")
        return self._run("Ranking the survey", best, survey, labels, target, top, path, then=go_on)

    def open_demo(self) -> Job:
        """The simulated demo sky; its project is made on first use."""
        return self._run("Opening the demo sky", later("demo", "demo_project"), then=self._open_and_detect)

    def open_field(self, name: str) -> Job:
        """A real field, downloaded on first use."""
        field = FIELDS[name]
        verb = "Opening" if field.here else "Downloading"
        for job in self.jobs.active:
            if job.name == f"Downloading {field.title}":
                return job  # asked for twice
        return self._run(
            f"{verb} {field.title}",
            later("field_project", "field_project"),
            name,
            then=self._open_and_detect,
            ways=(("Try again", lambda: self.open_field(name)),),
        )

    def _open_and_detect(self, path: Path) -> None:
        """Open a ready-made project and, when it has no sources yet, go on to ranked lists."""
        job = self.open_project(path)
        job.succeeded.connect(lambda _: None if len(self.catalog) else self.detect())

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
        self.companions.remember()
        project.view |= {"target": self.target, "look": self.look.to_dict(), "selected": self.selected or 0}
        try:
            project.save()
            for ranking in self._rankings.values():
                if not ranking.rest:  # a pool is no list; the one stored before it stays
                    project.write_ranking(ranking)
        except AstroTLError as problem:
            self.messaged.emit(problem_message(problem))
        self._save_picture(project.path / "thumbnail.png")
        remember_project(project.path, project.name, len(self.catalog), len(self._labelled()))

    def _save_picture(self, path: Path) -> None:
        """What the welcome page shows of this project: the middle of the mosaic, as it looks now."""
        tiles, mosaic = self.tiles, self.mosaic
        if tiles is None or mosaic is None or path.exists():
            return
        level = (tiles.overview_step(PICTURE_SIDE) // tiles.overview_step()).bit_length() - 1
        try:  # of what is on screen, so that nothing is read
            planes = {name: block_mean(tiles.overview(name), level) for name in self.levels}
        except AstroTLError:
            return  # the images are out of reach (an unplugged drive, a server that is gone): no picture then
        pixels = render_bands(planes, self.levels, mosaic.spec, self.look)[::-1].copy()
        height, width = pixels.shape[:2]
        picture = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32)
        picture.save(str(path))

    def _labelled(self) -> set[int]:
        return {source for target in self.targets for source in self.labels(target)}

    def _adopt_project(self, opened: OpenProject) -> None:
        self.close_project()
        self.project, self.mosaic = opened.project, opened.mosaic
        self.tiles, self.levels = opened.tiles, opened.levels
        self.catalog, self._rankings = opened.catalog, opened.rankings
        self._read_prototypes()
        view = opened.project.view
        self.target = view.get("target", TARGETS[0]) if view.get("target") in self.targets else TARGETS[0]
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
            self.load_inputs()
        self.prepare(opened.tiles)

    def prepare(self, tiles: TileSource) -> None:
        """Build in the background what makes a large mosaic quick at low zoom."""
        bands = [band.name for band in tiles.mosaic.bands if not tiles.far(band.name)]
        if not tiles.large or not bands:
            return

        def build(progress: Any) -> None:
            for band in bands:
                if not tiles.built(band):
                    tiles.build(band, progress)

        job = self._run("Preparing zoom levels", build, then=lambda _: self.look_changed.emit())
        job.partial.connect(lambda _: self.look_changed.emit() if self.tiles is tiles else None)

    # -- similarity

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

    # -- files

    def export(
        self,
        path: Path | str,
        targets: Sequence[str] | None = None,
        labelled_only: bool = False,
        yes_only: bool = False,
    ) -> Job | None:
        """Write candidates with their ranks and labels; the extension names the format."""
        if self.project is None or self.mosaic is None:
            return None
        targets = list(targets or [self.target])
        path = Path(path)
        behind = any(ranking.rest for ranking in map(self.ranking, targets) if ranking is not None)

        def exported(rows: int) -> None:
            told = len(targets) == 1 and yes_only and targets[0] in TARGET_NAMES
            what = nouns(TARGET_NAMES, targets[0], rows) if told else "source" if rows == 1 else "sources"
            detail = f"{path.name}, with who labelled each, when, and by which model."
            if behind:
                detail += " All sources were still being ranked: those further down have no rank in it yet."
            self.messaged.emit(written_message(f"Exported {rows:,} {what}", path, detail))

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
            yes_only,
            self.inputs,
            self.settings.vetter,
            then=exported,
        )

    def import_labels(self, path: Path | str) -> Job | None:
        """Take labels from a table with positions or ids; they join as one step of undo."""
        if self.project is None:
            return None

        def take(events: list[Label]) -> None:
            if self._write(events):
                self._labels_given([e.source_id for e in events])
                self.rank_again()
                self.messaged.emit(Message(f"Imported {len(events):,} labels", Path(path).name))

        return self._run(
            "Reading labels",
            later("label_table", "read_labels"),
            Path(path),
            self.catalog,
            self.settings.vetter,
            self.targets,
            then=take,
        )

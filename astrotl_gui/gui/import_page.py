"""From some FITS files to a project: what was guessed, for correction, and one button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.identify import Proposal

from .dropped import dropped_paths, images_of
from .file_dialogs import FITS, choose_files, documents
from .import_count import SourceCount, estimate_text
from .import_draft import Draft, zeropoints_text
from .import_layout import ImportLayout
from .import_planes import PlanesSheet
from .import_preview import number_word
from .import_reading import Preview, read_catalog, read_preview, read_proposal
from .job_chip import says
from .message import problem_message
from .notice import Notice, Verb

if TYPE_CHECKING:
    from .jobs import Job
    from .session import Session


class ImportPage(QWidget):
    """`start(paths)` reads images and shows what they are; `done` fires when the project is being made."""

    done = Signal()
    cancelled = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.setObjectName("page")
        self.setAcceptDrops(True)
        self.paths: list[Path] = []
        self.draft: Draft | None = None
        self.preview: Preview | None = None
        self.sheet: PlanesSheet | None = None
        self._warnings: tuple[str, ...] = ()
        self._problem: Exception | None = None
        self._reading: Job | None = None
        self._catalog_job: Job | None = None
        self.count = SourceCount(session, self)
        self.form = ImportLayout(self)
        self._connect()

    # --- reading -----------------------------------------------------------------------------------

    def start(self, paths: Sequence[Path]) -> None:
        """Begin with these files; whatever the page showed before is gone."""
        self._stop()
        self.paths = list(dict.fromkeys(Path(path) for path in paths))
        self.draft, self._warnings = None, ()
        self.form.sources.reset()
        self.form.title.setText(_title(self.paths))
        self._read(self.paths, lambda proposal: self._begin(proposal))

    def add(self, paths: Sequence[Path]) -> None:
        """More files for the same mosaic."""
        new = [Path(path) for path in paths if Path(path) not in self.paths]
        if self.draft is None:
            self.start([*self.paths, *new])
        elif new:
            back = {plane for plane in self.draft.left_out if plane.path not in new}
            self.draft = replace(self.draft, left_out=frozenset(back))
            both = [*self.paths, *new]
            self._read(both, lambda proposal: self._join(both, proposal))

    def _read(self, paths: list[Path], then: Callable[[Proposal], None]) -> None:
        self._problem = None
        self._forget_preview("Reading images…")
        self._run(read_proposal, paths, then=then)
        self._refresh()

    def _begin(self, proposal: Proposal) -> None:
        self._warnings = proposal.warnings
        self.form.project.suggest(documents(), proposal.name)
        self._adopt(Draft.of(proposal))

    def _join(self, paths: list[Path], proposal: Proposal) -> None:
        assert self.draft is not None
        self.paths, self._warnings = paths, proposal.warnings
        self.form.title.setText(_title(paths))
        self._adopt(self.draft.joined(proposal))

    def _adopt(self, draft: Draft) -> None:
        """Take corrected bands; read again what has to be."""
        stale = self.draft is None or self.preview is None or _sources(draft) != _sources(self.draft)
        self.draft = draft
        self._drop_files()
        if stale:
            self._look()
        elif self.preview is not None:
            self.form.preview.show_preview(draft, self.preview)
        self._refresh()

    def _drop_files(self) -> None:
        """Files all of whose bands were left out belong to the mosaic no more, and may be added again."""
        assert self.draft is not None
        kept = {band.image.path for band in self.draft.bands}
        gone = {plane.path for plane in self.draft.left_out} - kept
        self.paths = [path for path in self.paths if path not in gone]

    def _look(self) -> None:
        assert self.draft is not None
        self._problem = None
        self._forget_preview("Reading images…")
        try:
            spec = self.draft.spec()
        except AstroTLError as problem:
            self._fail(problem)
            return
        self._run(read_preview, spec, then=self._show_preview)

    def _forget_preview(self, text: str) -> None:
        self.preview = None
        self.count.stop()
        self.form.preview.wait(text)

    def _show_preview(self, preview: Preview) -> None:
        assert self.draft is not None
        self.preview = preview
        self.form.preview.show_preview(self.draft, preview)
        self._suit_cutouts()
        self._refresh()
        self._count()

    def _run(self, function: Callable[..., Any], argument: object, then: Callable[[Any], None]) -> None:
        """One reading at a time: a new one cancels the one before, whose answer is dropped."""
        if self._reading is not None:
            self._reading.cancel()
        job = self._reading = self.session.jobs.run("Reading images", function, argument)
        job.progressed.connect(lambda: self._progressed(job))
        job.succeeded.connect(lambda value: then(value) if self._ended(job) else None)
        job.failed.connect(lambda problem: self._fail(problem) if self._ended(job) else None)

    def _progressed(self, job: Job) -> None:
        if job is self._reading and job.text and job.left_seconds is not None:
            self.form.preview.wait(f"{job.text}: {says(job)}")

    def _ended(self, job: Job) -> bool:
        current = job is self._reading
        if current:
            self._reading = None
        return current

    def _fail(self, problem: Exception) -> None:
        self._problem = problem
        self.form.preview.wait("No preview")
        self._refresh()

    # --- choices -----------------------------------------------------------------------------------

    def choose_more(self) -> None:
        """Ask for more images."""
        choose_files(self, "Add images", FITS, self.add)

    def assign(self) -> None:
        """Open the sheet for noise, weight, mask, PSF and zero points."""
        if self.draft is not None:
            self.sheet = PlanesSheet(self, self.session, self.draft)
            self.sheet.changed.connect(self._adopt)
            self.sheet.closed.connect(self._sheet_closed)
            self.sheet.open()

    def _sheet_closed(self) -> None:
        self.sheet = None
        self.setFocus()

    def _set_scale(self) -> None:
        if self.draft is not None:
            self.draft = replace(self.draft, pixel_scale=self.form.scale.value or 0.0)
            self._suit_cutouts()
            if self.preview is not None and self.preview.without_scale:
                self.preview = self.preview.scaled(self.draft.pixel_scale)
                self.form.preview.show_preview(self.draft, self.preview)
            self._refresh()

    def _suit_cutouts(self) -> None:
        if self.draft is None or self.preview is None:
            return
        mosaic = self.preview.mosaic
        scale = mosaic.pixel_scale() if mosaic.has_sky else self.draft.pixel_scale
        if scale > 0:
            self.form.cutouts.suit(scale)

    def _take_catalog(self, path: Path) -> None:
        job = self._catalog_job = self.session.jobs.run("Reading the catalog", read_catalog, path)
        job.succeeded.connect(
            lambda found: self._use_catalog(path, found) if job is self._catalog_job else None
        )
        job.failed.connect(lambda why: self._refuse_catalog(why) if job is self._catalog_job else None)

    def _use_catalog(self, path: Path, catalog: Catalog) -> None:
        self._problem = None
        self.form.sources.take(path, len(catalog))
        self.count.use(len(catalog))
        self._refresh()

    def _refuse_catalog(self, problem: Exception) -> None:
        self.form.sources.refuse()
        self.form.show_notices([_alert(problem), *self._notices()])

    def _count(self) -> None:
        if self.preview is not None and self.form.sources.catalog is None:
            self.count.start(self.preview.mosaic, self.form.sources.detection)

    def _sources_changed(self) -> None:
        if self.form.sources.catalog is None and self.count.taken:
            self._count()

    def _show_count(self) -> None:
        self.form.sources.count.setText(self.count.text)
        self.form.estimate.setText(
            estimate_text(self.preview.mosaic if self.preview else None, self.count.found)
        )

    # --- the end -----------------------------------------------------------------------------------

    def create_project(self) -> None:
        """Make the project as shown; a problem stays on the page."""
        if self.draft is None or not self.form.main.isEnabled():
            return
        form = self.form
        catalog = form.sources.catalog
        try:
            spec = replace(self.draft, name=form.project.path.stem).spec()
            self.session.create_project(
                form.project.path, spec, form.sources.detection, form.cutouts.cutouts, catalog_path=catalog
            )
        except AstroTLError as problem:
            self.form.show_notices([_alert(problem), *self._notices()])
            return
        self._stop()
        self.done.emit()

    def cancel(self) -> None:
        """Leave without a project; an open sheet closes first."""
        if self.sheet is not None:
            self.sheet.end()
            return
        self._stop()
        self.cancelled.emit()

    def _stop(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        self._catalog_job = None
        self.count.stop()

    # --- what is shown -----------------------------------------------------------------------------

    def _refresh(self) -> None:
        form, draft = self.form, self.draft
        form.show_notices(self._notices())
        form.bands.setVisible(draft is not None)
        form.after_bands.setVisible(draft is not None)
        if draft is not None:
            form.bands.show_draft(draft)
            form.zeropoints.setText(zeropoints_text(draft))
        form.scale_row.setVisible(self.preview is not None and self.preview.without_scale)
        form.main.setEnabled(self._ready())
        self._show_count()

    def _ready(self) -> bool:
        if self.draft is None or self.preview is None or self._problem is not None:
            return False
        named = not any(self.draft.name_problem(key) for key in self.draft.keys)
        return named and (not self.preview.without_scale or self.draft.pixel_scale > 0)

    def _notices(self) -> list[Notice]:
        notices = []
        if self._problem is not None:
            again: list[Verb] = [("Choose others…", self.choose_others)] if self.draft is None else []
            notices.append(_alert(self._problem, again))
        notices += [_warning(sentence) for sentence in self._warnings]
        if self.preview is not None and self.preview.without_scale:
            detail = "This mosaic has none, so sky search is off. Say how large a pixel is."
            notices.append(Notice("note", "No coordinates", detail))
        return notices

    def choose_others(self) -> None:
        """Begin again with other images."""
        choose_files(self, "Open images", FITS, self.start)

    def _connect(self) -> None:
        form = self.form
        form.bands.changed.connect(self._adopt)
        form.add.clicked.connect(self.choose_more)
        form.planes.clicked.connect(self.assign)
        form.scale.changed.connect(self._set_scale)
        form.sources.limit_changed.connect(self._count)
        form.sources.catalog_wanted.connect(self._take_catalog)
        form.sources.changed.connect(self._sources_changed)
        form.main.clicked.connect(self.create_project)
        form.close.clicked.connect(self.cancel)
        form.cancel.clicked.connect(self.cancel)
        self.count.changed.connect(self._show_count)
        for keys, run in (
            ("Esc", self.cancel),
            ("Ctrl+Return", self.create_project),
            ("Ctrl+Enter", self.create_project),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(run)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if images_of(dropped_paths(event.mimeData())):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.add(images_of(dropped_paths(event.mimeData())))


def _title(paths: Sequence[Path]) -> str:
    count = len(paths)
    return f"New project from {number_word(count) if count == 1 else count} image{'' if count == 1 else 's'}"


def _sources(draft: Draft) -> set[tuple[object, ...]]:
    """What has to be read again when it changes."""
    return {(b.image, b.rms, b.weight, b.mask, b.mask_bits) for b in draft.bands}


def _alert(problem: Exception, verbs: Sequence[Verb] = ()) -> Notice:
    message = problem_message(problem)
    return Notice("alert", message.title, message.detail, verbs)


def _warning(sentence: str) -> Notice:
    """A sentence of `identify` as a card: what is odd, then what was done about it."""
    title, _, detail = sentence.rstrip(".").partition("; ")
    if len(title) > 60:
        return Notice("warn", "Worth a look", sentence)
    advice = " Check that the colours in the preview look right." if "headers say filter" in sentence else ""
    return Notice("warn", title, f"{detail[:1].upper()}{detail[1:]}.{advice}" if detail else "")

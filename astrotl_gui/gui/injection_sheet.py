"""The sheet of injected examples: what is drawn into the project's own cutouts, and from which ranges."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from astrotl_gui.core.labels import TARGET_NAMES
from astrotl_gui.core.settings import ARTIFACT_KINDS, InjectionSettings
from astrotl_gui.pipeline.injection.checked import FEWEST_PAIRS, LIMITS, MOST_PAIRS, NO_HOST, how_many

from . import theme
from .controls import Button, Label, Segmented
from .example_wall import ExampleWall
from .fields import NumberField
from .kind_switches import KindSwitches
from .message import problem_message
from .notice import Notice, replace_notices
from .range_field import RangeField
from .session_state import later
from .sheet import Sheet

if TYPE_CHECKING:
    from astrotl_gui.pipeline.injection.pictures import Shown

    from .jobs import Job
    from .session import Session

WIDTH, LEFT_WIDTH = 960, 260
SHOWN = {"lens": 18, "agn": 18, "artifact": 28}
"""So many pairs are drawn to look at; of artifacts as many of each kind."""
EXPLAINED = (
    "Drawn into your own cutouts with the seeing, noise and bands of this mosaic. "
    "Before any label the lists are ordered by what sets these apart from their hosts and from everything else."
)
FIELDS = {
    "lens": ("einstein_radius", "source_magnitude", "source_colour"),
    "agn": ("nucleus_ratio", "nucleus_colour"),
    "artifact": ("artifact_strength",),
}
"""Target → settings."""
COLOURS = {"source_colour": "Source", "nucleus_colour": "Nucleus"}


class InjectionSheet(Sheet):
    """Left the ranges, right some of the examples beside their hosts."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent, "Injected examples", width=WIDTH)
        self.session = session
        self._drawing: Job | None = None
        settings = self._settings()
        target = session.target if session.target in FIELDS else "lens"
        self.which = Segmented([(name, TARGET_NAMES[name]) for name in FIELDS], fill=True)
        self.which.set_value(target)
        self.ranges = {
            setting: RangeField(name, unit.strip(), least, most)
            for setting, (name, least, most, unit) in LIMITS.items()
        }
        for setting, field in self.ranges.items():
            field.set_value(getattr(settings, setting))
        self.kinds = KindSwitches(settings.artifact_kinds)
        automatic = how_many(InjectionSettings(), len(session.catalog or ()))
        self.pairs = NumberField(automatic, minimum=FEWEST_PAIRS, maximum=MOST_PAIRS, height=28)
        self.pairs.field.setAccessibleName("How many")
        self.pairs.set_value(settings.pairs or None)
        self.wall, self.says = ExampleWall(), Label("", 12, 500, "text2", wrap=True)
        self._notices = QVBoxLayout()
        self._notices.setSpacing(8)
        self.again = Button("Inject again", main=True)
        self._build()
        self._connect()
        self._show()

    def _settings(self) -> InjectionSettings:
        return self.session.project.injection if self.session.project else InjectionSettings()

    @property
    def _one_band(self) -> bool:
        """Then nothing has a colour."""
        return self.session.mosaic is not None and len(self.session.mosaic.bands) == 1

    def _build(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(14)
        left.addWidget(self.which)
        for field in self.ranges.values():
            left.addWidget(field)
        left.addWidget(self.kinds)
        many = QVBoxLayout()
        many.setSpacing(4)
        many.addWidget(Label("How many", 12, 500, "text2"))
        many.addWidget(self.pairs)
        left.addLayout(many)
        left.addWidget(Label("Empty fields follow from the mosaic.", 12, 400, "text3", wrap=True))
        left.addStretch(1)
        side = QWidget()
        side.setLayout(left)
        side.setFixedWidth(theme.scaled(LEFT_WIDTH))
        left.setContentsMargins(0, 0, 0, 0)
        right = QVBoxLayout()
        right.setSpacing(10)
        right.addWidget(Label(EXPLAINED, 12, 400, "text2", wrap=True))
        right.addWidget(self.says)
        right.addLayout(self._notices)
        right.addWidget(self.wall, 0, Qt.AlignmentFlag.AlignLeft)  # its width is not that of the page
        right.addStretch(1)
        both = QHBoxLayout()
        both.setSpacing(28)
        both.addWidget(side, 0, Qt.AlignmentFlag.AlignTop)
        both.addLayout(right, 1)
        self.body.addLayout(both)
        self.add_verb(self.again)
        self.setFocusProxy(self.which)

    def _connect(self) -> None:
        self.which.chosen.connect(lambda _: self._show())
        for field in self.ranges.values():
            field.changed.connect(self._refresh)
        self.kinds.changed.connect(self._refresh)
        self.pairs.changed.connect(self._refresh)
        self.again.clicked.connect(self.inject)
        self.session.examples_changed.connect(self._show)
        self.session.jobs.changed.connect(self._refresh)
        self.closed.connect(self._stop)

    # --- what is chosen ----------------------------------------------------------------------------

    @property
    def chosen(self) -> InjectionSettings | None:
        """The settings in the fields; None while one does not fit."""
        values: dict[str, tuple[object, ...] | None] = {
            setting: field.value for setting, field in self.ranges.items()
        }
        values["artifact_kinds"] = self.kinds.value
        pairs = self.pairs.value if self.pairs.field.text().strip() else 0
        if pairs is None or any(value is None for value in values.values()):
            return None
        return replace(self._settings(), pairs=int(pairs), **values)  # type: ignore[arg-type]

    def inject(self) -> None:
        """Keep what is chosen and draw by it; unchanged, draw others."""
        chosen = self.chosen
        if chosen is None:
            return
        if chosen == self._settings():
            chosen = replace(chosen, seed=chosen.seed + 1)
        self.session.set_injection(chosen)
        if self.session.writing:
            self.says.setText("Injecting…")
        self._refresh()

    def _refresh(self) -> None:
        free = self._drawing is None and not self.session.writing
        self.again.setEnabled(free and self.chosen is not None)

    # --- what is shown -----------------------------------------------------------------------------

    def _show(self) -> None:
        """Draw some examples of the target in view."""
        self._stop()
        target = self.which.value
        for setting, field in self.ranges.items():
            field.setVisible(setting in FIELDS[target] and not (setting in COLOURS and self._one_band))
        self.kinds.setVisible(target == "artifact")
        session, project = self.session, self.session.project
        if project is None:
            return
        self.says.setText("Drawing examples…")
        job = self._drawing = session.jobs.run(
            "Drawing examples",
            later("injection.pictures", "example_pictures"),
            session.mosaic,
            session.catalog,
            project.embeddings_folder,
            project.cutouts,
            project.encoder,
            project.injection,
            target,
            SHOWN[target],
            quiet=True,
        )
        job.succeeded.connect(lambda shown: self._take(shown) if job is self._drawing else None)
        job.failed.connect(lambda problem: self._fail(problem) if job is self._drawing else None)
        self._refresh()

    def _take(self, shown: Shown) -> None:
        self._drawing = None
        for setting, value in shown.automatic.items():
            self.ranges[setting].set_automatic(value)
        reference, short, long = shown.bands
        self.ranges["source_magnitude"].rename(f"Source magnitude in {reference}, before lensing")
        for setting, what in COLOURS.items():
            self.ranges[setting].rename(f"{what} colour, {short} − {long}")
        self.wall.show_examples(shown.examples, ARTIFACT_KINDS.values())
        self.says.setText(self._count() if shown.examples else "Nothing was injected.")
        notes = list(shown.notes)
        if not shown.examples and not notes:
            notes = [NO_HOST]
        replace_notices(self._notices, [Notice("note", *_parted(note)) for note in notes])
        self._refresh()
        self._cover()

    def _fail(self, problem: Exception) -> None:
        self._drawing = None
        message = problem_message(problem)
        self.says.setText("No examples to show")
        self.wall.show_examples([])
        replace_notices(self._notices, [Notice("alert", message.title, message.detail)])
        self._refresh()

    def _count(self) -> str:
        """ "100 lenses in 92 of your galaxies; some of them beside their hosts." """
        examples, target = self.session.examples, self.which.value
        what = {"lens": "lenses", "agn": "nuclei", "artifact": "artifacts"}[target]
        hosts = "sources" if target == "artifact" else "galaxies"
        if examples is None or target not in examples.pairs:
            return f"Some {what} beside their hosts."
        drawn = examples.pairs[target].hosts.tolist()
        return (
            f"{len(drawn):,} {what} in {len(set(drawn)):,} of your {hosts}; some of them beside their hosts."
        )

    def _stop(self) -> None:
        if self._drawing is not None:
            self._drawing.cancel()
            self._drawing = None


def _parted(note: str) -> tuple[str, str]:
    """A note as title and detail, parted at its colon."""
    title, _, detail = note.partition(": ")
    return title, detail[:1].upper() + detail[1:]

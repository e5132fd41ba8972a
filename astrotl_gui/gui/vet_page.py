"""Vet: candidates graded one by one, by one key each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from . import theme
from .controls import Button, EmptyState, Label, scrolling
from .fields import Field
from .inspector_parts import CutoutPanel, FactRows
from .looks import modes
from .session_vetting import LENGTH
from .thumbnails import Stamp, Thumbnails
from .vet_bands import HEIGHT as STRIP
from .vet_bands import VetBands
from .vet_bar import VetBar
from .vet_cutout import STAND_IN_SIDE, VetCutout
from .vet_facts import vet_facts
from .vet_graded import VetGraded
from .vet_grades import VetGrades
from .vet_look import VetLook
from .view import View

if TYPE_CHECKING:
    from .session import Session

LEFT, RIGHT, MARGIN = 264, 408, 24
BETWEEN, ABOVE_AND_BELOW = 96, 228
"""Margins of the page's width, and what the candidate leaves of its height [px]."""
LOW = 800
"""Lower pages [px] show no look, and one row of what was just graded."""
WIDE_SIDE = 320


class VetPage(View):
    """The session's queue. `left(page)`: go back to where one came from."""

    bars = False
    notes = True
    left = Signal(str)

    def __init__(
        self, session: Session, actions: Mapping[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.came_from = "explore"
        self._noted: int | None = None
        self._following: list[Stamp | None] = []
        self.small = Thumbnails(session, self)
        self.top = VetBar(session)
        self.cutout = VetCutout(session, self.small)
        self.bands = VetBands(self.small)
        self.wide = CutoutPanel(self.small, LEFT)
        self.wide.setFixedSize(LEFT, LEFT)
        self.facts = FactRows()
        self.graded = VetGraded(session, self.small)
        self.grades = VetGrades(session)
        self.note = Field("Add a note", key="N", height=36)
        self.look = VetLook(session, actions)
        self.back_button = Button("Back", "ph.arrow-left", "D", height=36)
        self.skip_button = Button("Skip, no label", "ph.arrow-right", "Space", height=36)
        self.pages = QStackedWidget()
        self._empty: EmptyState | None = None
        self._build()
        self._connect()

    def _build(self) -> None:
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for button in (*self.grades.grades.values(), *self.grades.classes.values()):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(MARGIN, 20, MARGIN, 14)
        row.setSpacing(0)
        row.addWidget(self._column(self._left(), LEFT))
        row.addStretch(1)
        middle = QVBoxLayout()
        middle.setSpacing(10)
        middle.addWidget(self.cutout, 0, Qt.AlignmentFlag.AlignHCenter)
        middle.addWidget(self.bands)
        middle.addStretch(1)
        row.addLayout(middle)
        row.addStretch(1)
        row.addWidget(self._column(self._right(), theme.scaled(RIGHT)))
        self.pages.addWidget(body)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        column.addWidget(self.pages, 1)

    def _left(self) -> QVBoxLayout:
        upper = QVBoxLayout()
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(8)
        upper.addWidget(Label("Wide view", 12, 600, "text2"))
        upper.addWidget(self.wide)
        upper.addSpacing(8)
        upper.addWidget(self.facts)
        upper.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addWidget(scrolling(upper), 1)
        column.addWidget(self.graded)
        return column

    def _right(self) -> QVBoxLayout:
        upper = QVBoxLayout()
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(8)
        upper.addWidget(self.grades)
        upper.addSpacing(8)
        upper.addWidget(Label("Note", 12, 600, "text2"))
        upper.addWidget(self.note)
        upper.addSpacing(8)
        upper.addWidget(self.look)
        upper.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addWidget(scrolling(upper), 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        for button in (self.back_button, self.skip_button):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            foot.addWidget(button, 1)
        column.addLayout(foot)
        return column

    @staticmethod
    def _column(layout: QVBoxLayout, width: int) -> QWidget:
        column = QWidget()
        layout.setContentsMargins(0, 0, 0, 0)
        column.setLayout(layout)
        column.setFixedWidth(width)
        return column

    def _connect(self) -> None:
        session = self.session
        session.vetting_changed.connect(self._show)
        session.target_changed.connect(self._resume)
        session.settings_changed.connect(self._resume)
        session.labels_changed.connect(self._labelled)
        session.look_changed.connect(self._show_pixels)
        session.ranking_changed.connect(lambda _: self._show())
        self.small.ready.connect(lambda _: self._render_ahead())
        self.cutout.painted.connect(session.candidate_shown)
        self.bands.chosen.connect(lambda mode: session.set_look(session.look.with_(mode=mode)))
        self.back_button.clicked.connect(lambda: session.step(-1))
        self.skip_button.clicked.connect(lambda: session.step(1))
        self.top.close_button.clicked.connect(self.back)
        self.note.editingFinished.connect(self._keep_note)

    # -- what the window calls

    def move_selection(self, where: str, extend: bool = False) -> None:
        """Along the queue; rows and pages are one candidate here."""
        vetting = self.session.vetting
        if vetting is None:
            return
        ends = {"first": -vetting.place, "last": len(vetting.ids) - 1 - vetting.place}
        back = where in ("previous", "up", "page-up")
        self.session.step(ends.get(where, -1 if back else 1))

    def write_note(self) -> None:
        self.note.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.note.selectAll()

    def toggle_wide(self) -> None:
        self.cutout.toggle_wide()

    def toggle_fit(self) -> None:
        self.cutout.toggle_fit()

    def zoom(self, steps: int) -> None:
        self.cutout.zoom(steps)

    def draw_more(self) -> None:
        """Make the next queue of the ranking, when all of this one are seen."""
        vetting = self.session.vetting
        if vetting is not None and vetting.drawn and vetting.current is None:
            self.session.begin_vetting(blind=vetting.blind, name=vetting.name)

    def back(self) -> bool:
        self.left.emit(self.came_from)
        return True

    # -- following the session

    def _resume(self) -> None:
        if self.isVisible():
            self.session.resume_vetting()

    def _labelled(self, sources: list[int]) -> None:
        if (
            self.isVisible()
            and len(sources) == 1
            and (label := self.session.own_label(sources[0])) is not None
        ):
            self.grades.flash(label)

    def _show(self) -> None:
        if not self.isVisible():
            return
        self._keep_note()
        self.top.show_vetting()
        self._show_page()
        vetting = self.session.vetting
        source = vetting.current if vetting is not None else None
        if vetting is None or source is None:
            self._noted = None
            self.cutout.show_source(None, [])
            return
        self.grades.show_target()
        self.grades.show_label(self.session.own_label(source))
        self.graded.show_vetting(vetting, self.session.can_undo)
        self.back_button.setEnabled(vetting.place > 0)
        if self._noted != source:
            self._noted = source
            hidden = vetting.hidden
            self.note.setText(self.session.own_note(source) if hidden else self.session.note(source))
        self.facts.show_facts(vet_facts(self.session, source, vetting.hidden))
        self._show_pixels()

    # -- pixels

    def _show_pixels(self) -> None:
        vetting, project = self.session.vetting, self.session.project
        source = vetting.current if vetting is not None else None
        if not self.isVisible() or vetting is None or source is None or project is None:
            return
        strip = self._strip(source)
        self.bands.show_items(strip, self.session.look.mode)
        around = self._around(source)
        self.wide.show_stamp(
            around, None, project.cutouts.size if project.cutouts.context > project.cutouts.size else 0
        )
        self.cutout.show_source(source, vetting.ahead)
        wanted = [stamp for _, stamp in strip] + [around]
        self._following = [
            stamp
            for following in vetting.ahead
            for stamp in (*(stamp for _, stamp in self._strip(following)), self._around(following))
        ]
        wanted += self._following
        wanted += [self.small.stamp(i, STAND_IN_SIDE) for i in self.graded.wall.sources]
        self.small.want(wanted)

    def _render_ahead(self) -> None:
        for stamp in self._following:
            if stamp is not None:
                self.small.picture(stamp)

    def _strip(self, source: int) -> list[tuple[str, Stamp]]:
        shown = modes(self.session)
        ordered = [*shown[:1], *reversed(shown[1:])] if len(shown) > 1 else shown
        made = [(mode, self.small.stamp(source, STAND_IN_SIDE, mode)) for mode in ordered]
        return [(mode, stamp) for mode, stamp in made if stamp is not None]

    def _around(self, source: int) -> Stamp | None:
        project = self.session.project
        side = max(project.cutouts.context, project.cutouts.size) if project is not None else 0.0
        return self.small.stamp(source, WIDE_SIDE, "", side)

    # -- without a candidate

    def _show_page(self) -> None:
        if self._empty is not None:
            self.pages.removeWidget(self._empty)
            self._empty.deleteLater()
        self._empty = self._instead()
        if self._empty is not None:
            self.pages.addWidget(self._empty)
        self.pages.setCurrentIndex(0 if self._empty is None else 1)

    def _instead(self) -> EmptyState | None:
        """What the page says when there is no candidate to show."""
        vetting, session = self.session.vetting, self.session
        if vetting is not None and vetting.current is not None:
            return None
        if not len(session.catalog):
            text = "Detect them, or take your own catalog."
            return EmptyState("ph.crosshair", "No sources yet", text, "Detect sources", session.detect)
        if vetting is None or not vetting.ids:
            if session.ranking() is None:
                text = "Ranking starts when the sources are embedded."
                return EmptyState("ph.sparkle", "No ranking yet", text, "Back", self.back)
            text = "You have graded every source of this list."
            return EmptyState("ph.checks", "All seen", text, "Back", self.back)
        own, total = sum(session.own_label(i) is not None for i in vetting.ids), len(vetting.ids)
        told = f"all {total:,}" if own == total else f"{own:,} of {total:,}"
        text = f"You have graded {told}."
        if vetting.drawn and own < total:
            text += " The skipped ones come back once all others are seen."
        if vetting.drawn:
            return EmptyState("ph.checks", "All seen", text, f"Draw {LENGTH} more", self.draw_more)
        return EmptyState("ph.checks", "All seen", text, "Back", self.back)

    # -- note

    def _keep_note(self) -> None:
        if self._noted is not None and self.session.project is not None and self.note.isModified():
            self.note.setModified(False)
            self.session.set_note(self.note.text().strip(), self._noted)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape) and self.note.hasFocus():
            if event.key() == Qt.Key.Key_Escape and self._noted is not None:
                self.note.setText(self.session.own_note(self._noted))
            self.setFocus()
        else:
            super().keyPressEvent(event)

    # -- room

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.session.resume_vetting()

    def hideEvent(self, event: QHideEvent) -> None:
        self._keep_note()
        self.session.pause_vetting()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._suit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._suit()

    def _suit(self) -> None:
        """The largest square there is room for; less beside it on a low page."""
        beside = LEFT + theme.scaled(RIGHT) + BETWEEN
        side = max(240, min(self.width() - beside, self.height() - ABOVE_AND_BELOW))
        low = self.height() < theme.scaled(LOW)
        self.cutout.setFixedSize(side, side)
        self.bands.setFixedSize(side + 8, STRIP)
        self.look.setVisible(not low)
        self.graded.wall.show_rows(1 if low else 2)
        self._show_pixels()

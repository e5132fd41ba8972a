"""The inspector: everything known of the current source, and the buttons that label it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from . import theme
from .actions import ACTIONS
from .controls import Button, EmptyState, IconButton, Label, Line, scrolling
from .facts import brightness, measurements, place_text
from .fields import Field
from .inspector_parts import BandStrip, CutoutPanel, FactRows, LabelButton, RankRows
from .message import Message
from .outlier_rows import OutlierRows
from .thumbnails import Stamp, Thumbnails

if TYPE_CHECKING:
    from .session import Session

LABELS = (
    ("positive", "A", "Yes", "ph.check", "yes", "label.certain"),
    ("unsure", "C", "Unsure", "ph.question", "unsure", "label.unsure"),
    ("negative", "X", "No", "ph.x", "no", "label.no"),
)
WIDE = "Wide"
COMPACT_RANKS = 3


class Inspector(QWidget):
    """Shows the session's current source: a full pane, or (compact) a 204 px block under the list.

    The window calls `write_note` and `toggle_wide` for their keys, and listens to `why`.
    """

    def __init__(
        self,
        session: Session,
        actions: Mapping[str, QAction] | None = None,
        compact: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.session, self.compact = session, compact
        self._actions = actions or {}
        self.thumbnails = Thumbnails(session, self)
        self._wide, self._band = False, ""
        self._noted: int | None = None
        self._make_parts()
        self.pages = QStackedWidget()
        self.pages.addWidget(self._compact_page() if compact else self._full_page())
        nothing = EmptyState(
            "ph.crosshair-simple", "Nothing is selected", "Choose a source in the list or on the sky."
        )
        self.pages.addWidget(nothing)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pages)
        self.setProperty("surface", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        if compact:
            self.setFixedHeight(theme.scaled(204))
        self._connect()
        self._show_source()

    # -- building ---

    def _make_parts(self) -> None:
        self.cutout = CutoutPanel(self.thumbnails, 132 if self.compact else 0)
        self.strip = BandStrip(self.thumbnails)
        self.name = Label("", 15, 600)
        self.place = Label("", 12, 500, "text2")
        self.copy = IconButton("ph.copy-simple", "Copy coordinates")
        self.buttons = {
            value: self._label_button(value, grade, text, icon, tone, key)
            for value, grade, text, icon, tone, key in LABELS
        }
        key = self._key("find.similar")
        self.similar = (
            LabelButton("Similar", "ph.circles-three", key)
            if self.compact
            else Button("Find similar", "ph.circles-three", key, height=32)
        )
        self.ranks = RankRows(bars=not self.compact)
        self.facts = FactRows()
        self.why = (
            IconButton("ph.question", "Why is it here?")
            if self.compact
            else Button("Why is it here?", key=self._key("find.why"), flat=True, height=28)
        )
        self.note = Field("Add a note", key=self._key("label.note"), height=32)

    def _label_button(self, value: str, grade: str, text: str, icon: str, tone: str, action: str) -> Button:
        button = LabelButton(text, icon, self._key(action), tone)
        button.clicked.connect(lambda: self.session.label(value, grade))
        return button

    def _key(self, action: str) -> str:
        """The first key of an action, as the window has it or as the table gives it."""
        if action in self._actions:
            return self._actions[action].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        return next(row.shortcuts[0] for row in ACTIONS if row.id == action)

    def _full_page(self) -> QWidget:
        column = QVBoxLayout()
        column.setContentsMargins(14, 14, 14, 0)
        column.setSpacing(0)
        column.addWidget(self.cutout)
        column.addSpacing(8)
        column.addWidget(self.strip)
        column.addSpacing(4)
        column.addLayout(_row(self.name, None, self.copy))
        column.addWidget(self.place)
        column.addSpacing(10)
        column.addLayout(_row(*self.buttons.values(), spacing=6))
        column.addSpacing(8)
        column.addWidget(self.similar)
        for part in (self.ranks, self.facts):
            column.addSpacing(14)
            column.addWidget(Line())
            column.addSpacing(8)
            column.addWidget(part)
        column.addWidget(OutlierRows(self.session))
        column.addSpacing(4)
        column.addLayout(_row(self.why, None))
        column.addStretch(1)
        self.similar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        scroll = scrolling(column)
        page = QWidget()
        outer = QVBoxLayout(page)
        outer.setContentsMargins(0, 0, 0, 14)
        outer.setSpacing(10)
        outer.addWidget(scroll, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(14, 0, 14, 0)
        foot.addWidget(self.note)
        outer.addLayout(foot)
        return page

    def _compact_page(self) -> QWidget:
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(12, 12, 12, 12)
        grid.setSpacing(12)
        grid.addWidget(self.cutout, 0, 0)
        side = QVBoxLayout()
        side.setSpacing(0)
        head = QVBoxLayout()
        head.setSpacing(2)
        head.addWidget(self.name)
        head.addWidget(self.place)
        line = QHBoxLayout()
        line.addLayout(head, 1)
        for button in (self.why, self.copy):
            line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        side.addLayout(line)
        side.addStretch(1)
        side.addWidget(self.ranks)
        side.addWidget(self.facts)
        grid.addLayout(side, 0, 1)
        grid.addLayout(_row(*self.buttons.values(), self.similar, spacing=6), 1, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        return page

    def _connect(self) -> None:
        session = self.session
        for signal in (session.project_changed, session.catalog_changed, session.selection_changed):
            signal.connect(self._show_source)
        for changed in (
            session.labels_changed,
            session.columns_changed,
            session.ranking_changed,
            session.target_changed,
            session.targets_changed,
        ):
            changed.connect(self._show_facts)
        session.look_changed.connect(self._show_pixels)
        self.ranks.chosen.connect(session.set_target)
        self.similar.clicked.connect(lambda: session.find_similar())
        self.copy.clicked.connect(self._copy_place)
        self.strip.pointed.connect(self._point)
        self.note.editingFinished.connect(self._keep_note)

    # -- what the window calls ---

    def write_note(self) -> None:
        """Put the cursor in the note, or ask for it in the compact form, which has no room for the field."""
        if not self.compact:
            self.note.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.note.selectAll()

    def toggle_wide(self) -> None:
        """Show more of the sky around the source, or the cutout again."""
        self._wide = not self._wide
        self._show_pixels()

    # -- following the session ---

    def _show_source(self) -> None:
        self._keep_note()
        source = self._source()
        self.pages.setCurrentIndex(1 if source is None else 0)
        self._noted = source
        if source is None:
            return
        row = self.session.catalog.row(source)
        self.place.setText(place_text(row))
        self.note.setText(self.session.note(source))
        self._wide = False
        self._show_facts()

    def _show_facts(self) -> None:
        source = self._source()
        if source is None:
            return
        session = self.session
        self.name.setText(self._title(source))
        label = session.label_of(source)
        for value, button in self.buttons.items():
            button.setCheckable(label is not None and label.value == value)
            button.setChecked(label is not None and label.value == value)
        if not self.note.hasFocus():
            self.note.setText(session.note(source))
        self._show_ranks(source)
        if self.compact:
            self.facts.show_facts([fact for fact in [brightness(session, source)] if fact[1]])
        else:
            self.facts.show_facts(measurements(session, source))
        self._show_pixels()

    def _show_ranks(self, source: int) -> None:
        session, rows, ranks = self.session, [], {}
        for target, name in session.targets.items():
            ranking = session.ranking(target)
            rank = ranking.rank_of(source) if ranking is not None else None
            if ranking is not None and rank is not None:
                ranks[target] = rank
                rows.append((target, name, ranking.score_of(source), f"{rank:,}"))
        if self.compact:  # room for the others in which it stands best
            others = sorted((target for target in ranks if target != session.target), key=ranks.__getitem__)
            rows = [row for row in rows if row[0] in others[:COMPACT_RANKS]]
        self.ranks.show_ranks(rows, session.target)

    def _title(self, source: int) -> str:
        ranking = self.session.ranking()
        rank = ranking.rank_of(source) if ranking is not None else None
        title = f"Candidate {rank:,}" if rank is not None else f"Source {source}"
        more = len(self.session.selection) - 1
        return f"{title} and {more:,} more" if more else title

    # -- pixels ---

    def _point(self, name: str) -> None:
        self._band = name
        self._show_pixels()

    def _show_pixels(self) -> None:
        source, project = self._source(), self.session.project
        if source is None or project is None or self.session.mosaic is None:
            self.cutout.show_stamp(None)
            return
        ratio = self.devicePixelRatioF()
        size, context = project.cutouts.size, project.cutouts.context
        side = round(self.cutout.width() * ratio)
        wide = (self._wide or self._band == WIDE) and context > size
        mode = self._band if self._band not in ("", WIDE) else ""
        large = self.thumbnails.stamp(source, side, mode, context if wide else size)
        self.cutout.show_stamp(large, self.session.label_of(source), size if wide else 0.0)
        wanted = [large]
        if not self.compact:
            items = self._strip_items(source, round(64 * ratio), context if context > size else 0.0)
            self.strip.show_items(items, size / context)
            wanted += [stamp for _, stamp in items]
        if self.isVisible():
            self.thumbnails.want(wanted)

    def _strip_items(self, source: int, side: int, context: float) -> list[tuple[str, Stamp]]:
        assert self.session.mosaic is not None
        bands = [band.name for band in self.session.mosaic.bands]
        shown = [(name, self.thumbnails.stamp(source, side, name)) for name in bands]
        if context:  # there is nothing around a stamp
            shown.append((WIDE, self.thumbnails.stamp(source, side, "", context)))
        return [(name, stamp) for name, stamp in shown if stamp is not None]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_pixels()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_pixels()

    # -- note and place ---

    def _keep_note(self) -> None:
        if self._noted is not None and self.session.project is not None and not self.compact:
            self.session.set_note(self.note.text().strip(), self._noted)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape) and self.note.hasFocus():
            if event.key() == Qt.Key.Key_Escape and self._noted is not None:
                self.note.setText(self.session.note(self._noted))
            self.note.clearFocus()
        else:
            super().keyPressEvent(event)

    def _copy_place(self) -> None:
        text = self.place.text().replace("−", "-")
        QGuiApplication.clipboard().setText(text)
        self.session.messaged.emit(Message("Coordinates copied", text))

    def _source(self) -> int | None:
        source = self.session.selected
        if source is None or self.session.project is None or not len(self.session.catalog):
            return None
        return source if self.session.catalog.rows_of([source])[0] >= 0 else None


def _row(*widgets: QWidget | None, spacing: int = 0) -> QHBoxLayout:
    """Widgets in a line; None is a gap that stretches."""
    line = QHBoxLayout()
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(spacing)
    for widget in widgets:
        if widget is None:
            line.addStretch(1)
        else:
            line.addWidget(widget)
    return line

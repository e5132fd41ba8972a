"""Epochs: the selected source in every epoch, what flags some of them, and the keys that accept or reject flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from . import theme
from .controls import Button, EmptyState, Label, Segmented
from .epoch_card import BAR
from .epoch_order import number
from .epoch_strip import EDGE
from .view import View

if TYPE_CHECKING:
    from astrotl_gui.core.epoch_table import EpochTable

    from .epoch_parts import EpochParts
    from .session import Session

MARGIN, GAP = 24, 16
Empty = tuple[str, str, str, str]
STAMPS = ("These are stamps", "Epochs lie on the sky of a mosaic. Make a project from an image.")
LOAD, DETECT, MEASURE = "Load epochs…", "Detect sources", "Measure epochs"


class EpochsPage(View):
    """Its parts are built when they are first shown, and follow the session while the page is in view.

    `load_wanted`, `export_wanted`: the buttons for them.
    """

    load_wanted = Signal()
    export_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.parts: EpochParts | None = None
        self._look: tuple[theme.Tokens, int] | None = None
        self._empty: Empty | None = None
        self._emptied: EmptyState | None = None
        self.sentence = Label("", 20, 600, wrap=True)
        self.detail = Label("", 13, 400, "text2", wrap=True)
        self.which = Segmented([("flagged", "Problematic"), ("all", "All sources")], height=32)
        self.which.setAccessibleName("Sources to step through")
        self.which.setToolTip("What ↑ and ↓ step through")
        self.again = Button("Judge again", key="Ctrl R")
        self.again.setToolTip("Let the labels improve the flags now, not a moment after the last one")
        self.load, self.export = Button(LOAD), Button("Export…", key="Ctrl E")
        self.load.setToolTip("Add or leave out images, or correct dates")
        self.export.setToolTip("Light curves without flagged epochs or with their flags, and variability")
        self._body = QVBoxLayout()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.setProperty("surface", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.sentence)
        words.addWidget(self.detail)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addLayout(words, 1)
        for control in (self.which, self.again, self.load, self.export):
            head.addWidget(control, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN - EDGE, 20, MARGIN - BAR, 10)
        head.setContentsMargins(EDGE, 0, BAR, 0)
        column.setSpacing(GAP)
        column.addLayout(head)
        column.addLayout(self._body, 1)

    def _connect(self) -> None:
        session, epochs = self._session, self._session.epochs
        epochs.changed.connect(self._changed)
        epochs.flags_changed.connect(self._changed)
        epochs.chosen_changed.connect(self._chosen)
        session.settings_changed.connect(self._changed, Qt.ConnectionType.QueuedConnection)
        session.jobs.changed.connect(self._say)
        self.which.chosen.connect(lambda value: epochs.show_all(value == "all"))
        self.again.clicked.connect(self.judge_again)
        self.load.clicked.connect(self.load_wanted)
        self.export.clicked.connect(self.export_wanted)

    # -- what the window calls

    def panes(self) -> list[QWidget]:
        return self.parts.panes() if self.parts is not None else [self]

    def step(self, by: int) -> bool:
        self._session.epochs.step(by)
        return True

    def label(self, value: str) -> bool:
        """Yes: the epoch is good; no: it is problematic, which is what files call positive."""
        meant = {"positive": "negative", "negative": "positive", "clear": "clear"}
        if value in meant:
            self._session.epochs.label(meant[value])
        return True

    def toggle_blink(self) -> bool:
        if self.parts is not None:
            self.parts.toggle_blink()
        return True

    def move_selection(self, where: str, extend: bool = False) -> None:
        epochs = self._session.epochs
        if where in ("first", "last") and epochs.table is not None:
            epochs.choose(0 if where == "first" else len(epochs.table.facts) - 1)
        elif where in ("next", "previous"):
            epochs.step(1 if where == "next" else -1)
        else:
            epochs.next_source(1 if where in ("down", "page-down") else -1)

    def toggle_wide(self) -> None:
        if self.parts is not None:
            self.parts.wide = not self.parts.wide
            self.parts.refresh()

    def back(self) -> bool:
        return self.parts is not None and self.parts.stop_blinking()

    def judge_again(self) -> None:
        """By the labels of now; where the epochs were not measured since the project was opened, measure them first."""
        epochs = self._session.epochs
        if epochs.learns:
            epochs.learn(asked=True)
        else:
            epochs.measure()

    # -- showing

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._changed()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self.parts is not None:
            self.parts.stop_blinking()

    def _changed(self) -> None:
        if self.isVisible():
            self.refresh()

    def _chosen(self) -> None:
        if self.isVisible() and self.parts is not None and self._empty is None:
            self.parts.stop_blinking()
            if self.parts.source == self._session.selected:
                self.parts.show_chosen()
            else:
                self.refresh()

    def refresh(self) -> None:
        """Show things as they stand; without a source, the first problematic one."""
        epochs = self._session.epochs
        if epochs.table is not None and self._session.selected is None and not epochs.stale:
            epochs.next_source(1)
        self._show_empty(self._lacking())
        self._say()
        if self._empty is None:
            self._built().refresh()

    def _built(self) -> EpochParts:
        look = (theme.tokens(), theme.scaled(100))
        if self.parts is not None and look != self._look:  # charts keep the colours they were made in
            self._body.removeWidget(self.parts)
            self.parts.deleteLater()
            self.parts = None
        self._look = look
        if self.parts is None:
            from .epoch_parts import EpochParts  # with charts that a window can do without until now

            self.parts = EpochParts(self._session)
            self._body.addWidget(self.parts, 1)
        self.parts.show()
        return self.parts

    def _say(self) -> None:
        """The sentence, and which buttons can be used."""
        if not self.isVisible():
            return
        epochs, table = self._session.epochs, self._session.epochs.table
        row = epochs.row
        self.load.setVisible(epochs.series is not None)
        for control in (self.which, self.again, self.export):
            control.setVisible(table is not None)
        self.which.set_value("flagged" if epochs.problems_only else "all")
        self.again.setEnabled(not epochs.measuring)
        self.sentence.setText("" if self._empty else _sentence(table, row))
        self.detail.setText("" if self._empty else self._standing())

    def _standing(self) -> str:
        epochs = self._session.epochs
        if epochs.measuring:
            return "Light curves are there. Flags come once every epoch is embedded and judged."
        sources, flags, left = epochs.problematic()
        if epochs.series is not None and not epochs.series.judged:
            return "Flags need three epochs."
        if not sources:
            return "No epoch of any source is flagged."
        told = f"{number(flags, 'flag')} in {number(sources, 'source')}."
        if left == flags:
            return f"{told} Accept or reject them: each label improves the others."
        return f"{told} {left:,} without your label." if left else f"{told} All are labelled."

    def _lacking(self) -> Empty | None:
        """(icon, title, detail, button) of what stands instead of the epochs."""
        session, epochs = self._session, self._session.epochs
        mosaic = session.mosaic
        if mosaic is not None and mosaic.spec.stamp_side:
            return "ph.clock-counter-clockwise", *STAMPS, ""
        if epochs.series is None:
            text = "Choose FITS images of this field, one a date. Every source is measured in all of them."
            return "ph.clock-counter-clockwise", "No epochs yet", text, LOAD
        if not len(session.catalog):
            text = "Detect them, then measure the epochs."
            return "ph.crosshair", "No sources yet", text, DETECT
        count = number(len(epochs.series), "epoch")
        if epochs.table is None and epochs.measuring:
            text = "Light curves come first, flags after them."
            return "ph.clock-counter-clockwise", f"Measuring {count}", text, ""
        if epochs.table is None:
            text = "Every source is measured in all of them; what was embedded before is kept."
            return "ph.clock-counter-clockwise", f"{count} to measure", text, MEASURE
        if epochs.row is None:
            text = "Sources were found anew since." if epochs.stale else "Choose one with ↑ or ↓."
            return "ph.crosshair", "This source was not measured", text, MEASURE if epochs.stale else ""
        return None

    def _show_empty(self, state: Empty | None) -> None:
        if state != self._empty or (state is None and self._emptied is not None):
            if self._emptied is not None:
                self._body.removeWidget(self._emptied)
                self._emptied.deleteLater()
                self._emptied = None
            self._empty = state
            if state is not None:
                icon, title, detail, button = state
                runs = {LOAD: self.load_wanted.emit, DETECT: self._session.detect,
                        MEASURE: self._session.epochs.measure}  # fmt: skip
                self._emptied = EmptyState(icon, title, detail, button, runs.get(button))
                self._body.addWidget(self._emptied, 1)
        if self.parts is not None and state is not None:
            self.parts.hide()


def _sentence(table: EpochTable | None, row: int | None) -> str:
    if table is None or row is None:
        return ""
    flagged, count = int(table.flagged[row].sum()), len(table.facts)
    verb = "is" if flagged < 2 else "are"
    of = f"{flagged} of {count}" if flagged else f"none of {count}"
    return f"Source {int(table.ids[row])}: {of} epochs {verb} problematic"

"""The rail of Cull: the current cutout under a loupe, what was kept, the keys, the size of cutouts, the next page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QGridLayout, QSlider, QVBoxLayout, QWidget

from astrotl_gui.core.labels import TARGET_NAMES

from . import theme
from .actions import ACTIONS
from .controls import Button, KeyCap, Label, Line, scrolling
from .cull_wall import FIRST_SIDE, SIDES
from .facts import place_text
from .inspector_parts import CutoutPanel, FactRows
from .keys_page import cap
from .thumbnails import Thumbnails

if TYPE_CHECKING:
    from .session import Session

WIDTH = 176
LOUPE = "loupe"
KEYS = (
    ("label.certain", "Keep"),
    ("label.no", ""),
    ("label.unsure", "Unsure"),
    ("label.clear", "Clear"),
    ("find.similar", "Find similar"),
    ("move.vet", "Vet"),
    ("move.page", "Next page"),
)
"""Action and what it is here; "" where the list says it."""


class CullRail(QWidget):
    """`resized(side)`: the slider chose another size; `next_button` and `slider` are the page's to connect."""

    resized = Signal(int)

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        actions: Mapping[str, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._thumbnails, self._actions = session, thumbnails, actions
        self.setProperty("surface", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(theme.scaled(WIDTH))
        self.loupe = CutoutPanel(thumbnails)
        self.name = Label("", 13, 600)
        self.place = Label("", 12, 500, "text2")
        self.counts = FactRows()
        self.no = Label("", 12, 500, "text2")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, len(SIDES) - 1)
        self.slider.setPageStep(1)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.setAccessibleName("Cutout size")
        self.show_side(FIRST_SIDE)
        self.slider.valueChanged.connect(lambda step: self.resized.emit(SIDES[step]))
        self.next_button = Button("Next page", main=True, height=36)
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout()
        column.setContentsMargins(14, 14, 14, 0)
        column.setSpacing(0)
        column.addWidget(self.loupe)
        column.addSpacing(9)
        column.addWidget(self.name)
        column.addSpacing(2)
        column.addWidget(self.place)
        for part in (self.counts, self._legend()):
            column.addSpacing(10)
            column.addWidget(Line())
            column.addSpacing(8)
            column.addWidget(part)
        column.addStretch(1)
        foot = QVBoxLayout()
        foot.setContentsMargins(14, 8, 14, 14)
        foot.setSpacing(4)
        foot.addWidget(Label("Cutout size", 12, 500, "text2"))
        foot.addWidget(self.slider)
        foot.addSpacing(10)
        foot.addWidget(self.next_button)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scrolling(column), 1)
        outer.addLayout(foot)

    def _legend(self) -> QWidget:
        legend = QWidget()
        grid = QGridLayout(legend)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        for row, (action, text) in enumerate(KEYS):
            label = Label(text, 12, 500, "text2") if text else self.no
            grid.addWidget(KeyCap(self._key(action)), row, 0, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(label, row, 1)
        return legend

    def _key(self, action: str) -> str:
        """The first key of an action, as the window has it or as the table gives it."""
        if action in self._actions:
            return cap(self._actions[action].shortcut().toString(QKeySequence.SequenceFormat.PortableText))
        return cap(next(row.shortcuts[0] for row in ACTIONS if row.id == action))

    # -- what the page tells ---

    def show_side(self, wanted: int) -> None:
        """Put the slider where this size is, without `resized`."""
        self.slider.blockSignals(True)
        self.slider.setValue(SIDES.index(wanted))
        self.slider.blockSignals(False)

    def show_candidate(self, source: int | None) -> None:
        """Show the current cutout large, with its rank and place."""
        session = self._session
        if source is None or session.project is None or session.catalog.rows_of([source])[0] < 0:
            self.loupe.show_stamp(None)
            self.name.setText("")
            self.place.setText("")
            return
        ranking = session.ranking()
        rank = ranking.rank_of(source) if ranking is not None else None
        self.name.setText(f"Candidate {rank:,}" if rank is not None else f"Source {source}")
        self.place.setText(place_text(session.catalog.row(source)).replace("  ", "\n"))
        stamp = self._thumbnails.stamp(source, round(self.loupe.width() * self.devicePixelRatioF()))
        self.loupe.show_stamp(stamp, session.label_of(source))
        self._thumbnails.want([stamp], by=LOUPE)

    def show_counts(self, here: int, kept: int, seen: int, total: int) -> None:
        """What was kept of this page and so far, of how many seen, beside what chance would have found."""
        chance = kept * seen / total if total else 0.0
        by_chance = f"{chance:.1f}" if 0 < chance < 10 else f"{chance:,.0f}"
        self.counts.show_facts(
            [
                ("Kept here", f"{here:,}"),
                ("Kept so far", f"{kept:,}"),
                ("Seen", f"{seen:,}"),
                ("By chance", by_chance),
            ]
        )
        self.counts.setToolTip(
            f"Of {seen:,} taken at random at least this many would be kept: {kept:,} are known among {total:,}. "
            "More may not have been found yet, so this is a lower limit."
        )

    def show_target(self) -> None:
        """Name what a no is of."""
        noun, own = self._session.noun(), self._session.target not in TARGET_NAMES
        article = "an" if noun[:1].lower() in "aeiou" else "a"
        self.no.setText("No" if own else f"Not {article} {noun}")

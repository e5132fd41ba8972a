"""Why is it here? A panel beside the mosaic that follows the selection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from astrotl_gui.core.quantities import kernel_name

from . import theme
from .controls import EmptyState, IconButton, Label, Line, scrolling
from .inspector_parts import FactRows
from .thumbnails import Thumbnails
from .why_map import WhyMap
from .why_rows import Addend, SumRows, signed

if TYPE_CHECKING:
    from astrotl_gui.pipeline.explain import Explanation

    from .session import Session

WIDTH, MARGIN = 320, 14
EXAMPLES, PARTS = 6, 6
LEAST_PART = 0.005
"""Parts of the first order that round to nothing are left out."""
FIRST_ORDER = {"outlier": "The list starts with cutouts unlike those of the other sources."}
EMPTY = {
    "source": ("ph.crosshair-simple", "Nothing is selected", "Choose a source in the list or on the sky."),
    "ranking": ("ph.list-numbers", "No ranking yet", "Ranking starts when the sources are embedded."),
}


class WhyPanel(QWidget):
    """What put the selected source at its rank. `closed()`: the user wants it gone."""

    closed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.explanation: Explanation | None = None
        self.thumbnails = Thumbnails(session, self)
        self.title = Label("", 12, 500, "text2")
        self.close_button = IconButton("ph.x", "Close")
        self.map = WhyMap(session, self.thumbnails)
        self.score = Label("", 13, 600)
        self.sum = SumRows(self.thumbnails)
        self.scale = Label("+1 is a certain yes, −1 a certain no.", 11, 400, "text3")
        self.examples_title = Label("", 13, 600)
        self.examples = SumRows(self.thumbnails)
        self.others = Label("", 12, 400, "text2")
        self.first = Label("", 13, 600)
        self.first_text = Label("", 12, 400, "text2", wrap=True)
        self.parts = SumRows(self.thumbnails)
        self.unusual = Label("Unusual in", 13, 600)
        self.facts = FactRows()
        self.setFixedWidth(theme.scaled(WIDTH))
        self.setProperty("surface", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Why is it here?")
        self._build()
        self._connect()

    def _build(self) -> None:
        self.pages = QStackedWidget()
        self.pages.addWidget(self._page())
        self._empty = {name: EmptyState(*texts) for name, texts in EMPTY.items()}
        for page in self._empty.values():
            self.pages.addWidget(page)
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 4, 8, 4)
        head.setSpacing(8)
        head.addWidget(Label("Why is it here?", 13, 600))
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.close_button)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(Line())
        column.addWidget(self.pages, 1)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(Line(vertical=True))
        outer.addLayout(column, 1)

    def _page(self) -> QWidget:
        column = QVBoxLayout()
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(0)
        column.addWidget(self.map)
        self._sections = [
            _section(self.score, self.sum, self.scale),
            _section(self.examples_title, self.examples, self.others),
            _section(self.first, self.first_text, self.parts),
            _section(self.unusual, self.facts),
        ]
        for section in self._sections:
            column.addWidget(section)
        column.addStretch(1)
        return scrolling(column)

    def _connect(self) -> None:
        session = self.session
        for signal in (
            session.project_changed,
            session.catalog_changed,
            session.selection_changed,
            session.target_changed,
            session.labels_changed,
            session.ranking_changed,
            session.mapped,
        ):
            signal.connect(self.refresh)
        self.examples.chosen.connect(session.select)
        self.close_button.clicked.connect(self.closed)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def refresh(self, *changed: object) -> None:
        """Explain the selected source as things now stand."""
        if not self.isVisible():
            return
        session, source = self.session, self.session.selected
        self.explanation = session.explain(source) if source is not None else None
        if source is None or self.explanation is None:
            self.title.setText("")
            self.pages.setCurrentWidget(self._empty["source" if source is None else "ranking"])
            return
        self.pages.setCurrentIndex(0)
        self._show(self.explanation)

    def _show(self, found: Explanation) -> None:
        ranking, name = self.session.ranking(), self.session.targets.get(found.target, "")
        rank = ranking.rank_of(found.source) if ranking is not None else None
        self.title.setText(f"{name} candidate {rank:,}" if rank is not None else name)
        self.map.show_source(found.source, bool(found.examples))
        self._show_sum(found)
        self._show_examples(found)
        self._show_first(found)
        facts = [(_sentence(one.quantity), f"{one.side} {percent(one.share)}") for one in found.telling]
        self.facts.show_facts(facts)
        visible = (bool(found.examples), bool(found.examples), True, bool(facts))
        for section, shown in zip(self._sections, visible, strict=True):
            section.setVisible(shown)
        self.thumbnails.want([self.map.cutout.stamp, *(row.stamp for row in self.examples.rows)], "why")

    def _show_sum(self, found: Explanation) -> None:
        rows = [Addend("Targets are rare", -1.0), Addend("The order before any label", found.cold)]
        rows += [Addend(kernel_name(name), value) for name, value in found.kernels.items()]
        self.sum.show_rows(rows)
        self.score.setText(f"Score {signed(found.score)}")

    def _show_examples(self, found: Explanation) -> None:
        session, ranking = self.session, self.session.ranking()
        side = round(theme.scaled(44) * self.devicePixelRatioF())
        rows = []
        for example in found.examples[:EXAMPLES]:
            rank = ranking.rank_of(example.id) if ranking is not None else None
            own = "This source" if example.id == found.source else ""
            name = own or (f"Candidate {rank:,}" if rank is not None else f"Source {example.id}")
            stamp = self.thumbnails.stamp(example.id, side)
            rows.append(Addend(name, example.term, example.id, session.label_of(example.id), stamp))
        self.examples.show_rows(rows)
        rest = found.examples[EXAMPLES:]
        self.others.setVisible(bool(rest))
        self.others.setText(f"{len(rest):,} more, together {signed(sum(one.term for one in rest))}")
        self.examples_title.setText(f"Labelled examples, {len(found.examples):,}")

    def _show_first(self, found: Explanation) -> None:
        session = self.session
        self.first.setText(f"Before any label: {found.cold_rank:,} of {found.count:,}" if found.count else "")
        parts = [(name, value) for name, value in found.cold_parts.items() if abs(value) >= LEAST_PART]
        self.parts.show_rows([Addend(name, value) for name, value in parts[:PARTS]])
        text = FIRST_ORDER.get(found.target, "Compared with a typical source:" if parts else "")
        if session.prototypes.get(found.target):
            text = "The list starts with what is most like its prototypes."
        if not found.examples:
            text = f"No {session.noun(found.target)} labels yet. {text}"
        self.first_text.setText(text)
        self.first_text.setVisible(bool(text))


def _section(*widgets: QWidget) -> QWidget:
    section = QWidget()
    column = QVBoxLayout(section)
    column.setContentsMargins(0, 14, 0, 0)
    column.setSpacing(6)
    column.addWidget(Line())
    column.addSpacing(4)
    for widget in widgets:
        column.addWidget(widget)
    return section


def percent(share: float) -> str:
    """ "2 %", "0.3 %"."""
    return f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.1f} %"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]

"""The Train view: where one stands with a list, its models, fine-tuning and audits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from astrotl_gui.core.embeddings import EmbeddingStore

from . import theme
from .controls import EmptyState, Label, scrolling
from .list_tabs import SIMILAR, ListTabs
from .view import View

if TYPE_CHECKING:
    from .session import Session
    from .train_parts import TrainParts

SIDE, GAP, MARGIN = 400, 16, 24
TABS = 440


class TrainPage(View):
    """About the current list; built when it is first shown, and kept up to date while it is.

    `vet_wanted(ids, name)`: the sample of an audit is to be labelled blind, in this order.
    """

    lists = True
    candidates = False
    vet_wanted = Signal(list, str)
    similar_wanted = Signal()
    """The tab of the last similarity search was chosen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.parts: TrainParts | None = None
        self._look: tuple[theme.Tokens, int] | None = None
        self.tabs = ListTabs()
        self.tabs.setFixedWidth(theme.scaled(TABS))
        self.sentence = Label("", 20, 600, wrap=True)
        self.detail = Label("", 13, 400, "text2", wrap=True)
        self.empty = EmptyState("ph.chart-line", "", "")
        self._body = QVBoxLayout()
        self._body.setContentsMargins(MARGIN, 0, MARGIN, GAP)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.sentence)
        words.addWidget(self.detail)
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 20, MARGIN, GAP)
        head.addLayout(words, 1)
        head.addWidget(self.tabs)
        self._scroll = scrolling(self._body)
        self._scroll.verticalScrollBar().rangeChanged.connect(self._keep_margin)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.empty, 1)
        column.addWidget(self._scroll, 1)
        self.tabs.chosen.connect(self._choose)
        for signal in (
            session.project_changed,
            session.catalog_changed,
            session.ranking_changed,
            session.labels_changed,
            session.target_changed,
            session.targets_changed,
            session.audit_changed,
            session.recovered,
            session.models_changed,
            session.jobs.changed,
        ):
            signal.connect(self._changed)
        # queued: the window applies the theme first
        session.settings_changed.connect(self._changed, Qt.ConnectionType.QueuedConnection)
        session.curve_changed.connect(self._curve_changed)

    def panes(self) -> list[QWidget]:
        return [self.tabs, *(self.parts.panes() if self.parts is not None else ())]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Show the current list as it stands."""
        session = self._session
        self.tabs.set_lists(session.targets)
        self.tabs.set_value(session.target)
        where = session.yields()
        empty = self._lacking()
        self.empty.setVisible(bool(empty))
        self._scroll.setVisible(not empty)
        for label in (self.sentence, self.detail):
            label.setVisible(not empty)
        if empty or where is None:
            title, detail = empty or ("", "")
            self.empty.title.setText(title)
            self.empty.detail.setText(detail)
            return
        advice = session.advice(where)
        self.sentence.setText(advice.sentence)
        self.detail.setText(advice.detail)
        look = (theme.tokens(), theme.scaled(100))
        if self.parts is not None and look != self._look:  # charts keep the colours they were made in
            self._body.removeWidget(self.parts)
            self.parts.deleteLater()
            self.parts = None
        self._look = look
        if self.parts is None:
            from .train_parts import TrainParts  # with charts that a window can do without until now

            self.parts = TrainParts(session, SIDE, GAP)
            self.parts.audit.wanted.connect(self.vet_wanted)
            self._body.addWidget(self.parts)
        self.parts.refresh(where, self._called)

    def _lacking(self) -> tuple[str, str] | None:
        """What there must be before a list can be judged."""
        session = self._session
        if session.project is None:
            return "No project is open", "Open one, and this page says where you stand with its lists."
        if not len(session.catalog):
            return "No sources yet", "Find them first: Sources, Detect."
        if session.ranking(session.target) is None:
            return "This list is not ranked yet", "It is ranked once its sources are embedded."
        return None

    def _called(self, model: str) -> str:
        """What the network of a ranking is called; empty where no network ranked or it is not known any more."""
        project, words = self._session.project, model.split()
        if project is None or len(words) < 2:
            return ""
        encoder = (
            EmbeddingStore(project.embeddings_folder, words[1]).meta().get("making", {}).get("encoder", {})
        )
        if not encoder:
            return ""
        version = encoder.get("model", 0)
        return f"model {version}" if version else "as shipped"

    def _keep_margin(self, least: int, most: int) -> None:
        """The cards end where the tabs do, with the scroll bar or without."""
        bar = self._scroll.verticalScrollBar().sizeHint().width() if most else 0
        self._body.setContentsMargins(MARGIN, 0, MARGIN - bar, GAP)

    def _choose(self, name: str) -> None:
        if name == SIMILAR[0]:
            self.similar_wanted.emit()
        else:
            self._session.set_target(name)

    def _changed(self, *_: object) -> None:
        if self.isVisible():
            self.refresh()

    def _curve_changed(self) -> None:
        if self.isVisible() and self.parts is not None:
            self.parts.tuning.refresh()

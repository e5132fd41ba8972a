"""The cards of the Train view in their two columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from astrotl_gui.core.yields import Yields

from . import theme
from .audit_card import AuditCard
from .completeness_card import CompletenessCard
from .found_chart import FoundChart
from .label_counts import LabelCounts
from .model_list import ModelList
from .probability_card import ProbabilityCard
from .tuning_card import TuningCard
from .yield_cards import YieldCards

if TYPE_CHECKING:
    from .session import Session


class TrainParts(QWidget):
    """Left what was found, right what can be done about it."""

    def __init__(self, session: Session, side: int, gap: int) -> None:
        super().__init__()
        self._session = session
        self.chart, self.yields, self.counts = FoundChart(), YieldCards(), LabelCounts()
        self.completeness = CompletenessCard(session)
        self.models, self.tuning = ModelList(session), TuningCard(session)
        self.audit, self.probabilities = AuditCard(session), ProbabilityCard(session)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column, parts in (
            (left, (self.chart, self.yields, self.counts, self.completeness)),
            (right, (self.models, self.tuning, self.audit, self.probabilities)),
        ):
            column.setSpacing(gap)
            for part in parts:
                column.addWidget(part, 1 if part is self.chart else 0)
        right.addStretch(1)
        narrow = QWidget()
        narrow.setLayout(right)
        right.setContentsMargins(0, 0, 0, 0)
        narrow.setFixedWidth(theme.scaled(side))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(gap)
        row.addLayout(left, 1)
        row.addWidget(narrow)

    def panes(self) -> list[QWidget]:
        """What F6 goes through."""
        return [self.models, self.tuning, self.audit]

    def refresh(self, where: Yields, called: Callable[[str], str]) -> None:
        """Show all of it as it now stands; `called` names the network of a ranking."""
        names = self._session.targets
        self.chart.show_yields(where, called)
        self.yields.show_yields(where, names)
        self.counts.show_yields(where, names)
        for part in (self.models, self.tuning, self.audit, self.probabilities, self.completeness):
            part.refresh()

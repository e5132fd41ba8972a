"""The versions of the network: how well each ranks labels it never saw, which one ranks, and the way back."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from astrotl_gui.core.models import ModelCard

from .controls import Button, Label
from .recent_card import day_text
from .train_card import Card, clear

if TYPE_CHECKING:
    from .session import Session

SHIPPED = "As shipped"
MEASURED = "Average precision ± standard error, on labels each version never saw."


def model_name(version: int) -> str:
    return f"Model {version}" if version else SHIPPED


class ModelRow(QWidget):
    """One version: its name, when and on what it was tuned, its precision, and a button to rank by it."""

    def __init__(self, version: int, facts: str, measured: str, state: str, verb: str) -> None:
        super().__init__()
        self.version = version
        self.use = Button(verb, height=28) if verb else None
        words, line = QVBoxLayout(), QHBoxLayout()
        words.setSpacing(2)
        line.addWidget(Label(model_name(version), 12, 600))
        line.setSpacing(12)
        line.addWidget(Label(state, tone="text2"))
        line.addStretch(1)
        words.addLayout(line)
        words.addWidget(Label(facts, tone="text2", wrap=True))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.addLayout(words, 1)
        row.addWidget(Label(measured, 12, 600))
        if self.use is not None:
            row.addWidget(self.use)


class ModelList(Card):
    """The newest first, as shipped last; one that was refused says why."""

    def __init__(self, session: Session) -> None:
        super().__init__("Models")
        self._session = session
        self.rows: list[ModelRow] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        self.column.addLayout(self._list)
        self.note = Label("", tone="text2", wrap=True)
        self.column.addWidget(self.note)

    def refresh(self) -> None:
        """Show the versions as they are now."""
        clear(self._list)
        cards = self._session.models()
        self.rows = [self._row(card) for card in reversed(cards)]
        self.rows.append(self._shipped(cards))
        for row in self.rows:
            self._list.addWidget(row)
        waits = " The version chosen is being embedded; the one before ranks until then."
        nothing = "Only the network as shipped so far. Your labels can tune it to your sky."
        self.note.setText((MEASURED if cards else nothing) + (waits if self._session.switching else ""))

    def _row(self, card: ModelCard) -> ModelRow:
        labels = sum(card.labels.get(card.target, []))
        list_name = self._session.targets.get(card.target, card.target)
        facts = f"{_day(card.date)}, {labels:,} labels of {list_name}"
        state, verb = self._standing(card.version, card.kept)
        if not card.accepted:
            state = state or "refused"
            facts += f"\n{card.verdict}"
        return self._made(card.version, facts, _precision(card, "tuned"), state, verb)

    def _shipped(self, cards: list[ModelCard]) -> ModelRow:
        state, verb = self._standing(0, True)
        measured = _precision(cards[-1], "frozen") if cards else ""
        return self._made(0, "not tuned", measured, state, verb)

    def _standing(self, version: int, kept: bool) -> tuple[str, str]:
        """What is said of a version, and the verb of its button."""
        now = self._session.model
        if version == now:
            return "ranking now", ""
        if not kept or self._session.switching or self._session.tuning is not None:
            return "", ""
        return "", "Use" if version > now else "Roll back"

    def _made(self, version: int, facts: str, measured: str, state: str, verb: str) -> ModelRow:
        row = ModelRow(version, facts, measured, state, verb)
        if row.use is not None:
            row.use.setAccessibleName(f"{verb}: {model_name(version)}")
            row.use.clicked.connect(lambda: self._session.use_model(version))
        return row


def _precision(card: ModelCard, which: str) -> str:
    value, error = card.average_precision[which]
    return f"{value:.2f} ± {error:.2f}"


def _day(when: str) -> str:
    return day_text(datetime.fromisoformat(when).astimezone().date(), date.today())

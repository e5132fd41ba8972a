"""Fine-tuning: what is missing, what it would do, how it goes, and what came of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from astrotl_gui.core.models import missing_words
from astrotl_gui.core.progress import round_time

from .controls import Bar, Button, Label
from .evaluation_chart import new_plot, pen
from .train_card import Card

if TYPE_CHECKING:
    from .jobs import Job
    from .session import Session

CURVE = 110
GATE = "It ranks only if it beats the network as shipped beyond its error."


class TuningCard(Card):
    """One of: labels missing, ready, running with its curve; below, what the last tuning gave."""

    def __init__(self, session: Session) -> None:
        super().__init__("Fine-tuning")
        self._session = session
        self._followed: Job | None = None
        self.left = Label("", tone="text2")
        self.head.addWidget(self.left)
        self.bar, self.says, self.verdict = (
            Bar(),
            Label(tone="text2", wrap=True),
            Label(tone="text2", wrap=True),
        )
        self.curve = new_plot("Loss of the fold in hand", "Epoch", "", "pane")
        self.curve.setFixedHeight(CURVE)
        self.legend = Label(
            "Loss: solid on labels that teach, dashed on those held out.", tone="text2", wrap=True
        )
        self.start = Button("Fine-tune", key="Ctrl T", main=True)
        self.cancel = Button("Cancel")
        for part in (self.bar, self.says, self.curve, self.legend, self.verdict, self.start, self.cancel):
            self.column.addWidget(part)
        self.start.clicked.connect(lambda: session.fine_tune())
        self.cancel.clicked.connect(self._cancel)

    def refresh(self) -> None:
        """Show how fine-tuning this list stands."""
        session, job = self._session, self._session.tuning
        yes, no = session.labels_missing()
        running = job is not None
        if job is not None and job is not self._followed:
            self._followed = job
            job.progressed.connect(self._show_progress)
        self.start.setVisible(not running)
        self.start.setEnabled(not (yes or no or session.writing or session.inputs is None))
        for part in (self.bar, self.left, self.cancel):
            part.setVisible(running)
        drawn = running and bool(session.curve)
        self.curve.setVisible(drawn)
        self.legend.setVisible(drawn)
        cards = [card for card in session.models() if card.target == session.target]
        self.verdict.setText(f"Last time: {cards[-1].verdict}" if cards else "")
        self.verdict.setVisible(bool(cards) and not running)
        if job is not None:
            self._show_progress()
            self._show_curve()
        else:
            self.says.setText(self._idle(yes, no))

    def _idle(self, yes: int, no: int) -> str:
        if yes or no:
            return f"It takes {missing_words(yes, no)} in this list to tune the network on your labels."
        if self._session.inputs is None:
            return "The network can be tuned once every source is embedded."
        if self._session.writing:
            return f"{self._session.writing} goes on. The network can be tuned after that."
        return f"Tunes the network on the labels of this list. {GATE}"

    def _show_progress(self) -> None:
        job = self._session.tuning
        if job is None:
            return
        self.bar.set_value(job.done / job.total if job.total else 0)
        self.left.setText("Stopping" if job.stopping else _left(job.left_seconds))
        text = job.text or "Beginning"
        self.says.setText(f"{text}.\n{GATE}")

    def _show_curve(self) -> None:
        """The losses of the fold in hand against its epochs."""
        steps = self._session.curve
        if not steps:
            return
        here = [step for step in steps if step.fold == steps[-1].fold]
        epochs = [step.epoch for step in here]
        self.curve.clear()
        self.curve.plot(epochs, [step.loss for step in here], pen=pen("selection", 1.8), antialias=True)
        held = [(step.epoch, step.validation) for step in here if not math.isnan(step.validation)]
        if held:
            self.curve.plot(*zip(*held, strict=True), pen=pen("text2", 1.4, (4, 3)), antialias=True)
        self.curve.setXRange(1, max(here[-1].epochs, 2), padding=0.02)

    def _cancel(self) -> None:
        if self._session.tuning is not None:
            self._session.tuning.cancel()
            self._show_progress()


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f"{round_time(seconds)} left"

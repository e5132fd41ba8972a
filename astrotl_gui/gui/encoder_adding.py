"""The form that adds an encoder: by name, downloaded, or from a weights file; progress and failure in place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from . import theme
from .controls import Bar, Button, Control, Label
from .fields import Field, NumberField
from .file_dialogs import WEIGHTS, choose_file, shown_path
from .job_chip import fraction, says

if TYPE_CHECKING:
    from .jobs import Job
    from .message import Message

KNOWN = (
    ("hf_hub:mwalmsley/zoobot-encoder-convnext_nano", "Zoobot: taught by volunteers what galaxies look like"),
    ("vit_small_patch14_dinov2.lvd142m", "DINOv2: learned from 142 million images without labels"),
    ("efficientnet_b0.ra_in1k", "The network of ULISSE: everyday photographs"),
)
"""(name, why one would) of encoders that astronomers ask for."""


class _Suggestion(Control):
    """A name to take, and why one would."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__()
        self.name, self.why = name, why
        self.setAccessibleName(f"{why}. {name}")

    def sizeHint(self) -> QSize:
        return QSize(200, theme.scaled(44))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter, box = theme.tokens(), QPainter(self), self.rect().toRectF()
        theme.paint_box(painter, box, t.hover if self.hovered() or self.isDown() else t.control, t.border)
        half = box.height() / 2
        for text, place, weight, tone in (
            (self.why, box.adjusted(12, 4, -12, -half), 500, "text"),
            (self.name, box.adjusted(12, half, -12, -4), 400, "text2"),
        ):
            painter.setFont(theme.font(12, weight))
            painter.setPen(theme.color(tone))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(place.width()))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, shown)


class EncoderAdding(QWidget):
    """`given(name, weights or None, called, input)` fires when the user wants it added; `left` when not.

    Whoever shows the form places its verbs, `back` and `add`. `show_job` follows the download, `show_problem` says
    why it failed.
    """

    given = Signal(str, object, str, int)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.weights: Path | None = None
        self._job: Job | None = None
        self.title = Label("", 13, 600)
        self.explains = Label("", 12, 400, "text2", wrap=True)
        self.file = Field("No file chosen", height=32)
        self.file.setReadOnly(True)
        self.choose = Button("Choose…")
        self.name = Field("efficientnet_b0 or hf_hub:owner/model", height=32)
        self.called = Field("Its own", height=32)
        self.input = NumberField(unit="px", minimum=16, maximum=2048)
        self.problem = Label("", 12, 600, "alert", wrap=True)
        self.detail = Label("", 12, 400, "text2", wrap=True)
        self.bar, self.says = Bar(), Label("", 12, 400, "text2")
        self._from_file = False
        self._ask_for = Label("Astronomers ask for", 12, 400, "text2")
        self._file_label, self._name_label = _label("File"), _label("Name")
        self._file_row = QWidget()
        self.stop, self.back = Button("Stop", height=28), Button("Back", height=36)
        self.add = Button("", main=True, height=36)
        self.suggestions = [_Suggestion(*known) for known in KNOWN]
        self._build()
        self._connect()

    # --- state -------------------------------------------------------------------------------------

    def begin(self, from_file: bool) -> None:
        """Show the empty form, for a download or for a file."""
        self.weights = None
        self.title.setText("Add from file" if from_file else "Download by name")
        self.explains.setText(
            "Weights as .safetensors, .pth or .pt, and the architecture that they belong to, by timm’s name."
            if from_file
            else "Any image model that timm can build, from timm or from the Hugging Face hub."
        )
        for part in (self._file_label, self._file_row):
            part.setVisible(from_file)
        for part in (*self.suggestions, self._ask_for):
            part.setVisible(not from_file)
        self._from_file = from_file
        self._name_label.setText("Architecture" if from_file else "Name")
        self.name.setPlaceholderText(
            "convnext_nano" if from_file else "efficientnet_b0 or hf_hub:owner/model"
        )
        self.name.setAccessibleName(self._name_label.text())
        self.add.setText("Add" if from_file else "Download")
        self.add.setAccessibleName(self.add.text())
        for field in (self.name, self.called, self.file):
            field.clear()
        self.input.set_value(None)
        self.show_problem(None)
        self.show_job(self._job)
        (self.choose if from_file else self.name).setFocus()

    def show_problem(self, message: Message | None) -> None:
        """Say why it was not added; None says nothing."""
        self.problem.setText(message.title if message else "")
        self.detail.setText(message.detail if message else "")
        self.problem.setVisible(message is not None)
        self.detail.setVisible(message is not None)

    def show_job(self, job: Job | None) -> None:
        """Follow a job that adds an encoder; while it runs nothing else can be added."""
        if job is not None and job is not self._job:
            job.progressed.connect(self._progressed)
        self._job = job
        for part in (self.bar, self.says, self.stop):
            part.setVisible(job is not None)
        if job is not None:
            self._progressed()
        self._enable()

    def _progressed(self) -> None:
        if (job := self._job) is not None:
            self.bar.set_value(fraction(job))
            self.says.setText(f"{job.text}, {says(job)}" if job.total else says(job))

    def _enable(self) -> None:
        ready = bool(self.name.text().strip()) and (self.weights is not None or not self._from_file)
        valid = self.input.value is not None or not self.input.field.text().strip()
        self.add.setEnabled(ready and valid and self._job is None)

    # --- verbs -------------------------------------------------------------------------------------

    def ask_file(self) -> None:
        """Ask for the weights file."""
        choose_file(self, "Add an encoder", WEIGHTS, self.set_file)

    def set_file(self, path: Path) -> None:
        """Take this weights file."""
        self.weights = path
        self.file.setText(shown_path(path))
        self.file.setToolTip(str(path))
        self._enable()
        self.name.setFocus()

    def submit(self) -> None:
        """Ask for it to be added, if the form is complete."""
        if self.add.isEnabled():
            self.show_problem(None)
            self.given.emit(
                self.name.text().strip(), self.weights, self.called.text().strip(), int(self.input.value or 0)
            )

    def _take(self, name: str) -> None:
        self.name.setText(name)
        self.name.setFocus()
        self._enable()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    # --- layout ------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.choose.clicked.connect(self.ask_file)
        self.add.clicked.connect(self.submit)
        self.back.clicked.connect(self.left)
        self.stop.clicked.connect(self._stop)
        self.name.textChanged.connect(self._enable)
        self.input.changed.connect(self._enable)
        for field in (self.name, self.called, self.input.field):
            field.returnPressed.connect(self.submit)
        for suggestion in self.suggestions:
            suggestion.clicked.connect(lambda checked=False, name=suggestion.name: self._take(name))

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.title)
        column.addWidget(self.explains)
        self._build_rows(column)
        column.addWidget(self._ask_for)
        for suggestion in self.suggestions:
            column.addWidget(suggestion)
        column.addSpacing(8)
        said = QVBoxLayout()
        said.setSpacing(4)
        said.addWidget(self.problem)
        said.addWidget(self.detail)
        column.addLayout(said)
        running = QHBoxLayout()
        running.setSpacing(10)
        running.addWidget(self.bar, 1)
        running.addWidget(self.says)
        running.addWidget(self.stop)
        column.addLayout(running)
        column.addStretch(1)

    def _build_rows(self, column: QVBoxLayout) -> None:
        beside = QHBoxLayout(self._file_row)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(8)
        beside.addWidget(self.file, 1)
        beside.addWidget(self.choose)
        rows = (
            (self._file_label, self._file_row),
            (self._name_label, self.name),
            (_label("Call it"), self.called),
            (_label("Input size"), self.input),
        )
        for label, control in rows:
            row = QHBoxLayout()
            row.setSpacing(8)
            row.addWidget(label, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(control, 1)
            column.addLayout(row)
        self.called.setAccessibleName("Call it")
        self.input.field.setPlaceholderText("As it was trained")
        self.input.field.setAccessibleName("Input size")
        self.file.setAccessibleName("File")


def _label(text: str) -> Label:
    """The name at the left of a row."""
    label = Label(text, 12, 400, "text2")
    label.setFixedSize(theme.scaled(84), theme.scaled(32))
    return label

"""The grades of Vet: A, B, C, X and what else it may be, each with its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from astrotl_gui.core.labels import CONTAMINANTS, TARGET_NAMES
from astrotl_gui.core.labels import Label as Given

from . import theme
from .controls import Control, Label, cap_width, paint_cap
from .gallery_painter import INK

if TYPE_CHECKING:
    from .session import Session

FLASH_MS = 80
GRADES = (
    ("positive", "A", "Certain", "yes", "P"),
    ("positive", "B", "Probable", "yes", "O"),
    ("unsure", "C", "Possible", "unsure", "I"),
    ("negative", "X", "", "no", "L"),
)
"""(value, grade, name, tone, the right hand's key); the left hand's key is the grade."""
MEANS = {
    "lens": ("Arcs or images nothing else explains", "Lensing is the best explanation"),
    "agn": ("A nucleus nothing else explains", "An active nucleus is the best explanation"),
}
"""What A and B mean for a target."""
ROW, CLASS = 52, 36


class GradeButton(Control):
    """A grade: its badge, name and meaning, and the right hand's key. Lit where it is the label that holds."""

    def __init__(self, grade: str, tone: str, key: str) -> None:
        super().__init__()
        self.grade, self.tone, self.key, self.detail = grade, tone, key, ""
        self._flashing = False
        self._ends = QTimer(self, singleShot=True)
        self._ends.timeout.connect(lambda: self._set_flashing(False))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_text(self, name: str, detail: str) -> None:
        self.setText(name)
        self.detail = detail
        self.setAccessibleName(f"{name}, {self.grade}")
        self.update()

    def flash(self) -> None:
        """Fill the badge for a moment: the key was taken."""
        self._set_flashing(True)
        self._ends.start(FLASH_MS)

    def _set_flashing(self, flashing: bool) -> None:
        self._flashing = flashing
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, theme.scaled(ROW))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, rect, t = QPainter(self), QRectF(self.rect()), theme.tokens()
        on = self.isChecked() or self.isDown() or self.hovered()
        theme.paint_box(painter, rect, t.hover if on else t.pane, t.border if self.isChecked() else t.line)
        side = theme.scaled(32)
        badge = QRectF(10, (rect.height() - side) / 2, side, side)
        full = self._flashing or self.isChecked()
        tone = theme.color(self.tone)
        theme.paint_box(painter, badge, tone if full else None, tone, 6, 1.5)
        painter.setFont(theme.font(15, 600))
        painter.setPen(
            theme.color("window") if full and t.window != theme.SKY.window else INK if full else tone
        )
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, self.grade)
        self._paint_words(painter, rect.adjusted(badge.right() + 12, 0, -50, 0))
        width, height = cap_width(self.key), theme.scaled(18)
        cap = QRectF(rect.right() - 14 - width, (rect.height() - height) / 2, width, height)
        paint_cap(painter, cap, self.key)

    def _paint_words(self, painter: QPainter, room: QRectF) -> None:
        left = Qt.AlignmentFlag.AlignLeft
        middle = left | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font(13, 600))
        painter.setPen(theme.color("text"))
        if not self.detail:
            painter.drawText(room, middle, self.text())
            return
        half = room.height() / 2
        painter.drawText(room.adjusted(0, 0, 0, -half - 1), left | Qt.AlignmentFlag.AlignBottom, self.text())
        painter.setFont(theme.font(12, 400))
        painter.setPen(theme.color("text2"))
        shown = painter.fontMetrics().elidedText(self.detail, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room.adjusted(0, half + 1, 0, 0), left | Qt.AlignmentFlag.AlignTop, shown)


class ClassButton(Control):
    """What a candidate may be instead, its key at the left."""

    def __init__(self, kind: str, key: str) -> None:
        super().__init__()
        self.kind, self.key = kind, key
        self.setText(kind.capitalize())
        self.setAccessibleName(f"No: {kind}")
        theme.set_font(self, 12, 600)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        width = QFontMetricsF(self.font()).horizontalAdvance(self.text()) + cap_width(self.key) + 30
        return QSize(round(width), theme.scaled(CLASS))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, rect, t = QPainter(self), QRectF(self.rect()), theme.tokens()
        on = self.isChecked() or self.isDown() or self.hovered()
        theme.paint_box(painter, rect, t.hover if on else t.pane, t.no if self.isChecked() else t.line)
        width, height = cap_width(self.key), theme.scaled(18)
        paint_cap(painter, QRectF(9, (rect.height() - height) / 2, width, height), self.key)
        painter.setFont(self.font())
        painter.setPen(theme.color("text"))
        room = rect.adjusted(9 + width + 9, 0, -4, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())


class VetGrades(QWidget):
    """The question and its answers. A click labels as the key would; `show_label` lights what holds."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.question = Label("", 12, 600, "text2")
        self.instead = Label("", 12, 600, "text2")
        self.grades = {grade: GradeButton(grade, tone, key) for _, grade, _, tone, key in GRADES}
        self.classes = {kind: ClassButton(kind, str(n)) for n, kind in enumerate(CONTAMINANTS, 1)}
        for value, grade, *_ in GRADES:
            self.grades[grade].clicked.connect(lambda _=False, v=value, g=grade: session.label(v, g))
        for kind, button in self.classes.items():
            button.clicked.connect(lambda _=False, k=kind: session.label("negative", "X", k))
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.question)
        for button in self.grades.values():
            column.addWidget(button)
        column.addSpacing(12)
        column.addWidget(self.instead)
        grid = QGridLayout()
        grid.setSpacing(7)
        for index, chip in enumerate(self.classes.values()):
            grid.addWidget(chip, index // 3, index % 3)
        column.addLayout(grid)

    def show_target(self) -> None:
        """Ask about the session's current target."""
        target, noun = self.session.target, self.session.noun()
        a = f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"
        built_in = target in TARGET_NAMES
        self.question.setText(f"Is this {a}?" if built_in else f"Does this belong to “{noun}”?")
        no = f"Not {a}" if built_in else "Does not belong"
        self.instead.setText(f"{no}, but a …")
        certain, probable = MEANS.get(target, ("Nothing else explains it", "The best explanation"))
        details = {"A": certain, "B": probable, "C": "Could be, cannot tell", "X": ""}
        for _, grade, name, *_ in GRADES:
            self.grades[grade].show_text(name or no, details[grade])

    def show_label(self, label: Given | None) -> None:
        """Light the grade and class that hold."""
        for grade, button in self.grades.items():
            _light(button, label is not None and _grade_of(label) == grade)
        for kind, chip in self.classes.items():
            _light(chip, label is not None and label.value == "negative" and label.contaminant == kind)

    def flash(self, label: Given) -> None:
        """Fill the badge of what was just given for a moment."""
        self.grades[_grade_of(label)].flash()


def _grade_of(label: Given) -> str:
    return label.grade or {"positive": "A", "unsure": "C"}.get(label.value, "X")


def _light(button: Control, on: bool) -> None:
    button.setCheckable(on)
    button.setChecked(on)
    button.update()

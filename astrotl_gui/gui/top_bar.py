"""The top bar: menu, project, views, go-to field, help, vetter."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from . import theme
from .controls import Control, IconButton, Segmented
from .fields import Field

HEIGHT = 43  # and a line below
GO_WIDTH = 246


def initials(name: str) -> str:
    """Up to two letters for the vetter's disc: "Mara Klein" is MK, "root" RO."""
    words = [word for word in name.replace(".", " ").replace("_", " ").split() if word]
    if not words:
        return "?"
    return (words[0][0] + words[-1][0] if len(words) > 1 else words[0][:2]).upper()


class ProjectButton(Control):
    """AstroTL's planet, the project's name, and a chevron: its menu."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_font(self, 13, 600)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.show_name("")

    def show_name(self, name: str) -> None:
        """Show the project's name."""
        self.setText(name)
        self.setAccessibleName(f"Project {name}" if name else "Project")
        self.setToolTip(name)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        width = QFontMetricsF(self.font()).horizontalAdvance(self.text())
        return QSize(round(width + theme.scaled(18) + theme.scaled(14) + 26), theme.scaled(28))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(80), theme.scaled(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter, rect = theme.tokens(), QPainter(self), QRectF(self.rect())
        if self.hovered() or self.isDown():
            theme.paint_box(painter, rect, t.hover)
        planet = QRectF(5, 0, theme.scaled(18), rect.height())
        theme.paint_icon(painter, planet, "ph.planet", t.text, 18)
        left = planet.right() + 7
        room = rect.width() - left - theme.scaled(14) - 9
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, round(room + 1))
        painter.setFont(self.font())
        painter.setPen(theme.color("text"))
        painter.drawText(QRectF(left, 0, room + 2, rect.height()), Qt.AlignmentFlag.AlignVCenter, shown)
        caret = QRectF(rect.width() - theme.scaled(14) - 4, 0, theme.scaled(14), rect.height())
        theme.paint_icon(painter, caret, "ph.caret-down", t.text2, 12)


class VetterDisc(Control):
    """The vetter's initials."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_name(self, name: str) -> None:
        """Show whose labels these are."""
        self.setText(initials(name))
        self.setToolTip(f"Labels are {name}’s")
        self.setAccessibleName(f"Vetter {name}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(28), theme.scaled(28))

    def paintEvent(self, event: QPaintEvent) -> None:
        t, painter, rect = theme.tokens(), QPainter(self), QRectF(self.rect())
        theme.paint_box(painter, rect, t.line if self.hovered() else t.hover, radius=rect.height() / 2)
        painter.setFont(theme.font(11, 600))
        painter.setPen(theme.color("text"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self.text())


class TopBar(QWidget):
    """44 px across the window. Only the views that exist stand in the switch."""

    view_chosen = Signal(str)

    def __init__(self, views: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "pane")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.menu_button = IconButton("ph.list", "Menu (Alt)")
        self.project = ProjectButton()
        self.views = Segmented(list(views), padding=15)
        self.views.setAccessibleName("View")
        self.views.chosen.connect(self.view_chosen)
        self.go_to = Field("Go to, or do…", icon="ph.magnifying-glass", key="Ctrl K", height=28)
        self.go_to.setProperty("quiet", "true")
        self.help_button = IconButton("ph.question", "Keys (?)")
        self.vetter = VetterDisc()
        self._lay_out()

    def _lay_out(self) -> None:
        left, right = QWidget(), QWidget()
        start, end = QHBoxLayout(left), QHBoxLayout(right)
        for row in (start, end):
            row.setContentsMargins(0, 0, 0, 0)
        start.setSpacing(4)
        start.addWidget(self.menu_button)
        start.addWidget(self.project)
        start.addStretch(1)
        end.setSpacing(8)
        end.addStretch(1)
        end.addWidget(self.go_to, 10)
        end.addWidget(self.help_button)
        end.addWidget(self.vetter)
        self.go_to.setMaximumWidth(theme.scaled(GO_WIDTH))
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 12, 0)
        row.setSpacing(12)
        row.addWidget(left, 1)
        row.addWidget(self.views)
        row.addWidget(right, 1)

    def sizeHint(self) -> QSize:
        return QSize(800, theme.scaled(HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(480, theme.scaled(HEIGHT))

"""The outlier list's menu, and the line that says how many likely artifacts it hides."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from astrotl_gui.core.settings import OUTLIER_METHODS

from . import theme
from .controls import Button, Label
from .outlier_methods import OutlierMethods


class OutlierMenu(QMenu):
    """A switch for likely artifacts, and the methods."""

    def __init__(self, outliers: OutlierMethods, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._outliers = outliers
        self.artifacts = self.addAction("Hide likely artifacts")
        self.artifacts.setCheckable(True)
        self.artifacts.triggered.connect(outliers.hide_artifacts)
        self.addSeparator()
        self.addAction("Before any label, by").setEnabled(False)
        group = QActionGroup(self)
        self.methods = {}
        for method, title in OUTLIER_METHODS.items():
            entry = self.addAction(title)
            entry.setCheckable(True)
            entry.setActionGroup(group)
            entry.triggered.connect(lambda checked, method=method: outliers.choose(method))
            self.methods[method] = entry
        self.aboutToShow.connect(self._show_choices)
        self._show_choices()

    def _show_choices(self) -> None:
        settings = self._outliers.settings
        self.artifacts.setChecked(settings.hide_artifacts)
        self.methods.get(settings.method, self.methods["combined"]).setChecked(True)


class HeldBack(QWidget):
    """ "37 likely artifacts hidden [Show]". `toggled(hide)`: the user wants them hidden, or shown."""

    toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = Label("", 12, 500, "text2")
        self.button = Button("Show", flat=True, height=28)
        self._hidden = True
        row = QHBoxLayout(self)
        row.setContentsMargins(13, 0, 6, 0)
        row.setSpacing(8)
        row.addWidget(self.text, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.button)
        self.setFixedHeight(theme.scaled(32))
        self.button.clicked.connect(lambda: self.toggled.emit(not self._hidden))

    def show_count(self, count: int, hidden: bool) -> None:
        """Say how many there are and whether they are hidden; nothing without any."""
        self._hidden = hidden
        noun = "likely artifact" if count == 1 else "likely artifacts"
        self.text.setText(f"{count:,} {noun} {'hidden' if hidden else 'shown'}")
        self.button.setText("Show" if hidden else "Hide")
        self.button.setAccessibleName(f"{self.button.text()} likely artifacts")
        self.button.updateGeometry()
        self.setVisible(bool(count))

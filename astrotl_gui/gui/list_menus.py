"""The small popovers of the list header: what the list hides, and how it is sorted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from . import theme
from .controls import Button, Label
from .fields import Choice, NumberField, Switch
from .list_order import FALLING, RISING, SORTS, VARIES, ListFilter

FAINTEST, BRIGHTEST = 40.0, -5.0


class FilterPopover(QWidget):
    """What the list hides. `changed(ListFilter)` fires with each change; a click elsewhere closes it."""

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.NoDropShadowWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAccessibleName("Filter")
        self._filter = ListFilter()
        self._setting = False
        self.band = Choice()
        self.limit = NumberField(minimum=BRIGHTEST, maximum=FAINTEST, unit="mag", height=28)
        self.limit.setFixedWidth(112)
        self.limit.field.setAccessibleName("Brighter than")
        self.band.setAccessibleName("Band")
        self.brightness = _row(self.band, Label("brighter than", tone="text2"), self.limit)
        self.varies = NumberField(minimum=0, unit="χ²", height=28)
        self.varies.setFixedWidth(112)
        self.varies.field.setAccessibleName("Varies more than")
        self.variability = Choice(list(VARIES.items()))
        self.variability.setAccessibleName("Epochs that count")
        self.varying = _row(Label("Varies more than", tone="text2"), self.varies, self.variability)
        self.estimate = Choice()
        self.estimate.setAccessibleName("Estimated parameter")
        self.least, self.most = NumberField(height=28), NumberField(height=28)
        for field, name in ((self.least, "At least"), (self.most, "At most")):
            field.setFixedWidth(76)
            field.field.setAccessibleName(name)
        self.bounds = _row(self.estimate, Label("from", tone="text2"), self.least)
        self.bounds.layout().addWidget(Label("to", tone="text2"))  # type: ignore[union-attr]
        self.bounds.layout().addWidget(self.most)  # type: ignore[union-attr]
        self.labelled = Switch("Hide labelled")
        self.masked = Switch("Hide masked")
        self.artifacts = Switch("Hide artifacts")
        self.clear = Button("Clear filter", height=28)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(6)
        column.addWidget(self.brightness)
        column.addWidget(self.varying)
        column.addWidget(self.bounds)
        for switch, text in (
            (self.labelled, "Hide labelled"),
            (self.masked, "Hide masked"),
            (self.artifacts, "Hide labelled artifacts"),
        ):
            column.addWidget(_row(Label(text), None, switch))
            switch.toggled.connect(self._read)
        column.addSpacing(6)
        column.addWidget(self.clear)
        self.band.chosen.connect(self._read)
        self.limit.changed.connect(self._read)
        self.varies.changed.connect(self._read)
        self.variability.chosen.connect(self._read)
        self.estimate.chosen.connect(self._read)
        self.least.changed.connect(self._read)
        self.most.changed.connect(self._read)
        self.clear.clicked.connect(lambda: self._give(replace(ListFilter(), band=self._filter.band)))

    def show_filter(
        self,
        chosen: ListFilter,
        bands: Sequence[str],
        varies: bool | None = None,
        estimates: Sequence[str] | None = None,
    ) -> None:
        """Show a filter; `bands` are those with magnitudes, none hides the brightness limit. `varies`: whether it is
        known how sources vary between epochs; None leaves the limit to it as it is shown.
        `estimates`: the parameters that were estimated, or None likewise."""
        self._setting = True
        if estimates is not None:
            self.bounds.setVisible(bool(estimates))
            self.estimate.set_options(list(estimates))
        self.estimate.set_value(chosen.estimate)
        self.least.set_value(chosen.least)
        self.most.set_value(chosen.most)
        if varies is not None:
            self.varying.setVisible(varies)
        self.varies.set_value(chosen.varies)
        self.variability.set_value(chosen.variability)
        self._filter = chosen
        self.brightness.setVisible(bool(bands))
        self.band.set_options(list(bands))
        self.band.set_value(chosen.band)
        self.limit.set_value(chosen.limit)
        self.labelled.setChecked(chosen.hide_labelled)
        self.masked.setChecked(chosen.hide_masked)
        self.artifacts.setChecked(chosen.hide_artifacts)
        self.clear.setEnabled(chosen.active)
        self._setting = False

    def open_below(self, button: QWidget) -> None:
        """Open with the right edge under the right edge of `button`."""
        self.adjustSize()
        corner = button.mapToGlobal(QPoint(button.width() - self.width(), button.height() + 2))
        self.move(corner)
        self.show()
        (self.limit.field if self.brightness.isVisible() else self.labelled).setFocus()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.tokens()
        theme.paint_box(QPainter(self), QRectF(self.rect()), t.pane, t.border, theme.RADIUS_CARD)

    def _read(self) -> None:
        if self._setting:
            return
        self._filter = ListFilter(
            self.band.value,
            self.limit.value,
            self.labelled.isChecked(),
            self.masked.isChecked(),
            self.artifacts.isChecked(),
            self.variability.value,
            self.varies.value,
            self.estimate.value,
            self.least.value,
            self.most.value,
        )
        self.clear.setEnabled(self._filter.active)
        self.changed.emit(self._filter)

    def _give(self, chosen: ListFilter) -> None:
        self.show_filter(chosen, [self.band.itemText(i) for i in range(self.band.count())])
        self.changed.emit(chosen)


def _row(left: QWidget, middle: QWidget | None, right: QWidget) -> QWidget:
    line = QWidget()
    layout = QHBoxLayout(line)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    layout.addWidget(left)
    if middle is not None:
        layout.addWidget(middle)
    layout.addStretch(1)
    layout.addWidget(right)
    return line


class SortMenu(QMenu):
    """By what the list is sorted. `chosen(sort)` fires with what `arrange` takes."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QActionGroup(self)
        self.entries: dict[str, QAction] = {}
        self._value = "rank"
        for name, text in SORTS.items():
            self._add(name, text)
        self.set_value("rank")

    def _add(self, name: str, text: str) -> None:
        entry = self.addAction(text)
        entry.setCheckable(True)
        entry.setActionGroup(self._group)
        entry.triggered.connect(lambda checked: self.chosen.emit(name))
        self.entries[name] = entry

    def offer_estimates(self, names: Sequence[str]) -> None:
        """Offer these estimated parameters, from either end."""
        for name in [name for name in self.entries if name not in SORTS]:
            self.removeAction(self.entries.pop(name))
        for name in names:
            self._add(f"{FALLING}{name}", f"{name}, largest first")
            self._add(f"{RISING}{name}", f"{name}, smallest first")
        self.set_value(self._value)

    def offer(self, sort: str, there: bool) -> None:
        """Offer a sort, or not."""
        self.entries[sort].setVisible(there)

    def set_value(self, sort: str) -> None:
        """Mark the sort now in use."""
        self._value = sort
        if sort in self.entries:
            self.entries[sort].setChecked(True)

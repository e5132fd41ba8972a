"""A switch for each kind of artifact that is drawn."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from astrotl_gui.core.settings import ARTIFACT_KINDS

from .controls import Label
from .fields import Switch


class KindSwitches(QWidget):
    """`value`: keys of ARTIFACT_KINDS, () for all of them, None while none is on."""

    changed = Signal()

    def __init__(self, value: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.switches = {
            kind: Switch(name, not value or kind in value) for kind, name in ARTIFACT_KINDS.items()
        }
        self.says = Label("At least one kind", 11, 500, "alert")
        self.says.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Label("Kinds", 12, 500, "text2"))
        column.addSpacing(2)
        for kind, switch in self.switches.items():
            row = QHBoxLayout()
            row.addWidget(Label(ARTIFACT_KINDS[kind]), 1)
            row.addWidget(switch)
            column.addLayout(row)
            switch.toggled.connect(self._check)
        column.addWidget(self.says)
        self.setFocusProxy(next(iter(self.switches.values())))

    @property
    def value(self) -> tuple[str, ...] | None:
        on = tuple(kind for kind, switch in self.switches.items() if switch.isChecked())
        return None if not on else () if len(on) == len(self.switches) else on

    def _check(self) -> None:
        self.says.setVisible(self.value is None)
        self.changed.emit()

"""The settings that belong to the person: theme, text size, motion, name, device. Each takes effect at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from . import theme
from .controls import Label
from .fields import Choice, Field, Switch
from .sheet import Sheet

if TYPE_CHECKING:
    from ..core.settings import AppSettings

SIZES = (90, 100, 110, 125, 150, 175, 200)
THEMES = (("dark", "Dark"), ("light", "Light"), ("system", "As the system"))
DEVICES = (
    ("auto", "The fastest"),
    ("cuda", "Graphics card (CUDA)"),
    ("mps", "Apple graphics (MPS)"),
    ("cpu", "Processor"),
)


class SettingsPage(Sheet):
    """A small page of settings; `changed(AppSettings)` fires with each of them."""

    changed = Signal(object)

    def __init__(self, parent: QWidget, settings: AppSettings) -> None:
        super().__init__(parent, "Settings", width=460)
        self.settings = settings
        self.theme = Choice(THEMES)
        self.theme.set_value(settings.theme)
        self.text_size = Choice([(str(size), f"{size} %") for size in SIZES])
        self.text_size.set_value(str(settings.text_size))
        self.motion = Switch("Reduce motion", settings.reduce_motion)
        self.vetter = Field("Your name", height=28)
        self.vetter.setText(settings.vetter)
        self.device = Choice(DEVICES)
        self.device.set_value(settings.device)
        self._connect()
        self._row("Theme", self.theme)
        self._row("Text size", self.text_size)
        self._row("Reduce motion", self.motion, "Nothing slides or fades")
        self._row("Vetter", self.vetter, "Whose labels these are")
        self._row("Embed on", self.device)
        self.body.addStretch(1)

    def _connect(self) -> None:
        self.theme.chosen.connect(lambda value: self._set(theme=value))
        self.text_size.chosen.connect(lambda value: self._set(text_size=int(value)))
        self.motion.toggled.connect(lambda on: self._set(reduce_motion=on))
        self.device.chosen.connect(lambda value: self._set(device=value))
        self.vetter.editingFinished.connect(self._name)

    def _name(self) -> None:
        name = self.vetter.text().strip()
        if name and name != self.settings.vetter:
            self._set(vetter=name)

    def _set(self, **changes: Any) -> None:
        self.settings = replace(self.settings, **changes)
        self.changed.emit(self.settings)

    def _row(self, name: str, control: QWidget, hint: str = "") -> None:
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(Label(name))
        if hint:
            row.addWidget(Label(hint, 12, 400, "text3"))
        row.addStretch(1)
        if not isinstance(control, Switch):
            control.setFixedWidth(theme.scaled(176))
        control.setAccessibleName(name)
        row.addWidget(control)
        self.body.addLayout(row)

"""What is known of one encoder, and how it is to look at this project's cutouts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from ..core.settings import BUILT_IN, EncoderSettings
from . import theme
from .controls import Label, Segmented
from .encoder_list import size_text
from .fields import Choice

if TYPE_CHECKING:
    from ..core.settings import CutoutSettings
    from ..ml.encoders import Card

FACT_WIDTH = 84
CHOICES = ("Layers", "Views", "Cutouts", "Recipe")
LAYER_HINTS = {
    "auto": "Texture, parts and the whole: finds the most. Begin with this.",
    "last": "What the network knows of whole objects, as published methods use it.",
    "": "Earlier stages see texture and edges: worth a try for artifacts. No slower.",
}
VIEW_HINTS = {
    "0": "Turned and mirrored 8 ways where the time allows, else as it is.",
    "1": "As it is: fastest, but how a source lies on the sky counts.",
    "8": "Turned and mirrored 8 ways, then averaged: orientation no longer counts.",
}
RECIPE_HINTS = {
    "asinh": "Faint and bright on one scale, set by the noise of each band.",
    "ulisse": "As published (Doorenbos et al. 2022), to compare with it.",
}
DEPTHS = 4
"""Stages that a network must have for three depths."""
ZOOMS = ((1.0,), (1.0, 2.0), (0.5, 1.0), (0.5, 1.0, 2.0))


def layer_choices(stages: int, present: str) -> list[tuple[str, str]]:
    """(layers, text) to choose from for a network of so many stages; the present choice is among them."""
    choices = [("auto", "Three depths")] if stages >= DEPTHS else []
    choices.append(("last", "Final features"))
    for count, word in ((2, "two"), (3, "three"), (4, "four")):
        if count <= stages:
            numbers = ",".join(str(n) for n in range(stages - count, stages))
            choices.append((numbers, f"Last {word} of {stages} stages"))
    if present not in dict(choices):
        choices.append((present, f"Stages {present}"))
    return choices


def looks_text(settings: EncoderSettings) -> str:
    """What a choice costs, in looks at each source."""
    looks = max(1, settings.views) * len(settings.zooms)
    if settings.views == 0:
        once = f"{looks} looks" if looks > 1 else "One look"
        return f"{once} at each source, or {8 * looks} where the time allows."
    return (
        f"{looks} looks at each source: {looks} times as long as one."
        if looks > 1
        else "One look at each source."
    )


class EncoderPage(QWidget):
    """Facts of an encoder, then the choices; `changed` fires when the user changes one of those."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = EncoderSettings()
        self.title = Label("", 13, 600)
        self._facts = QGridLayout()
        self._facts.setContentsMargins(0, 0, 0, 0)
        self._facts.setHorizontalSpacing(8)
        self._facts.setVerticalSpacing(4)
        self.layers, self.zooms = Choice(), Choice()
        self.views = Segmented([("0", "As time allows"), ("1", "One"), ("8", "Eight")], fill=True)
        self.recipe = Segmented([("asinh", "AstroTL"), ("ulisse", "ULISSE")], fill=True)
        self._hints = {name: Label("", 11, 400, "text3", wrap=True) for name in CHOICES}
        self.looks = Label("", 12, 400, "text2", wrap=True)
        self._build()
        for control in (self.layers, self.zooms, self.views, self.recipe):
            control.chosen.connect(self._edited)

    @property
    def settings(self) -> EncoderSettings:
        """The choice as it stands."""
        return replace(
            self._settings,
            layers=self.layers.value,
            views=int(self.views.value),
            zooms=tuple(float(zoom) for zoom in self.zooms.value.split(",")),
            recipe=self.recipe.value,
        )

    def show_card(self, card: Card, projects: Sequence[str]) -> None:
        """Show an encoder's facts and which projects use it."""
        self.title.setText(card.name)
        facts = [
            ("Network", card.architecture),
            ("From", "comes with AstroTL" if card.name == BUILT_IN else card.source),
            ("Licence", card.licence or "not stated: ask its authors before you publish"),
            ("Size", f"{card.parameters / 1e6:.1f} million weights, {size_text(card.size)}"),
            ("Sees", f"{card.input} × {card.input} px"),
            ("Gives", f"{card.dimensions:,} numbers a source"),
            ("Used by", ", ".join(projects) or "no recent project"),
        ]
        for row, (name, value) in enumerate(facts):
            for column, label in enumerate((Label(name, 12, 400, "text2"), Label(value, 12, 400, wrap=True))):
                if (old := self._facts.itemAtPosition(row, column)) is not None and (widget := old.widget()):
                    self._facts.removeWidget(widget)
                    widget.deleteLater()
                self._facts.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop)
                label.show()

    def show_settings(self, card: Card, settings: EncoderSettings, cutouts: CutoutSettings | None) -> None:
        """Begin with this choice; layers that another network has and this one not become those that suit it."""
        present = settings.layers if settings.encoder == card.name else "auto"
        if present == "auto" and card.stages < DEPTHS:
            present = "last"
        self._settings = replace(settings, encoder=card.name, layers=present)
        self.layers.set_options(layer_choices(card.stages, present))
        self.layers.set_value(present)
        self.views.set_value(str(settings.views))
        self.recipe.set_value(settings.recipe)
        self.zooms.set_options(
            [(_key(z), _zoom_text(z, cutouts)) for z in dict.fromkeys((*ZOOMS, settings.zooms))]
        )
        self.zooms.set_value(_key(settings.zooms))
        self._say()

    def show_choices(self, shown: bool) -> None:
        """Show the choices, or the facts alone where no project is open."""
        self._choices.setVisible(shown)

    def _edited(self) -> None:
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        self._hints["Layers"].setText(LAYER_HINTS.get(self.layers.value, LAYER_HINTS[""]))
        self._hints["Views"].setText(VIEW_HINTS[self.views.value])
        self._hints["Cutouts"].setText("A wider cutout adds the surroundings: neighbours, a cluster.")
        self._hints["Recipe"].setText(RECIPE_HINTS[self.recipe.value])
        self.looks.setText(looks_text(self.settings))

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.title)
        self._facts.setColumnMinimumWidth(0, theme.scaled(FACT_WIDTH))
        self._facts.setColumnStretch(1, 1)
        column.addLayout(self._facts)
        column.addSpacing(10)
        self._choices = QWidget()
        column.addWidget(self._choices)
        column.addStretch(1)
        column = QVBoxLayout(self._choices)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(Label("How it looks at this project’s sources", 13, 600))
        rows = (
            ("Layers", self.layers),
            ("Views", self.views),
            ("Cutouts", self.zooms),
            ("Recipe", self.recipe),
        )
        for name, control in rows:
            column.addLayout(self._row(name, control, self._hints[name]))
        column.addWidget(self.looks)

    def _row(self, name: str, control: QWidget, hint: Label) -> QHBoxLayout:
        control.setAccessibleName(name)
        label = Label(name, 12, 400, "text2")
        label.setFixedSize(theme.scaled(FACT_WIDTH), theme.scaled(28))
        side = QVBoxLayout()
        side.setSpacing(3)
        side.addWidget(control)
        side.addWidget(hint)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(side, 1)
        return row


def _key(zooms: Sequence[float]) -> str:
    return ",".join(f"{zoom:g}" for zoom in zooms)


def _zoom_text(zooms: Sequence[float], cutouts: CutoutSettings | None) -> str:
    """The sizes on the sky where a project is open, else as multiples of the cutout."""
    sizes = [f"{zoom * cutouts.size:g}″" if cutouts else f"{zoom:g} ×" for zoom in zooms]
    return sizes[0] if len(sizes) == 1 else f"{', '.join(sizes[:-1])} and {sizes[-1]}"

"""The layers over the project's mosaic: which there are, which are drawn, which the project remembers."""

from __future__ import annotations

from collections.abc import Collection

from astrotl_gui.gui.map_layers import DepthLayer, MaskLayer
from astrotl_gui.gui.overlay_layer import OverlayLayer
from astrotl_gui.gui.sky_layers import (
    CompassLayer,
    CreditLayer,
    GridLayer,
    Layer,
    MarksLayer,
    RulerLayer,
    ScaleLayer,
)

REMEMBERED = ("depth", "mask", "grid", "marks")
"""Layers that come back with the project."""


class MosaicLayers(dict[str, Layer]):
    """Layers by name, the lowest first. Overlays are drawn where marks are."""

    def __init__(self) -> None:
        self.ruler, self.grid = RulerLayer(), GridLayer()
        super().__init__(
            depth=DepthLayer(),
            mask=MaskLayer(),
            grid=self.grid,
            overlays=OverlayLayer(),
            marks=MarksLayer(),
            ruler=self.ruler,
            compass=CompassLayer(),
            scale=ScaleLayer(),
            credit=CreditLayer(),
        )

    def toggle(self, name: str) -> None:
        """Draw a layer, or leave it out and let it forget."""
        layer = self[name]
        layer.shown = not layer.shown
        layer.clear()
        self["overlays"].shown = self["marks"].shown

    def remembered(self) -> list[str]:
        """The names to keep with the project."""
        return [name for name in REMEMBERED if self[name].shown]

    def restore(self, names: Collection[str]) -> None:
        """Draw what was kept, and of the others that are remembered none."""
        for name in REMEMBERED:
            self[name].shown = name in names
        self["overlays"].shown = self["marks"].shown

"""Which encoder looks at a project's cutouts, and how: checked before anything is loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import EncoderSettings
from astrotl_gui.ml.encoders import Card, card

AUTO, LAST = "auto", "last"
VIEWS = (0, 1, 8)
RECIPES = ("asinh", "ulisse")
ZOOMS = (0.2, 5.0)
"""Least and largest zoom."""


def checked(settings: EncoderSettings) -> EncoderSettings:
    """Return the same choice as it is stored: layers and zooms in ascending order.

    Raises AstroTLError for an encoder that is not here, layers that it has not, and values outside their range.
    """
    layers = parse_layers(settings.layers, card(settings.encoder))
    if settings.views not in VIEWS:
        raise AstroTLError("Views are 1 or 8", f"{settings.views}; 0 decides by the time it would take.")
    if settings.recipe not in RECIPES:
        raise AstroTLError("There is no such recipe", f'"{settings.recipe}". Choose {" or ".join(RECIPES)}.')
    zooms = tuple(sorted(float(zoom) for zoom in settings.zooms))
    if not zooms or len(set(zooms)) < len(zooms) or not ZOOMS[0] <= zooms[0] <= zooms[-1] <= ZOOMS[1]:
        raise AstroTLError(
            "These zooms do not fit",
            f"Give different sizes from {ZOOMS[0]:g} to {ZOOMS[1]:g} times the cutout, as 1,2.",
        )
    auto = settings.layers.strip().lower() == AUTO
    return replace(settings, layers=AUTO if auto else layers_text(layers), zooms=zooms)


@dataclass(frozen=True, order=True)
class Layer:
    """Where an embedding is read off: after stage `stage` (from 0), or what the classifier would see (`last`).

    `pooling` of the feature map: its mean (""), the mean over its central half in each direction ("c"), its standard
    deviation ("s") or its maximum ("m").
    """

    stage: int
    pooling: str = ""

    @property
    def last(self) -> bool:
        return self.stage == LAST_STAGE

    def __str__(self) -> str:
        return LAST if self.last else f"{self.stage}{self.pooling}"


LAST_STAGE = 1_000
"""Stands behind every stage."""
FINAL = Layer(LAST_STAGE)
HIERARCHICAL = 6
"""Networks of at most so many stages halve their feature maps from stage to stage; others (transformers) keep them."""


def parse_layers(layers: str, card: Card) -> tuple[Layer, ...]:
    """The layers that `EncoderSettings.layers` means, in ascending order.

    "auto" adds to the last features those of two stages before, each pooled in two ways: where textures are (feature
    maps of 1/8 of the input: mean and standard deviation) and where parts are (1/16: mean of the central half and
    maximum). Raises AstroTLError when the network has no such stage.
    """
    if layers.strip().lower() == AUTO:
        return _three_depths(card.stages)
    parts = [re.fullmatch(r"(?:(\d+)([csm]?)|last)", part.strip().lower()) for part in layers.split(",")]
    found = sorted({_layer(part) for part in parts if part})
    stages = [layer.stage for layer in found if not layer.last]
    if len(found) == len(parts) and (not stages or max(stages) < card.stages):
        return tuple(found)
    there = f"stages 0 to {card.stages - 1}" if card.stages else "no stages"
    more = (
        ", or stages as 2,3c,last (c: mean of the central half, s: spread, m: maximum)" if card.stages else ""
    )
    also = f" Give “{LAST}”{more}."
    raise AstroTLError("These layers do not exist", f"“{layers}”: {card.name} has {there}.{also}")


def _layer(part: re.Match[str]) -> Layer:
    return FINAL if part[1] is None else Layer(int(part[1]), part[2])


def _three_depths(stages: int) -> tuple[Layer, ...]:
    if stages < 4:
        return (FINAL,)
    early, late = (
        (stages - 3, stages - 2) if stages <= HIERARCHICAL else (stages // 3 - 1, 2 * stages // 3 - 1)
    )
    return Layer(early), Layer(early, "s"), Layer(late, "c"), Layer(late, "m"), FINAL


def layers_text(layers: tuple[Layer, ...]) -> str:
    """The form in which a choice of layers is stored, as "2,3c,last"."""
    return ",".join(map(str, layers))

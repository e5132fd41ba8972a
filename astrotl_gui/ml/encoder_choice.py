"""Which encoder looks at a project's cutouts, and how: checked before anything is loaded."""

from __future__ import annotations

from dataclasses import replace

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import EncoderSettings
from astrotl_gui.ml.encoders import Card, card

LAST = "last"
VIEWS = (0, 1, 8)
RECIPES = ("asinh", "ulisse")
ZOOMS = (0.2, 5.0)
"""Least and largest zoom."""


def checked(settings: EncoderSettings) -> EncoderSettings:
    """Return the same choice as it is stored: layers and zooms in ascending order.

    Raises AstroTLError for an encoder that is not here, layers that it has not, and values outside their range.
    """
    numbers = stage_numbers(settings.layers, card(settings.encoder))
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
    return replace(settings, layers=",".join(map(str, numbers)) or LAST, zooms=zooms)


def stage_numbers(layers: str, card: Card) -> tuple[int, ...]:
    """The stages that `EncoderSettings.layers` means, in ascending order; empty for "last".

    Raises AstroTLError when it is no list of stages, or the network has no such stage.
    """
    if layers.strip().lower() == LAST:
        return ()
    try:
        numbers = tuple(sorted(int(part) for part in layers.split(",")))
    except ValueError:
        numbers = ()
    if numbers and len(set(numbers)) == len(numbers) and numbers[0] >= 0 and numbers[-1] < card.stages:
        return numbers
    there = f"stages 0 to {card.stages - 1}" if card.stages else "no stages"
    raise AstroTLError(
        "These layers do not exist",
        f'"{layers}": {card.name} has {there}. Give "{LAST}"{", or stages as 2,3" if card.stages else ""}.',
    )

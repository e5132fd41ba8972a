"""Injection settings that can be drawn from."""

from __future__ import annotations

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import ARTIFACT_KINDS, InjectionSettings

FEWEST_PAIRS, MOST_PAIRS = 20, 5000
PAIRS = 100
NO_HOST = (
    "No source is fit to be a host: unspoiled, away from the edge, for lenses and nuclei bright and extended."
)
SHARE = 5
"""One pair for so many sources, at most. Few sources are hosts of lenses and nuclei in small fields, and each is looked
at once: the cutouts of three targets are then no more than the field's own."""
LIMITS = {
    "einstein_radius": ("Einstein radius", 0.05, 60.0, "″"),
    "source_magnitude": ("Source magnitude", 10.0, 35.0, " mag"),
    "source_colour": ("Source colour", -5.0, 5.0, " mag"),
    "nucleus_ratio": ("Light of the nucleus over its host's", 0.01, 100.0, ""),
    "nucleus_colour": ("Nucleus colour", -5.0, 5.0, " mag"),
    "artifact_strength": ("Brightness", 1.0, 10_000.0, " σ"),
}
"""Setting → its name, the least and the most it may be, and its unit."""


def how_many(settings: InjectionSettings, sources: int) -> int:
    """Pairs of each target in a field of so many sources."""
    return settings.pairs or max(FEWEST_PAIRS, min(PAIRS, sources // SHARE))


def checked(settings: InjectionSettings) -> InjectionSettings:
    """The settings, or AstroTLError saying what cannot be drawn."""
    if settings.pairs and not FEWEST_PAIRS <= settings.pairs <= MOST_PAIRS:
        raise AstroTLError(
            "That many pairs cannot be drawn", f"Give a number from {FEWEST_PAIRS} to {MOST_PAIRS:,}."
        )
    for field, (name, least, most, unit) in LIMITS.items():
        values = getattr(settings, field)
        if values and not (len(values) == 2 and least <= values[0] <= values[1] <= most):
            raise AstroTLError(
                f"{name} is no range", f"Give the least and the most, from {least:g} to {most:g}{unit}."
            )
    if unknown := set(settings.artifact_kinds) - set(ARTIFACT_KINDS):
        raise AstroTLError(
            f"{sorted(unknown)[0]} is no kind of artifact", f"Kinds: {', '.join(ARTIFACT_KINDS)}."
        )
    return settings

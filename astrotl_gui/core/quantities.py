"""What a ranking compares, in words an astronomer uses: the statistics, and the parts of the kernel."""

from __future__ import annotations

import re
from collections.abc import Sequence

WORDS = {
    "bad_fraction": "missing pixels",
    "colour_core": "redness of the core",
    "colour_annulus": "redness of the outskirts",
    "blue_ring": "blue ring residual",
    "blue_share": "blue light outside the core",
    "reddening": "outskirts bluer than the core",
    "single_band": "light in one band only",
    "light_core": "light in the core",
    "light_inner": "light near the centre",
    "light_middle": "light within a third",
    "light_outer": "light within two thirds",
    "gini": "Gini coefficient",
    "concentration": "concentration",
    "m20": "M20",
    "size": "size",
    "ellipticity": "ellipticity",
    "offset": "offset from the centre",
    "asymmetry_90": "asymmetry at 90°",
    "asymmetry_180": "asymmetry at 180°",
    "gradient": "steepness",
    "sharpness": "sharpness of the core",
    "negative": "pixels below the sky",
    "ring_power": "structure in a ring",
    "ring_share": "light in a ring",
    "nucleus": "nucleus above its host",
    "host": "light of a host",
}
PER_BAND = {
    "mean": "mean brightness",
    "spread": "contrast",
    "median": "median brightness",
    "peak": "peak brightness",
    "core": "brightness of the core",
}
DEPTHS = {"": "textures", "s": "spread of textures", "c": "parts", "m": "strongest part"}
"""What an earlier layer sees, by how its feature map is pooled (see `ml.encoder_choice.Layer`)."""
APERTURES = {"core": "core", "inner": "inner part", "wide": "whole"}


def quantity(name: str, bands: Sequence[str] = ()) -> str:
    """Return a statistic's name in words, e.g. "peak brightness in r"; `bands` as they were measured."""
    if name in WORDS:
        return WORDS[name]
    if found := re.fullmatch(r"colour_(\w+)_(\d+)", name):
        band = int(found[2])
        return f"colour of the {APERTURES[found[1]]}, {_band(bands, band)} − {_band(bands, band + 1)}"
    if found := re.fullmatch(r"([a-z]+)_(\d+)", name):
        return f"{PER_BAND.get(found[1], found[1])} in {_band(bands, int(found[2]))}"
    return name.replace("_", " ")


def kernel_name(name: str) -> str:
    """Return a part of the ranker's kernel in words: a layer of the network, or a kind of statistics."""
    if found := re.fullmatch(r"(?:last|\d+([csm]?))( × .+)?", name):
        sees = "the whole" if found[1] is None else DEPTHS[found[1]]
        return f"Network: {sees}{found[2] or ''}"
    return name[:1].upper() + name[1:]


def _band(bands: Sequence[str], index: int) -> str:
    return bands[index] if index < len(bands) else f"band {index + 1}"

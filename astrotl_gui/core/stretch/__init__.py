"""How the sky is shown: what the user chose (`look`), what the pixels are like (`levels`), where black and white lie
(`limits`), how brightness rises between them (`curve`), and the picture (`compose`, `colormaps`, `smooth`).
"""

from .compose import Pixels, bands_shown, channel_levels, curve_shown, render, render_bands
from .curve import Curve, curve_of
from .levels import Levels, Plane, Sample, measure_levels, picture_levels, take_sample
from .limits import Spread, intensity_sigma, limits, spread, white_sigma
from .look import (
    AUTO,
    COLORMAPS,
    COLOUR,
    GAMMA_RANGE,
    GREY,
    LIMITS,
    SCALE_RANGE,
    SMOOTH_RANGE,
    SOFT_STRETCHES,
    SOFTNESS_RANGE,
    STRETCHES,
    Look,
)
from .smooth import smoothed, smoothed_tile

__all__ = [
    "AUTO",
    "COLORMAPS",
    "COLOUR",
    "GAMMA_RANGE",
    "GREY",
    "LIMITS",
    "SCALE_RANGE",
    "SMOOTH_RANGE",
    "SOFTNESS_RANGE",
    "SOFT_STRETCHES",
    "STRETCHES",
    "Curve",
    "Levels",
    "Look",
    "Pixels",
    "Plane",
    "Sample",
    "Spread",
    "bands_shown",
    "channel_levels",
    "curve_of",
    "curve_shown",
    "intensity_sigma",
    "limits",
    "measure_levels",
    "picture_levels",
    "render",
    "render_bands",
    "smoothed",
    "smoothed_tile",
    "spread",
    "take_sample",
    "white_sigma",
]

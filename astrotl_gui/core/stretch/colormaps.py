"""Colour maps for a single band, as matplotlib draws them."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from .look import GREY

_MATPLOTLIB = {"heat": "gist_heat", "blue-red": "coolwarm"}
"""Where matplotlib has another name."""


@cache
def colormap(name: str) -> NDArray[np.float32]:
    """Red, green and blue (0–255) of a colour map from dark to bright, (256, 3)."""
    if name == GREY:
        return np.repeat(np.arange(256, dtype=np.float32)[:, None], 3, axis=1)
    import matplotlib  # 0.1 s, once

    found = matplotlib.colormaps[_MATPLOTLIB.get(name, name)]
    return (255 * found(np.linspace(0, 1, 256))[:, :3]).astype(np.float32)

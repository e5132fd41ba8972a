"""A map of a cutout as a translucent overlay: where the score comes from, and where it is lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SPEAKS_FOR, SPEAKS_AGAINST = (0x56, 0xB4, 0xE9), (0xE0, 0x6A, 0x1A)
"""R, G, B of a yes and of a no on the sky."""
STRONGEST = 175
"""Opacity where the score drops most, of 255."""
LEAST = 1e-3
"""A score that no patch changes by more than this has no place in the cutout."""


def overlay(drops: NDArray[np.floating]) -> NDArray[np.uint8] | None:
    """Return drops in score (n, n), lowest y first, as R G B A (n, n, 4), highest y first.

    Opacity is the share of the largest change. None where there is no change to speak of.
    """
    most = float(np.abs(drops).max(initial=0))
    if most < LEAST:
        return None
    out = np.empty((*drops.shape, 4), np.uint8)
    out[..., :3] = np.where(drops[..., None] > 0, SPEAKS_FOR, SPEAKS_AGAINST)
    out[..., 3] = np.round(STRONGEST * np.abs(drops) / most)
    return np.ascontiguousarray(out[::-1])

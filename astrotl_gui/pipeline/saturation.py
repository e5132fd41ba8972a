"""The value from which an image is saturated: its header's, else where its brightest pixels pile up."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

PILE_WIDTH = 0.85
"""Saturated pixels lie within this factor of each other: flat-fielding spreads them."""
FEWEST_PIXELS = 30
"""A pile has at least so many pixels; as many hot pixels may lie above it."""


def saturation(header: fits.Header, samples: Iterable[NDArray[np.floating]], sigma: float) -> float:
    """The saturation level [image units], ∞ where there is none.

    `samples` are raw values of parts of the image, NaN where bad, `sigma` the sky's noise: a SATURATE card below
    20 σ cannot be meant for these pixels. Without the card the pixels tell: of a star a quarter as many lie in
    the uppermost 15 % of its height as in the half below, of other sources fewer still; of clipped stars far more.
    """
    card = header.get("SATURATE")
    if isinstance(card, int | float) and np.isfinite(card):
        return float(card) if card > 20 * sigma else np.inf
    values = np.concatenate([part[np.isfinite(part)] for part in samples] or [np.empty(0, np.float32)])
    return _pile(values)


def _pile(values: NDArray[np.floating]) -> float:
    """The lower edge of the pile at the upper end of the values, ∞ without one."""
    if len(values) < 10 * FEWEST_PIXELS:
        return np.inf
    sky = float(np.median(values[:: max(1, len(values) // 100_000)]))
    height = float(np.partition(values, -FEWEST_PIXELS)[-FEWEST_PIXELS]) - sky
    if not height > 0:
        return np.inf
    edge = sky + PILE_WIDTH * height
    on_top = np.count_nonzero((values >= edge) & (values <= sky + height / PILE_WIDTH))
    below = np.count_nonzero((values >= sky + PILE_WIDTH * height / 2) & (values < edge))
    return edge if on_top >= FEWEST_PIXELS and on_top > below / 2 else np.inf

"""Which detections are no sources of their own but noise lifted over the threshold by a bright neighbour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from astrotl_gui.pipeline.shapes import Moments

Floats = NDArray[np.float64]

REACH = 4.0
"""Wings are followed to this many isophotal radii, where they are down to a sixteenth of the threshold."""


def spurious(
    x: Floats,
    y: Floats,
    moments: Moments,
    peak: Floats,
    lowest: Floats,
    npix: NDArray[np.int64],
    threshold: float,
    group: NDArray[np.int64] | None = None,
) -> NDArray[np.bool_]:
    """Which of N detections would not have been made without the wings of a brighter one.

    As SExtractor cleans (Bertin & Arnouts 1996), in S/N of the filtered image: the brighter source has a Moffat
    profile with β = 1 from its `peak` through the threshold at its isophote of `npix` pixels, and takes away
    what it adds at the centre of the fainter one, which needs its pixel number `min_area` (`lowest`) to stay
    above the threshold. With `group`, only detections of one group are compared. Positions in px.
    """
    found = np.zeros(len(x), bool)
    if len(x) < 2:
        return found
    brighter, fainter = _pairs(x, y, moments, peak, npix, threshold, group)
    a, b, theta = moments.axes()
    a, b = np.maximum(a, 0.3), np.maximum(b, 0.3)
    dx, dy = x[fainter] - x[brighter], y[fainter] - y[brighter]
    cos, sin = np.cos(theta[brighter]), np.sin(theta[brighter])
    radius2 = ((dx * cos + dy * sin) / a[brighter]) ** 2 + ((dy * cos - dx * sin) / b[brighter]) ** 2
    isophote2 = npix / (np.pi * a * b)
    steepness = (peak / threshold - 1) / isophote2
    wing = peak[brighter] / (1 + steepness[brighter] * radius2)
    lifted = wing > lowest[fainter] - threshold
    found[fainter[lifted]] = True
    return found


def _pairs(
    x: Floats,
    y: Floats,
    moments: Moments,
    peak: Floats,
    npix: NDArray[np.int64],
    threshold: float,
    group: NDArray[np.int64] | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(brighter, fainter) rows of all pairs within reach of the brighter one."""
    a, b, _ = moments.axes()
    stretch = np.sqrt(np.maximum(a, 0.3) / np.maximum(b, 0.3))
    reach = REACH * np.sqrt(npix / np.pi) * stretch
    tree = cKDTree(np.column_stack([x, y]))
    near = tree.query_ball_point(np.column_stack([x, y]), reach)
    brighter = np.repeat(np.arange(len(x)), [len(rows) for rows in near])
    fainter = np.fromiter((row for rows in near for row in rows), np.int64, len(brighter))
    kept = peak[fainter] < peak[brighter]
    if group is not None:
        kept &= group[fainter] == group[brighter]
    return brighter[kept], fainter[kept]

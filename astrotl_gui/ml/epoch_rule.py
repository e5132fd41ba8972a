"""The published rule for problematic epochs (A&A 687, A246), and the clipped flux it is compared with."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CLIP = 3.0
"""σ beyond which a flux is an outlier of its light curve."""


def nearest_other(epochs: F32, stack: F32) -> tuple[F32, F32]:
    """Return (distance (n, E), threshold (n,)) from embeddings of n sources: epochs (n, E, D) and stack (n, D).

    The distance of an epoch is that to its nearest other epoch, the threshold that of the stack to its nearest epoch:
    Euclidean, on the network's features as they are. The stack is nobody's neighbour. NaN where vectors are NaN or
    there is no other epoch.
    """
    count, number, _ = epochs.shape
    distance = np.full((count, number), np.nan, np.float32)
    threshold = np.full(count, np.nan, np.float32)
    for row in range(count):  # one source at a time: E × E distances, whatever the number of sources
        known = np.isfinite(epochs[row, :, 0])
        vectors = epochs[row, known].astype(np.float64)
        if len(vectors) > 1:
            squares = (vectors**2).sum(axis=1)
            between = squares[:, None] + squares - 2 * vectors @ vectors.T
            np.fill_diagonal(between, np.inf)
            distance[row, known] = np.sqrt(np.maximum(between.min(axis=1), 0))
        if len(vectors) and np.isfinite(stack[row, 0]):
            threshold[row] = np.sqrt(((vectors - stack[row].astype(np.float64)) ** 2).sum(axis=1).min())
    return distance, threshold


def flagged_by_distance(distance: F32, threshold: F32) -> Bools:
    """Epochs (n, E) that are farther from every other epoch than the stack is from its nearest."""
    return np.asarray(distance > threshold[:, None])


def flagged_by_flux(flux: Floats, error: Floats, clip: float = CLIP) -> Bools:
    """Epochs (n, E) whose flux is more than `clip` σ from the light curve's median, σ the larger of the error and the
    scaled median absolute deviation; a flux that could not be measured is flagged."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sources without any flux
        median = np.nanmedian(flux, axis=1, keepdims=True)
        scatter = 1.4826 * np.nanmedian(np.abs(flux - median), axis=1, keepdims=True)
        return np.asarray(~(np.abs(flux - median) <= clip * np.fmax(scatter, error)))

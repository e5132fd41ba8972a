"""Nearest neighbours between two lists of positions, on the sky or on the pixel grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree


def match_sky(
    ra1: ArrayLike, dec1: ArrayLike, ra2: ArrayLike, dec2: ArrayLike, radius_arcsec: float
) -> np.ndarray:
    """Index into list 2 of the nearest position within `radius_arcsec` of each of list 1, or −1.

    Positions in degrees. Distances are chords between unit vectors, so RA 0/360 and the poles need no care.
    """
    chord = 2 * np.sin(np.deg2rad(radius_arcsec / 3600) / 2)
    return _nearest(unit_vectors(ra1, dec1), unit_vectors(ra2, dec2), float(chord))


def match_pixels(x1: ArrayLike, y1: ArrayLike, x2: ArrayLike, y2: ArrayLike, radius: float) -> np.ndarray:
    """Index into list 2 of the nearest position within `radius` [px] of each of list 1, or −1."""
    first = np.column_stack([np.asarray(x1, float).ravel(), np.asarray(y1, float).ravel()])
    second = np.column_stack([np.asarray(x2, float).ravel(), np.asarray(y2, float).ravel()])
    return _nearest(first, second, radius)


def unit_vectors(ra: ArrayLike, dec: ArrayLike) -> np.ndarray:
    """(N, 3) unit vectors of positions in degrees."""
    alpha, delta = np.deg2rad(np.asarray(ra, float).ravel()), np.deg2rad(np.asarray(dec, float).ravel())
    return np.column_stack([np.cos(delta) * np.cos(alpha), np.cos(delta) * np.sin(alpha), np.sin(delta)])


def _nearest(first: np.ndarray, second: np.ndarray, radius: float) -> np.ndarray:
    """Nearest row of `second` within `radius` (inclusive) of each row of `first`; NaN never matches."""
    found = np.full(len(first), -1, dtype=np.int64)
    from_rows = np.flatnonzero(np.isfinite(first).all(axis=1))
    to_rows = np.flatnonzero(np.isfinite(second).all(axis=1))
    if not len(from_rows) or not len(to_rows):
        return found
    distance, index = (np.asarray(part) for part in cKDTree(second[to_rows]).query(first[from_rows]))
    near = distance <= radius * (1 + 1e-12)
    found[from_rows[near]] = to_rows[index[near]]
    return found

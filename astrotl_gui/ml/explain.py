"""Why a score is what it is: the Gaussian process's own terms, and the quantities that tell the most."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from astrotl_gui.ml.kernel import Kernel
from astrotl_gui.ml.ranker import Ranker

SAMPLE = 20_000
"""About so many sources say what is typical."""

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


def terms(kernel: Kernel, ranker: Ranker, row: int) -> dict[str, F64]:
    """Return α_i k(x, x_i) (n,) of a source and each labelled row, by part of the ranker's kernel.

    prior + all of them = score.
    """
    weights = ranker.weights()
    parts = kernel.terms(row, ranker.rows)
    return {name: weights * part.astype(np.float64) for name, part in parts.items()}


def telling(scores: F32, examples: F32, pulls: F64, most: int = 3) -> NDArray[np.int64]:
    """Return the columns, at most `most`, that best tell why normal scores (M,) stand where they do.

    Those in which the source is odd in the way of the examples (n, M) that pull it up, or against those that
    pull it down: score · Σ pull_i · score_i, largest first. Without examples, those in which it is oddest.
    """
    shared = scores.astype(np.float64) ** 2
    if len(pulls):
        shared = scores * (pulls @ examples)
    order = np.argsort(-shared, kind="stable")
    return order[shared[order] > 0][:most]


def share_beyond(score: float) -> tuple[str, float]:
    """("top" or "bottom", share of sources at least as far out) of a normal score."""
    side = "top" if score > 0 else "bottom"
    return side, float(ndtr(-abs(score)))


def against_typical(parts: Mapping[str, NDArray[np.floating]], row: int) -> dict[str, float]:
    """Return by how much each part of a source's cold score exceeds that of a typical (median) source."""
    typical = {name: np.median(values[:: max(1, len(values) // SAMPLE)]) for name, values in parts.items()}
    return {name: float(values[row]) - float(typical[name]) for name, values in parts.items()}


def drops(scores: F64, patches: NDArray[np.bool_]) -> F64:
    """Return the map (s, s) of the mean drop in score over the patches (m, s, s) that cover each cell.

    `scores` (1 + m,): of the whole cutout, then with each patch hidden.
    """
    fall = scores[0] - scores[1:]
    return np.tensordot(fall, patches.astype(np.float64), axes=1) / np.maximum(patches.sum(axis=0), 1)

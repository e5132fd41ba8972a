"""Protege (Lochner & Rudnick 2025): a Gaussian process on user scores, queried by expected improvement."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern, WhiteKernel

from astrotl_gui.ml.baselines.method import F64, Labels, split

VARIANCE = 0.85
"""Principal components are kept until they hold this share of the variance."""
INTERESTING, BORING = 5.0, 0.0
"""User scores of wanted objects and of others."""
TRADE_OFF = 0.5
"""What an improvement must exceed: exploration against exploitation."""


class Protege:
    """Matérn kernel plus white noise on principal components of the embeddings (N, D), fitted at every round.

    Scores are the expected improvement over the best user score so far: with d = mean − best − trade-off,
    d·Φ(d/σ) + σ·φ(d/σ).
    """

    def __init__(self, vectors: NDArray[np.floating]) -> None:
        values = np.asarray(vectors, np.float64)
        flat = len(values) < 2 or not values.std(axis=0).any()
        self.components = np.zeros((len(values), 1)) if flat else PCA(VARIANCE).fit_transform(values)

    def scores(self, labels: Labels, seed: int) -> F64:
        if not labels:
            return np.zeros(len(self.components))
        wanted, others = split(labels)
        rows = np.concatenate([wanted, others])
        given = np.concatenate([np.full(len(wanted), INTERESTING), np.full(len(others), BORING)])
        process = GaussianProcessRegressor(Matern() + WhiteKernel())
        with warnings.catch_warnings():
            # A length at its bound is how little a few labels can tell.
            warnings.simplefilter("ignore", ConvergenceWarning)
            process.fit(self.components[rows], given)
            mean, sigma = process.predict(self.components, return_std=True)
        gain = mean - given.max() - TRADE_OFF
        spread = np.maximum(sigma, 1e-12)
        return np.asarray(gain * norm.cdf(gain / spread) + spread * norm.pdf(gain / spread))

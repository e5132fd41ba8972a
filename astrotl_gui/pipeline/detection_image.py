"""The image in which sources are detected: the bands, weighted and summed on the reference grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d

from astrotl_gui.core.mosaic import Box, Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.band_model import BandModel, on_reference, own_grid

Image = NDArray[np.float32]

WIDEST_KERNEL = 15
"""Half the side of the matched filter is at most this [px]."""


@dataclass(frozen=True)
class DetectionImage:
    """Inverse-variance weighted mean of background-subtracted bands, Σ w s d / Σ w with w = 1 / (s σ)².

    `parts` are (model on the reference grid, factor s to common units): one AB flux unit where every band has
    a zero point, units of the typical noise otherwise. `fwhm` is the PSF width [px], `kernel` the matched
    filter. `own` holds each band of the mosaic on its own grid, for photometry.
    """

    shape: tuple[int, int]
    parts: tuple[tuple[BandModel, float], ...]
    fwhm: float
    kernel: NDArray[np.float64]
    own: dict[str, BandModel]

    @classmethod
    def prepare(
        cls, mosaic: Mosaic, settings: DetectionSettings, *, progress: Progress = SILENT, total: float = 0
    ) -> DetectionImage:
        """Measure sky, noise and PSF of every band. Raises AstroTLError for a band that does not exist."""
        chosen = [mosaic.band(settings.band).name] if settings.band else [band.name for band in mosaic.bands]
        own = {}
        for index, band in enumerate(mosaic.bands):
            progress(index, total or len(mosaic.bands), f"Measuring sky and seeing in {band.name}")
            own[band.name] = own_grid(mosaic, band.name, settings)
        models = [on_reference(mosaic, name, own[name], settings) for name in chosen]
        factors = _factors(mosaic, chosen, models)
        fwhm = settings.filter_fwhm if settings.filter_fwhm > 0 else _filter_fwhm(models, factors)
        parts = tuple(zip(models, factors, strict=True))
        return cls(mosaic.shape, parts, fwhm, gaussian_kernel(fwhm), own)

    def read(self, box: Box) -> tuple[Image, Image]:
        """(values, σ) on the reference grid, float32 (h, w), NaN where no band has a value."""
        if len(self.parts) == 1:
            return self.parts[0][0].values(box)
        size = (box[3] - box[1], box[2] - box[0])
        total, weights = np.zeros(size, np.float64), np.zeros(size, np.float64)
        for model, factor in self.parts:
            values, sigma = model.values(box)
            weight = np.nan_to_num(1 / (factor * sigma.astype(np.float64)) ** 2)
            total += weight * factor * np.nan_to_num(values)
            weights += weight
        weights[weights == 0] = np.nan
        return (total / weights).astype(np.float32), (1 / np.sqrt(weights)).astype(np.float32)


def gaussian_kernel(fwhm: float) -> NDArray[np.float64]:
    """A Gaussian of this FWHM [px] along one axis, sum 1: the matched filter for a star is its outer product."""
    half = int(np.clip(np.ceil(fwhm), 1, WIDEST_KERNEL))
    line = np.exp(-4 * np.log(2) * np.arange(-half, half + 1) ** 2 / max(fwhm, 0.5) ** 2)
    return np.asarray(line / line.sum())


def matched_filter(values: Image, sigma: Image, bad: NDArray[np.bool_], kernel: NDArray[np.float64]) -> Image:
    """S/N of a point source at each pixel, Σ k d / σ² / √(Σ k² / σ²) (h, w); 0 where all its pixels are bad."""
    weight = np.where(bad, 0.0, 1 / sigma.astype(np.float64) ** 2)
    signal = _convolved(values * weight, kernel)
    noise = np.sqrt(np.maximum(_convolved(weight, kernel**2), 0.0))
    return np.divide(signal, noise, out=np.zeros_like(signal), where=noise > 0).astype(np.float32)


def _convolved(image: NDArray[np.floating], line: NDArray[np.float64]) -> NDArray[np.float64]:
    along = convolve1d(image, line, axis=0, mode="constant")
    return np.asarray(convolve1d(along, line, axis=1, mode="constant"))


def _filter_fwhm(models: list[BandModel], factors: list[float]) -> float:
    """The PSF width [px] that suits the sum: the median over bands, each weighted by its point-source depth."""
    widths = np.array([model.fwhm for model in models])
    noise = np.array(
        [f * max(m.background.typical_sigma, 1e-30) for m, f in zip(models, factors, strict=True)]
    )
    weights = 1 / (noise * widths) ** 2
    order = np.argsort(widths)
    share = np.cumsum(weights[order]) / weights.sum()
    return float(widths[order][np.searchsorted(share, 0.5)])


def _factors(mosaic: Mosaic, names: list[str], models: list[BandModel]) -> list[float]:
    zeropoints = [mosaic.zeropoint(name) for name in names]
    known = [value for value in zeropoints if value is not None]
    if len(known) == len(names):
        return [float(10 ** (-0.4 * (value - known[0]))) for value in known]
    return [
        1 / model.background.typical_sigma if model.background.typical_sigma > 0 else 1.0 for model in models
    ]

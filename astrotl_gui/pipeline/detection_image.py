"""The image in which sources are detected: the bands, weighted and summed on the reference grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.mosaic import Box, Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.band_model import BandModel, band_scale, on_reference, own_grid

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
    kernel: Image
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
        fwhm = settings.filter_fwhm
        if fwhm <= 0:
            scale = mosaic.pixel_scale()
            fwhm = float(np.median([own[name].fwhm * band_scale(mosaic, name) / scale for name in chosen]))
        factors = _factors(mosaic, chosen, models)
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


def gaussian_kernel(fwhm: float) -> Image:
    """Gaussian of this FWHM [px], (2 h + 1)² with h = FWHM rounded up: the matched filter for a star."""
    half = int(np.clip(np.ceil(fwhm), 1, WIDEST_KERNEL))
    grid = np.arange(-half, half + 1)
    line = np.exp(-4 * np.log(2) * grid**2 / max(fwhm, 0.5) ** 2)
    kernel = np.outer(line, line)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _factors(mosaic: Mosaic, names: list[str], models: list[BandModel]) -> list[float]:
    zeropoints = [mosaic.zeropoint(name) for name in names]
    known = [value for value in zeropoints if value is not None]
    if len(known) == len(names):
        return [float(10 ** (-0.4 * (value - known[0]))) for value in known]
    return [1 / model.background.typical_sigma if model.background.typical_sigma > 0 else 1.0 for model in models]

"""The sky between the sources: its level and noise, and how the noise of one pixel goes with that of the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from astrotl_gui.pipeline.band_model import BandModel, sample_boxes
from astrotl_gui.pipeline.description.numbers import BINS, LAGS, SkyNumbers, Triple
from astrotl_gui.pipeline.detection_image import gaussian_kernel, matched_filter

Image = NDArray[np.float32]
Offset = tuple[int, int]

WIDTHS = (1.0, 2.0)
"""Sources are looked for at these multiples of the PSF: points, then the wings of galaxies."""
THRESHOLD = 4.0
"""At 3σ so many peaks of the noise would be cut out that what is left looks less correlated than it is."""
ROUNDS = 3
REACH = 1.0
"""What lies within this many widths of a source's pixels is not blank."""
FAR = 5.0
"""Pixels farther than this many σ from the level are cosmic rays or hot pixels, and do not count in products."""
FEWEST_PIXELS = 1000
FEWEST_BLOCKS = 50
FILLED = 0.75
"""A block of pixels counts when at least this share of it is blank."""
BELOW_3_SIGMA = 0.0013499
MESH = 64
"""Distance [px] between the points at which the background is looked at."""


@dataclass(frozen=True)
class Sample:
    """One part of a band: sky and values above it in image units, σ as photometry takes it, noise map or None.

    Of `values` (h, w) only what is `blank` is sky.
    """

    sky: Image
    values: Image
    sigma: Image
    map: Image | None
    blank: NDArray[np.bool_]

    @property
    def scaled(self) -> Image:
        """Values over their noise."""
        return self.values / self.sigma


def sky_samples(model: BandModel) -> list[Sample]:
    """Up to nine samples of 1024² px spread over a band, with the blank pixels of each."""
    samples = []
    for box in sample_boxes(model.pixels.shape):
        values, sigma = model.values(box)
        blank = blank_pixels(values, sigma, model.fwhm)
        samples.append(Sample(model.background.level(box), values, sigma, model.pixels.noise(box), blank))
    return samples


def sky_numbers(
    samples: Sequence[Sample], model: BandModel, zeropoint: float | None, pixel_scale: float
) -> SkyNumbers:
    """Measure the blank sky of a band.

    σ is that of the half below the median, which faint sources spare. Correlations are means of products of
    pixels in units of their local noise, over the mean square. `zeropoint` is the AB magnitude of one unit in one
    pixel, `pixel_scale` in arcsec. Nothing is known where fewer than 1000 px are blank.
    """
    values = _blank(samples, "values")
    if len(values) < FEWEST_PIXELS:
        return SkyNumbers()
    _, sigma = faint_half(values)
    scaled = _blank(samples, "scaled")
    middle, spread = faint_half(scaled)
    units = [_in_sigma(sample, middle, spread) for sample in samples]
    return SkyNumbers(
        level=float(np.median(_blank(samples, "sky") + values)),
        sigma=sigma,
        surface_brightness=surface_brightness(sigma, zeropoint, pixel_scale),
        structure=_structure(model, sigma),
        tail=float((scaled < middle - 3 * spread).mean()) / BELOW_3_SIGMA,
        along_x=_correlations(units, [[(lag, 0)] for lag in LAGS]),
        along_y=_correlations(units, [[(0, lag)] for lag in LAGS]),
        diagonal=_correlations(units, [[(lag, lag), (lag, -lag)] for lag in LAGS]),
        binned=_binned(units),
        map_ratio=faint_half(values / _blank(samples, "map"))[1] if samples[0].map is not None else None,
    )


def depth(samples: Sequence[Sample], model: BandModel, zeropoint: float | None) -> float | None:
    """AB magnitude of a point source at 5σ: a Gaussian PSF of σ [px] weighs the noise of 4πσ² pixels.

    The noise is the typical one of the blank sky as photometry takes it, with its correlation over a PSF. None
    without zero point or sky.
    """
    sigma = _blank(samples, "sigma")
    if zeropoint is None or len(sigma) < FEWEST_PIXELS:
        return None
    flux = 5 * float(np.median(sigma)) * 2 * np.sqrt(np.pi) * model.psf_sigma
    return float(zeropoint - 2.5 * np.log10(flux))


def _blank(samples: Sequence[Sample], name: str) -> NDArray[np.float32]:
    """The blank pixels of one image of all samples."""
    return np.concatenate([getattr(sample, name)[sample.blank] for sample in samples])


def faint_half(values: NDArray[np.floating]) -> tuple[float, float]:
    """(median, σ) with σ from the half below the median: the 15.87th percentile lies 1σ down."""
    low, middle = np.percentile(values, [15.87, 50])
    return float(middle), float(middle - low)


def surface_brightness(flux: float, zeropoint: float | None, pixel_scale: float) -> float | None:
    """AB mag per arcsec² of a flux per pixel; None without zero point or flux."""
    if zeropoint is None or not flux > 0:
        return None
    return float(zeropoint - 2.5 * np.log10(flux / pixel_scale**2))


def blank_pixels(values: Image, sigma: Image, fwhm: float) -> NDArray[np.bool_]:
    """Pixels (h, w) of background-subtracted `values` (NaN where bad) away from every source that can be seen.

    Sources are what stands above 4σ of the image after a filter as wide as the PSF (`fwhm` [px]), and then
    twice as wide; σ is measured in the filtered image itself, since neighbouring pixels may share noise.
    """
    bad = ~np.isfinite(values)
    clean, noise = np.where(bad, np.float32(0), values), np.where(bad, np.float32(1), sigma)
    blank = ~bad
    for width in (factor * fwhm for factor in WIDTHS):
        filtered = matched_filter(clean, noise, bad, gaussian_kernel(width))
        here = blank
        for _ in range(ROUNDS):
            if here.sum() < FEWEST_PIXELS:
                return np.zeros_like(blank)
            middle, spread = faint_half(filtered[here])
            source = binary_dilation(filtered > middle + THRESHOLD * spread, iterations=round(REACH * width))
            here = blank & ~source
        blank = here
    return blank


def _in_sigma(sample: Sample, middle: float, spread: float) -> Image:
    """Blank pixels in units of σ about the level; NaN elsewhere."""
    units = (sample.scaled - np.float32(middle)) / np.float32(spread)
    return np.where(sample.blank & (np.abs(units) < FAR), units, np.float32(np.nan))


def _correlations(units: Sequence[Image], offsets: Sequence[Sequence[Offset]]) -> Triple:
    """The correlation of pixels that far apart (x, y), the mean over the offsets of each group."""
    square = np.nanmean(np.concatenate([image.ravel() for image in units]) ** 2)
    found = []
    for group in offsets:
        products = np.concatenate([_products(image, offset) for image in units for offset in group])
        found.append(float(products.mean() / square) if len(products) >= FEWEST_PIXELS else None)
    return found[0], found[1], found[2]


def _products(image: Image, offset: Offset) -> Image:
    """Products of pixels and those `offset` (x ≥ 0, y) away, where both are known."""
    dx, dy = offset
    ny, nx = image.shape
    here = image[max(-dy, 0) : ny - max(dy, 0), : nx - dx]
    there = image[max(dy, 0) : ny - max(-dy, 0), dx:]
    products = here * there
    return products[np.isfinite(products)]


def _binned(units: Sequence[Image]) -> Triple:
    found = []
    for size in BINS:
        sums = np.concatenate([_block_sums(image, size) for image in units])
        found.append(faint_half(sums)[1] if len(sums) >= FEWEST_BLOCKS else None)
    return found[0], found[1], found[2]


def _block_sums(image: Image, size: int) -> NDArray[np.float64]:
    """Sum over √count of the known pixels of each block of size × size: unit variance for independent pixels."""
    ny, nx = (length // size * size for length in image.shape)
    blocks = image[:ny, :nx].reshape(ny // size, size, nx // size, size)
    count = np.isfinite(blocks).sum(axis=(1, 3))
    full = count >= FILLED * size**2
    return np.asarray(np.nansum(blocks, axis=(1, 3))[full] / np.sqrt(count[full]), np.float64)


def _structure(model: BandModel, sigma: float) -> float | None:
    """Rms of the background over σ; None for an image smaller than two meshes."""
    rows, columns = (np.arange(MESH / 2, length, MESH) for length in model.pixels.shape)
    if len(rows) * len(columns) < 4 or not sigma > 0:
        return None
    return float(model.background.level_spline(rows, columns).std() / sigma)

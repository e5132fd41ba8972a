"""What detection and photometry know of one band: its sky, its noise and its PSF."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter

from astrotl_gui.core.mosaic import Band, Box, Mosaic
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.background import Background, Read
from astrotl_gui.pipeline.psf import FWHM_PER_SIGMA, Psf, measure_psf
from astrotl_gui.pipeline.saturation import saturation

Image = NDArray[np.float32]

SAMPLE = 1024
"""Side [px] of the parts in which PSF and noise are measured; at most MOST_SAMPLES of them."""
MOST_SAMPLES = 9
FEWEST_PIXELS = 20_000
"""With fewer usable sky pixels the noise map is taken as it is."""


class Pixels(Protocol):
    """Values and noise of one image on some grid."""

    @property
    def shape(self) -> tuple[int, int]: ...

    def read(self, box: Box) -> Image: ...
    def noise(self, box: Box) -> Image | None: ...
    def bad(self, box: Box) -> NDArray[np.bool_]: ...


@dataclass(frozen=True)
class OnReference:
    """A band on the reference grid."""

    mosaic: Mosaic
    name: str

    @property
    def shape(self) -> tuple[int, int]:
        return self.mosaic.shape

    def read(self, box: Box) -> Image:
        return self.mosaic.read(self.name, box)

    def noise(self, box: Box) -> Image | None:
        return self.mosaic.noise(self.name, box)

    def bad(self, box: Box) -> NDArray[np.bool_]:
        return self.mosaic.bad(self.name, box)


@dataclass(frozen=True)
class BandModel:
    """One band on one grid. `fwhm` is the PSF width [px of that grid], `saturation` a raw image value.

    `psf` is how that width was measured, on the band's own grid; None on another.

    `noise_scale` is what the noise map (or the σ of the sky) is multiplied with so that the noise averaged
    over a PSF comes out right: resampled and drizzled images have correlated pixels.
    """

    pixels: Pixels
    background: Background
    fwhm: float
    saturation: float
    noise_scale: float = 1.0
    psf: Psf | None = None

    @property
    def psf_sigma(self) -> float:
        return self.fwhm / FWHM_PER_SIGMA

    def values(self, box: Box) -> tuple[Image, Image]:
        """(background-subtracted values, σ), float32 (h, w); both NaN at bad pixels."""
        values = self.pixels.read(box) - self.background.level(box)
        noise = self.pixels.noise(box)
        sigma = (self.background.sigma(box) if noise is None else noise) * np.float32(self.noise_scale)
        usable = np.isfinite(values) & (sigma > 0) & ~self.pixels.bad(box)
        nan = np.float32(np.nan)
        return np.where(usable, values, nan), np.where(usable, sigma, nan)

    def saturated(self, box: Box) -> NDArray[np.bool_]:
        """Where the image reaches its saturation level."""
        if not np.isfinite(self.saturation):
            return np.zeros((box[3] - box[1], box[2] - box[0]), bool)
        return np.asarray(self.pixels.read(box) >= self.saturation)


def own_grid(mosaic: Mosaic, name: str, settings: DetectionSettings) -> BandModel:
    """The model of a band on its own grid."""
    band = mosaic.band(name)
    ratio = mosaic.pixel_scale() / band_scale(mosaic, name)
    return _model(band, band, settings, max(round(settings.background_size * ratio), 8), mosaic)


def on_reference(mosaic: Mosaic, name: str, own: BandModel, settings: DetectionSettings) -> BandModel:
    """The model of a band on the reference grid; `own` itself where it is on that grid already."""
    if is_reference_grid(mosaic, name):
        return own
    pixels = OnReference(mosaic, name)
    background = Background.measure(
        _without_bad(pixels), pixels.shape, settings.background_size, settings.background_filter
    )
    fwhm = own.fwhm * band_scale(mosaic, name) / mosaic.pixel_scale()
    model = BandModel(pixels, background, fwhm, np.inf)
    samples = [model.values(box) for box in sample_boxes(pixels.shape)]
    return replace(model, noise_scale=noise_scale(samples, model.psf_sigma))


def is_reference_grid(mosaic: Mosaic, name: str) -> bool:
    """Whether a band has the pixels of the reference band."""
    if mosaic.band(name).shape != mosaic.shape:
        return False
    ny, nx = mosaic.shape
    x, y = np.array([0.0, nx - 1, 0, nx - 1]), np.array([0.0, 0, ny - 1, ny - 1])
    xb, yb = mosaic.to_band(name, x, y)
    return bool((np.hypot(xb - x, yb - y) < 0.05).all())


def band_scale(mosaic: Mosaic, name: str) -> float:
    """Pixel scale [arcsec] of a band's own grid at its centre."""
    band = mosaic.band(name)
    if band.sky is None:
        return mosaic.pixel_scale()
    return float(band.sky.scale((band.shape[1] - 1) / 2, (band.shape[0] - 1) / 2))


def sample_boxes(shape: tuple[int, int]) -> list[Box]:
    """At most MOST_SAMPLES boxes spread evenly over an image; all of it when it is small."""
    rows, columns = (_spread(length, int(MOST_SAMPLES**0.5)) for length in shape)
    return [(x0, y0, x1, y1) for y0, y1 in rows for x0, x1 in columns]


def noise_scale(samples: list[tuple[Image, Image]], psf_sigma: float) -> float:
    """Measured over assumed σ of the sky averaged over a PSF (float, 1 when there is too little sky).

    The samples are divided by their σ, smoothed with the PSF, and normalised to what independent pixels would
    give; sources are cut out in two rounds, and the scatter is that of the faint half, which sources spare.
    """
    smoothed = [_filtered(values, sigma, psf_sigma) for values, sigma in samples]
    scale = 1.0
    for _ in range(3):
        sky = np.concatenate([_sky(part, scale, psf_sigma) for part in smoothed] or [np.empty(0, np.float32)])
        if len(sky) < FEWEST_PIXELS:
            return scale
        low, middle = np.percentile(sky, [15.87, 50])
        scale = float(np.clip(middle - low, 0.25, 5.0))
    return scale


def _model(band: Band, pixels: Pixels, settings: DetectionSettings, size: int, mosaic: Mosaic) -> BandModel:
    background = Background.measure(_without_bad(pixels), pixels.shape, size, settings.background_filter)
    boxes = sample_boxes(pixels.shape)
    saturated = saturation(band.header, map(_without_bad(pixels), boxes), background.typical_sigma)
    model = BandModel(pixels, background, 1.0, saturated)
    samples = [model.values(box) for box in boxes]
    scale = band_scale(mosaic, band.name)
    psf = measure_psf(samples, saturated, band.psf(), band.header, scale)
    model = replace(model, fwhm=psf.fwhm, psf=psf)
    return replace(model, noise_scale=noise_scale(samples, model.psf_sigma))


def _without_bad(pixels: Pixels) -> Read:
    def read(box: Box) -> Image:
        return np.where(pixels.bad(box), np.float32(np.nan), pixels.read(box))

    return read


def _spread(length: int, most: int) -> list[tuple[int, int]]:
    """Up to `most` spans of up to SAMPLE px, evenly spread; they cover a short length whole."""
    count = min(most, -(-length // SAMPLE))
    size = min(SAMPLE, -(-length // count))
    starts = np.linspace(0, length - size, count).round().astype(int)
    return [(int(start), int(start) + size) for start in starts]


def _filtered(values: Image, sigma: Image, psf_sigma: float) -> Image:
    """Smoothed S/N with unit variance for independent pixels; NaN beside bad pixels and at the edges."""
    snr = values / sigma
    bad = ~np.isfinite(snr)
    width = max(psf_sigma, 0.5)
    smooth = gaussian_filter(np.where(bad, np.float32(0), snr), width, truncate=3)
    impulse = np.zeros((1, 1 + 2 * int(3 * width + 1)))
    impulse[0, impulse.shape[1] // 2] = 1
    line = gaussian_filter(impulse, (0, width), truncate=3, mode="constant")
    smooth /= np.float32((line**2).sum())
    edge = int(2 * width) + 1
    near_bad = binary_dilation(bad, iterations=edge) if bad.any() else bad
    smooth[near_bad] = np.nan
    return smooth[edge:-edge, edge:-edge]


def _sky(smoothed: Image, scale: float, psf_sigma: float) -> NDArray[np.float32]:
    """Values away from sources."""
    finite = np.isfinite(smoothed)
    source = finite & (smoothed > 4 * scale)
    reach = max(round(3 * psf_sigma), 2)
    return smoothed[finite & ~binary_dilation(source, iterations=reach)]

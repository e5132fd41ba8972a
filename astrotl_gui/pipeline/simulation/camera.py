"""The simulated camera: bands, seeing, depth, noise, and what a magnitude is worth in image units."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError

Array = NDArray[np.floating]

ZEROPOINT = 30.0
NOISE_KERNEL = (0.016, -0.026, 0.053, 1.0, 0.053, -0.026, 0.016)
"""Along one axis: the correlation that Lanczos resampling leaves, as in CFHTLS stacks (0.10, −0.05, 0.03)."""


@dataclass(frozen=True)
class SimulatedBand:
    """One band. `fwhm` of the PSF [arcsec]; `depth`: AB magnitude of a point source at 5σ of the sky noise,
    for an effective area of 2.27 (FWHM/px)² (Ivezić et al. 2019, eq. 4); `gain` [e⁻ per image unit];
    `saturation`: AB magnitude of the star whose peak clips; `lean`: mean reduced shear (g1, g2) of the PSF."""

    name: str
    fwhm: float
    depth: float
    gain: float = 45.0
    saturation: float = 17.7
    lean: tuple[float, float] = (0.0, 0.0)

    def counts(self, mag: float | Array) -> Array:
        """AB magnitude → image units."""
        return np.asarray(10 ** (-0.4 * (np.asarray(mag, float) - ZEROPOINT)))

    def noise(self, pixel_scale: float) -> float:
        """σ of the sky in one pixel [image units]."""
        pixels = 2.266 * (self.fwhm / pixel_scale) ** 2
        return float(self.counts(self.depth) / (5 * np.sqrt(pixels)))

    def saturate(self, pixel_scale: float) -> float:
        """The level [image units] at which pixels clip."""
        peak = 0.79 * min(1.0, (pixel_scale / self.fwhm) ** 2)  # of a Kolmogorov PSF, in one pixel
        return float(peak * self.counts(self.saturation))


@dataclass(frozen=True)
class Camera:
    """Bands on one pixel grid. `wings`: share of the light in the aureole; `spikes`: strength of the diffraction
    spikes (0 none) at the angles `spike_angles` [rad from +x]."""

    name: str
    pixel_scale: float
    bands: tuple[SimulatedBand, ...]
    wings: float = 0.06
    spikes: float = 1.3e-3
    spike_angles: tuple[float, ...] = (0.82, 2.39)
    noise_kernel: tuple[float, ...] = NOISE_KERNEL

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(band.name for band in self.bands)

    @property
    def faintest(self) -> float:
        """Magnitude down to which sources are drawn: what is fainter vanishes in the noise."""
        return max(band.depth for band in self.bands) + 1.2

    def with_bands(self, names: Sequence[str]) -> Camera:
        """This camera with some of its bands. Raises AstroTLError for a band it has not."""
        known = {band.name: band for band in self.bands}
        missing = [name for name in names if name not in known]
        if missing or len(set(names)) < len(names) or not names:
            raise AstroTLError(
                "No such band",
                f"The {self.name} camera has the bands {', '.join(known)}; each is taken once.",
            )
        return replace(self, bands=tuple(band for band in self.bands if band.name in names))

    def with_depths(self, depths: dict[str, float]) -> Camera:
        """This camera with other 5σ depths [AB mag] for some bands, or with the one named "" for all others."""
        own = [depths.get(band.name, depths.get("", band.depth)) for band in self.bands]
        return replace(self, bands=tuple(replace(b, depth=d) for b, d in zip(self.bands, own, strict=True)))


GROUND = Camera(
    "ground",
    0.2,
    (
        SimulatedBand("u", 0.95, 25.6, gain=80.0, saturation=16.6),
        SimulatedBand("g", 0.82, 26.4, gain=66.0),
        SimulatedBand("r", 0.76, 26.0, gain=45.0),
        SimulatedBand("i", 0.70, 25.7, gain=40.0),
        SimulatedBand("z", 0.72, 24.9, gain=36.0, saturation=17.0),
        SimulatedBand("y", 0.74, 24.2, gain=30.0, saturation=16.4),
    ),
)
"""A four-metre telescope's wide survey: the demo field is its g, r and i."""
SPACE = Camera(
    "space",
    0.06,
    (
        SimulatedBand("F435W", 0.10, 28.3, gain=2000.0, saturation=20.5),
        SimulatedBand("F606W", 0.10, 28.6, gain=2000.0, saturation=20.5),
        SimulatedBand("F775W", 0.10, 28.4, gain=2000.0, saturation=20.5),
        SimulatedBand("F814W", 0.11, 28.3, gain=2000.0, saturation=20.5),
        SimulatedBand("F850LP", 0.11, 27.9, gain=2000.0, saturation=20.0),
        SimulatedBand("F125W", 0.17, 28.0, gain=2000.0, saturation=20.0),
        SimulatedBand("F160W", 0.18, 27.9, gain=2000.0, saturation=20.0),
    ),
    wings=0.03,
    spikes=2.5e-3,
    spike_angles=(0.79, 2.36),
    noise_kernel=(0.0, 0.25, 1.0, 0.25, 0.0),
)
"""A deep field of a 2.4 m telescope above the atmosphere."""
CAMERAS = {camera.name: camera for camera in (GROUND, SPACE)}
DEFAULT_BANDS = {"ground": ("g", "r", "i"), "space": ("F435W", "F606W", "F775W", "F850LP", "F160W")}


def rng_for(seed: int, *part: str | int) -> np.random.Generator:
    """An own random stream for each part: changing one leaves the others as they are."""
    words = [zlib.crc32(p.encode()) if isinstance(p, str) else int(p) & 0xFFFFFFFF for p in part]
    return np.random.default_rng([seed, *words])

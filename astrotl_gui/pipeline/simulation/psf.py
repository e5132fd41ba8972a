"""The point-spread function: a core that leans a little across the field, and an aureole that everything shares."""

from __future__ import annotations

from functools import cached_property

import galsim
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from astrotl_gui.pipeline.simulation.camera import Array, Camera, SimulatedBand, rng_for

REACH = 64  # px to which the aureole of faint sources is followed
AUREOLE_FWHM, AUREOLE_BETA = 4.0, 1.6  # in FWHM of the core
OVERSAMPLING, CORE_REACH = 5, 24.0  # of the tabulated core; in px
DETAIL = galsim.GSParams(maximum_fft_size=16384)


class Psf:
    """The PSF of one band: (1 − w) core + w core ⊛ aureole, w = `camera.wings`.

    The core is a Kolmogorov profile, sheared by `band.lean` and 1–2 % more, smoothly over the field. `extra` is
    convolved with it (a defocused or trailed exposure).
    """

    def __init__(
        self,
        camera: Camera,
        band: SimulatedBand,
        shape: tuple[int, int],
        seed: int,
        extra: galsim.GSObject | None = None,
    ) -> None:
        self.camera, self.band, self.shape = camera, band, shape
        core = galsim.Kolmogorov(fwhm=band.fwhm)
        self._core = core if extra is None else galsim.Convolve(core, extra)
        self._lean = rng_for(seed, "psf", band.name).normal(0, 0.008, (2, 4))
        self._lean[:, 0] += band.lean

    def core(self, x: float, y: float) -> galsim.GSObject:
        """The core at pixel (x, y), without the pixel's own width."""
        return self._core.shear(self._shear(x, y))

    def point(self, x: float, y: float) -> galsim.GSObject:
        """The core with the pixel's width, tabulated: to be drawn with method "no_pixel".

        Drawn in real space, its errors stay a fraction of the light where they are, so that the wings of bright
        stars are clean.
        """
        return self._tabulated.shear(self._shear(x, y))

    def scattered(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """Light drawn with the core → with the whole PSF; valid `REACH` px inside the border."""
        height, width = light.shape
        size = fft.next_fast_len(height, real=True), fft.next_fast_len(width, real=True)
        kernel = np.zeros(size)
        kernel[: 2 * REACH + 1, : 2 * REACH + 1] = self.aureole
        kernel = np.roll(kernel, (-REACH, -REACH), (0, 1))
        spread = fft.irfft2(fft.rfft2(light.astype(np.float64), size) * fft.rfft2(kernel), size)
        share = self.camera.wings
        return ((1 - share) * light + share * spread[:height, :width]).astype(np.float32)

    @cached_property
    def aureole(self) -> Array:
        """The aureole on (2 REACH + 1)² px, sum 1."""
        axis = np.arange(-REACH, REACH + 1, dtype=float)
        r = np.hypot(axis[:, None], axis[None, :])
        values = self.aureole_at(r)
        return np.asarray(values / values.sum())

    def aureole_at(self, r: Array) -> Array:
        """Unit-flux surface brightness of the aureole per px² at radius r [px]: a Moffat profile, fading at REACH."""
        fwhm = AUREOLE_FWHM * self.band.fwhm / self.camera.pixel_scale
        alpha2 = (fwhm / 2) ** 2 / (2 ** (1 / AUREOLE_BETA) - 1)
        return (AUREOLE_BETA - 1) / (np.pi * alpha2) * (1 + r**2 / alpha2) ** -AUREOLE_BETA

    def image(self, half: int = 32) -> Array:
        """The whole PSF at the middle of the field on (2 half + 1)² px, sum 1."""
        x, y = (self.shape[1] - 1) / 2, (self.shape[0] - 1) / 2
        side = 2 * (half + REACH) + 1
        drawn = self.point(x, y).drawImage(
            nx=side, ny=side, scale=self.camera.pixel_scale, method="no_pixel", dtype=float
        )
        whole = self.scattered(drawn.array.astype(np.float32))[REACH:-REACH, REACH:-REACH]
        return np.asarray(whole / whole.sum(), float)

    @cached_property
    def _tabulated(self) -> galsim.InterpolatedImage:
        scale = self.camera.pixel_scale
        with_pixel = galsim.Convolve(self._core, galsim.Pixel(scale), gsparams=DETAIL)
        side = 2 * int(CORE_REACH * OVERSAMPLING) + 1
        fine = with_pixel.drawImage(
            nx=side, ny=side, scale=scale / OVERSAMPLING, method="no_pixel", dtype=float
        )
        r = np.hypot(*(np.indices(fine.array.shape) - side // 2)) / OVERSAMPLING / CORE_REACH
        fine.array[:] = np.maximum(fine.array, 0) * np.clip((1 - r) / 0.3, 0, 1) ** 2
        return galsim.InterpolatedImage(
            fine, x_interpolant="cubic", flux=1.0, calculate_stepk=False, calculate_maxk=False
        )

    def _shear(self, x: float, y: float) -> galsim.Shear:
        v, u = 2 * y / max(self.shape[0] - 1, 1) - 1, 2 * x / max(self.shape[1] - 1, 1) - 1
        e1, e2 = self._lean @ np.array([1.0, u, v, u * v])
        return galsim.Shear(g1=e1, g2=e2)

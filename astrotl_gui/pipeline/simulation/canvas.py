"""A piece of the sky while it is drawn: light in every band on the pixels of one tile and its margin."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import galsim
import numpy as np
from numpy.typing import NDArray

from astrotl_gui.pipeline.simulation.camera import Array, Camera
from astrotl_gui.pipeline.simulation.psf import Psf
from astrotl_gui.pipeline.simulation.spectra import Filter

galsim.set_omp_threads(1)  # stamps are small: on two threads photons take seven times as long

Box = tuple[int, int, int, int]  # x0, y0, x1, y1 [px], the last not included
FAINTEST = 0.02  # a profile ends where its surface brightness falls below this fraction of the sky noise
PHOTONS = 400
LARGEST = 600.0  # px: no stamp reaches farther


class Canvas:
    """Image units in each band of `camera` on `box`, pixels counted on the whole field (0-based).

    `light` is spread by the aureole at the end; `finished` (bright stars) has its own. `offset` [px] is where the
    field's pixel (0, 0) lies on this exposure, `exposure` multiplies all light.
    """

    def __init__(
        self,
        camera: Camera,
        psfs: Sequence[Psf],
        box: Box,
        offset: tuple[float, float] = (0.0, 0.0),
        exposure: float = 1.0,
    ) -> None:
        self.camera, self.psfs, self.box, self.offset, self.exposure = camera, psfs, box, offset, exposure
        x0, y0, x1, y1 = box
        shape = (y1 - y0, x1 - x0)
        self.light = [self._image(np.zeros(shape, np.float32)) for _ in psfs]
        self.finished = [np.zeros(shape, np.float32) for _ in psfs]
        self.wavelengths = [Filter.named(name).effective for name in camera.names]
        self.noise = [band.noise(camera.pixel_scale) for band in camera.bands]

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Tangent-plane position [arcsec from the field's corner] → pixel."""
        scale = self.camera.pixel_scale
        return x / scale - 0.5 + self.offset[0], y / scale - 0.5 + self.offset[1]

    def sees(self, px: float, py: float, reach: float) -> bool:
        """Whether a stamp of half-width `reach` px about (px, py) touches the canvas."""
        x0, y0, x1, y1 = self.box
        return x0 - reach < px < x1 + reach and y0 - reach < py < y1 + reach

    def add(
        self,
        x: float,
        y: float,
        reach: float,
        shape: Callable[[int], galsim.GSObject],
        photons: int | None = None,
    ) -> None:
        """Add `shape(band)`, a profile whose flux is in image units, at (x, y) [arcsec], through the core PSF.

        Faint ones are drawn as `PHOTONS` photons, from the random seed `photons`.
        """
        px, py = self.pixel(x, y)
        bounds = self._bounds(px, py, min(reach, LARGEST))
        if not bounds.isDefined():
            return
        how = {"method": "auto"} if photons is None else {"method": "phot", "n_photons": PHOTONS}
        for k, psf in enumerate(self.psfs):
            profile = galsim.Convolve(shape(k) * self.exposure, psf.core(px, py))
            if photons is not None:
                how["rng"] = galsim.BaseDeviate((photons + k) % 2**31 + 1)
            profile.drawImage(
                image=self.light[k][bounds], center=galsim.PositionD(px, py), add_to_image=True, **how
            )

    def add_point(self, x: float, y: float, counts: Array) -> None:
        """Add a point source of `counts` (bands,) image units at (x, y) [arcsec]."""
        px, py = self.pixel(x, y)
        for k, psf in enumerate(self.psfs):
            bounds = self._bounds(px, py, 26)
            if bounds.isDefined():
                (psf.point(px, py) * float(counts[k] * self.exposure)).drawImage(
                    image=self.light[k][bounds],
                    center=galsim.PositionD(px, py),
                    method="no_pixel",
                    add_to_image=True,
                )

    def add_finished(self, k: int, x0: int, y0: int, stamp: NDArray[np.floating]) -> None:
        """Add pixels that carry their aureole already; the first is at pixel (x0, y0)."""
        height, width = stamp.shape
        left, bottom = x0 - self.box[0], y0 - self.box[1]
        target = self.finished[k]
        xs = slice(max(left, 0), min(left + width, target.shape[1]))
        ys = slice(max(bottom, 0), min(bottom + height, target.shape[0]))
        if xs.start < xs.stop and ys.start < ys.stop:
            part = stamp[ys.start - bottom : ys.stop - bottom, xs.start - left : xs.stop - left]
            target[ys, xs] += (part * self.exposure).astype(np.float32)

    def observed(self, k: int) -> NDArray[np.float32]:
        """The light of band `k` through the whole PSF, without noise."""
        return self.psfs[k].scattered(self.light[k].array) + self.finished[k]

    def _image(self, values: NDArray[np.float32]) -> galsim.Image:
        return galsim.Image(values, xmin=self.box[0], ymin=self.box[1], scale=self.camera.pixel_scale)

    def _bounds(self, px: float, py: float, reach: float) -> galsim.BoundsI:
        x0, y0, x1, y1 = self.box
        return galsim.BoundsI(
            max(int(px - reach), x0), min(int(px + reach) + 1, x1 - 1),
            max(int(py - reach), y0), min(int(py + reach) + 1, y1 - 1),
        )  # fmt: skip

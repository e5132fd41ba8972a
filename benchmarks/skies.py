"""Simulated skies as real telescopes saw theirs: pixel scale, seeing, depth and noise correlation measured on the
real images by `astrotl describe`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT
from astrotl_gui.core.settings import cache_folder
from astrotl_gui.pipeline.simulate import Recipe
from astrotl_gui.pipeline.simulation.camera import ZEROPOINT, Camera, SimulatedBand
from astrotl_gui.pipeline.simulation.plan import Plan
from astrotl_gui.pipeline.simulation.writing import write

REAL = Path("../shared/data/fits")
RARE, ARTIFACTS = 0.05, 0.1  # the real fields are not enriched, and have been cleaned
SMOOTHED = tuple(float(np.exp(-0.5 * (k / 1.12) ** 2)) for k in range(-4, 5))
"""The noise of XDF's ACS images is white noise smoothed like their PSF was."""


@dataclass(frozen=True)
class Sky:
    """A real field and the camera that sees alike (all bands, where none is named as its).

    `zeropoints` [AB] are what its headers lack; `cutout` [arcsec] and `stars` [arcmin⁻²] suit it.
    """

    files: str
    camera: Camera
    cutout: float
    zeropoints: Mapping[str, float] = field(default_factory=dict)
    stars: float = 4.2
    folder: Path = REAL

    def real(self) -> Mosaic | None:
        """The real field, its bands those of the camera; None where it is not on this machine."""
        paths = sorted(self.folder.glob(self.files))
        if not paths:
            return None
        spec = identify(paths).spec()
        bands = [band for band in spec.bands if band.name in self.camera.names] or list(spec.bands)
        known = [replace(band, zeropoint=self.zeropoints.get(band.name, band.zeropoint)) for band in bands]
        return Mosaic.open(MosaicSpec(spec.name, tuple(known)))

    def simulated(self, seed: int, size: int, folder: Path) -> Mosaic:
        """A simulated field of `size` px as this camera sees it, kept in `folder`; no noise maps, as the real one."""
        plan = replace(
            Plan.of(Recipe(seed, size, size, star_density=self.stars, rare=RARE, artifacts=ARTIFACTS)),
            camera=self.camera,
        )
        images = list(plan.field(folder).images.values())
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent) as work:
                write(plan, Path(work) / "whole", 0, SILENT)
                (Path(work) / "whole").rename(folder)
        return Mosaic.open(identify(images).spec())


def band(name: str, fwhm: float, sky: float, scale: float, **more: Any) -> SimulatedBand:
    """A band of seeing `fwhm` [arcsec] whose sky noise is `sky` [mag/arcsec² at 1σ] in pixels of `scale` arcsec."""
    noise = 10 ** (-0.4 * (sky - ZEROPOINT)) * scale**2
    pixels = 2.266 * (fwhm / scale) ** 2
    return SimulatedBand(name, fwhm, float(ZEROPOINT - 2.5 * np.log10(5 * noise * np.sqrt(pixels))), **more)


CFHTLS, XDF, SDSS, FOCAM = 0.186, 0.06, 0.396, 0.2057
SKIES = {
    "cfhtls_w3": Sky(
        "cfhtls_w3/*.fits",
        Camera(
            "ground",
            CFHTLS,
            (
                band("g", 0.84, 26.93, CFHTLS, gain=66.6, saturation=18.3, lean=(0.0, 0.06)),
                band("r", 0.92, 26.06, CFHTLS, gain=42.2, saturation=17.6, lean=(-0.04, 0.0)),
                band("i", 0.73, 25.71, CFHTLS, gain=38.9, saturation=17.4, lean=(-0.03, 0.01)),
            ),
        ),
        9.0,
    ),
    # Zero points of the XDF: Illingworth et al. (2013).
    "xdf": Sky(
        "xdf/*.fits",
        Camera(
            "space",
            XDF,
            tuple(
                band(name, 0.175, sky, XDF, gain=5000.0, saturation=16.0)
                for name, sky in (("F435W", 28.97), ("F606W", 29.50), ("F775W", 29.17))
            ),
            spikes=6e-4,
            noise_kernel=SMOOTHED,
        ),
        2.0,
        stars=1.0,  # deep fields are chosen far from bright stars
        zeropoints={"F435W": 25.68, "F606W": 26.51, "F775W": 25.69},
    ),
    "sdss": Sky(
        "sdss/frame-g-*",
        Camera(
            "ground",
            SDSS,
            (band("g", 0.98, 24.48, SDSS, gain=60.0, saturation=15.0, lean=(0.027, 0.048)),),
            noise_kernel=(1.0,),
        ),
        18.0,
        stars=21.0,
    ),
    # Without a zero point: as deep as makes as many sources as there are beside the cluster.
    "abell370": Sky(
        "abell370/a370II.fits",
        Camera(
            "ground",
            FOCAM,
            (SimulatedBand("i", 0.63, 24.9, gain=33.0, saturation=16.5),),
            noise_kernel=(0.014, 0.0, 0.04, 1.0, 0.04, 0.0, 0.014),
        ),
        18.0,
        folder=cache_folder() / "fields",
    ),
}

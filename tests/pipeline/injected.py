"""Images with sources of known flux, size and angle, and their WCS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic

SCALE = 0.2


@dataclass(frozen=True)
class Injected:
    """Elliptical Gaussians: positions [px], flux, rms sizes [px], angle [rad] from +x to +y."""

    x: np.ndarray
    y: np.ndarray
    flux: np.ndarray
    a: np.ndarray
    b: np.ndarray
    theta: np.ndarray

    @classmethod
    def grid(cls, side: int, step: int, flux: float, a: float, b: float, seed: int = 1) -> Injected:
        """Equal sources on a grid, jittered, at random angles."""
        rng = np.random.default_rng(seed)
        nodes = np.arange(step // 2 + 10, side - step // 2, step)
        x, y = (part.ravel() + rng.uniform(-3, 3, part.size) for part in np.meshgrid(nodes, nodes))
        ones = np.ones(x.size)
        return cls(x, y, flux * ones, a * ones, b * ones, rng.uniform(-np.pi / 2, np.pi / 2, x.size))


def draw(image: np.ndarray, sources: Injected, scale: float = 1.0) -> None:
    """Add the sources to an image (ny, nx), sampled at pixel centres; `scale` multiplies the fluxes."""
    for x, y, flux, a, b, theta in zip(
        sources.x, sources.y, sources.flux, sources.a, sources.b, sources.theta, strict=True
    ):
        half = int(np.ceil(6 * a)) + 1
        x0, y0 = max(int(x) - half, 0), max(int(y) - half, 0)
        x1, y1 = min(int(x) + half + 1, image.shape[1]), min(int(y) + half + 1, image.shape[0])
        if x1 <= x0 or y1 <= y0:
            continue
        dx, dy = np.arange(x0, x1) - x, np.arange(y0, y1)[:, None] - y
        u = (dx * np.cos(theta) + dy * np.sin(theta)) / a
        v = (dy * np.cos(theta) - dx * np.sin(theta)) / b
        peak = scale * flux / (2 * np.pi * a * b)
        image[y0:y1, x0:x1] += peak * np.exp(-0.5 * (u * u + v * v))


def tan(
    shape: tuple[int, int],
    ra: float = 150.0,
    dec: float = 2.0,
    scale: float = SCALE,
    rotation: float = 0.0,
    flipped: bool = False,
) -> WCS:
    """TAN about the centre: pixels of `scale` arcsec, +y turned by `rotation` degrees from north to east."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [ra, dec]
    wcs.wcs.crpix = [(shape[1] + 1) / 2, (shape[0] + 1) / 2]
    angle, step = np.radians(rotation), scale / 3600
    east = 1 if flipped else -1
    wcs.wcs.cd = [
        [east * step * np.cos(angle), step * np.sin(angle)],
        [-east * step * np.sin(angle), step * np.cos(angle)],
    ]
    return wcs


def write_band(
    folder: Path,
    name: str,
    image: np.ndarray,
    wcs: WCS | None,
    *,
    zeropoint: float | None = 25.0,
    cards: dict[str, object] | None = None,
    **planes: np.ndarray,
) -> BandSpec:
    """Write a band with its planes (rms=, weight=, mask=) and return its spec."""
    header = wcs.to_header() if wcs is not None else fits.Header()
    header.update(cards or {})
    beside = {}
    for role, values in {"image": image, **planes}.items():
        path = folder / f"{name}_{role}.fits"
        kind = np.int16 if role == "mask" else np.float32
        fits.PrimaryHDU(values.astype(kind), header).writeto(path, overwrite=True)
        beside[role] = Plane(path, 0)
    return BandSpec(name=name, zeropoint=zeropoint, **beside)


def mosaic(*bands: BandSpec, pixel_scale: float = 0.0, reference: str = "") -> Mosaic:
    return Mosaic.open(MosaicSpec("test", bands, reference or bands[0].name, pixel_scale=pixel_scale))

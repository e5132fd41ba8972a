"""A zoo of simulated cutouts: stars, discs, spheroids, lenses, AGN and artifacts in three bands (g r i)."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.ndimage import gaussian_filter

from astrotl_gui.core.flags import Flag
from astrotl_gui.core.statistics import statistics
from astrotl_gui.ml.coldstart import Columns

SIDE, SCALE, FWHM = 96, 0.1875, 0.7  # px, arcsec per px, arcsec: 18 arcsec cutouts
KINDS = {"star": 60, "disc": 120, "spheroid": 80, "lens": 8, "agn": 12, "artifact": 12}


def _profile(size: float, ratio: float, angle: float, index: float) -> np.ndarray:
    offset = (np.arange(SIDE) - (SIDE - 1) / 2) * SCALE
    x, y = np.meshgrid(offset, offset)
    u, v = x * np.cos(angle) + y * np.sin(angle), (y * np.cos(angle) - x * np.sin(angle)) / ratio
    image = np.exp(-7.67 * (np.hypot(np.hypot(u, v), 0.05) / size) ** (1 / index)) if index > 1 else None
    image = np.exp(-1.68 * np.hypot(u, v) / size) if image is None else image
    return image / image.sum()


def _arc(radius: float, angle: float, width: float) -> np.ndarray:
    offset = (np.arange(SIDE) - (SIDE - 1) / 2) * SCALE
    x, y = np.meshgrid(offset, offset)
    turn = np.abs((np.arctan2(y, x) - angle + np.pi) % (2 * np.pi) - np.pi)
    image = np.exp(-(((np.hypot(x, y) - radius) / 0.25) ** 2) - (turn / width) ** 2)
    return image / image.sum()


def _draw(kind: str, bands: tuple[int, ...], rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Bands (3, n, n) before noise, blurred by the PSF; and whether it is blurred at all."""
    red, blue = np.array([0.35, 0.7, 1.0]), np.array([0.8, 0.95, 1.0])
    flux = 10 ** rng.uniform(2.6, 4.2)
    angle, ratio = rng.uniform(0, np.pi), rng.uniform(0.35, 1)
    point = np.zeros((SIDE, SIDE))
    point[SIDE // 2 - 1 : SIDE // 2 + 1, SIDE // 2 - 1 : SIDE // 2 + 1] = 0.25
    if kind == "star":
        return flux * point * (red + rng.uniform() * (blue - red))[:, None, None], True
    if kind == "artifact":
        if rng.uniform() < 0.5:  # a cosmic ray in one band
            image = np.zeros((3, SIDE, SIDE))
            image[rng.choice(bands), SIDE // 2, SIDE // 2 - 1 : SIDE // 2 + 2] = flux / 3
            return image, False
        return flux * _profile(3, 0.03, angle, 1) * np.ones((3, 1, 1)), True  # a trail
    if kind == "disc":
        colour = blue + rng.uniform(0, 0.6) * (red - blue)
        return flux * _profile(rng.uniform(0.6, 2), ratio, angle, 1) * colour[:, None, None], True
    host = _profile(rng.uniform(0.6, 1.6), max(ratio, 0.6), angle, 3 if kind != "agn" else 1)
    flux = max(flux, 10**3.4) if kind in ("lens", "agn") else flux
    image = flux * host * red[:, None, None]
    if kind == "lens":
        radius, start = rng.uniform(1.2, 2.2), rng.uniform(0, 2 * np.pi)
        arcs = _arc(radius, start, 0.7) + 0.4 * _arc(0.7 * radius, start + np.pi, 0.3)
        image = image + 0.3 * flux * arcs * blue[:, None, None]
    if kind == "agn":
        image = image + rng.uniform(0.4, 1) * flux * point * blue[:, None, None]
    return image, True


@cache
def zoo(seed: int = 0, bands: tuple[int, ...] = (0, 1, 2)) -> tuple[Columns, np.ndarray]:
    """Statistics and catalog columns of the zoo, and the kind of each (N,) str; drawn once, and not to be changed."""
    rng = np.random.default_rng(seed)
    kinds = np.repeat(list(KINDS), list(KINDS.values()))
    stamps, catalog = [], {name: [] for name in ("snr", "a", "b", "r50", "flags", "masked_fraction")}
    for kind in kinds:
        image, blurred = _draw(kind, bands, rng)
        if blurred:
            image = gaussian_filter(image, (0, *[FWHM / 2.355 / SCALE] * 2))
        measure(catalog, image[list(bands)].sum(axis=0))
        stamps.append(image[list(bands)] + rng.normal(0, 1, (len(bands), SIDE, SIDE)))
    values, names = statistics(np.array(stamps, np.float32), np.zeros(len(bands)), np.ones(len(bands)))
    columns = {name: values[:, k] for k, name in enumerate(names)}
    columns |= {name: np.array(column) for name, column in catalog.items()}
    return Columns(len(kinds), columns, FWHM), kinds


def measure(catalog: dict[str, list[float]], image: np.ndarray) -> None:
    offset = (np.arange(SIDE) - (SIDE - 1) / 2) * SCALE
    x, y = np.meshgrid(offset, offset)
    total = image.sum()
    xx, yy, xy = ((image * k).sum() / total for k in (x * x, y * y, x * y))
    big, small = np.linalg.eigvalsh([[xx, xy], [xy, yy]])[::-1]
    order = np.argsort(np.hypot(x, y), axis=None)
    half = order[np.searchsorted(np.cumsum(image.ravel()[order]), total / 2)]
    catalog["snr"].append(total / np.sqrt(max((image > 0.5).sum(), 9)))
    catalog["a"].append(float(np.sqrt(big)))
    catalog["b"].append(float(np.sqrt(max(small, 1e-4))))
    catalog["r50"].append(float(np.hypot(x, y).ravel()[half]))
    catalog["flags"].append(float(Flag.SATURATED if image.max() > 5e4 else 0))
    catalog["masked_fraction"].append(0.0)

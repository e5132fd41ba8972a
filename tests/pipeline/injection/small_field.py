"""Galaxies in two bands with zero points and gain, a catalog of what was drawn, and a square around one of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.pipeline.injection.injector import Square
from astrotl_gui.pipeline.injection.instrument import Instrument
from tests.pipeline.injected import SCALE, mosaic, tan, write_band

SIDE, SIZE, ZEROPOINT, GAIN, FWHM = 400, 12.0, 27.0, 5.0, 0.8
BANDS = {"g": 480.0, "i": 760.0}


def field(
    folder: Path, bands: str = "gi", *, zeropoint: float | None = ZEROPOINT, gain: float | None = GAIN,
    fwhm: float | None = FWHM, hosts: int = 16,
) -> tuple[Mosaic, Catalog]:  # fmt: skip
    """A grid of exponential galaxies, flux 4000 in g and 8000 in i, on a sky of σ = 1; a hole beside the first."""
    rng = np.random.default_rng(4)
    steps = np.linspace(60, SIDE - 60, 4)
    x, y = (part.ravel()[:hosts] + rng.uniform(-0.4, 0.4, hosts) for part in np.meshgrid(steps, steps))
    row, column = np.mgrid[:SIDE, :SIDE]
    wcs, specs = tan((SIDE, SIDE)), []
    for number, name in enumerate(bands):
        image = rng.normal(0, 1, (SIDE, SIDE))
        for a, b in zip(x, y, strict=True):
            image += 4000 * (1 + number) / (2 * np.pi * 9) * np.exp(-np.hypot(column - a, row - b) / 3)
        image[70:76, 50:56] = np.nan
        cards = {"GAIN": gain} if gain else {}
        specs.append(write_band(folder, name, image, wcs, zeropoint=zeropoint, cards=cards))
    ra, dec = wcs.pixel_to_world_values(x, y)
    flat = {
        name: np.full(hosts, value) for name, value in (("a", 1.2), ("b", 1.0), ("r50", 1.0), ("snr", 90.0))
    }
    fluxes = {f"flux_{name}": np.full(hosts, 4000.0 * (1 + k)) for k, name in enumerate(bands)}
    columns = {"id": np.arange(11, 11 + hosts), "ra": ra, "dec": dec, "x": x, "y": y, **fluxes, **flat}
    widths = dict.fromkeys(bands, fwhm) if fwhm else {}
    return mosaic(*specs), Catalog.from_columns(columns, fwhm=widths)


def instrument(made: tuple[Mosaic, Catalog], size: float = SIZE) -> Instrument:
    one, catalog = made
    return Instrument.of(one, catalog, size)


def empty_square(bands: int = 2, length: int = 61, x: float = 30.3, y: float = 29.8) -> Square:
    """Pixels without any light."""
    return Square(0, np.zeros((bands, length, length), np.float32), x, y, length - 3.0)


__all__ = ["SCALE"]

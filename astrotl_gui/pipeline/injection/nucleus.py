"""Active nuclei: a point of light with a quasar's colour in the middle of a galaxy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.settings import InjectionSettings
from astrotl_gui.pipeline.injection.fine_image import FineImage, signal_to_noise
from astrotl_gui.pipeline.injection.hosts import galaxies, host_flux
from astrotl_gui.pipeline.injection.injector import Facts, Paint, Square, light_painter
from astrotl_gui.pipeline.injection.instrument import Instrument
from astrotl_gui.pipeline.injection.lens import pair

Floats = NDArray[np.float64]

RATIOS = (0.3, 5.0)
"""Flux of the nucleus in units of its host's: below, few show; above, hosts drown."""
SLOPES = (-0.75, 3.0)
"""Power laws ν^0.3 to ν^−1.2 as magnitudes per factor of ten in wavelength (quasars: ν^−0.44, Vanden Berk 2001)."""
DETAIL = 0.2
"""A nucleus is placed to a tenth of a pixel."""


@dataclass(frozen=True)
class Ranges:
    """What nuclei are drawn from: (least, most) of the flux ratio to the host, and of the colour [mag]."""

    ratio: tuple[float, float]
    colour: tuple[float, float]

    @classmethod
    def of(cls, settings: InjectionSettings, instrument: Instrument) -> Ranges:
        """As set, and where nothing is set as quasars are."""
        baseline = instrument.baseline
        colour = pair(settings.nucleus_colour) or (SLOPES[0] * baseline, SLOPES[1] * baseline)
        return cls(pair(settings.nucleus_ratio) or RATIOS, colour)


@dataclass(frozen=True)
class NucleusInjector:
    """Draws active nuclei; see `Injector`."""

    settings: InjectionSettings
    target: str = "agn"

    def fingerprint(self) -> dict[str, object]:
        settings = self.settings
        return {
            "nucleus_ratio": list(settings.nucleus_ratio),
            "nucleus_colour": list(settings.nucleus_colour),
        }

    def can_draw(self) -> bool:
        return True

    def ranges(self, instrument: Instrument) -> dict[str, tuple[float, float]]:
        drawn = Ranges.of(self.settings, instrument)
        return {"nucleus_ratio": drawn.ratio, "nucleus_colour": drawn.colour}

    def hosts(self, instrument: Instrument) -> NDArray[np.int64]:
        return galaxies(instrument)

    def draw(self, instrument: Instrument, square: Square, rng: np.random.Generator) -> tuple[Paint, Facts]:
        ranges = Ranges.of(self.settings, instrument)
        ratio = float(np.exp(rng.uniform(*np.log(ranges.ratio))))
        colour = rng.uniform(*ranges.colour)
        reference = instrument.reference
        flux = ratio * host_flux(instrument, square.row)
        magnitude = reference.zeropoint - 2.5 * np.log10(flux)
        grid = FineImage.around(square, 0, DETAIL)
        light = point(grid, square).seen(instrument, square, instrument.fluxes(magnitude, colour), sharp=True)
        facts = {
            "ratio": ratio,
            "colour": colour,
            "magnitude": float(magnitude),
            "snr": signal_to_noise(instrument, square, light),
        }
        return light_painter(instrument, square, light, rng), facts


def point(grid: FineImage, square: Square) -> FineImage:
    """Unit flux in the cell that holds the host."""
    x, y = grid.offsets(square)
    values = np.zeros((len(y), len(x)))
    values[np.abs(y).argmin(), np.abs(x).argmin()] = 1.0
    return grid.holding(values)

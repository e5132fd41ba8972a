"""Arcs of a lensed background galaxy, drawn around luminous red galaxies."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.settings import InjectionSettings
from astrotl_gui.pipeline.injection.fine_image import FineImage, signal_to_noise
from astrotl_gui.pipeline.injection.hosts import image_angle, red_galaxies
from astrotl_gui.pipeline.injection.injector import Facts, Paint, Square, light_painter
from astrotl_gui.pipeline.injection.instrument import Instrument
from astrotl_gui.pipeline.injection.lens_model import Mass, Source, brightness, can_trace, trace

Floats = NDArray[np.float64]

SEEING_RADII = 1.2
"""Smaller Einstein radii, in units of the seeing, are rarely recognised (Rojas et al. 2023)."""
LEAST_RADIUS, MOST_RADIUS = 0.5, 2.5
WIDEST = 0.3
"""An Einstein radius is at most this share of the cutout's side."""
BRIGHTEST, FAINTEST = -2.5, 0.0
"""Magnitudes of the unlensed source relative to the 5σ depth for point sources."""
SOURCE_SLOPES = (-0.5, 3.0)
"""Colours of star-forming galaxies as magnitudes per factor of ten in wavelength."""
LEAST_SNR = 25.0
"""Fainter arcs are rarely recognised (Rojas et al. 2023)."""
LEAST_MAGNIFICATION = 2.0
TRIES = 12


@dataclass(frozen=True)
class Ranges:
    """What lenses are drawn from: (least, most) of Einstein radius [arcsec], magnitude [AB] and colour [mag]."""

    einstein_radius: tuple[float, float]
    magnitude: tuple[float, float]
    colour: tuple[float, float]

    @classmethod
    def of(cls, settings: InjectionSettings, instrument: Instrument) -> Ranges:
        """As set, and where nothing is set from the seeing, the depth and the bands of the mosaic."""
        seeing = SEEING_RADII * instrument.reference.fwhm * instrument.scale
        least = min(max(LEAST_RADIUS, seeing), WIDEST * instrument.size / 1.5)
        most = min(max(MOST_RADIUS, 2.5 * least), WIDEST * instrument.size)
        depth, baseline = instrument.reference.depth, instrument.baseline
        return cls(
            pair(settings.einstein_radius) or (least, most),
            pair(settings.source_magnitude) or (depth + BRIGHTEST, depth + FAINTEST),
            pair(settings.source_colour) or (SOURCE_SLOPES[0] * baseline, SOURCE_SLOPES[1] * baseline),
        )


def pair(values: tuple[float, ...]) -> tuple[float, float] | None:
    """A range as stored in the settings, or None."""
    return (float(values[0]), float(values[-1])) if values else None


@dataclass(frozen=True)
class LensInjector:
    """Draws lensed systems; see `Injector`."""

    settings: InjectionSettings
    target: str = "lens"

    def fingerprint(self) -> dict[str, object]:
        settings = self.settings
        return {
            "einstein_radius": list(settings.einstein_radius),
            "source_magnitude": list(settings.source_magnitude),
            "source_colour": list(settings.source_colour),
        }

    def can_draw(self) -> bool:
        return can_trace()

    def ranges(self, instrument: Instrument) -> dict[str, tuple[float, float]]:
        drawn = Ranges.of(self.settings, instrument)
        return {
            "einstein_radius": drawn.einstein_radius,
            "source_magnitude": drawn.magnitude,
            "source_colour": drawn.colour,
        }

    def hosts(self, instrument: Instrument) -> NDArray[np.int64]:
        return red_galaxies(instrument)

    def draw(self, instrument: Instrument, square: Square, rng: np.random.Generator) -> tuple[Paint, Facts]:
        light, facts = self.system(instrument, square, rng)
        return light_painter(instrument, square, light, rng), facts

    def system(
        self, instrument: Instrument, square: Square, rng: np.random.Generator
    ) -> tuple[Floats, Facts]:
        """The arcs' light (B, L, L) [image units], and what they are; faint ones are drawn again."""
        for _ in range(TRIES):
            light, facts = self.any_system(instrument, square, rng)
            if facts["snr"] >= LEAST_SNR and facts["magnification"] >= LEAST_MAGNIFICATION:
                break
        return light, facts

    def any_system(
        self, instrument: Instrument, square: Square, rng: np.random.Generator
    ) -> tuple[Floats, Facts]:
        """The arcs' light as it comes, however faint, and what they are."""
        ranges = Ranges.of(self.settings, instrument)
        mass = draw_mass(rng, ranges, instrument, square)
        source = draw_source(rng, mass)
        magnitude, colour = rng.uniform(*ranges.magnitude), rng.uniform(*ranges.colour)
        image = lensed(mass, source, instrument, square)
        light = image.seen(instrument, square, instrument.fluxes(magnitude, colour))
        return light, {
            "einstein_radius": mass.einstein_radius,
            "magnitude": magnitude,
            "colour": colour,
            "magnification": float(image.values.sum()),
            "snr": signal_to_noise(instrument, square, light),
        }


def draw_mass(rng: np.random.Generator, ranges: Ranges, instrument: Instrument, square: Square) -> Mass:
    """A lens of a random Einstein radius (even in its logarithm) that leans as its galaxy does."""
    least, most = np.log(ranges.einstein_radius)
    lean = image_angle(instrument, square.row)
    angle = rng.uniform(0, pi) if lean is None else lean + rng.normal(0, 0.2)
    return Mass(
        float(np.exp(rng.uniform(least, most))),
        float(np.clip(rng.normal(0.78, 0.12), 0.5, 0.97)),
        float(angle),
        float(np.clip(rng.normal(1.08, 0.16), 0.7, 1.4)),
        float(min(rng.rayleigh(0.04), 0.15)),
        float(rng.uniform(0, pi)),
    )


def draw_source(rng: np.random.Generator, mass: Mass) -> Source:
    """A galaxy behind it, at an even chance everywhere within 0.6 Einstein radii of the axis."""
    offset = 0.6 * mass.einstein_radius * np.sqrt(rng.uniform())
    where = rng.uniform(0, 2 * pi)
    return Source(
        float(offset * cos(where)),
        float(offset * sin(where)),
        float(np.exp(rng.uniform(np.log(0.1), np.log(0.4)))),
        float(rng.uniform(0.7, 2.5)),
        float(rng.uniform(0.35, 1.0)),
        float(rng.uniform(0, pi)),
    )


def lensed(mass: Mass, source: Source, instrument: Instrument, square: Square) -> FineImage:
    """All images of a source of unit flux: surface brightness is conserved along rays, so the sum magnifies it."""
    reach = 1.6 * mass.einstein_radius + source.offset + 4 * source.r50
    grid = FineImage.around(square, reach / instrument.scale, smallest(instrument, source.r50))
    x, y = (axis * instrument.scale for axis in grid.offsets(square))
    light = brightness(source, *trace(mass, *np.meshgrid(x, y)))
    return grid.holding(np.nan_to_num(light).astype(np.float64) * (instrument.scale / grid.fine) ** 2)


def smallest(instrument: Instrument, r50: float) -> float:
    """The detail [px] that must be resolved: a third of the sharpest PSF, and of the source."""
    return min(min(band.fwhm for band in instrument.bands) / 3, r50 / instrument.scale / 2.5)

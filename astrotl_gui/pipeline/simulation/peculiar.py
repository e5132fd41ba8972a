"""Galaxies that were disturbed: mergers with tails, collisional rings, streams of companions, shells."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from astrotl_gui.pipeline.simulation import encounters
from astrotl_gui.pipeline.simulation.camera import Array, rng_for
from astrotl_gui.pipeline.simulation.canvas import Canvas
from astrotl_gui.pipeline.simulation.encounters import Debris
from astrotl_gui.pipeline.simulation.population import Galaxies, Population, add_magnitudes
from astrotl_gui.pipeline.simulation.profiles import add_body, counts, pixels

KINDS = ("merger", "ring galaxy", "tidal stream", "merger", "shells", "merger", "merger")
DEBRIS_SHARE = {"merger": 0.4, "ring galaxy": 0.6, "tidal stream": 0.1, "shells": 0.1}
"""How much of the galaxies' light was torn out of them (for streams and shells: what the companion brought)."""
BLUE = {
    "merger": 2.0,
    "ring galaxy": 3.0,
    "tidal stream": 1.2,
    "shells": 0.5,
}  # template coordinate of the debris
KNOTS = {"merger": 0.15, "ring galaxy": 0.3, "tidal stream": 0.0, "shells": 0.0}
"""How much of the debris shines in knots of star formation."""
WIDEST = 9.0  # half-light radii of the primary


@dataclass(frozen=True)
class Peculiar:
    """One disturbed galaxy at (x, y) [arcsec on the tangent plane]: `galaxies` holds it and, in a merger, the other."""

    kind: str
    x: float
    y: float
    galaxies: Galaxies
    ratio: float  # of the masses
    torn_colours: Array  # (bands,) mag: debris − galaxy, 0 in i
    class_: str = field(default="outlier", init=False)

    @property
    def host(self) -> Galaxies:
        return self.galaxies.take(np.array([0]))

    @property
    def reach(self) -> float:
        """Radius [arcsec] of everything drawn."""
        return (WIDEST + 2) * float(self.galaxies.r50[0])

    def draw(self, canvas: Canvas) -> dict[str, object]:
        """Add the bodies and their debris; returns truth columns."""
        r50, share, bodies = float(self.galaxies.r50[0]), DEBRIS_SHARE[self.kind], len(self.galaxies)
        debris = _encounter(int(self.galaxies.seed[0]), self.kind, self.ratio)
        places = [np.zeros(2), debris.companion if debris.companion is not None else np.zeros(2)]
        light = []
        for row in range(bodies):
            dx, dy = places[row] * r50
            add_body(canvas, self.galaxies, row, self.x + dx, self.y + dy, 1 - share)
            light.append(self.galaxies.mags[row] - 2.5 * np.log10(1 - share))
        for row in range(bodies):
            near = np.abs(debris.stars).max(axis=1) < WIDEST
            torn = self.galaxies.mags[row] + self.torn_colours - 2.5 * np.log10(share)
            self._add_debris(canvas, debris.stars[near & (debris.origin == row)], torn)
            light.append(torn)
        return {"mags": add_magnitudes(*light)}

    def _add_debris(self, canvas: Canvas, stars: Array, mags: Array) -> None:
        """Add stars [half-light radii of the primary] with the light of `mags` (bands,)."""
        step = min(band.fwhm for band in canvas.camera.bands) / 3.5
        image = encounters.debris_map(stars, step / float(self.galaxies.r50[0]), 0.13, KNOTS[self.kind])
        shape, light = pixels(image, step), counts(canvas, mags)
        reach = image.shape[0] * step / 2 / canvas.camera.pixel_scale
        canvas.add(self.x, self.y, reach, lambda k: shape * float(light[k]))


@lru_cache(maxsize=64)
def _encounter(seed: int, kind: str, ratio: float) -> Debris:
    """What the encounter left; kept, since a large galaxy is drawn on several tiles and in every visit."""
    rng = rng_for(seed, "encounter")
    if kind == "merger":
        return encounters.merger(rng, ratio)
    makers = {"ring galaxy": encounters.ring, "tidal stream": encounters.stream, "shells": encounters.shells}
    return makers[kind](rng)


def draw_peculiar(rng: np.random.Generator, population: Population, number: int) -> Peculiar:
    """A disturbed galaxy at the origin; `number` picks the kind in turn."""
    kind = KINDS[number % len(KINDS)]
    z, log_mass = rng.uniform(0.08, 0.4), rng.uniform(10.2, 11.1)
    ratio = float(rng.uniform(0.3, 1.0)) if kind == "merger" else 1.0
    masses = np.array([log_mass, log_mass + np.log10(ratio)]) if kind == "merger" else np.array([log_mass])
    old = np.full(len(masses), kind == "shells")
    galaxies = population.make(rng, np.full(len(masses), z), masses, old)
    galaxies.q = np.maximum(galaxies.q, 0.5)
    young = masses[:1], np.array([BLUE[kind]]), np.array([0.1]), galaxies.z[:1]
    colours = population.photometry.galaxy(*young)[0] - population.i_band.galaxy(*young)[0]
    return Peculiar(kind, 0.0, 0.0, galaxies, ratio, colours - (galaxies.mags[0] - galaxies.i_mag[0]))

"""Active nuclei: a point source with a quasar's spectrum in the middle of a host, or outshining it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from astrotl_gui.pipeline.simulation.camera import Array, rng_for
from astrotl_gui.pipeline.simulation.canvas import Canvas
from astrotl_gui.pipeline.simulation.population import Galaxies, Population, add_magnitudes
from astrotl_gui.pipeline.simulation.profiles import add_body, counts


@dataclass(frozen=True)
class ActiveNucleus:
    """One AGN at (x, y) [arcsec on the tangent plane]; `host` has one row."""

    kind: str
    x: float
    y: float
    host: Galaxies
    nucleus: Array  # AB magnitudes (bands,)
    class_: str = field(default="agn", init=False)

    @property
    def reach(self) -> float:
        """Radius [arcsec] of everything drawn."""
        return 10 * float(max(self.host.r50[0], self.host.bulge_r50[0])) + 6

    def draw(self, canvas: Canvas, brighter: float = 0.0) -> dict[str, object]:
        """Add host and nucleus, the latter `brighter` by that many magnitudes; returns truth columns."""
        add_body(canvas, self.host, 0, self.x, self.y)
        nucleus = self.nucleus - brighter
        canvas.add_point(self.x, self.y, counts(canvas, nucleus))
        return {"mags": add_magnitudes(self.host.mags[0], nucleus), "nucleus_mags": nucleus}


def awake(population: Population, host: Galaxies) -> ActiveNucleus:
    """A galaxy (one row) whose nucleus is active: 0.25 to 3 times as bright in i as the host."""
    rng = rng_for(int(host.seed[0]), "nucleus")
    level = float(host.i_mag[0]) - 2.5 * rng.uniform(-0.6, 0.48)
    kind = "elliptical host" if host.bulge_share[0] > 0.9 else "spiral host"
    nucleus = _nucleus(rng, population, level, float(host.z[0]))
    return ActiveNucleus(kind, float(host.x[0]), float(host.y[0]), host, nucleus)


def draw_quasar(rng: np.random.Generator, population: Population) -> ActiveNucleus:
    """A quasar that outshines its host, at the origin."""
    z, level = float(rng.uniform(0.5, 3.2)), 17.8 + 4.2 * float(rng.beta(2.2, 1.0))
    host = population.make(rng, np.array([z]), np.array([rng.uniform(10.4, 11.2)]), np.array([False]))
    return ActiveNucleus(
        "quasar", 0.0, 0.0, host, _nucleus(rng_for(int(host.seed[0]), "nucleus"), population, level, z)
    )


def _nucleus(rng: np.random.Generator, population: Population, i_mag: float, z: float) -> Array:
    """AB magnitudes (bands,): slopes scatter by 0.3, lines by 0.05 mag."""
    mags = population.photometry.quasar(i_mag, z, rng.normal(-0.44, 0.3))[0]
    return np.asarray(mags + rng.normal(0, 0.05, len(mags)))

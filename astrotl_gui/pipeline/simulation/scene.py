"""Everything in the sky, cell by cell: any box of it can be asked for, and is the same whoever asks.

The scene lives on the tangent plane in arcsec from the lower left corner of the field, whatever the camera. Each
cell of it has random streams of its own, so a field of any size is never in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil, floor

import numpy as np

from astrotl_gui.pipeline.simulation.agn import ActiveNucleus, awake, draw_quasar
from astrotl_gui.pipeline.simulation.camera import Array, rng_for
from astrotl_gui.pipeline.simulation.groups import draw_group
from astrotl_gui.pipeline.simulation.lenses import Lens, cluster_lens, draw_lens
from astrotl_gui.pipeline.simulation.peculiar import Peculiar, draw_peculiar
from astrotl_gui.pipeline.simulation.population import LAYERS, Galaxies, Population
from astrotl_gui.pipeline.simulation.spectra import Photometry
from astrotl_gui.pipeline.simulation.stars import Stars, draw_stars

CELL = 60.0  # arcsec
REGION = 600.0  # arcsec: each holds one cluster
FARTHEST = 100.0  # arcsec: light from farther outside a box is left out
GROUPS = 0.08  # an arcmin²
RARE = {"lens": 0.30, "quasar": 0.22, "outlier": 0.16}
"""Rare objects an arcmin²: enriched some hundred times (lenses) or a few times over the real sky."""
ACTIVE = 0.2  # of galaxies above 10^10.2 M☉ at z < 1, brighter than ACTIVE_MAG
ACTIVE_MAG = 21.3
SLICE = 0.08  # of redshift: galaxies of one slice cluster together
CLEAR = 7.0  # arcsec between a rare object and bright neighbours
CONTRAST, WAVES, DENSEST = 1.1, 24, 5.0

Rare = Lens | ActiveNucleus | Peculiar


@dataclass(frozen=True)
class Densities:
    """How much there is: stars an arcmin² to i = 25.5 (4.2 at high galactic latitude); rare objects and artifacts
    in relation to the demo sky, which is enriched."""

    stars: float = 4.2
    rare: float = 1.0
    artifacts: float = 1.0


@dataclass(frozen=True)
class Cell:
    """What lies in one cell; positions in arcsec on the tangent plane."""

    galaxies: Galaxies
    stars: Stars
    rare: tuple[Rare, ...]


class Scene:
    """The sky of one seed in some bands, down to magnitude `faintest` in any of them.

    Neither bands nor depth change where things are and what they are: a deeper scene only adds to it.
    """

    def __init__(
        self, seed: int, bands: tuple[str, ...], faintest: float, densities: Densities | None = None
    ) -> None:
        self.seed, self.bands, self.faintest = seed, bands, faintest
        self.densities = densities or Densities()
        self.population = Population(Photometry(self.bands))
        self.cell = lru_cache(maxsize=512)(self._cell)
        self._cluster = lru_cache(maxsize=16)(self._make_cluster)

    def cells(self, box: tuple[float, float, float, float]) -> Iterator[Cell]:
        """The cells whose light can reach a box (x0, y0, x1, y1) [arcsec], row by row."""
        x0, y0, x1, y1 = box
        for j in range(floor((y0 - FARTHEST) / CELL), ceil((y1 + FARTHEST) / CELL)):
            for i in range(floor((x0 - FARTHEST) / CELL), ceil((x1 + FARTHEST) / CELL)):
                yield self.cell(i, j)

    def _cell(self, i: int, j: int) -> Cell:
        area = (CELL / 60) ** 2
        parts = []
        for layer, faintest in enumerate(LAYERS):
            rng = rng_for(self.seed, "galaxies", layer, i, j)
            drawn = self.population.draw(rng, DENSEST * area, layer)
            drawn.x, drawn.y = self._uniform(rng, len(drawn), i, j)
            keep = rng.uniform(size=len(drawn)) * DENSEST < self._density(drawn.x, drawn.y, drawn.z)
            parts.append(drawn.take(keep))
            if faintest > self.faintest + 1:
                break
        rng = rng_for(self.seed, "groups", i, j)
        for _ in range(rng.poisson(GROUPS * area)):
            group = draw_group(
                rng, self.population, int(rng.integers(5, 14)), 0.12 + 0.7 * rng.uniform() ** 0.5
            )
            x, y = self._uniform(rng, 1, i, j)
            group.x, group.y = group.x + x, group.y + y
            parts.append(group)
        members, arc = self._cluster_members(i, j)
        galaxies = Galaxies.join([*parts, members])
        rare = [arc] if arc else []
        galaxies, active = self._awaken(galaxies)
        visible = galaxies.mags.min(axis=1) < self.faintest
        stars = self._stars(i, j)
        galaxies = galaxies.take(visible)
        return Cell(galaxies, stars, (*rare, *active, *self._rare(galaxies, stars, i, j)))

    def _uniform(self, rng: np.random.Generator, number: int, i: int, j: int) -> tuple[Array, Array]:
        return (i + rng.uniform(size=number)) * CELL, (j + rng.uniform(size=number)) * CELL

    def _stars(self, i: int, j: int) -> Stars:
        rng = rng_for(self.seed, "stars", i, j)
        stars = draw_stars(rng, self.densities.stars * (CELL / 60) ** 2, self.bands)
        stars.x, stars.y = self._uniform(rng, len(stars), i, j)
        return stars

    def _awaken(self, galaxies: Galaxies) -> tuple[Galaxies, list[ActiveNucleus]]:
        """Some massive galaxies have an active nucleus; they leave the ordinary ones."""
        able = (galaxies.log_mass > 10.2) & (galaxies.z < 1) & (galaxies.i_mag < ACTIVE_MAG)
        chosen = able & (
            galaxies.seed % 10_000 < 10_000 * ACTIVE * self.densities.rare
        )  # the galaxy's own dice
        active = [awake(self.population, galaxies.take(np.array([k]))) for k in np.flatnonzero(chosen)]
        return galaxies.take(~chosen), active

    def _rare(self, galaxies: Galaxies, stars: Stars, i: int, j: int) -> Iterator[Rare]:
        """Lenses, quasars and disturbed galaxies, put where little outshines them."""
        bright, shining = galaxies.i_mag < 21.5, stars.i_mag < 20
        taken = [*zip(galaxies.x[bright], galaxies.y[bright], strict=True)]
        taken += zip(stars.x[shining], stars.y[shining], strict=True)
        for name, rate in RARE.items():
            rng = rng_for(self.seed, name, i, j)
            for _ in range(rng.poisson(rate * self.densities.rare * (CELL / 60) ** 2)):
                number = int(rng.integers(1 << 20))
                made: Rare
                if name == "lens":
                    made = draw_lens(rng, self.population, number)
                elif name == "quasar":
                    made = draw_quasar(rng, self.population)
                else:
                    made = draw_peculiar(rng, self.population, number)
                x, y = self._clear_spot(rng, taken, i, j)
                taken.append((x, y))
                yield replace(made, x=x, y=y)

    def _clear_spot(
        self, rng: np.random.Generator, taken: list[tuple[float, float]], i: int, j: int
    ) -> tuple[float, float]:
        """A place in a cell `CLEAR` arcsec away from what is taken; of a dozen the freest, where none is so free."""
        x, y = self._uniform(rng, 12, i, j)
        if not taken:
            return float(x[0]), float(y[0])
        near = np.array(taken)
        gaps = np.hypot(x[:, None] - near[:, 0], y[:, None] - near[:, 1]).min(axis=1)
        best = int(np.minimum(gaps, CLEAR).argmax())
        return float(x[best]), float(y[best])

    def _cluster_members(self, i: int, j: int) -> tuple[Galaxies, Lens | None]:
        """Members in cell (i, j) of the clusters nearby, and the giant arc of one whose centre is here."""
        parts, arc = [], None
        here = int(i * CELL // REGION), int(j * CELL // REGION)
        for b in (here[1] - 1, here[1], here[1] + 1):
            for a in (here[0] - 1, here[0], here[0] + 1):
                members, lens = self._cluster(a, b)
                inside = (np.floor(members.x / CELL) == i) & (np.floor(members.y / CELL) == j)
                parts.append(members.take(inside))
                if lens and (floor(lens.x / CELL), floor(lens.y / CELL)) == (i, j):
                    arc = lens
        return Galaxies.join(parts), arc

    def _make_cluster(self, a: int, b: int) -> tuple[Galaxies, Lens | None]:
        """The cluster of one region, its centre in the middle half; the richest have a giant arc."""
        rng = rng_for(self.seed, "cluster", a, b)
        richness, z = int(rng.integers(35, 150)), rng.uniform(0.2, 0.55)
        members = draw_group(rng, self.population, richness, z)
        x, y = (a + rng.uniform(0.25, 0.75)) * REGION, (b + rng.uniform(0.25, 0.75)) * REGION
        members.x, members.y = members.x + x, members.y + y
        if richness < 50:
            return members, None
        central = members.take(np.array([0]))
        lens = cluster_lens(rng, self.population, central, 3.0 + richness / 15)
        return members.take(np.arange(1, len(members))), replace(lens, x=x, y=y)

    def _density(self, x: Array, y: Array, z: Array) -> Array:
        """Galaxies in relation to the mean (N,): log-normal, correlated from 15″ to 15′ within a redshift slice."""
        weight = np.ones(len(x))
        slices = (z / SLICE).astype(int)
        for number in np.unique(slices):
            rows = slices == number
            rng = rng_for(self.seed, "structure", int(number))
            length, angle = 15 * 60 ** rng.uniform(size=WAVES), rng.uniform(0, 2 * np.pi, WAVES)
            phase = rng.uniform(0, 2 * np.pi, WAVES)
            along = x[rows, None] * np.cos(angle) + y[rows, None] * np.sin(angle)
            field = np.sqrt(2 / WAVES) * np.cos(2 * np.pi * along / length + phase).sum(axis=1)
            weight[rows] = np.exp(CONTRAST * field - CONTRAST**2 / 2)
        return np.minimum(weight, DENSEST)

"""One exposure of the scene, drawn tile by tile: light, sky, noise, artifacts, mask and truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import galsim
import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from astrotl_gui.pipeline.simulation import artifacts, stars
from astrotl_gui.pipeline.simulation.agn import ActiveNucleus
from astrotl_gui.pipeline.simulation.artifacts import Artifact
from astrotl_gui.pipeline.simulation.astrometry import FieldSky, field_header, position_angle
from astrotl_gui.pipeline.simulation.bits import SATURATED
from astrotl_gui.pipeline.simulation.camera import Array, Camera, rng_for
from astrotl_gui.pipeline.simulation.canvas import Box, Canvas
from astrotl_gui.pipeline.simulation.population import Galaxies
from astrotl_gui.pipeline.simulation.profiles import draw_galaxies
from astrotl_gui.pipeline.simulation.psf import REACH, Psf
from astrotl_gui.pipeline.simulation.scene import Densities, Rare, Scene
from astrotl_gui.pipeline.simulation.sky import Sky
from astrotl_gui.pipeline.simulation.stars import Stars
from astrotl_gui.pipeline.simulation.truth import band_values

TILE = 1024  # px; part of the recipe: noise is drawn tile by tile
EDGE_ON = 0.3  # axis ratio below which a spiral is called so
LISTED = 0.5  # mag below the 5σ depth to which sources are in the truth table

Row = dict[str, object]
Brightening = Callable[[int, str], float]
"""(own seed, what it is) → magnitudes by which a source is brighter in this exposure."""


@dataclass(frozen=True)
class Tile:
    """The pixels of one tile, one array a band, and the truth rows whose centres lie in it."""

    box: Box
    images: list[NDArray[np.float32]]
    rms: list[NDArray[np.float32]]
    masks: list[NDArray[np.uint8]]
    rows: list[Row]


@dataclass(frozen=True)
class Observation:
    """A `shape` (ny, nx) px image of a seed's sky through a camera.

    `offset` [px] is where the scene's pixel (0, 0) lies, `transparency` multiplies all light, `blur` is convolved
    with the PSF, `noise_seed` tells exposures of one scene apart, `brightening` lets sources vary,
    `faintest` is how faint sources are drawn [AB mag, any band] (0: as the camera sees).
    """

    seed: int
    shape: tuple[int, int]
    camera: Camera
    projection: str = "tan"
    offset: tuple[float, float] = (0.0, 0.0)
    transparency: float = 1.0
    blur: galsim.GSObject | None = None
    noise_seed: int = 0
    brightening: Brightening | None = None
    faintest: float = 0.0
    densities: Densities = Densities()  # noqa: RUF009 – frozen

    @cached_property
    def scene(self) -> Scene:
        faintest = self.faintest or self.camera.faintest
        return _scene(self.seed, self.camera.names, faintest, self.densities)

    @cached_property
    def psfs(self) -> list[Psf]:
        return [Psf(self.camera, band, self.shape, self.seed, self.blur) for band in self.camera.bands]

    @cached_property
    def skies(self) -> list[Sky]:
        own = self.seed + 7919 * self.noise_seed
        return [Sky(self.camera, band, self.shape, own) for band in self.camera.bands]

    def header(self) -> fits.Header:
        """World coordinates of the field."""
        return field_header(self.shape, self.camera.pixel_scale, self.projection, self.offset)

    def tiles(self) -> list[Box]:
        """Boxes (x0, y0, x1, y1) [px] that cover the field."""
        ny, nx = self.shape
        return [
            (x, y, min(x + TILE, nx), min(y + TILE, ny))
            for y in range(0, ny, TILE)
            for x in range(0, nx, TILE)
        ]

    def tile(self, box: Box) -> Tile:
        """Draw one of `tiles()`."""
        canvas = self.canvas(box)
        rows = [*self._draw(canvas, box)]
        images, rms, masks = [], [], []
        for k, sky in enumerate(self.skies):
            light = canvas.observed(k)[REACH:-REACH, REACH:-REACH]
            rng = rng_for(self.seed, "noise", self.noise_seed, sky.band.name, *box[:2])
            rms.append(sky.rms(box))
            sigma = np.sqrt(rms[k] ** 2 + np.maximum(light, 0) / np.float32(sky.band.gain))
            images.append(light + sky.noise(rng, box) * sigma + sky.residual(box))
            masks.append(np.zeros(light.shape, np.uint8))
        rows += self._spoil(canvas, box, images, masks)
        self._place(rows)
        return Tile(box, images, rms, masks, rows)

    def canvas(self, box: Box) -> Canvas:
        """An empty canvas on a box and the margin that its aureoles need."""
        x0, y0, x1, y1 = box
        wide = (x0 - REACH, y0 - REACH, x1 + REACH, y1 + REACH)
        return Canvas(self.camera, self.psfs, wide, self.offset, self.transparency)

    def _draw(self, canvas: Canvas, box: Box) -> Iterator[Row]:
        """Draw all that can be seen on the canvas; yields what the truth table holds of what is in the box."""
        for cell in self.scene.cells(self._on_sky(canvas.box)):
            draw_galaxies(canvas, cell.galaxies)
            yield from self._galaxy_rows(canvas, box, cell.galaxies)
            yield from self._stars(canvas, box, cell.stars)
            for rare in cell.rare:
                px, py = canvas.pixel(rare.x, rare.y)
                if canvas.sees(px, py, rare.reach / self.camera.pixel_scale):
                    row = self._rare(canvas, rare)
                    if _holds(box, px, py):
                        yield row | {"x": px, "y": py}

    def _on_sky(self, box: Box) -> tuple[float, float, float, float]:
        scale = self.camera.pixel_scale
        x0, y0, x1, y1 = box
        dx, dy = self.offset
        return (x0 - dx) * scale, (y0 - dy) * scale, (x1 - dx) * scale, (y1 - dy) * scale

    def _listed(self, mags: Array) -> NDArray[np.bool_]:
        """Which sources (N, bands) the truth table lists: seen at all in some band."""
        depths = np.array([band.depth for band in self.camera.bands])
        return np.asarray((mags < depths + LISTED).any(axis=1))

    def _galaxy_rows(self, canvas: Canvas, box: Box, galaxies: Galaxies) -> Iterator[Row]:
        mags = galaxies.mags
        for k in np.flatnonzero(self._listed(mags)):
            px, py = canvas.pixel(float(galaxies.x[k]), float(galaxies.y[k]))
            if _holds(box, px, py):
                kind = str(galaxies.kind[k])
                kind = "edge-on spiral" if kind == "spiral" and galaxies.q[k] < EDGE_ON else kind
                row: Row = {"class": "galaxy", "kind": kind, "x": px, "y": py}
                yield row | self._body(galaxies, int(k)) | self._light(mags[k])

    def _stars(self, canvas: Canvas, box: Box, found: Stars) -> Iterator[Row]:
        listed = self._listed(found.mags)
        for k in range(len(found)):
            px, py, seed = *canvas.pixel(float(found.x[k]), float(found.y[k])), int(found.seed[k])
            mags = found.mags[k] - self._brighter(seed, "star")
            if canvas.sees(px, py, stars.star_reach(self.camera, self.psfs, mags)):
                stars.draw_star(canvas, float(found.x[k]), float(found.y[k]), mags)
            if listed[k] and _holds(box, px, py):
                row: Row = {"class": "star", "kind": "star", "x": px, "y": py, "seed": seed}
                yield row | self._light(mags)

    def _rare(self, canvas: Canvas, rare: Rare) -> Row:
        host, seed = rare.host, int(rare.host.seed[0])
        brighter = {"brighter": self._brighter(seed, "agn")} if isinstance(rare, ActiveNucleus) else {}
        values = rare.draw(canvas, **brighter)
        row: Row = {"class": rare.class_, "kind": rare.kind, "seed": seed, **self._body(host, 0)}
        row |= self._light(values.pop("mags"))  # type: ignore[arg-type]
        for name in ("arc_mags", "nucleus_mags"):
            if name in values:
                row |= band_values(name[:-1], self.camera.names, values.pop(name))  # type: ignore[arg-type]
        return row | values

    @staticmethod
    def _body(galaxies: Galaxies, k: int) -> Row:
        whole = galaxies.bulge_share[k] > 0.99
        return {
            "z": galaxies.z[k], "log_mass": galaxies.log_mass[k], "log_sfr": galaxies.log_sfr[k],
            "r50": (galaxies.bulge_r50 if whole else galaxies.r50)[k],
            "sersic_n": galaxies.bulge_n[k] if whole else 1.0, "q": (galaxies.bulge_q if whole else galaxies.q)[k],
            "theta": float(position_angle(float(galaxies.theta[k]))), "bulge_share": galaxies.bulge_share[k],
        }  # fmt: skip

    def _light(self, mags: Array) -> Row:
        names = self.camera.names
        light = [float(band.counts(mag)) for band, mag in zip(self.camera.bands, mags, strict=True)]
        return dict([*band_values("mag", names, mags), *band_values("flux", names, light)])

    def _brighter(self, seed: int, kind: str) -> float:
        return self.brightening(seed, kind) if self.brightening else 0.0

    def _spoil(
        self,
        canvas: Canvas,
        box: Box,
        images: Sequence[NDArray[np.float32]],
        masks: Sequence[NDArray[np.uint8]],
    ) -> Iterator[Row]:
        """Artifacts, bleeding and saturation, in place; yields truth rows of the artifacts."""
        noise, own = canvas.noise, self.seed + 7919 * self.noise_seed
        found = [*artifacts.artifacts_in(box, self.camera, self.skies, own, self.densities.artifacts)]
        saturated = [*self._saturated(canvas)]
        for k, px, py, counts, _ in saturated:
            found += artifacts.crosstalk(px, py, counts / noise[k] * 0.06, k)
        for artifact in found:
            for k in range(len(images)):
                artifact.add(images[k], masks[k], box, noise[k], artifact.share(k, len(images)))
            if _holds(box, artifact.x, artifact.y):
                yield self._artifact_row(artifact, noise)
        for k, px, py, counts, seed in saturated:
            level = self.camera.bands[k].saturate(self.camera.pixel_scale)
            artifacts.bleed(images[k], masks[k], box, (px, py), counts, level, seed)
        for k, band in enumerate(self.camera.bands):
            level = band.saturate(self.camera.pixel_scale)
            masks[k][images[k] >= level] |= SATURATED
            np.minimum(images[k], np.float32(level), out=images[k])

    def _saturated(self, canvas: Canvas) -> Iterator[tuple[int, float, float, float, int]]:
        """(band, x, y, counts, seed) of the stars that saturate near the canvas."""
        for cell in self.scene.cells(self._on_sky(canvas.box)):
            for row in np.flatnonzero(cell.stars.mags.min(axis=1) < 18):
                for k, band in enumerate(self.camera.bands):
                    mag = float(cell.stars.mags[row, k])
                    if mag < band.saturation:
                        px, py = canvas.pixel(float(cell.stars.x[row]), float(cell.stars.y[row]))
                        light = float(band.counts(mag)) * self.transparency
                        yield k, px, py, light, int(cell.stars.seed[row])

    def _artifact_row(self, artifact: Artifact, noise: Sequence[float]) -> Row:
        row: Row = {
            "class": "artifact", "kind": artifact.kind, "x": artifact.x, "y": artifact.y, "masked": artifact.masked,
            "band": "" if artifact.band is None else self.camera.bands[artifact.band].name,
            "length": artifact.length * self.camera.pixel_scale, "theta": float(position_angle(artifact.angle)),
        }  # fmt: skip
        light = [sigma * artifact.share(k, len(noise)) * artifact.light for k, sigma in enumerate(noise)]
        return row | dict(band_values("flux", self.camera.names, [value or np.nan for value in light]))

    def _place(self, rows: list[Row]) -> None:
        """Fill in sky positions."""
        if rows:
            sky = FieldSky(self.header())
            ra, dec = sky.sky(*(np.array([row[name] for row in rows], float) for name in ("x", "y")))
            for row, a, d in zip(rows, ra, dec, strict=True):
                row["ra"], row["dec"] = float(a), float(d)


@lru_cache(maxsize=2)
def _scene(seed: int, bands: tuple[str, ...], faintest: float, densities: Densities) -> Scene:
    """One scene for all observations of it, so that visits share what its cells hold."""
    return Scene(seed, bands, faintest, densities)


def _holds(box: Box, x: float, y: float) -> bool:
    x0, y0, x1, y1 = box
    return x0 - 0.5 <= x < x1 - 0.5 and y0 - 0.5 <= y < y1 - 0.5

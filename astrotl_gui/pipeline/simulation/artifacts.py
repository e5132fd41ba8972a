"""What the instrument adds: cosmic rays, trails, bad columns, ghosts, crosstalk, chip edges, bleeding charge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import cos, hypot, pi, sin

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from astrotl_gui.pipeline.simulation.bits import BLEED, COLUMN, COSMIC_RAY, TRAIL
from astrotl_gui.pipeline.simulation.camera import Array, Camera, rng_for
from astrotl_gui.pipeline.simulation.canvas import Box
from astrotl_gui.pipeline.simulation.sky import Sky

CELL = 300.0  # px: cosmic rays and columns are drawn cell by cell
RATES = {
    "cosmic ray": 1.5,
    "bad column": 0.22,
    "satellite trail": 0.012,
    "ghost": 0.09,
    "chip edge": 0.2,
}  # an arcmin²
KNOWN = {"cosmic ray": 0.55, "bad column": 0.5, "satellite trail": 0.35}  # share that the mask covers
BITS_OF = {"cosmic ray": COSMIC_RAY, "bad column": COLUMN, "satellite trail": TRAIL}
CROSSTALK = (-731.0, 0.0)  # px from a saturated star to its copy from the neighbouring amplifier
CROSSTALK_SHARE = 2e-4

Draw = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Artifact:
    """One artifact in band `band` (None: all), at (x, y) [px]; `draw(dx, dy)` is its light in units of the sky
    noise at offsets [px]. It reaches `reach` px; `masked`: the mask knows it."""

    kind: str
    x: float
    y: float
    reach: float
    draw: Draw
    band: int | None = None
    masked: bool = False
    length: float = np.nan  # px
    angle: float = np.nan  # rad from +x
    class_: str = field(default="artifact", init=False)

    def share(self, band: int, bands: int) -> float:
        """Its strength in one of `bands` bands; what is in all of them is strongest in the last."""
        if self.band is None:
            return 0.4 + 0.6 * (band + 1) / bands
        return float(band == self.band)

    @property
    def light(self) -> float:
        """Its total light in units of the sky noise; NaN for what is too long to count."""
        if self.reach > 200:
            return float(np.nan)
        offsets = np.arange(-int(self.reach), int(self.reach) + 1.0)
        return float(self.draw(offsets[None, :], offsets[:, None]).sum())

    def add(
        self, image: NDArray[np.float32], mask: NDArray[np.uint8], box: Box, noise: float, share: float
    ) -> None:
        """Add it to one band's pixels of `box`, in place."""
        x0, y0, x1, y1 = box
        xs = slice(max(int(self.x - self.reach), x0), min(int(self.x + self.reach) + 2, x1))
        ys = slice(max(int(self.y - self.reach), y0), min(int(self.y + self.reach) + 2, y1))
        if share == 0 or xs.start >= xs.stop or ys.start >= ys.stop:
            return
        dx, dy = np.arange(xs.start, xs.stop) - self.x, np.arange(ys.start, ys.stop) - self.y
        light = share * self.draw(dx[None, :], dy[:, None])
        part = slice(ys.start - y0, ys.stop - y0), slice(xs.start - x0, xs.stop - x0)
        image[part] += (noise * light).astype(np.float32)
        if self.masked:
            mask[part] |= np.where(light > 1.0, np.uint8(BITS_OF[self.kind]), np.uint8(0))


def artifacts_in(
    box: Box, camera: Camera, skies: list[Sky], seed: int, density: float = 1.0
) -> Iterator[Artifact]:
    """The artifacts that can reach a box of pixels, in a fixed order, `density` times `RATES` of them; star-made
    ones are not among them."""
    x0, y0, x1, y1 = box
    shape = skies[0].shape
    yield from _trails(camera, shape, seed, density)
    reach = 300.0
    for j in range(int((y0 - reach) // CELL), int((y1 + reach) // CELL) + 1):
        for i in range(int((x0 - reach) // CELL), int((x1 + reach) // CELL) + 1):
            for artifact in _in_cell(camera, skies, seed, density, i, j):
                if -0.5 <= artifact.x < shape[1] - 0.5 and -0.5 <= artifact.y < shape[0] - 0.5:
                    yield artifact


def crosstalk(x: float, y: float, excess: float, band: int) -> list[Artifact]:
    """The faint copy of a saturated star in the neighbouring amplifier, if it can be seen at all; `excess` is the
    star's peak in σ of the sky."""
    peak = min(CROSSTALK_SHARE * excess, 30.0)
    if peak < 1:
        return []

    def draw(dx: Array, dy: Array) -> Array:
        copy = np.exp(-0.5 * (dx**2 + dy**2) / 1.6**2)
        undershoot = 0.25 * np.exp(-0.5 * ((dx - 6) ** 2 / 4 + dy**2 / 2.5))
        return np.asarray(peak * (copy - undershoot))

    return [Artifact("crosstalk", x + CROSSTALK[0], y + CROSSTALK[1], 14.0, draw, band)]


def _in_cell(
    camera: Camera, skies: list[Sky], seed: int, density: float, i: int, j: int
) -> Iterator[Artifact]:
    area = density * (CELL * camera.pixel_scale / 60) ** 2
    bands = len(camera.bands)
    rng = rng_for(seed, "artifacts", i, j)

    def place() -> tuple[float, float]:
        return (i + float(rng.uniform())) * CELL, (j + float(rng.uniform())) * CELL

    makers = {"cosmic ray": _cosmic_ray, "bad column": _column, "ghost": _ghost}
    for kind, make in makers.items():
        for _ in range(rng.poisson(RATES[kind] * area)):
            x, y = place()
            masked = bool(rng.uniform() < KNOWN.get(kind, 0.0))
            yield make(rng, x, y, int(rng.integers(bands)), masked)
    for k, sky in enumerate(skies):
        columns, rows = sky.chip_edges()
        for edge in columns:
            if i * CELL <= edge < (i + 1) * CELL and rng.uniform() < density * RATES["chip edge"]:
                yield _edge(rng, float(edge), place()[1], k, 0.0)
        for edge in rows:
            if j * CELL <= edge < (j + 1) * CELL and rng.uniform() < density * RATES["chip edge"]:
                yield _edge(rng, place()[0], float(edge), k, pi / 2)


def _cosmic_ray(rng: np.random.Generator, x: float, y: float, band: int, masked: bool) -> Artifact:
    """A sharp track: a dot, a straight line or a worm, not blurred by the seeing."""
    length = float(np.clip(rng.lognormal(1.5, 0.7), 2.5, 26))
    side = 2 * int(length / 2) + 9
    steps = np.linspace(-0.5, 0.5, int(length * 8) + 8)
    angle = rng.uniform(0, 2 * pi) + steps * rng.normal(0, 0.5 if length > 12 else 0.1)
    px, py = side // 2 + length * steps * np.cos(angle), side // 2 + length * steps * np.sin(angle)
    track, *_ = np.histogram2d(py, px, bins=side, range=[[-0.5, side - 0.5]] * 2)
    track *= rng.gamma(3.0, 1 / 3.0, track.shape)
    stamp = ndimage.gaussian_filter(track, 0.45)
    stamp *= rng.lognormal(3.6, 0.8) / stamp.max()
    x, y = round(x), round(y)

    def draw(dx: Array, dy: Array) -> Array:
        rows, columns = dy[:, 0].astype(int) + side // 2, dx[0].astype(int) + side // 2
        inside = ((rows >= 0) & (rows < side))[:, None] & ((columns >= 0) & (columns < side))[None, :]
        return np.where(inside, stamp[np.clip(rows, 0, side - 1)][:, np.clip(columns, 0, side - 1)], 0.0)

    return Artifact("cosmic ray", x, y, side / 2, draw, band, masked, length=length)


def _column(rng: np.random.Generator, x: float, y: float, band: int, masked: bool) -> Artifact:
    """Hot pixels that trail along a column."""
    height, level = float(rng.lognormal(3.6, 0.6)), float(rng.uniform(6, 30))
    width = int(rng.integers(1, 3))
    x, y = round(x), round(y)

    def draw(dx: Array, dy: Array) -> Array:
        across = (np.rint(dx) == 0) + 0.5 * (np.rint(dx) == 1) * (width == 2)
        along = (np.abs(dy) <= height / 2) * np.exp(-(dy + height / 2) / height)
        return np.asarray(level * across * along)

    return Artifact("bad column", x, y, height / 2 + 2, draw, band, masked, height, pi / 2)


def _ghost(rng: np.random.Generator, x: float, y: float, band: int, masked: bool) -> Artifact:
    """An out-of-focus reflection of the pupil: a faint disc with a shallow hole, strongest in one band."""
    radius, hole = float(rng.uniform(11, 26)), float(rng.uniform(0.2, 0.6))
    level, lean = float(rng.uniform(0.9, 3.2)), float(rng.uniform(0, 2 * pi))

    def draw(dx: Array, dy: Array) -> Array:
        r = np.hypot(dx, dy)
        disc = 1 / (1 + np.exp((r - radius) / 1.5)) - hole / (1 + np.exp((r - 0.35 * radius) / 1.2))
        return np.asarray(level * disc * (1 + 0.15 * (dx * cos(lean) + dy * sin(lean)) / radius))

    return Artifact("ghost", x, y, radius + 12, draw, None)


def _edge(rng: np.random.Generator, x: float, y: float, band: int, angle: float) -> Artifact:
    """A bright rim where a chip ends: glow that falls off on one side of a line."""
    half, depth, level = float(rng.uniform(8, 30)), float(rng.uniform(1.0, 3.0)), float(rng.uniform(3, 12))

    def draw(dx: Array, dy: Array) -> Array:
        across, along = (dx, dy) if angle == 0.0 else (dy, dx)
        return np.asarray(
            level * (across >= 0) * np.exp(-np.maximum(across, 0) / depth - 0.5 * (along / half) ** 2)
        )

    return Artifact("chip edge", x, y, 3 * half + 10, draw, band, length=2.4 * half, angle=pi / 2 - angle)


def _trails(camera: Camera, shape: tuple[int, int], seed: int, density: float) -> Iterator[Artifact]:
    """Satellites that cross a visit of one band, steady or tumbling."""
    rng = rng_for(seed, "trails")
    area = density * shape[0] * shape[1] * (camera.pixel_scale / 60) ** 2
    for _ in range(rng.poisson(RATES["satellite trail"] * area)):
        x, y = float(rng.uniform(0, shape[1])), float(rng.uniform(0, shape[0]))
        masked = bool(rng.uniform() < KNOWN["satellite trail"])
        yield _trail(rng, x, y, int(rng.integers(len(camera.bands))), masked, hypot(*shape))


def _trail(rng: np.random.Generator, x: float, y: float, band: int, masked: bool, longest: float) -> Artifact:
    angle, width, level = float(rng.uniform(0, pi)), float(rng.uniform(1.5, 2.4)), float(rng.uniform(2, 9))
    length = float(longest if rng.uniform() < 0.4 else rng.uniform(250, 900))
    tumbling, period = float(rng.choice([0.0, 0.9])), float(rng.uniform(60, 160))

    def draw(dx: Array, dy: Array) -> Array:
        along, across = dx * cos(angle) + dy * sin(angle), dy * cos(angle) - dx * sin(angle)
        profile = np.exp(-0.5 * (across / width) ** 2) * (np.abs(along) < length / 2)
        return np.asarray(level * profile * (1 - tumbling * np.sin(pi * along / period) ** 2))

    return Artifact("satellite trail", x, y, length / 2 + 6, draw, band, masked, length, angle)


def bleed(
    image: NDArray[np.float32], mask: NDArray[np.uint8], box: Box, star: tuple[float, float], counts: float,
    saturate: float, seed: int,
) -> None:  # fmt: skip
    """Let the wells of a saturated star at `star` [px] overflow along its columns, in place; masked as BLEED."""
    excess = 0.06 * counts / saturate
    if excess < 4:
        return
    x0, y0, x1, y1 = box
    rng = rng_for(seed, "bleed")
    for column in range(round(star[0]) - 2, round(star[0]) + 3):
        length = 2.6 * excess**0.72 * np.exp(-0.5 * ((column - star[0]) / 0.8) ** 2) * rng.uniform(0.85, 1.15)
        low, high = max(round(star[1] - length), y0), min(round(star[1] + length) + 1, y1)
        if x0 <= column < x1 and length > 4 and low < high:
            image[low - y0 : high - y0, column - x0] = saturate
            mask[low - y0 : high - y0, column - x0] |= BLEED

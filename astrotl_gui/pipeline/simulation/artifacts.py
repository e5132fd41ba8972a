"""What the instrument adds: cosmic rays, trails, bad columns, ghosts, glints on spikes, charge streaks, edge glow."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, hypot, pi, sin

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.simulation.instrument import (
    BANDS,
    PIXEL_SCALE,
    SPIKE_ANGLES,
    Array,
    counts_of,
    position_angle,
)
from astrotl_gui.pipeline.simulation.profiles import grid
from astrotl_gui.pipeline.simulation.stars import Stars, point_reach, spike_reach
from astrotl_gui.pipeline.simulation.truth import Places, Truth

SATURATED, BLEED, COLUMN, COSMIC_RAY = 1, 2, 4, 8  # mask bits

# share of each kind among the artifacts that the mask does not know
SHARES = {
    "cosmic ray": 0.53,
    "satellite trail": 0.13,
    "bad column": 0.1,
    "ghost": 0.07,
    "spike": 0.07,
    "bleed": 0.05,
    "edge": 0.05,
}


@dataclass
class Frames:
    """The observed images (bands, size, size), changed in place, with the mask and the truth they belong to."""

    images: NDArray[np.float32]
    mask: NDArray[np.uint8]
    truth: Truth

    @property
    def size(self) -> int:
        return int(self.mask.shape[0])

    def add(self, k: int, x0: int, y0: int, stamp: Array, bit: int = 0) -> None:
        """Add `stamp`, in units of the sky noise of band `k`; `bit` masks what exceeds the noise."""
        h, w = stamp.shape
        xs, ys = slice(max(x0, 0), min(x0 + w, self.size)), slice(max(y0, 0), min(y0 + h, self.size))
        if xs.start >= xs.stop or ys.start >= ys.stop:
            return
        part = stamp[ys.start - y0 : ys.stop - y0, xs.start - x0 : xs.stop - x0]
        self.images[k, ys, xs] += (part * BANDS[k].sky_noise).astype(np.float32)
        if bit:
            self.mask[ys, xs] |= np.where(part > 1.0, np.uint8(bit), np.uint8(0))

    def note(self, kind: str, x: float, y: float, k: int | None, total: float, **values: object) -> None:
        """A truth row; `total` is the artifact's light in band `k` in units of the sky noise (k None: all bands)."""
        mags = np.full(len(BANDS), np.nan)
        for j, band in enumerate(BANDS):
            if k in (j, None):
                mags[j] = band.zeropoint - 2.5 * np.log10(total * band.sky_noise)
        self.truth.add("artifact", kind, x, y, mags, band="" if k is None else BANDS[k].name, **values)


def draw(
    frames: Frames,
    stars: Stars,
    places: Places,
    rng: np.random.Generator,
    number: int,
    progress: Progress = SILENT,
) -> None:
    """Add `number` artifacts by `SHARES`, and a third more cosmic rays and columns that the mask knows."""
    counts = {kind: max(1, round(share * number)) for kind, share in SHARES.items()}
    progress(0, number, "Artifacts")
    _add_ghosts(frames, places, rng, counts["ghost"])
    _add_trails(frames, rng, counts["satellite trail"])
    for k in range(counts["bad column"] + max(1, counts["bad column"] // 2)):
        _add_column(frames, places, rng, masked=k >= counts["bad column"])
    for _ in range(counts["edge"]):
        _add_edge(frames, places, rng)
    _add_star_marks(frames, stars, rng, counts["spike"], counts["bleed"])
    for k in range(counts["cosmic ray"] + counts["cosmic ray"] // 3):
        _add_cosmic_ray(frames, places, rng, masked=k >= counts["cosmic ray"])
    progress(number, number, "Artifacts")


def _add_cosmic_ray(frames: Frames, places: Places, rng: np.random.Generator, masked: bool) -> None:
    """A sharp track in one band: a dot, a straight line or a worm, not blurred by the seeing."""
    length = float(np.clip(rng.lognormal(1.7, 0.7), 3.5, 26))
    x, y = places.find(rng, 9 + length / 2)
    side = 2 * int(length) + 9
    steps = np.linspace(-0.5, 0.5, int(length * 8) + 8)
    angle = rng.uniform(0, 2 * pi) + steps * rng.normal(0, 0.5 if length > 12 else 0.1)
    px, py = side // 2 + length * steps * np.cos(angle), side // 2 + length * steps * np.sin(angle)
    track, *_ = np.histogram2d(py, px, bins=side, range=[[-0.5, side - 0.5]] * 2)
    track *= rng.gamma(3.0, 1 / 3.0, track.shape)
    stamp = ndimage.gaussian_filter(track, 0.45)
    stamp *= rng.lognormal(4.7, 0.6) / stamp.max()
    rows, columns = np.indices(stamp.shape)
    k, total = int(rng.integers(len(BANDS))), float(stamp.sum())
    x0, y0 = round(x) - side // 2, round(y) - side // 2
    cx, cy = x0 + float((columns * stamp).sum() / total), y0 + float((rows * stamp).sum() / total)
    frames.add(k, x0, y0, stamp, COSMIC_RAY if masked else 0)
    frames.note("cosmic ray", cx, cy, k, total, length=length * PIXEL_SCALE, masked=masked)


def _add_streak(
    frames: Frames,
    kind: str,
    x: float,
    y: float,
    k: int,
    angle: float,
    length: float,
    width: float,
    peak: float,
) -> None:
    """A straight streak, blurred across by `width` px, fading towards both ends."""
    x0, y0, dx, dy = grid(x, y, 0.75 * length + 5)
    along, across = dx * cos(angle) + dy * sin(angle), dy * cos(angle) - dx * sin(angle)
    stamp = peak * np.exp(-0.5 * (across / width) ** 2) * np.exp(-2.8 * (along / length) ** 2)
    frames.add(k, x0, y0, stamp)
    theta = float(position_angle(angle))
    frames.note(kind, x, y, k, float(stamp.sum()), length=length * PIXEL_SCALE, theta=theta)


def _add_trails(frames: Frames, rng: np.random.Generator, number: int) -> None:
    """Tumbling satellites: glints in a row across the field, each row in the band of its exposure."""
    done = 0
    while done < number:
        angle, k = rng.uniform(0, pi), int(rng.integers(len(BANDS)))
        start = rng.uniform(0.2, 0.8, 2) * frames.size
        spacing, length, peak = rng.uniform(150, 230), rng.uniform(30, 55), rng.uniform(14, 26)
        for step in range(-3, 4):
            x, y = start + step * spacing * np.array([cos(angle), sin(angle)])
            if done < number and 40 < x < frames.size - 40 and 40 < y < frames.size - 40:
                strength = float(peak * rng.uniform(0.7, 1.2))
                _add_streak(
                    frames, "satellite trail", float(x), float(y), k, angle, float(length), 1.6, strength
                )
                done += 1


def _add_column(frames: Frames, places: Places, rng: np.random.Generator, masked: bool) -> None:
    """A hot pixel with its trail along the column, in one band; the mask knows the long whole columns."""
    height, width = int(rng.integers(90, 260) if masked else rng.integers(14, 34)), int(rng.integers(1, 3))
    x, y = places.find(rng, 20.0 if masked else 0.5 * height + 6, border=70)
    k, x0, y0 = int(rng.integers(len(BANDS))), round(x), round(y) - height // 2
    level = rng.uniform(22, 60) * np.exp(-np.arange(height) * (0.1 if masked else 1.8) / height)[:, None]
    stamp = level * np.array([[1.0, 0.55]])[:, :width]
    frames.add(k, x0, y0, stamp, COLUMN if masked else 0)
    centre = (
        x0 + (0.35 if width == 2 else 0.0),
        y0 + float((np.arange(height)[:, None] * level).sum() / level.sum()),
    )
    frames.note("bad column", *centre, k, float(stamp.sum()), length=height * PIXEL_SCALE, masked=masked)


def _add_ghosts(frames: Frames, places: Places, rng: np.random.Generator, number: int) -> None:
    """Out-of-focus reflections of the pupil: flat discs with a shallow hole, stronger in one band."""
    for _ in range(number):
        radius = float(rng.uniform(11, 24))
        x, y = places.find(rng, radius + 8, border=60)
        x0, y0, dx, dy = grid(x, y, radius + 5)
        r = np.hypot(dx, dy)
        disc = 1 / (1 + np.exp((r - radius) / 1.8))
        hole = 1 - rng.uniform(0.15, 0.35) / (1 + np.exp((r - 0.33 * radius) / 1.2))
        stamp = disc * hole * rng.uniform(4, 8) * (1 + 0.1 * dx / radius)
        strength = rng.uniform(0.3, 0.75, len(BANDS))
        strength[rng.integers(len(BANDS))] = 1.0
        for k in range(len(BANDS)):
            frames.add(k, x0, y0, strength[k] * stamp)
        frames.note("ghost", x, y, None, float(stamp.sum() * strength.mean()), r50=0.7 * radius * PIXEL_SCALE)


def _add_edge(frames: Frames, places: Places, rng: np.random.Generator) -> None:
    """Glow along the border of the field, falling inwards."""
    along, half = rng.uniform(0.12, 0.88) * frames.size, rng.uniform(8, 20)
    side, k = int(rng.integers(4)), int(rng.integers(len(BANDS)))
    deep = np.exp(-np.arange(16) / rng.uniform(2.0, 4.0))
    reach = int(3 * half)
    profile = np.exp(-0.5 * (np.arange(-reach, reach + 1) / half) ** 2)
    stamp = rng.uniform(22, 45) * deep[:, None] * profile[None, :]
    stamp = [stamp, stamp[::-1], stamp.T, stamp.T[:, ::-1]][side]
    far, near = frames.size - 16, round(along) - reach
    x0, y0 = [(near, 0), (near, far), (0, near), (far, near)][side]
    frames.add(k, x0, y0, stamp)
    depth = float((np.arange(16) * deep).sum() / deep.sum())
    across = depth if side in (0, 2) else frames.size - 1 - depth
    x, y = (round(along), across) if side < 2 else (across, round(along))
    places.take(x, y, half * 2)
    frames.note("edge", float(x), float(y), k, float(stamp.sum()), length=2.4 * half * PIXEL_SCALE)


def _add_star_marks(frames: Frames, stars: Stars, rng: np.random.Generator, spikes: int, bleeds: int) -> None:
    """Detached pieces of spikes (the spider turned between visits) and of overflowing charge, about bright stars."""
    inside = (stars.x > 50) & (stars.x < frames.size - 50) & (stars.y > 50) & (stars.y < frames.size - 50)
    bright = np.flatnonzero(inside & (stars.mags[:, 2] > 14.8) & (stars.mags[:, 2] < 18.2))
    if not len(bright):
        return
    bright = bright[np.argsort(stars.mags[bright, 2])][: max(6, len(bright) // 2)]
    for k in range(spikes + bleeds):
        for _ in range(20):
            star, band = rng.choice(bright), int(rng.integers(len(BANDS)))
            angle = float(rng.choice(SPIKE_ANGLES)) if k < spikes else pi / 2
            counts = counts_of(stars.mags[star])
            beyond = spike_reach(counts, 0.2) if k < spikes else point_reach(counts, 0.2)
            far = float((beyond + 20) * rng.uniform(1.0, 1.25)) * rng.choice([-1, 1])
            x, y = stars.x[star] + far * cos(angle), stars.y[star] + far * sin(angle)
            if 30 < x < frames.size - 30 and 30 < y < frames.size - 30 and _apart(frames.truth, x, y):
                break
        else:
            continue
        kind, width = ("spike", 1.2) if k < spikes else ("bleed", 0.75)
        peak = float(rng.uniform(14, 28) if k < spikes else rng.uniform(25, 60))
        _add_streak(frames, kind, float(x), float(y), band, angle, float(rng.uniform(18, 38)), width, peak)


def _apart(truth: Truth, x: float, y: float) -> bool:
    rare = (row for row in truth.rows if row["class"] in ("artifact", "lens", "agn", "outlier"))
    return all(hypot(float(str(row["x"])) - x, float(str(row["y"])) - y) > 40 for row in rare)

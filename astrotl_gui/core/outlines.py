"""Where regions lie on a mosaic: rings, lines and texts in pixels, ready to be drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.region_text import PIXEL_FRAMES, Region

Floats = NDArray[np.float64]

NEARBY_DEG = 1 / 3600
"""Scale and north at a place are taken from a point so far north of it."""


@dataclass(frozen=True, eq=False)
class Outlines:
    """Regions on a mosaic, all in 0-based px; NaN where the mosaic's projection cannot show one.

    `x`, `y` (N,): the middle of each region; `reach` (N,): how far it goes from there. Circles, ellipses and annuli of
    these are rings: `ring_of` (M,) says of which region, `rings` (M, 3) are semi-axes [px] and angle [rad, from +x
    towards +y]. Everything else is a line through `lines[k]` (n, 2), `line_of[k]` says of which region.
    """

    x: Floats
    y: Floats
    reach: Floats
    ring_of: NDArray[np.int64]
    rings: Floats
    line_of: NDArray[np.int64]
    lines: tuple[Floats, ...]

    def __len__(self) -> int:
        return len(self.x)


def outlines(regions: Sequence[Region], mosaic: Mosaic) -> Outlines:
    """Place regions on a mosaic; physical pixels are its image pixels unless its header has LTM and LTV."""
    counts = np.array([len(region.points) for region in regions], np.int64)
    first = np.cumsum(counts) - counts
    flat = np.array([point for region in regions for point in region.points], float).reshape(-1, 2)
    frames = np.repeat(np.array([region.frame for region in regions], str), counts)
    xy, north, scale = _to_pixels(flat, frames, mosaic)
    mirrored = mosaic.north()[1]
    x, y, reach = np.full((3, len(regions)), np.nan)
    rings: list[tuple[int, float, float, float]] = []
    lines: list[tuple[int, Floats]] = []
    for row, region in enumerate(regions):
        at = first[row]
        points = xy[at : at + counts[row]]
        x[row], y[row] = points.mean(axis=0)
        sizes = [size * _px(region, scale[at], mosaic) for size in region.sizes]
        angle = math.radians(region.angle)
        if region.frame not in PIXEL_FRAMES:
            angle = north[at] + (math.pi - angle if mirrored else angle)
        reach[row] = max(sizes, default=0.0)
        if region.shape in ("circle", "annulus"):
            rings += [(row, size, size, 0.0) for size in sizes]
        elif region.shape == "ellipse":
            rings += [(row, a, b, angle) for a, b in _pairs(sizes)]
        else:
            edges = _edges(region.shape, points, sizes, angle)
            lines += [(row, edge) for edge in edges]
            reach[row] = max(
                (float(np.hypot(*(edge - (x[row], y[row])).T).max()) for edge in edges), default=0
            )
    return Outlines(
        x,
        y,
        reach,
        np.array([ring[0] for ring in rings], np.int64),
        np.array([ring[1:] for ring in rings], float).reshape(-1, 3),
        np.array([row for row, _ in lines], np.int64),
        tuple(line for _, line in lines),
    )


def _pairs(sizes: Sequence[float]) -> Iterator[tuple[float, float]]:
    return zip(sizes[::2], sizes[1::2], strict=True)


def _edges(shape: str, points: Floats, sizes: Sequence[float], angle: float) -> list[Floats]:
    """The lines of a box, a polygon or a line; none of a point or a text."""
    if shape == "box":
        return [_box(points[0], width, height, angle) for width, height in _pairs(sizes)]
    if shape == "polygon":
        return [np.vstack([points, points[:1]])]
    return [points] if shape == "line" else []


def _px(region: Region, scale: float, mosaic: Mosaic) -> float:
    """Pixels of the mosaic in one unit of a region's sizes."""
    if region.unit == "px":
        return 1.0
    return float(scale) if region.frame not in PIXEL_FRAMES else 3600 / mosaic.pixel_scale()


def _box(centre: Floats, width: float, height: float, angle: float) -> Floats:
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * (width / 2, height / 2)
    cos, sin = math.cos(angle), math.sin(angle)
    return np.asarray(centre + corners @ np.array([(cos, sin), (-sin, cos)]))


def _to_pixels(points: Floats, frames: NDArray[np.str_], mosaic: Mosaic) -> tuple[Floats, Floats, Floats]:
    """Pixels of points, and there the angle of the frame's north [rad from +y towards −x] and px a degree."""
    xy, north, scale = np.full(points.shape, np.nan), np.zeros(len(points)), np.ones(len(points))
    for frame in np.unique(frames):
        mine = frames == frame
        if frame in PIXEL_FRAMES:
            xy[mine] = points[mine]
            if frame == "physical":
                scales, shifts = _physical(mosaic)
                xy[mine] = (points[mine] + 1) * scales + shifts - 1
            continue
        lon, lat = points[mine].T
        step = np.where(lat > 0, -NEARBY_DEG, NEARBY_DEG)  # towards the equator, lest it goes over the pole
        here = np.stack(mosaic.pixel(*_icrs(lon, lat, frame)), axis=-1)
        there = np.stack(mosaic.pixel(*_icrs(lon, lat + step, frame)), axis=-1)
        dx, dy = ((there - here) / step[:, None]).T
        xy[mine], north[mine], scale[mine] = here, np.arctan2(-dx, dy), np.hypot(dx, dy)
    return xy, north, scale


def _physical(mosaic: Mosaic) -> tuple[Floats, Floats]:
    """Scale and shift (each for x, y) from physical to image pixels, both counted from 1."""
    header = mosaic.band(mosaic.reference.name).header
    scales = [float(header.get(key, 1.0)) for key in ("LTM1_1", "LTM2_2")]
    shifts = [float(header.get(key, 0.0)) for key in ("LTV1", "LTV2")]
    return np.array(scales), np.array(shifts)


def _icrs(lon: Floats, lat: Floats, frame: str) -> tuple[Floats, Floats]:
    """ICRS degrees of positions in one of the frames of DS9."""
    if frame == "icrs":
        return lon, lat
    from astropy.coordinates import SkyCoord

    names = {"ecliptic": "barycentricmeanecliptic"}
    good = np.abs(lat) <= 90
    placed = SkyCoord(lon, np.where(good, lat, 0), unit="deg", frame=names.get(frame, frame)).icrs
    return np.where(good, placed.ra.deg, np.nan), np.where(good, placed.dec.deg, np.nan)

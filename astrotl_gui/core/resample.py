"""Reading one pixel grid on another, conserving surface brightness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from astrotl_gui.core.plane_reader import Step

Box = tuple[int, int, int, int]
Floats = NDArray[np.float64]
Map = Callable[[Floats, Floats], tuple[Floats, Floats]]
Read = Callable[[Box], NDArray[np.float32]]

CHUNK = 256
"""Output pixels on a side done at a time; bounds the memory."""
NODE = 16
"""The map is exact every NODE output pixels and linear between them."""
SMALLEST = 64
"""Chunks of fewer output pixels are not divided where the map ends."""
MIN_COVERAGE = 0.5
"""Smallest share of an output pixel that must have data; below it the pixel is NaN."""
SOURCE_PIXELS = 1 << 22
"""Most source pixels read for one chunk; chunks that need more are divided."""


@dataclass(frozen=True)
class Resampled:
    """Mean source value over each output pixel, and the source pixels per output pixel (area ratio)."""

    mean: NDArray[np.float32]
    area: NDArray[np.float32]


def resample(read: Read, to_source: Map, box: Box, step: Step = 1) -> Resampled:
    """Return the mean surface brightness of a source image over the pixels of `box` on another grid.

    `to_source` maps output pixel positions to source pixel positions; `read` returns source boxes, NaN where
    there is no data. Every output pixel is the mean of k × k bilinear samples spread over it, k = the
    source pixels per output pixel along a side, rounded up: an area average where the source is finer,
    bilinear interpolation where it is coarser. Results are (ceil(h / step), ceil(w / step)): every
    step-th pixel; two numbers are the steps of rows and of columns.
    """
    dy, dx = step if isinstance(step, tuple) else (step, step)
    xs, ys = np.arange(box[0], box[2], dx, dtype=float), np.arange(box[1], box[3], dy, dtype=float)
    mean = np.full((len(ys), len(xs)), np.nan, np.float32)
    area = np.full((len(ys), len(xs)), np.nan, np.float32)
    pending = [
        (slice(j, min(j + CHUNK, len(ys))), slice(i, min(i + CHUNK, len(xs))))
        for j in range(0, len(ys), CHUNK)
        for i in range(0, len(xs), CHUNK)
    ]
    while pending:
        rows, columns = pending.pop()
        done = _chunk(read, to_source, xs[columns], ys[rows])
        if done is None:
            pending += _quarters(rows, columns)
        else:
            mean[rows, columns], area[rows, columns] = done
    return Resampled(mean, area)


def nearest(sample: NDArray[np.float32], spacing: int, to_source: Map, box: Box, step: int) -> Resampled:
    """As `resample` with `step`, but each pixel is the nearest of a source sampled every `spacing` px."""
    xs, ys = np.arange(box[0], box[2], step, dtype=float), np.arange(box[1], box[3], step, dtype=float)
    nodes = _Nodes(to_source, xs, ys)
    mean = np.full((len(ys), len(xs)), np.nan, np.float32)
    area = np.full_like(mean, np.nan)
    if nodes.finite:
        (x, y), area = nodes.at(xs, ys), nodes.areas(xs, ys).astype(np.float32)
    else:  # part of it is no sky to the source: position by position, of the area of the middle
        x, y = to_source(*np.meshgrid(xs, ys))
        area[:] = _middle_area(to_source, xs, ys)
    with np.errstate(invalid="ignore"):
        column, row = np.rint(x / spacing), np.rint(y / spacing)
        inside = (column >= 0) & (column < sample.shape[1]) & (row >= 0) & (row < sample.shape[0])
    mean[inside] = sample[row[inside].astype(int), column[inside].astype(int)]
    return Resampled(mean, area)


def _middle_area(to_source: Map, xs: Floats, ys: Floats) -> float:
    """Source pixels per output pixel in the middle."""
    x, y = xs[len(xs) // 2] + np.array([0.0, 1.0, 0.0]), ys[len(ys) // 2] + np.array([0.0, 0.0, 1.0])
    xb, yb = to_source(x, y)
    return float(abs((xb[1] - xb[0]) * (yb[2] - yb[0]) - (xb[2] - xb[0]) * (yb[1] - yb[0])))


def _quarters(rows: slice, columns: slice) -> list[tuple[slice, slice]]:
    def halves(part: slice) -> list[slice]:
        middle = (part.start + part.stop) // 2
        return [slice(part.start, middle), slice(middle, part.stop)] if middle > part.start else [part]

    return [(r, c) for r in halves(rows) for c in halves(columns)]


def _chunk(
    read: Read, to_source: Map, xs: Floats, ys: Floats
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """(mean, area) of one chunk, or None when it must be divided: it would read too many source pixels,
    or part of it lies where the source projection has no sky."""
    nodes = _Nodes(to_source, xs, ys)
    if nodes.partial and len(xs) * len(ys) > SMALLEST:
        return None
    if not nodes.finite:
        empty = np.full((len(ys), len(xs)), np.nan, np.float32)
        return empty, empty
    box = nodes.source_box()
    if (box[2] - box[0]) * (box[3] - box[1]) > SOURCE_PIXELS and len(xs) * len(ys) > 1:
        return None
    source = read(box)
    good = np.isfinite(source)
    filled = np.where(good, source, np.float32(0))
    total = np.zeros((len(ys), len(xs)))
    weight = np.zeros((len(ys), len(xs)))
    count = nodes.samples()
    offsets = (np.arange(count) + 0.5) / count - 0.5
    for dy in offsets:
        for dx in offsets:
            x, y = nodes.at(xs + dx, ys + dy)
            where = np.stack([y - box[1], x - box[0]])
            total += map_coordinates(filled, where, order=1, output=np.float64, mode="constant")
            weight += _sample_good(good, where)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(weight >= MIN_COVERAGE * count**2, total / weight, np.nan)
    return mean.astype(np.float32), nodes.areas(xs, ys).astype(np.float32)


def _sample_good(good: NDArray[np.bool_], where: Floats) -> Floats | float:
    if good.all():
        return 1.0
    return np.asarray(
        map_coordinates(good.astype(np.float32), where, order=1, output=np.float64, mode="constant")
    )


class _Nodes:
    """The map, exact at a coarse net of output positions and linear between them."""

    def __init__(self, to_source: Map, xs: Floats, ys: Floats) -> None:
        self._x, self._y = _net(xs), _net(ys)
        x, y = np.meshgrid(self._x, self._y)
        self._to = to_source(x, y)
        known = np.isfinite(self._to[0]) & np.isfinite(self._to[1])
        self.finite = bool(known.all())
        self.partial = bool(known.any()) and not self.finite

    def source_box(self) -> Box:
        x, y = self._to
        low = int(np.floor(x.min())) - 1, int(np.floor(y.min())) - 1
        return *low, int(np.ceil(x.max())) + 2, int(np.ceil(y.max())) + 2

    def samples(self) -> int:
        """Samples along a side of an output pixel: its longest side in source pixels, rounded up."""
        (x_x, x_y), (y_x, y_y) = self._gradients()
        side = float(max(np.hypot(x_x, y_x).max(), np.hypot(x_y, y_y).max()))
        return max(int(np.ceil(side - 0.02)), 1)

    def at(self, xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
        """Source positions of the output positions xs × ys."""
        along, across = _linear(self._y, ys), _linear(self._x, xs)
        return along @ self._to[0] @ across.T, along @ self._to[1] @ across.T

    def areas(self, xs: Floats, ys: Floats) -> Floats:
        """Source pixels per output pixel: the determinant of the map."""
        (x_x, x_y), (y_x, y_y) = self._gradients()
        areas = np.abs(x_x * y_y - x_y * y_x)
        return np.asarray(_linear(self._y, ys) @ areas @ _linear(self._x, xs).T)

    def _gradients(self) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        to_x, to_y = (np.gradient(values, self._y, self._x) for values in self._to)
        return (to_x[1], to_x[0]), (to_y[1], to_y[0])


def _net(positions: Floats) -> Floats:
    """Net positions that cover the output pixels whole, at most NODE positions (of a step) apart."""
    low, high = positions[0] - 0.5, positions[-1] + 0.5
    return np.linspace(low, high, max(int(np.ceil(len(positions) / NODE)), 1) + 1)


def _linear(net: Floats, at: Floats) -> Floats:
    """Matrix (len(at), len(net)) that interpolates linearly between evenly spaced net positions."""
    place = (at - net[0]) / (net[1] - net[0])
    low = np.clip(np.floor(place).astype(int), 0, len(net) - 2)
    matrix = np.zeros((len(at), len(net)))
    index = np.arange(len(at))
    matrix[index, low] = 1 - (place - low)
    matrix[index, low + 1] = place - low
    return matrix

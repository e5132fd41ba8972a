"""Which pixel belongs to which source: a watershed that gives the same answer in any window.

SEP shares out the pixels between blended sources by drawing random numbers, so that positions of blends change
with whatever was extracted before. Here each pixel climbs to its local maximum, and maxima that are no source
join, highest saddle first, the source they touch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Basins:
    """Basins of an image: number per pixel int32 (h, w), 0 outside, 1…K inside; peak of each basin (row, column).

    `pairs` (P, 2) are touching basins, the pair with the highest saddle first.
    """

    numbers: NDArray[np.int32]
    peak_row: Ints
    peak_column: Ints
    pairs: Ints

    @classmethod
    def of(cls, image: NDArray[np.float32], inside: NDArray[np.bool_]) -> Basins:
        """The basins of the pixels `inside`, with eight neighbours to a pixel."""
        height, width = image.shape
        stride = width + 2
        padded = np.full((height + 2, stride), -np.inf, np.float32)
        padded[1:-1, 1:-1] = np.where(inside, image, -np.inf)
        flat = padded.ravel()
        pixels = np.flatnonzero(flat > -np.inf)
        tops = _climb(flat, pixels, stride)
        peaks, index = np.unique(tops, return_inverse=True)
        numbers = np.zeros(flat.size, np.int32)
        numbers[pixels] = index + 1
        pairs = _touching(flat, numbers, pixels, stride)
        return cls(numbers.reshape(padded.shape)[1:-1, 1:-1], peaks // stride - 1, peaks % stride - 1, pairs)

    def joined(self, markers: Ints) -> NDArray[np.int32]:
        """Segments 1…n (h, w) of the sources whose peaks are in the basins `markers` (all different).

        Basins without a source join the one across their highest saddle; 0 where no source can be reached.
        """
        parent = list(range(len(self.peak_row) + 1))
        source = [0] * len(parent)
        for number, basin in enumerate(markers, start=1):
            source[int(basin)] = number

        def root(basin: int) -> int:
            while parent[basin] != basin:
                parent[basin] = parent[parent[basin]]
                basin = parent[basin]
            return basin

        for first, second in self.pairs.tolist():
            one, other = root(first), root(second)
            if one != other and not (source[one] and source[other]):
                parent[other] = one
                source[one] = source[one] or source[other]
        final = np.array([source[root(basin)] for basin in range(len(parent))], np.int32)
        return final[self.numbers]


def _climb(flat: NDArray[np.float32], pixels: Ints, stride: int) -> Ints:
    """The local maximum that each pixel reaches by the steepest way up."""
    highest, where = flat[pixels].copy(), pixels.copy()
    for step in (-stride - 1, -stride, -stride + 1, -1, 1, stride - 1, stride, stride + 1):
        neighbour = flat[pixels + step]
        up = neighbour > highest
        highest[up], where[up] = neighbour[up], pixels[up] + step
    place = np.zeros(flat.size, np.int64)
    place[pixels] = np.arange(len(pixels))
    upward = place[where]
    while True:
        further = upward[upward]
        if np.array_equal(further, upward):
            return np.asarray(pixels[upward])
        upward = further


def _touching(flat: NDArray[np.float32], numbers: NDArray[np.int32], pixels: Ints, stride: int) -> Ints:
    """Pairs of touching basins, highest saddle first; equal saddles in the order of the image."""
    pairs, saddles = [], []
    for step in (1, stride - 1, stride, stride + 1):
        here, there = numbers[pixels], numbers[pixels + step]
        border = (there > 0) & (here != there)
        both = np.column_stack([here[border], there[border]])
        both.sort(axis=1)
        pairs.append(both)
        saddles.append(np.minimum(flat[pixels[border]], flat[pixels[border] + step]))
    pair, saddle = np.concatenate(pairs).astype(np.int64), np.concatenate(saddles)
    pair = pair[np.lexsort((pair[:, 1], pair[:, 0], -saddle))]
    _, highest = np.unique(pair[:, 0] << 32 | pair[:, 1], return_index=True)
    return np.asarray(pair[np.sort(highest)])

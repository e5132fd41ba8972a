"""Each epoch of each source beside the others: distances of embeddings, and signs of artifacts in the pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.epochs import MOST, visit_id
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.regions import MARGIN, Regions, in_tiles
from astrotl_gui.ml.epoch_rule import nearest_other
from astrotl_gui.ml.epoch_signs import ALL_NAMES, epoch_signs, median_image
from astrotl_gui.pipeline.epochs.artifact_draws import Draw, Site
from astrotl_gui.pipeline.epochs.embedding import Looked, encoder_inputs
from astrotl_gui.pipeline.epochs.looking import Cutouts, chunks, cutouts
from astrotl_gui.pipeline.epochs.photometry import photometry

F32 = NDArray[np.float32]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

SIGNS = (*ALL_NAMES, "distance_over_threshold", "distance_over_median")
CHUNK = 32
WIDER = 1.4
"""How much wider than cutouts the squares are into which artifacts are drawn."""


@dataclass(frozen=True, eq=False)
class Compared:
    """Of N sources in E epochs: `distance` (N, E) and `threshold` (N,) of the published rule, `signs` (N, E, M), named
    SIGNS."""

    distance: F32
    threshold: F32
    signs: F32


def compare_epochs(looked: Looked, catalog: Catalog, *, progress: Progress = SILENT) -> Compared:
    """Compare all epochs of all sources; the vectors come from the shards, a few at a time."""
    count, epochs = len(catalog), len(looked.opened)
    distance = np.full((count, epochs), np.nan, np.float32)
    threshold = np.full(count, np.nan, np.float32)
    signs = np.zeros((count, epochs, len(SIGNS)), np.float32)
    vectors = Vectors(looked, catalog)
    order, done = in_tiles(catalog.x, catalog.y), 0
    for chunk in chunks(looked.opened, catalog, order, looked.size, CHUNK):
        near, limit = nearest_other(*vectors.of(chunk.rows))
        cut = cutouts(chunk.epochs, looked.preprocessing)
        distance[chunk.rows], threshold[chunk.rows] = near, limit
        signs[chunk.rows] = with_distances(signs_of(cut), near, limit)
        done += len(chunk.rows)
        progress(done, count, "Comparing epochs")
    return Compared(distance, threshold, signs)


def signs_of(cut: Cutouts) -> F32:
    """Signs (n, E, len(ALL_NAMES)) of the pixels."""
    return epoch_signs(cut.values, cut.noise, cut.sky, median_image(cut.values))


def with_distances(signs: F32, distance: F32, threshold: F32) -> F32:
    """Signs with the two that come of the embeddings: log of the distance over the stack's and over the median."""
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.log(distance / threshold[:, None])
        typical = np.log(distance / np.nanmedian(distance, axis=1, keepdims=True))
    extra = np.nan_to_num(np.stack([own, typical], axis=-1), posinf=0, neginf=0)
    return np.concatenate([signs, extra.astype(np.float32)], axis=-1)


class Vectors:
    """Embeddings of chosen sources in every epoch, and of their stacks, from the shards."""

    def __init__(self, looked: Looked, catalog: Catalog) -> None:
        self._visits, self._stacks = looked.readers
        self._ids, self._numbers = catalog.ids, looked.opened.series.numbers

    def of(self, rows: Rows) -> tuple[F32, F32]:
        """(epochs (n, E, D), stack (n, D)); NaN where not embedded."""
        ids = self._ids[rows]
        each = np.stack([visit_id(ids, number) for number in self._numbers], axis=1)
        epochs = self._visits.vectors(each).reshape(*each.shape, -1)
        return epochs, self._stacks.vectors(visit_id(ids, MOST))


@dataclass(frozen=True, eq=False)
class Examples:
    """Epochs (n) into which an artifact was drawn: `rows` of the catalog, `epochs` their columns, `kinds`; what is seen
    of them: `signs` (n, M), `distance`, `threshold`, `flux`, `error` (n,) [units of the series]."""

    rows: Rows
    epochs: Rows
    kinds: tuple[str, ...]
    signs: F32
    distance: F32
    threshold: F32
    flux: Floats
    error: Floats


def draw_examples(
    looked: Looked,
    catalog: Catalog,
    wanted: Sequence[tuple[int, int, str]],
    draws: dict[str, Draw],
    fwhm: Sequence[float],
    radius: float = 0.0,
    *,
    seed: int = 1,
    progress: Progress = SILENT,
) -> Examples:
    """Draw an artifact of a kind into an epoch of a source, each (row, epoch, kind) of `wanted` by itself, and look at
    it among the source's other epochs as they are. `fwhm` of each epoch [px]; with a `radius` [px] also fluxes."""
    by_row: dict[int, list[int]] = {}
    for k, (row, _, _) in enumerate(wanted):
        by_row.setdefault(row, []).append(k)
    rows = np.array(sorted(by_row), np.int64)
    rows = rows[in_tiles(catalog.x[rows], catalog.y[rows])]
    vectors, size = Vectors(looked, catalog), len(wanted)
    found = _Found(size)
    done = 0
    for chunk in chunks(looked.opened, catalog, rows, looked.size * WIDER, CHUNK // 4):
        plain = cutouts(tuple(narrow(part) for part in chunk.epochs), looked.preprocessing)
        epochs, stack = vectors.of(chunk.rows)
        here = [(place, k) for place, row in enumerate(chunk.rows.tolist()) for k in by_row[row]]
        drawn: list[Regions] = []
        for place, k in here:
            _, epoch, kind = wanted[k]
            rng = np.random.default_rng([seed, k])
            site = _site(chunk.epochs[epoch], place, plain, epoch, looked, fwhm[epoch])
            part = _placed(chunk.epochs[epoch].take([place]), draws[kind](site, rng))
            if radius:
                found.flux[k], found.error[k] = _flux(part, radius)
            drawn.append(narrow(part))
            changed = _replaced(plain, place, epoch, cutouts((drawn[-1],), looked.preprocessing))
            found.pixels[k] = signs_of(changed)[0, epoch]
        seen = _embedded(looked, drawn)
        for (place, k), vector in zip(here, seen, strict=True):
            epoch = wanted[k][1]
            others = epochs[place].copy()
            others[epoch] = vector
            found.distance[k], found.threshold[k], found.typical[k] = _distances(others, stack[place], epoch)
        done += len(here)
        progress(done, size, "Drawing artifacts")
    return found.examples(wanted)


def narrow(regions: Regions) -> Regions:
    """The inner squares of wide regions, for cutouts of the usual side."""
    side = regions.side / np.float32(WIDER)
    length = int(np.ceil(side.max())) + MARGIN
    low = [int(np.rint(centre[0])) - length // 2 for centre in (regions.x, regions.y)]
    if len(regions) > 1:  # as they were read: every source near the middle
        low = [regions.planes.shape[-1] // 2 - length // 2] * 2
    left, bottom = (min(max(value, 0), regions.planes.shape[-1] - length) for value in low)
    inner = regions.planes[..., bottom : bottom + length, left : left + length]
    return Regions(regions.rows, np.ascontiguousarray(inner), regions.x - left, regions.y - bottom, side)


class _Found:
    """What is filled in as examples are looked at."""

    def __init__(self, size: int) -> None:
        self.flux, self.error = np.full(size, np.nan), np.full(size, np.nan)
        self.pixels = np.zeros((size, len(ALL_NAMES)), np.float32)
        self.distance, self.threshold, self.typical = (np.full(size, np.nan, np.float32) for _ in range(3))

    def examples(self, wanted: Sequence[tuple[int, int, str]]) -> Examples:
        with np.errstate(divide="ignore", invalid="ignore"):
            extra = np.log([self.distance / self.threshold, self.distance / self.typical]).T
        signs = np.concatenate([self.pixels, np.nan_to_num(extra, posinf=0, neginf=0)], axis=1).astype(
            np.float32
        )
        rows, epochs, kinds = zip(*wanted, strict=True) if wanted else ((), (), ())
        return Examples(np.array(rows, np.int64), np.array(epochs, np.int64), tuple(kinds), signs,
                        self.distance, self.threshold, self.flux, self.error)  # fmt: skip


def _distances(epochs: F32, stack: F32, epoch: int) -> tuple[float, float, float]:
    distance, threshold = nearest_other(epochs[None], stack[None])
    return float(distance[0, epoch]), float(threshold[0]), float(np.nanmedian(distance[0]))


def _site(part: Regions, place: int, plain: Cutouts, epoch: int, looked: Looked, fwhm: float) -> Site:
    unit, plane = looked.preprocessing.unit[0], part.planes[place, 0]
    steps = np.diff(plane, axis=1)
    noise = float(1.4826 * np.nanmedian(np.abs(steps - np.nanmedian(steps))) / np.sqrt(2))
    return Site(
        plane, float(part.x[place]), float(part.y[place]), float(part.side[place]) / WIDER, fwhm,
        float(plain.sky[place, epoch]) / unit, max(noise, 1e-30),
    )  # fmt: skip


def _placed(part: Regions, drawn: object) -> Regions:
    plane, x, y = (getattr(drawn, name) for name in ("plane", "x", "y"))
    return replace(part, planes=plane[None, None], x=np.array([x], np.float32), y=np.array([y], np.float32))


def _flux(part: Regions, radius: float) -> tuple[float, float]:
    place = np.array([[part.x[0], part.y[0]]], np.float64)
    flux, error, _ = photometry(part.planes[0, 0], None, place, radius)
    return float(flux[0]), float(error[0])


def _replaced(plain: Cutouts, place: int, epoch: int, new: Cutouts) -> Cutouts:
    """One source's cutouts with another in the place of an epoch's."""
    one = [getattr(plain, name)[place : place + 1].copy() for name in ("values", "sky", "noise")]
    for own, name in zip(one, ("values", "sky", "noise"), strict=True):
        own[0, epoch] = getattr(new, name)[0, 0]
    return Cutouts(*one)


def _embedded(looked: Looked, drawn: Sequence[Regions]) -> F32:
    """Embeddings (n, D) of single regions, as many at once as the encoder takes."""
    size = looked.encoder.batch
    parts: list[F32] = []
    for start in range(0, len(drawn), size):
        some = drawn[start : start + size]
        joined = Regions(*(np.concatenate([getattr(p, name) for p in some]) for name in _FIELDS))
        parts.append(looked.encoder.embed(*encoder_inputs(joined, looked.recipe)))
    return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)


_FIELDS = ("rows", "planes", "x", "y", "side")

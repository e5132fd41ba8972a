"""Pairs: each injected cutout and its own host at strength zero, through the same encoder and statistics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.injected import Injected
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.regions import MARGIN, Regions, in_tiles, read_regions
from astrotl_gui.ml.encoder import Encoder
from astrotl_gui.ml.recipes import Recipe
from astrotl_gui.pipeline.batches import Batch, prepared
from astrotl_gui.pipeline.embed import embedded
from astrotl_gui.pipeline.injection.checked import NO_HOST
from astrotl_gui.pipeline.injection.injector import Facts, Injector, Square
from astrotl_gui.pipeline.injection.instrument import Instrument

F32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Drawn:
    """Some pairs as pixels, at each zoom: with the object, and without; `facts` of each pair."""

    injected: tuple[Regions, ...]
    hosts: tuple[Regions, ...]
    facts: list[Facts]


def draw_pairs(
    instrument: Instrument,
    injector: Injector,
    count: int,
    seed: int,
    zooms: Sequence[float] = (1.0,),
    batch: int = 32,
) -> Iterator[Drawn]:
    """Draw `count` pairs, `batch` at a time; none without a host. Few hosts are used several times.

    What is drawn into a host depends on the seed, the host and how often it came, not on the others.
    """
    catalog, widest = instrument.catalog, max(zooms)
    used = _used(injector.hosts(instrument), catalog.ids, count, seed)
    if not len(used):
        return
    used = used[in_tiles(catalog.x[used], catalog.y[used])]
    bands = [band.name for band in instrument.bands]
    seen: dict[int, int] = {}
    for regions in read_regions(
        instrument.mosaic, catalog.x, catalog.y, instrument.size * widest, bands, batch, used
    ):
        planes, plain, facts = np.empty_like(regions.planes), np.empty_like(regions.planes), []
        for k, row in enumerate(regions.rows.tolist()):
            seen[row] = seen.get(row, 0) + 1
            square = Square(
                row, regions.planes[k], float(regions.x[k]), float(regions.y[k]), regions.side[k] / widest
            )
            rng = np.random.default_rng([seed, int(catalog.ids[row]), seen[row]])
            paint, fact = injector.draw(instrument, square, rng)
            planes[k], plain[k] = paint(1.0), paint(0.0)
            facts.append(fact)
        drawn, hosts = (
            tuple(zoomed(replace(regions, planes=part), zoom, widest) for zoom in zooms)
            for part in (planes, plain)
        )
        yield Drawn(drawn, hosts, facts)


def _used(rows: NDArray[np.int64], ids: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """A seeded choice of hosts, whatever their order: each once, or where they are few each several times."""
    if not len(rows) or not count:
        return rows[:0]
    rows = rows[np.argsort(ids[rows], kind="stable")]
    return np.resize(np.random.default_rng(seed).permutation(rows), count)


def zoomed(regions: Regions, zoom: float, widest: float) -> Regions:
    """The inner squares, for cutouts `zoom` / `widest` times as wide."""
    side = regions.side * np.float32(zoom / widest)
    length = int(np.ceil(side.max())) + MARGIN
    off = max(regions.planes.shape[-1] // 2 - length // 2, 0)
    inner = regions.planes[..., off : off + length, off : off + length]
    return Regions(regions.rows, np.ascontiguousarray(inner), regions.x - off, regions.y - off, side)


def inject_pairs(
    instrument: Instrument,
    injector: Injector,
    recipe: Recipe,
    encoder: Encoder,
    *,
    zooms: Sequence[float],
    views: int,
    count: int,
    seed: int,
    making: dict[str, Any],
    progress: Progress = SILENT,
) -> Injected:
    """Draw pairs and let the encoder look at both of each. Without a host there are none, and a note says so."""
    facts: list[Facts] = []
    seen: set[int] = set()
    are_hosts: list[bool] = []

    def batches() -> Iterator[Batch]:
        for drawn in draw_pairs(instrument, injector, count, seed, zooms, encoder.batch):
            facts.extend(drawn.facts)
            are_hosts.append(False)
            yield prepared(drawn.injected, recipe, views)
            # A host that comes again is the same without the object: the encoder sees it once.
            fresh = [k for k, row in enumerate(drawn.hosts[0].rows.tolist()) if _first(seen, row)]
            if fresh:
                are_hosts.append(True)
                yield prepared(tuple(part.take(fresh) for part in drawn.hosts), recipe, views)

    looked: list[tuple[Batch, F32]] = []
    for batch, vectors in embedded(encoder, batches()):
        looked.append((batch, vectors))
        progress(min(len(facts), count), count, "Injecting examples")
    if not looked:
        return Injected.none(injector.target, making, (*instrument.notes, NO_HOST))
    drawn, plain = (
        _joined([one for one, is_host in zip(looked, are_hosts, strict=True) if is_host == wanted])
        for wanted in (False, True)
    )
    place = {row: k for k, row in enumerate(plain.rows.tolist())}
    own = np.array([place[row] for row in drawn.rows.tolist()])
    names = sorted({name for fact in facts for name in fact})
    return Injected(
        injector.target,
        instrument.catalog.ids[drawn.rows].astype(np.int64),
        drawn.vectors.astype(np.float16),
        plain.vectors[own].astype(np.float16),
        drawn.statistics,
        plain.statistics[own],
        {name: np.array([fact.get(name, np.nan) for fact in facts]) for name in names},
        making,
        instrument.notes,
    )


@dataclass(frozen=True, eq=False)
class _Looked:
    """Rows of the catalog, and what the encoder and the statistics say of them."""

    rows: NDArray[np.int64]
    vectors: F32
    statistics: F32


def _joined(looked: list[tuple[Batch, F32]]) -> _Looked:
    return _Looked(
        np.concatenate([batch.rows for batch, _ in looked]),
        np.concatenate([vectors for _, vectors in looked]),
        np.concatenate([batch.statistics for batch, _ in looked]),
    )


def _first(seen: set[int], row: int) -> bool:
    """Whether a row comes for the first time."""
    new = row not in seen
    seen.add(row)
    return new

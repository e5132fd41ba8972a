"""Injection and recovery: how complete a list is for objects drawn into the user's own galaxies, by what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import betaincinv

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.injected import Injected
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import ARTIFACT_KINDS, CutoutSettings, EncoderSettings, InjectionSettings
from astrotl_gui.pipeline.inject import draw_apart
from astrotl_gui.pipeline.injection.faint import testers
from astrotl_gui.pipeline.injection.stored import stored_pairs
from astrotl_gui.pipeline.making import find_embeddings
from astrotl_gui.pipeline.outliers import content_of
from astrotl_gui.pipeline.rank import prepare, rank

TOP, OBJECTS, BINS = 100, 200, 4
APART = 7919
"""Added to the seed of the examples that lists learn from: other hosts, other objects."""
AT_ONCE, LEAST_AT_ONCE = 20, 10
"""Objects join the sources a few at a time, one in so many, that they hardly change what rare means among them."""
INTERVAL = 0.95
VERSION = 1
QUANTITIES = {
    "lens": {
        "magnitude": "unlensed source [mag]",
        "einstein_radius": "Einstein radius [arcsec]",
        "snr": "S/N of the arcs",
    },
    "agn": {
        "magnitude": "nucleus [mag]",
        "ratio": "nucleus over its host",
        "snr": "S/N of the nucleus",
    },
    "artifact": {"kind": "kind", "strength": "brightness over the noise"},
}
"""By target what completeness is told by: a fact of the injected objects and its name."""
KINDS = {"kind": tuple(ARTIFACT_KINDS.values())}
"""Facts that are places in a list of names."""
AS_HOSTS = "What the catalog says of them is what it says of the sources they were drawn over."

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Share:
    """The objects of m bins of a quantity: from `low` to `high` (m,), `count` of them, `found` in the top, and the
    95 % interval `least` to `most` of that share (Clopper–Pearson). `kinds` (m) names the bins of names, one each."""

    name: str
    low: Floats
    high: Floats
    count: NDArray[np.int64]
    found: NDArray[np.int64]
    least: Floats
    most: Floats
    kinds: tuple[str, ...] = ()

    @property
    def share(self) -> Floats:
        return self.found / self.count


@dataclass(frozen=True, eq=False)
class Recovery:
    """Where n objects of a target, drawn apart, stand in its list: `ranks` (n,) among its `sources`, 1 the first.

    `facts`: name → (n,); `model` ranks. They are drawn into detected sources, so that what no detection finds is not
    counted.
    """

    target: str
    ranks: NDArray[np.int64]
    facts: Mapping[str, Floats]
    sources: int
    model: str
    notes: tuple[str, ...] = ()

    def found(self, top: int = TOP) -> NDArray[np.bool_]:
        """Which of them stand among the first of the list (n,)."""
        return self.ranks <= top

    def whole(self, top: int = TOP) -> Share:
        """All of them in one bin."""
        return _share("all", [np.arange(len(self.ranks))], np.zeros(len(self.ranks)), self.found(top))

    def by(self, quantity: str, top: int = TOP, bins: int = BINS) -> Share:
        """In bins of as many objects each of a fact, or by name; `quantity` is a key of QUANTITIES[target]."""
        values = np.asarray(self.facts[quantity], float)
        if (names := KINDS.get(quantity)) is not None:
            there = np.unique(values).astype(int).tolist()
            told = _share(
                quantity, [np.flatnonzero(values == kind) for kind in there], values, self.found(top)
            )
            return replace(told, kinds=tuple(names[kind] for kind in there))
        order = np.argsort(values, kind="stable")
        parts = np.array_split(order[np.isfinite(values[order])], bins)
        return _share(quantity, [part for part in parts if len(part)], values, self.found(top))


def recover(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    settings: InjectionSettings,
    target: str,
    labels: Mapping[int, int],
    objects: int = OBJECTS,
    *,
    device: str = "auto",
    progress: Progress = SILENT,
) -> Recovery:
    """Draw objects that no list learned from, and rank each as if it were one more source, by `labels` (id → ±1).

    They are kept beside the embeddings, so that only the first time takes long. Objects on labelled hosts are left
    out. Raises AstroTLError for a target that cannot be drawn, and where sources are not embedded.
    """
    progress(0, objects, "Injecting objects")
    embeddings = find_embeddings(folder, catalog, mosaic, cutouts, encoder)
    if embeddings is None:
        raise AstroTLError(
            "The sources are not embedded", "Run astrotl embed first: objects are drawn into them."
        )
    drawn = _drawn(
        mosaic, catalog, folder, cutouts, encoder, settings, target, objects, embeddings.key, device, progress
    )
    fresh = _taken(drawn, np.flatnonzero(~np.isin(drawn.hosts, np.array(list(labels), np.int64))))
    if not len(fresh):
        raise AstroTLError("Nothing could be injected", " ".join(drawn.notes) or "All hosts are labelled.")
    known = stored_pairs(folder, embeddings.key, settings, catalog)
    ranks, model = [], ""
    step = max(LEAST_AT_ONCE, len(catalog) // AT_ONCE)
    for start in range(0, len(fresh), step):
        progress(start, len(fresh), "Ranking the injected")
        some = np.arange(start, min(start + step, len(fresh)))
        places, model = _ranked(catalog, embeddings, _taken(fresh, some), known, target, labels)
        ranks.append(places)
    progress(len(fresh), len(fresh), "Ranking the injected")
    notes = (*drawn.notes, AS_HOSTS) if target == "artifact" else tuple(drawn.notes)
    return Recovery(target, np.concatenate(ranks), dict(fresh.facts), len(catalog), model, notes)


def _ranked(
    catalog: Catalog,
    embeddings: Embeddings,
    drawn: Injected,
    known: Mapping[str, Injected],
    target: str,
    labels: Mapping[int, int],
) -> tuple[NDArray[np.int64], str]:
    """The rank of each pair as one more source of the catalog, measured as its host is, and the model's name."""
    ids = np.arange(len(drawn)) + 1 + int(catalog.ids.max())
    hosts = catalog.take(catalog.rows_of(drawn.hosts)).with_columns(id=ids)
    both = replace(
        embeddings,
        ids=np.concatenate([embeddings.ids, ids]),
        vectors=np.concatenate([embeddings.vectors, drawn.vectors.astype(embeddings.vectors.dtype)]),
        statistics=np.concatenate([embeddings.statistics, drawn.statistics]),
    )
    whole = Catalog(pa.concat_tables([catalog.table, hosts.table]))
    ranking = rank(prepare(whole, both, injected=known), target, labels)
    among = np.isin(ranking.ids, ids)
    ahead = dict(zip(ranking.ids[among].tolist(), np.cumsum(~among)[among].tolist(), strict=True))
    return np.array([ahead[source] + 1 for source in ids.tolist()], np.int64), ranking.model


def _drawn(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    settings: InjectionSettings,
    target: str,
    objects: int,
    key: str,
    device: str,
    progress: Progress,
) -> Injected:
    """The objects as they lie beside the embeddings, made where they are not there."""
    injector = testers(settings).get(target)
    if injector is None:
        raise AstroTLError("This cannot be injected", f"{target}: only {', '.join(QUANTITIES)} can be drawn.")
    if not injector.can_draw():
        raise AstroTLError("Arcs cannot be drawn here", "Install caustics: pip install 'astrotl[inject]'.")
    seed, name = settings.seed + APART, f"recovery-{target}"
    making: dict[str, Any] = {
        "version": VERSION,
        "pairs": objects,
        "seed": seed,
        "sources": content_of(catalog, key),
        **injector.fingerprint(),
    }
    kept = Injected.read(folder / key, name)
    if kept is not None and kept.making == making:
        return kept
    made = draw_apart(
        mosaic,
        catalog,
        folder,
        cutouts,
        encoder,
        injector,
        making,
        count=objects,
        seed=seed,
        device=device,
        progress=progress,
    )
    made = replace(made, target=name)
    made.write(folder / key)
    return made


def _taken(drawn: Injected, rows: NDArray[np.integer]) -> Injected:
    """Some of the pairs."""
    names = ("hosts", "vectors", "host_vectors", "statistics", "host_statistics")
    arrays = {name: getattr(drawn, name)[rows] for name in names}
    return replace(drawn, **arrays, facts={name: values[rows] for name, values in drawn.facts.items()})


def _share(name: str, parts: list[NDArray[np.int64]], values: Floats, found: NDArray[np.bool_]) -> Share:
    count = np.array([len(part) for part in parts], np.int64)
    hits = np.array([found[part].sum() for part in parts], np.int64)
    tail = (1 - INTERVAL) / 2
    return Share(
        name,
        np.array([values[part].min() for part in parts]),
        np.array([values[part].max() for part in parts]),
        count,
        hits,
        np.where(hits > 0, betaincinv(np.maximum(hits, 1), count - hits + 1, tail), 0.0),
        np.where(hits < count, betaincinv(hits + 1, np.maximum(count - hits, 1), 1 - tail), 1.0),
    )

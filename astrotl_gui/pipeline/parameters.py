"""Estimate a physical parameter of every source from its image, given the values of some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.estimates import LOW_HIGH, Estimates, fit_of
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.places import Places
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings
from astrotl_gui.ml.outside_flag import outside
from astrotl_gui.ml.parameters import METHODS, Features, conformal
from astrotl_gui.pipeline.known_values import KnownValues
from astrotl_gui.pipeline.making import find_embeddings

FOLDS = 5
REGIONS = 25
"""The sky is cut into so many regions of equally many known sources; a fold leaves out every fifth."""
PLANE = ("log r50", "log snr")
"""Where stars part from galaxies."""
LEAST = 50
"""Fewer known sources teach nothing that could be checked."""

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class _Tested:
    """Values and σ of the known, each estimated without its part of the sky; `fold` (n,)."""

    value: F64
    sigma: F64
    fold: NDArray[np.int64]


def estimate_parameter(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    known: KnownValues,
    method: str = "combined",
    columns: Sequence[str] = ("photometry",),
    *,
    progress: Progress = SILENT,
) -> Estimates:
    """Estimate the parameter for every embedded source.

    `known` are the values to learn from. `columns` of the catalog are joined to the embedding; "photometry" stands for
    magnitudes, colours, sizes and S/N. Cross-validation leaves out regions of the sky, not random sources: neighbours
    share depth, seeing and structure. Intervals are conformal: left-out errors say how far σ must be stretched, and
    their coverage is that of regions which did not take part in the stretching.

    Raises AstroTLError when sources are not embedded, a column or method is unknown, or fewer than 50 values are known.
    """
    if method not in METHODS:
        raise AstroTLError("No such method", f"{method}; there are {', '.join(METHODS)}.")
    embeddings = find_embeddings(folder, catalog, mosaic, cutouts, encoder)
    if embeddings is None or not len(catalog):
        raise AstroTLError("The sources are not embedded", "Embed them, then estimate.")
    names, table = feature_columns(catalog, embeddings.ids, columns)
    progress(0, FOLDS + 2, "Preparing")
    features = Features.of(embeddings.vectors[:, embeddings.last], table, embeddings.statistics)
    rows, truth = _rows_of(known, embeddings)
    if len(rows) < LEAST:
        raise AstroTLError(
            "Too few known values",
            f"{len(rows)} of {len(known.ids)} values of {known.source} belong to embedded sources; "
            f"{LEAST} are the least that can be learned from.",
        )
    at = catalog.rows_of(embeddings.ids[rows])
    tested = _cross_validate(method, features, rows, truth, catalog.x[at], catalog.y[at], progress)
    progress(FOLDS + 1, FOLDS + 2, "Estimating all sources")
    every = np.arange(len(embeddings))
    made = METHODS[method]().fit(features, rows, truth).predict(features, every)
    stretch = {name: conformal(tested.value - truth, tested.sigma, share) for name, share in LOW_HIGH.items()}
    plane = tuple(names.index(name) for name in PLANE) if {*PLANE} <= {*names} else ()
    progress(FOLDS + 2, FOLDS + 2, "Estimating all sources")
    place = catalog.rows_of(embeddings.ids)
    fold = spread_folds(catalog.x[place], catalog.y[place], rows, tested.fold)
    strange = outside(features, rows, fold, plane, progress=progress)
    strange[rows] = False
    low, high = _honest_intervals(tested, truth)
    return Estimates(
        known.name,
        known.unit,
        embeddings.ids,
        made.value,
        made.sigma * stretch["68"],
        made.sigma * stretch["95"],
        strange,
        _spread(truth, rows, len(embeddings)),
        _spread(tested.value, rows, len(embeddings)),
        fit_of(truth, tested.value, low, high),
        method,
        names,
        embeddings.key,
        known.source,
    )


def feature_columns(
    catalog: Catalog, ids: NDArray[np.int64], wanted: Sequence[str]
) -> tuple[tuple[str, ...], F64]:
    """Names (m) and values (N, m) of what is joined to the embedding of sources `ids` (N,).

    "photometry" is the magnitude in the reddest band, colours of neighbouring bands, and log of sizes and S/N.
    """
    rows = catalog.rows_of(ids)
    found: dict[str, F64] = {}
    for name in wanted:
        if name == "photometry":
            found |= _photometry(catalog, rows)
        elif name in catalog and catalog.column(name).dtype.kind in "iuf":
            found[name] = catalog.column(name)[rows].astype(np.float64)
        else:
            numbers = [n for n in catalog.names if catalog.column(n).dtype.kind in "iuf"]
            raise AstroTLError("No such column", f"{name} is none of {', '.join(numbers)}.")
    table = np.stack(list(found.values()), axis=1) if found else np.zeros((len(rows), 0))
    return tuple(found), table


def _photometry(catalog: Catalog, rows: NDArray[np.int64]) -> dict[str, F64]:
    """By fluxes where there is no zero point: a constant offset changes nothing."""
    magnitudes = {}
    for band in catalog.bands:
        with np.errstate(divide="ignore", invalid="ignore"):
            magnitudes[band] = -2.5 * np.log10(catalog.column(f"flux_{band}")[rows].astype(np.float64))
    bands = list(magnitudes)
    found = {f"mag_{bands[-1]}": magnitudes[bands[-1]]} if bands else {}
    found |= {f"{a} − {b}": magnitudes[a] - magnitudes[b] for a, b in pairwise(bands)}
    for name in ("a", "b", "r50", "snr"):
        if name in catalog:
            with np.errstate(divide="ignore", invalid="ignore"):
                found[f"log {name}"] = np.log10(catalog.column(name)[rows].astype(np.float64))
    return found


def sky_folds(x: F64, y: F64) -> NDArray[np.int64]:
    """The fold, 0 to 4, that each position (n,) is left out with: five regions of the sky each, drawn by chance."""
    return np.random.default_rng(0).permutation(REGIONS)[sky_regions(x, y, REGIONS)] % FOLDS


def spread_folds(x: F64, y: F64, known: NDArray[np.int64], fold: NDArray[np.int64]) -> NDArray[np.int64]:
    """The fold (N,) of every position: that of the nearest of the `known` rows (n,), whose own `fold` (n,) is given."""
    places = np.stack([x, y], axis=1)
    every = fold[cKDTree(places[known]).query(places)[1]]
    every[known] = fold  # two may share a place
    return every


def sky_regions(x: F64, y: F64, regions: int) -> NDArray[np.int64]:
    """Number the regions of equally many positions (n,): halved again and again along their longer side."""
    region = np.zeros(len(x), np.int64)
    parts = [np.arange(len(x))]
    while len(parts) < regions:
        parts.sort(key=len)
        largest = parts.pop()
        if len(largest) < 2:
            parts.append(largest)
            break
        axis = x if np.ptp(x[largest]) >= np.ptp(y[largest]) else y
        order = largest[np.argsort(axis[largest], kind="stable")]
        parts += [order[: len(order) // 2], order[len(order) // 2 :]]
    for number, part in enumerate(parts):
        region[part] = number
    return region


def _cross_validate(
    method: str,
    features: Features,
    rows: NDArray[np.int64],
    truth: F64,
    x: F64,
    y: F64,
    progress: Progress,
) -> _Tested:
    fold = sky_folds(x, y)
    value, sigma = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for number in range(FOLDS):
        progress(number + 1, FOLDS + 2, f"Leaving out part {number + 1} of {FOLDS} of the sky")
        out = fold == number
        made = METHODS[method]().fit(features, rows[~out], truth[~out]).predict(features, rows[out])
        value[out], sigma[out] = made.value, made.sigma
    return _Tested(value, sigma, fold)


def _honest_intervals(tested: _Tested, truth: F64) -> tuple[dict[str, F64], dict[str, F64]]:
    """Intervals of each fold, stretched by the errors of the others."""
    low = {name: np.empty(len(truth)) for name in LOW_HIGH}
    high = {name: np.empty(len(truth)) for name in LOW_HIGH}
    error = tested.value - truth
    for number in range(FOLDS):
        out = tested.fold == number
        for name, share in LOW_HIGH.items():
            half = tested.sigma[out] * conformal(error[~out], tested.sigma[~out], share)
            low[name][out], high[name][out] = tested.value[out] - half, tested.value[out] + half
    return low, high


def _rows_of(known: KnownValues, embeddings: Embeddings) -> tuple[NDArray[np.int64], F64]:
    """Rows of the embeddings whose values are known, and these."""
    rows = Places(embeddings.ids).of(known.ids)
    return rows[rows >= 0], known.values[rows >= 0]


def _spread(values: F64, rows: NDArray[np.int64], count: int) -> F64:
    out = np.full(count, np.nan)
    out[rows] = values
    return out

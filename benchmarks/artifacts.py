"""The artifact list on a real exposure: ZTF's science image alone, its flag mask withheld as truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from scipy.ndimage import maximum
from sklearn.metrics import roc_auc_score

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.matching import match_pixels
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.detection_image import DetectionImage
from astrotl_gui.pipeline.extraction import extract
from astrotl_gui.pipeline.field_files import field_files
from astrotl_gui.pipeline.rank import RankInputs, prepare, rank
from astrotl_gui.pipeline.real_fields import FIELDS
from benchmarks.known_skies import known_sky
from benchmarks.report import Row

SPIKE, SATURATED = 7, 8
BITS = {SPIKE: "pixel spike", SATURATED: "saturated"}
"""Flags of ZTF's mask images by bit number, from 0, as their headers name them; of the others that tell of
artifacts none is on more than three detections of this image."""
DEPTHS = (50, 100, 200)
LABELS, BATCH = 25, 5

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Footprints:
    """Of each of N detections: peak [image units], and for every bit whether a pixel of its isophote has it."""

    peak: Floats
    flags: NDArray[np.int64]

    def having(self, bit: int) -> Bools:
        return (self.flags & (1 << bit)) != 0


def run(full: bool = False) -> list[Row]:
    sky = known_sky("ztf")
    assert sky is not None
    inputs = prepare(sky.catalog, sky.embeddings, injected=sky.injected)
    signs = prepare(sky.catalog, sky.embeddings)
    marks = footprints(sky.mosaic, sky.catalog)
    rows = sky.catalog.rows_of(inputs.ids)
    peak = marks.peak[rows]
    flux = sky.catalog.column(f"flux_{sky.mosaic.bands[0].name}")[rows]
    with np.errstate(divide="ignore", invalid="ignore"):
        trivial = {"peak": peak, "peak / total": np.where(flux > 0, peak / flux, np.inf)}
    found: list[Row] = []
    truths = {BITS[bit]: marks.having(bit)[rows] for bit in BITS}
    truths = {"pixel spike or saturated": truths[BITS[SPIKE]] | truths[BITS[SATURATED]]} | {
        f"{name} (bit {bit})": truth for (bit, name), truth in zip(BITS.items(), truths.values(), strict=True)
    }
    for name, truth in truths.items():
        if truth.any():
            found += _orders(name, truth, inputs, {"signs alone": _scores(signs, {}), **trivial})
    return found


def footprints(mosaic: Mosaic, catalog: Catalog) -> Footprints:
    """The pixels of each detection above the threshold, looked up in ZTF's mask."""
    settings = DetectionSettings()
    view = extract(DetectionImage.prepare(mosaic, settings), (0, 0, *mosaic.shape[::-1]), settings)
    mask = fits.getdata(next(path for path in field_files(FIELDS["ztf"]) if "mskimg" in path.name))
    pixels = fits.getdata(next(path for path in field_files(FIELDS["ztf"]) if "sciimg" in path.name))
    numbers = np.arange(1, len(view.sources) + 1)
    flags = np.zeros(len(numbers), np.int64)
    for bit in BITS:
        has = maximum((mask >> bit) & 1, view.segments, numbers)
        flags |= np.asarray(has).astype(np.int64) << bit
    peak = np.asarray(maximum(np.nan_to_num(pixels - np.nanmedian(pixels)), view.segments, numbers))
    # Detected whole, three of a thousand come out otherwise than tile by tile: those take their nearest neighbour's.
    at = match_pixels(catalog.x, catalog.y, view.sources.x, view.sources.y, np.inf)
    return Footprints(peak[at].astype(float), flags[at])


def _orders(name: str, truth: Bools, inputs: RankInputs, others: dict[str, Floats]) -> list[Row]:
    cold = _scores(inputs, {})
    labels = played(inputs, truth)
    left = np.array([source not in labels for source in inputs.ids.tolist()])
    after = _scores(inputs, labels)
    n = f"{int(truth.sum())} of {len(truth)}, by chance {truth.mean():.3f}"
    rows = []
    orders = {"cold": (cold, slice(None)), f"after {LABELS} labels": (after, left)}
    orders |= {f"by {what}": (values, slice(None)) for what, values in others.items()}
    for order, (values, kept) in orders.items():
        best = truth[kept][np.argsort(-values[kept], kind="stable")]
        rows += [
            Row(f"{name}: {order}, precision at {depth}", float(best[:depth].mean()), "", more=True, n=n)
            for depth in DEPTHS
        ]
        rows.append(
            Row(
                f"{name}: {order}, AUROC", float(roc_auc_score(truth[kept], values[kept])), "", more=True, n=n
            )
        )
    return rows


def played(inputs: RankInputs, truth: Bools) -> dict[int, int]:
    """Labels as a user who knows the truth gives them: the top of the list, five at a time."""
    labels: dict[int, int] = {}
    while len(labels) < LABELS:
        ranking = rank(inputs, "artifact", labels)
        for source in [i for i in ranking.ids.tolist() if i not in labels][:BATCH]:
            labels[source] = 1 if truth[inputs.rows[source]] else -1
    return labels


def _scores(inputs: RankInputs, labels: dict[int, int]) -> Floats:
    """Score of each source: minus its place, so that ties are as in the list."""
    ranking = rank(inputs, "artifact", labels)
    scores = np.empty(len(inputs.ids))
    scores[[inputs.rows[source] for source in ranking.ids.tolist()]] = -np.arange(len(scores))
    return scores

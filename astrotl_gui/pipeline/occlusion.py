"""Where in its cutout a source's score comes from: the score with each patch of the cutout hidden.

Zeiler & Fergus 2014, section 4.2, with the local background as the patch. The hidden cutouts go the way of every
cutout, from regions to embedding and statistics, once a source; labels then only score them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import EmbeddingStore
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.models import models_beside
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.regions import Regions, read_regions
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings
from astrotl_gui.ml.encoder import Encoder
from astrotl_gui.ml.encoders import network_card
from astrotl_gui.ml.explain import drops
from astrotl_gui.ml.placing import Placing
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.ml.recipes import Recipe
from astrotl_gui.pipeline.batches import Batch, background, prepared
from astrotl_gui.pipeline.embed import cutout_size, embedded, recipe_of
from astrotl_gui.pipeline.rank import RankInputs, learned

CELLS, PATCH = 8, 2
"""Cells of the map on a side, and cells that a patch hides on a side; patches overlap by half."""
STEP = 10
"""Cutouts a pass: few, so that the bar moves and Cancel is quick."""

F32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Occluded:
    """Embeddings (1 + m, D) and statistics (1 + m, M) of a cutout: whole, then with each of the m patches hidden.

    `size` is the side of the square over which the patches lie [arcsec].
    """

    vectors: F32
    statistics: F32
    size: float


@dataclass(frozen=True, eq=False)
class OcclusionMap:
    """`drops` float32 (CELLS, CELLS), lowest y first: how much the score loses where this is hidden.

    `score` is that of the whole cutout. The part of the prior is held: only what labels taught is mapped. `size` is the
    side of the square that is mapped [arcsec].
    """

    drops: F32
    score: float
    size: float


def patches() -> NDArray[np.bool_]:
    """Return the cells (m, CELLS, CELLS) that each patch hides, lowest y first."""
    starts = range(CELLS - PATCH + 1)
    made = np.zeros((len(starts) ** 2, CELLS, CELLS), bool)
    for k, (y, x) in enumerate((y, x) for y in starts for x in starts):
        made[k, y : y + PATCH, x : x + PATCH] = True
    return made


def occlude(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    key: str,
    cutouts: CutoutSettings,
    settings: EncoderSettings,
    source: int,
    *,
    device: str = "auto",
    progress: Progress = SILENT,
) -> Occluded:
    """Embed the cutout of a source whole and with each patch hidden, as the embeddings `key` in `folder` were made.

    The project's `cutouts` and `settings` may be others by now: what the making says comes before them. Raises
    AstroTLError when the embeddings are gone, and when their encoder is not on this computer or has other weights.
    """
    progress(0, 1, "Mapping the cutout")
    meta = EmbeddingStore(folder, key).meta()
    row = int(catalog.rows_of([source])[0])
    if not meta or row < 0:
        raise AstroTLError("The embeddings are gone", "Embed the sources again, then ask for the map.")
    made = meta["making"]
    cutouts = replace(cutouts, size=made["size"])
    settings = replace(
        settings,
        encoder=made["encoder"]["name"],
        model=made["encoder"].get("model", 0),
        models=str(models_beside(folder)),
        layers=made["layers"],
        recipe=made["recipe"],
    )
    the_card, size = network_card(settings), cutout_size(cutouts, settings)
    if the_card.identity() != made["encoder"]:
        raise AstroTLError(
            "The encoder has changed", f"{the_card.name} has other weights now. Embed the sources again."
        )
    recipe = recipe_of(Preprocessing.from_dict(meta["preprocessing"]), the_card, settings, size)
    encoder = Encoder(the_card, recipe.front(), settings.layers, device, STEP)
    whole = [
        next(_regions(mosaic, catalog, row, recipe.size * zoom, recipe.preprocessing))
        for zoom in made["zooms"]
    ]
    side = float(whole[0].side[0]) / made["zooms"][0]  # of the cutout itself, whatever the zooms
    steps = _steps(whole, side, recipe, made["views"])
    total = 1 + len(patches())
    vectors, values = [], []
    for batch, some in embedded(encoder, steps):
        vectors.append(some)
        values.append(batch.statistics)
        progress(sum(map(len, vectors)), total, "Mapping the cutout")
    return Occluded(np.concatenate(vectors), np.concatenate(values), size)


def _regions(
    mosaic: Mosaic, catalog: Catalog, row: int, size: float, preprocessing: Preprocessing
) -> Iterator[Regions]:
    return read_regions(mosaic, catalog.x, catalog.y, size, preprocessing.bands, 1, np.array([row]))


def _steps(whole: list[Regions], side: float, recipe: Recipe, views: int) -> Iterator[Batch]:
    """The whole cutout of `side` px and the hidden ones; the same patch of sky in every zoom."""
    levels = [
        recipe.preprocessing.in_image_units(background(part, recipe.preprocessing)[1])[0] for part in whole
    ]
    hidden = [None, *patches()]
    for start in range(0, len(hidden), STEP):
        some = hidden[start : start + STEP]
        parts = tuple(hide(part, level, side, some) for part, level in zip(whole, levels, strict=True))
        yield prepared(parts, recipe, views)


def hide(region: Regions, level: F32, side: float, hidden: list[NDArray[np.bool_] | None]) -> Regions:
    """Return copies of one region, each with the cells (CELLS, CELLS) of a cutout of `side` px at `level` (B,)."""
    count, length = len(hidden), region.planes.shape[-1]
    planes = np.repeat(region.planes, count, axis=0)
    across, along = (
        np.floor((np.arange(length) - float(centre[0])) / side * CELLS + CELLS / 2).astype(int)
        for centre in (region.x, region.y)
    )
    inside = ((along >= 0) & (along < CELLS))[:, None] & ((across >= 0) & (across < CELLS))
    for plane, cells in zip(planes, hidden, strict=True):
        if cells is not None:
            covered = cells[np.ix_(along.clip(0, CELLS - 1), across.clip(0, CELLS - 1))] & inside
            # What has no data stays without: a patch must not mend a cutout.
            np.copyto(plane, level[:, None, None], where=covered & np.isfinite(plane))
    repeated = {name: np.repeat(getattr(region, name), count) for name in ("rows", "x", "y", "side")}
    return replace(region, planes=planes, **repeated)


def importance(
    inputs: RankInputs, target: str, labels: Mapping[int, int], source: int, occluded: Occluded
) -> OcclusionMap | None:
    """Score the hidden cutouts by the labels (id → +1 or −1) of a target; None before the first label."""
    ranker = learned(inputs, target, labels)
    if ranker is None:
        return None
    values = _placed(inputs.placing, occluded)
    scores = ranker.prior[inputs.rows[source]] + inputs.kernel.to(values, ranker.rows) @ ranker.weights()
    return OcclusionMap(drops(scores, patches()).astype(np.float32), float(scores[0]), occluded.size)


@lru_cache(maxsize=4)
def _placed(placing: Placing, occluded: Occluded) -> dict[str, F32]:
    """The same for every target and set of labels (both arguments hash by identity)."""
    return placing.values(occluded.vectors, occluded.statistics)

"""Sources of a mosaic as material for tuning: labelled ones, random others, noisy copies of those that teach."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.ahead import ahead
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.regions import Regions, read_regions
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings, TuningSettings
from astrotl_gui.core.statistics import SIDE
from astrotl_gui.ml.encoders import Card
from astrotl_gui.ml.gate import neighbours
from astrotl_gui.ml.maps import BYTES, Mapper, Maps
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.ml.recipes import Recipe
from astrotl_gui.ml.tail import cut
from astrotl_gui.pipeline.batches import background
from astrotl_gui.pipeline.embed import cutout_size, recipe_of
from astrotl_gui.pipeline.making import find_embeddings
from astrotl_gui.pipeline.tuning.judged import Course, Material

F32 = NDArray[np.float32]
Rows = NDArray[np.int64]

VIEWS = 8
NOISE, FLUX = 0.7, 0.1
"""Noise added to a copy, at most, in σ of its band; scatter of its flux in dex, the same in all bands."""
TEXT = "Looking at sources"


def mosaic_material(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    the_card: Card,
    labelled: set[int],
    settings: TuningSettings,
    device: str,
    course: Course,
) -> Material:
    """The maps of what the gate needs, from the pixels of the mosaic; embeddings as shipped have to be there.

    Raises AstroTLError where they are not, and for several zooms.
    """
    embeddings = shipped(folder, catalog, mosaic, cutouts, encoder)
    network = cut(the_card, embeddings.meta["making"]["layers"])
    chosen = pool(catalog, labelled, settings)
    part = catalog.take(chosen)
    made = embeddings.meta["making"]
    recipe = recipe_of(
        Preprocessing.from_dict(embeddings.meta["preprocessing"]),
        the_card,
        encoder,
        cutout_size(cutouts, encoder),
    )
    mapper = Mapper(the_card, recipe.front(), network.trunk, device)
    weak = _weak(part, labelled, settings)
    taught = np.sort(np.concatenate([part.rows_of(sorted(labelled & set(part.ids.tolist()))), weak]))
    size = recipe.size * made["zooms"][0]
    maps = _maps(mosaic, part, taught, recipe, size, mapper, made["views"], settings, course)
    reach = size / mosaic.pixel_scale()
    kept = replace(
        embeddings,
        ids=part.ids.astype(np.int64),
        vectors=embeddings.vectors[chosen],
        statistics=embeddings.statistics[chosen],
    )
    return Material(network, maps, part, kept, weak, neighbours(part.x, part.y, reach / 2))


def shipped(
    folder: Path, catalog: Catalog, mosaic: Mosaic, cutouts: CutoutSettings, encoder: EncoderSettings
) -> Embeddings:
    """The embeddings by the network as shipped. AstroTLError where there are none, and for several zooms."""
    if len(encoder.zooms) > 1:
        raise AstroTLError("Fine-tuning takes one zoom", "Embed with a single cutout size, then fine-tune.")
    found = find_embeddings(folder, catalog, mosaic, cutouts, replace(encoder, model=0))
    if found is None:
        raise AstroTLError(
            "The sources are not embedded", "Embed them by the network as shipped first, then fine-tune."
        )
    return found


def pool(catalog: Catalog, labelled: set[int], settings: TuningSettings) -> Rows:
    """Rows of the labelled sources and of twice `unlabelled` random others, by ascending id."""
    has = np.isin(catalog.ids, sorted(labelled))
    others = np.flatnonzero(~has)
    random = np.random.default_rng(settings.seed)
    some = random.choice(others, min(2 * settings.unlabelled, len(others)), replace=False)
    rows = np.concatenate([np.flatnonzero(has), some])
    return rows[np.argsort(catalog.ids[rows], kind="stable")]


def _weak(part: Catalog, labelled: set[int], settings: TuningSettings) -> Rows:
    """Half of the random sources teach; the other half only make the ranking space what it is for all sources."""
    others = np.flatnonzero(~np.isin(part.ids, sorted(labelled)))
    random = np.random.default_rng(settings.seed + 1)
    return np.sort(random.choice(others, min(settings.unlabelled, (len(others) + 1) // 2), replace=False))


def images_in(labelled: int, views: int, settings: TuningSettings) -> int:
    """Images that the trunk will look at."""
    return labelled * (views + settings.turns) + settings.unlabelled * (2 * views + settings.turns)


def _maps(
    mosaic: Mosaic,
    part: Catalog,
    taught: Rows,
    recipe: Recipe,
    size: float,
    mapper: Mapper,
    views: int,
    settings: TuningSettings,
    course: Course,
) -> Maps:
    random = np.random.default_rng(settings.seed + 2)
    clean: NDArray[np.float16] | None = None
    noisy: NDArray[np.float16] | None = None
    read = read_regions(mosaic, part.x, part.y, size, recipe.preprocessing.bands, mapper.batch)
    with closing(ahead(read, lambda regions: regions, threads=1)) as regions_ahead:
        for regions in regions_ahead:
            _, sky, sigma = background(regions, recipe.preprocessing)
            for view in range(views):
                made = mapper.maps(recipe.inputs(regions.turned(view), sky))
                if clean is None:
                    _affordable(made[0].nbytes, len(part), views, len(taught), settings.turns)
                    clean = np.zeros((len(part), views, *made.shape[1:]), np.float16)
                    noisy = np.zeros((len(taught), settings.turns, *made.shape[1:]), np.float16)
                clean[regions.rows, view] = made
                course.tick(len(made), TEXT)
            teaches = np.isin(regions.rows, taught)
            if noisy is None or not teaches.any():
                continue
            some = regions.take(np.flatnonzero(teaches).tolist())
            place = np.searchsorted(taught, some.rows)
            for turn in range(settings.turns):
                copy = disturbed(some, sky[teaches], sigma[teaches], recipe.preprocessing, random)
                made = mapper.maps(recipe.inputs(copy.turned(int(random.integers(VIEWS))), sky[teaches]))
                noisy[place, turn] = made
                course.tick(len(made), TEXT)
    assert clean is not None and noisy is not None
    return Maps(clean, noisy, taught)


def _affordable(one: int, count: int, views: int, taught: int, turns: int) -> None:
    needed = one * (count * views + taught * turns)
    if needed > BYTES:
        raise AstroTLError(
            "Fine-tuning would need too much memory",
            f"{needed / 2**30:.1f} GiB for {count:,} sources. Embed with one view, or fine-tune on fewer labels.",
        )


def disturbed(
    regions: Regions, sky: F32, sigma: F32, preprocessing: Preprocessing, random: np.random.Generator
) -> Regions:
    """Copies with another flux and more noise, before any stretch.

    `sky`, `sigma` (n, B) are of the small cutouts, in physical units: a finer pixel has more noise, as averaging white
    noise over the pixels of a small one leaves that.
    """
    level = preprocessing.in_image_units(sky)[:, :, None, None]
    finer = np.maximum(regions.side / SIDE, 1)[:, None, None, None]
    noise = preprocessing.in_image_units(sigma)[:, :, None, None] * finer
    count = len(regions)
    flux = 10 ** random.normal(0, FLUX, (count, 1, 1, 1))
    amount = random.uniform(0, NOISE, (count, 1, 1, 1))
    grain = random.standard_normal(regions.planes.shape, dtype=np.float32)
    planes = level + (regions.planes - level) * flux + amount * noise * grain
    return replace(regions, planes=planes.astype(np.float32))


def labelled_in(training: Mapping[str, Mapping[int, int]], catalog: Catalog) -> set[int]:
    """Ids of the sources that have a label in any list."""
    every = {source for labels in training.values() for source in labels}
    return {source for source in every if catalog.rows_of([source])[0] >= 0}

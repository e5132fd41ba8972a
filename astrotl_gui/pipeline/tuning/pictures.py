"""A folder of labelled pictures as material for tuning, for `astrotl evaluate` and the benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.settings import TuningSettings
from astrotl_gui.ml.encoders import card
from astrotl_gui.ml.front import PictureFront
from astrotl_gui.ml.maps import Mapper, Maps
from astrotl_gui.ml.tail import cut
from astrotl_gui.pipeline.evaluation.labelled_set import LabelledSet
from astrotl_gui.pipeline.evaluation.pictures import network_pixels, read_picture, turned
from astrotl_gui.pipeline.tuning.judged import Material
from astrotl_gui.pipeline.tuning.sources import FLUX, NOISE, VIEWS

NOISE_8_BIT = 2.0
"""σ of the noise added to pictures, in steps of 8 bits, at most `NOISE` times."""


def picture_material(
    paths: Sequence[Path], labelled: LabelledSet, settings: TuningSettings, device: str = "cpu"
) -> Material:
    """Every picture, in file order; all of them may teach, labelled or not."""
    chosen = card(str(labelled.settings["encoder"]))
    network = cut(chosen, str(labelled.settings["layers"]))
    mapper = Mapper(chosen, PictureFront(chosen.mean, chosen.std), network.trunk, device)
    random = np.random.default_rng(settings.seed)
    views = int(labelled.settings["views"])
    clean, noisy = [], []
    for start in range(0, len(paths), mapper.batch):
        pixels = np.stack(
            [network_pixels(read_picture(path), chosen.input) for path in paths[start : start + mapper.batch]]
        )
        clean.append(np.stack([mapper.maps([turned(pixels, view)]) for view in range(views)], axis=1))
        turns = [_noisy(turned(pixels, int(random.integers(VIEWS))), random) for _ in range(settings.turns)]
        noisy.append(np.stack([mapper.maps([turn]) for turn in turns], axis=1))
    rows = np.arange(len(paths))
    maps = Maps(np.concatenate(clean), np.concatenate(noisy), rows)
    return Material(network, maps, labelled.catalog, labelled.embeddings, rows, rows, bool(labelled.target))


def _noisy(pixels: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    count = len(pixels)
    flux = 10 ** random.normal(0, FLUX, (count, 1, 1, 1))
    sigma = NOISE_8_BIT * random.uniform(0, NOISE, (count, 1, 1, 1))
    values = pixels * flux + sigma * random.normal(size=pixels.shape)
    return np.round(values).clip(0, 255).astype(np.uint8)

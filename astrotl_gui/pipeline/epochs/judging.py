"""Which epochs of which sources are problematic: the published rule, the learned score, whole epochs that are off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.epoch_table import EpochFacts, Reason
from astrotl_gui.core.epochs import label_target
from astrotl_gui.core.labels import Labels
from astrotl_gui.core.places import Places
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.ml.epoch_rule import flagged_by_distance, flagged_by_flux
from astrotl_gui.ml.epoch_score import ColdScore, labelled_scores
from astrotl_gui.pipeline.epochs.artifact_draws import DRAWS
from astrotl_gui.pipeline.epochs.comparing import Compared, draw_examples
from astrotl_gui.pipeline.epochs.embedding import Looked

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

EXAMPLES, MOST_CLEAN = 400, 2500
"""Artifacts drawn for the learned score, and epochs as they are beside them."""
SCORE = 0.5
"""Epochs with a learned score above this are flagged."""
FARTHEST, FAINTEST, WIDEST = 0.5, 0.5, 1.6
"""A whole epoch is flagged beyond this shift [px], dimming [mag] against the others, FWHM over their median."""


def teach(looked: Looked, catalog: Catalog, compared: Compared, fwhm: Sequence[float], usable: Bools, *,
          seed: int = 1, progress: Progress = SILENT) -> ColdScore | None:  # fmt: skip
    """The learned score before any label: epochs with an artifact drawn in against epochs as they are.

    `usable` (N,): sources that may be drawn into. None without any.
    """
    rows, epochs = np.flatnonzero(usable), compared.distance.shape[1]
    if not len(rows) or not epochs:
        return None
    rng = np.random.default_rng(seed)
    kinds = list(DRAWS)
    wanted = [
        (int(rng.choice(rows)), int(rng.integers(epochs)), kinds[k % len(kinds)]) for k in range(EXAMPLES)
    ]
    drawn = draw_examples(looked, catalog, wanted, DRAWS, fwhm, seed=seed, progress=progress)
    chosen = rng.permutation(len(rows) * epochs)[:MOST_CLEAN]
    of, column = rows[chosen // epochs], chosen % epochs
    return ColdScore.fit(
        compared.signs[of, column], catalog.ids[of], drawn.signs, catalog.ids[drawn.rows], seed=seed
    )


def epoch_labels(
    labels: Labels, ids: NDArray[np.int64], names: Sequence[str], vetter: str | None = None
) -> NDArray[np.int8]:
    """What sources (N,) in epochs (E) were called: +1 problematic, −1 good, 0 nothing; int8 (N, E)."""
    places = Places(ids)
    found = np.zeros((len(ids), len(names)), np.int8)
    signs = {"positive": 1, "negative": -1}
    for column, name in enumerate(names):
        current = labels.current(label_target(name), vetter)
        rows = places.of(list(current))
        values = np.array([signs.get(label.value, 0) for label in current.values()], np.int8)
        found[rows[rows >= 0], column] = values[rows >= 0]
    return found


def score_epochs(compared: Compared, cold: ColdScore | None, ids: NDArray[np.int64], labels: NDArray[np.int8], *,
                 progress: Progress = SILENT) -> NDArray[np.float32]:  # fmt: skip
    """The learned score (N, E), 0…1; NaN where nothing could be learned. Labels change the scores of all epochs."""
    shape = compared.distance.shape
    if cold is None:
        return np.full(shape, np.nan, np.float32)
    given = {int(k): int(labels.flat[k]) for k in np.flatnonzero(labels)}
    flat = compared.signs.reshape(-1, compared.signs.shape[-1])
    return (
        labelled_scores(cold, flat, np.repeat(ids, shape[1]), given, progress)
        .reshape(shape)
        .astype(np.float32)
    )


def reasons(
    rule: str,
    facts: Sequence[EpochFacts],
    compared: Compared,
    score: NDArray[np.float32],
    flux: Floats,
    error: Floats,
    missing: Floats,
    aligned: bool,
) -> NDArray[np.uint16]:
    """Bits of Reason (N, E) by a rule of EPOCH_RULES.

    The default adds missing pixels and what is wrong with a whole epoch to the learned score.
    """
    bits = np.zeros(flux.shape, np.uint16)
    if rule == "published":
        bits[flagged_by_distance(compared.distance, compared.threshold)] |= np.uint16(Reason.DISTANCE)
    elif rule == "flux":
        bits[flagged_by_flux(flux, error)] |= np.uint16(Reason.FLUX)
    else:
        bits[np.nan_to_num(score) > SCORE] |= np.uint16(Reason.LEARNED)
    if rule != "default":
        return bits
    bits[missing > MISSING] |= np.uint16(Reason.NO_DATA)
    for column, found in enumerate(whole_epoch(facts, aligned)):
        bits[:, column] |= np.uint16(found)
    return bits


MISSING = 0.05
"""A larger share of missing aperture pixels flags an epoch of a source."""


def whole_epoch(facts: Sequence[EpochFacts], aligned: bool) -> list[int]:
    """What is wrong with each epoch as a whole, as bits of Reason."""
    widths = np.array([fact.fwhm for fact in facts])
    typical = float(np.nanmedian(widths)) if np.isfinite(widths).any() else np.nan
    offsets = np.array([fact.offset for fact in facts])
    found = []
    for fact in facts:
        shifted = np.isfinite(fact.shift_error) and fact.shift > FARTHEST and not aligned
        dimmed = np.median(offsets) - fact.offset > FAINTEST
        bits = Reason.SHIFTED * int(shifted) | Reason.DIMMED * int(dimmed)
        found.append(int(bits | Reason.BLURRED * int(fact.fwhm > WIDEST * typical)))
    return found

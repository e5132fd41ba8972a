"""The ranked lists of a project: what they need once, and all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings, InjectionSettings
from astrotl_gui.ml.outlier import COMBINED
from astrotl_gui.pipeline.injection.stored import stored_pairs
from astrotl_gui.pipeline.making import find_embeddings
from astrotl_gui.pipeline.outliers import odd_by
from astrotl_gui.pipeline.pool import rank_pool
from astrotl_gui.pipeline.rank import RankInputs, prepare, rank


def load_inputs(
    folder: Path,
    catalog: Catalog,
    mosaic: Mosaic,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    outlier_method: str = COMBINED,
    injection: InjectionSettings = InjectionSettings(),  # noqa: B008 (frozen)
    *,
    progress: Progress = SILENT,
) -> RankInputs | None:
    """What ranking and similarity search need, from the embeddings in `folder`; None while some are missing.

    `outlier_method`, a key of OUTLIER_METHODS, orders the outliers before any label; the other lists learn from the
    injected examples beside the embeddings, where they are those of these settings. Raises AstroTLError, with the
    reason, when the embeddings there are not of this project's making.
    """
    embeddings = find_embeddings(folder, catalog, mosaic, cutouts, encoder)
    if embeddings is None or not len(catalog):
        return None
    odd = odd_by(outlier_method, folder, catalog, embeddings)
    injected = stored_pairs(folder, embeddings.key, injection, catalog)
    return prepare(catalog, embeddings, odd, injected, progress=progress)


def rank_lists(
    inputs: RankInputs, training: Mapping[str, Mapping[int, int]], *, progress: Progress = SILENT
) -> dict[str, Ranking]:
    """Rank the sources for each target in `training` (target → source id → +1 or −1): of millions, the pool."""
    return _each(rank_pool, inputs, training, progress)


def rank_all(
    inputs: RankInputs, training: Mapping[str, Mapping[int, int]], *, progress: Progress = SILENT
) -> dict[str, Ranking]:
    """As `rank_lists`, but always all sources."""
    return _each(rank, inputs, training, progress)


def index(inputs: RankInputs, *, progress: Progress = SILENT) -> None:
    """Make the index that similarity search and pools look things up in, before anybody waits for it."""
    progress(0, 1, "Preparing similarity search")
    assert inputs.index is not None
    progress(1, 1, "Preparing similarity search")


def _each(
    how: Callable[..., Ranking],
    inputs: RankInputs,
    training: Mapping[str, Mapping[int, int]],
    progress: Progress,
) -> dict[str, Ranking]:
    lists = {}
    for number, (target, labels) in enumerate(training.items()):
        progress(number, len(training), "Ranking")
        lists[target] = how(inputs, target, labels, progress=progress).indexed()
    progress(len(training), len(training), "Ranking")
    return lists

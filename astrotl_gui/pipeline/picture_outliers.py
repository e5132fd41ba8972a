"""A convolutional autoencoder of the cutouts themselves: the one outlier method that no embedding stands between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.outlier_table import OutlierTable
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.regions import in_tiles, read_regions
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings
from astrotl_gui.ml.autoencoder import PictureAutoencoder
from astrotl_gui.ml.kernel import uniform_ranks
from astrotl_gui.ml.outlier import worth
from astrotl_gui.ml.preprocess import SOFTENING, Preprocessing
from astrotl_gui.pipeline.making import find_embeddings
from astrotl_gui.pipeline.outliers import columns_of, compare_outliers

METHOD = "pictures"
SIDE = 32
"""Pixels of the pictures."""
REFERENCE = 4096
"""Most cutouts it learns from."""
BATCH = 256

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


def compare_pictures(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    *,
    progress: Progress = SILENT,
) -> OutlierTable:
    """`compare_outliers` with the autoencoder of cutouts among the methods.

    Raises AstroTLError as that does, and for images that cannot be read.
    """
    table = compare_outliers(mosaic, catalog, folder, cutouts, encoder, progress=progress)
    if METHOD in table.methods:
        return table
    scores = picture_errors(mosaic, catalog, cutouts.size, progress=progress)
    embeddings = find_embeddings(folder, catalog, mosaic, cutouts, encoder)
    assert embeddings is not None  # its table is here
    counts = worth(columns_of(catalog, embeddings))
    table = table.with_method(METHOD, uniform_ranks(scores) * counts)
    table.write(folder / embeddings.key)
    return table


def picture_errors(
    mosaic: Mosaic, catalog: Catalog, size: float, steps: int = 0, *, progress: Progress = SILENT
) -> F64:
    """Return, for each source of the catalog, how badly its cutout of `size` arcsec is reproduced (mean square, σ²).

    Learned from at most 4,096 of them, drawn by id; pixels are asinh of the background-subtracted flux in σ, bad
    ones count as background. Holds no more than that many cutouts at once.
    """
    count = len(catalog)
    stretch = Preprocessing.fit(mosaic, catalog.ids, catalog.x, catalog.y, size)
    drawn = np.random.default_rng(0).permutation(count)[:REFERENCE]
    sample = np.argsort(catalog.ids, kind="stable")[np.sort(drawn)]
    rows = sample[in_tiles(catalog.x[sample], catalog.y[sample])]
    parts = []
    for _, part in _pictures(mosaic, catalog, size, stretch, rows):
        parts.append(part)
        progress(0, count, "Reading cutouts")
    network = PictureAutoencoder(np.concatenate(parts), steps, progress=progress)
    errors = np.empty(count)
    done = 0
    for rows, part in _pictures(mosaic, catalog, size, stretch, in_tiles(catalog.x, catalog.y)):
        errors[rows] = network.errors(part)
        done += len(rows)
        progress(done, count, "Comparing cutouts")
    return errors


def _pictures(
    mosaic: Mosaic, catalog: Catalog, size: float, stretch: Preprocessing, rows: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], F32]]:
    """(rows, pictures float32 (n, B, SIDE, SIDE)) of the wanted rows, a batch at a time."""
    for regions in read_regions(mosaic, catalog.x, catalog.y, size, stretch.bands, BATCH, rows):
        flux = stretch.physical(regions.resampled(SIDE))
        sky, noise = (level[:, :, None, None] for level in stretch.background(flux))
        yield regions.rows, np.nan_to_num(np.arcsinh((flux - sky) / (SOFTENING * noise))).astype(np.float32)

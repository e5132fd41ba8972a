"""The sources of a project: detected, or taken from the user's catalog."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from astrotl_gui.core.catalog import Catalog, read_user_catalog
from astrotl_gui.core.labels import Label
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.adopt import adopt
from astrotl_gui.pipeline.detect import detect
from astrotl_gui.pipeline.measure import measure


def find_sources(
    mosaic: Mosaic,
    previous: Catalog,
    labels: Sequence[Label],
    next_id: int,
    settings: DetectionSettings,
    catalog_file: Path | None = None,
    *,
    progress: Progress = SILENT,
) -> Catalog:
    """Detect sources, or measure those of `catalog_file`, and give them ids that keep labels on their objects.

    Raises AstroTLError for a catalog that cannot be read or lies outside the mosaic.
    """
    if catalog_file is None:
        found = detect(mosaic, settings, progress=progress)
    else:
        found = measure(mosaic, read_user_catalog(catalog_file), settings, progress=progress)
    return adopt(mosaic, previous, found, labels, next_id, settings, progress=progress)

"""The sources of a project: detected, or taken from the user's catalog."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from astrotl_gui.core.catalog import Catalog, read_user_catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import Label
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.adopt import adopt
from astrotl_gui.pipeline.detect import detect
from astrotl_gui.pipeline.measure import measure
from astrotl_gui.pipeline.stamps.sheet import sheet_sources


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

    A sheet of stamps has its sources with it: nothing is detected there, and ids stay. Raises AstroTLError for a
    catalog that cannot be read or lies outside the mosaic, and for any catalog on a sheet.
    """
    if mosaic.spec.stamp_side:
        if catalog_file is not None:
            raise AstroTLError(
                "These are stamps",
                "Each stamp is a source already. Give a table of them with --ids in a new project.",
            )
        return sheet_sources(mosaic)
    if catalog_file is None:
        found = detect(mosaic, settings, progress=progress)
    else:
        found = measure(mosaic, read_user_catalog(catalog_file), settings, progress=progress)
    return adopt(mosaic, previous, found, labels, next_id, settings, progress=progress).indexed()

"""A contact sheet: injected examples, each beside its host, as one picture file."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.pipeline.injection.pictures import Picture, example_pictures

COLUMNS, GAP = 6, 4
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


def write_contact_sheet(
    path: Path, project: Project, mosaic: Mosaic, catalog: Catalog, targets: Sequence[str], count: int = 24
) -> None:
    """Write pairs (injected left, host right) of each target, one below the other.

    Raises AstroTLError for a file name that is no picture's, where there are no hosts, and where it cannot be written.
    """
    check_format(path)
    pairs: list[list[Picture]] = []
    for target in targets:
        shown = example_pictures(
            mosaic, catalog, project.embeddings_folder, project.cutouts, project.encoder, project.injection,
            target, count,
        )  # fmt: skip
        pairs += [[one.injected, one.plain] for one in shown.examples]
    if not pairs:
        raise AstroTLError("Nothing to show", "No source is fit to be a host, so nothing was injected.")
    write_picture(path, tiled(pairs, COLUMNS))


def check_format(path: Path) -> None:
    """AstroTLError for a file name that is no picture's."""
    if path.suffix.lower() not in FORMATS:
        raise AstroTLError("No picture format", f"{path.name} should end in .png or .jpg.")


def tiled(groups: Sequence[Sequence[Picture]], columns: int) -> NDArray[np.uint8]:
    """Groups of pictures side by side, `columns` groups a row; a gap between groups."""
    joined = [np.concatenate(group, axis=1) for group in groups]
    height, width = joined[0].shape[:2]
    rows = -(-len(joined) // columns)
    columns = min(columns, len(joined))
    sheet = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for number, picture in enumerate(joined):
        top, left = (number // columns) * (height + GAP), (number % columns) * (width + GAP)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def write_picture(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write R G B pixels; the name's ending says how."""
    from PIL import Image

    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, FORMATS[path.suffix.lower()], quality=88)
    with atomic_write(path) as temporary:
        temporary.write_bytes(buffer.getvalue())

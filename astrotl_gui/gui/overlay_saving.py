"""What is over the sky, written as one DS9 region file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from astrotl_gui.gui.file_dialogs import written_message
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.overlays import CANDIDATES, DETECTIONS, LABELS
from astrotl_gui.gui.session_state import later

if TYPE_CHECKING:
    from astrotl_gui.core.region_text import Region
    from astrotl_gui.gui.session import Session

_REGION_MARKS = {"cross": "x", "plus": "cross", "corners": "box", "sides": "arrow"}


def save_regions(session: Session, path: Path) -> None:
    """Write what is shown as one DS9 region file."""
    parts = list(_parts(session))
    total = sum(count for count, _ in parts)
    if not total:
        session.messaged.emit(Message("Nothing is shown", "Switch an overlay on, then save the regions."))
        return

    def saved(written: int) -> None:
        text = f"{path.name}, {written:,} {'region' if written == 1 else 'regions'} for DS9."
        session.messaged.emit(written_message("Regions saved", path, text))

    session._run(
        "Saving regions",
        later("overlay_files", "save_regions"),
        path,
        [part for _, part in parts],
        total,
        then=saved,
    )


def _parts(session: Session) -> Iterator[tuple[int, Callable[[], Iterator[Region]]]]:
    overlays, mosaic, catalog = session.overlays, session.mosaic, session.catalog
    if mosaic is None:
        return
    sources, places = (
        later("overlay_files", "sources_as_regions"),
        later("overlay_files", "places_as_regions"),
    )
    ids, noun = catalog.ids, session.noun()
    if overlays.shows(DETECTIONS) and len(catalog):
        rows = np.arange(len(catalog))
        yield len(rows), partial(sources, catalog, rows, mosaic, True, "", lambda row: str(ids[row]))
    ranking = session.ranking()
    if overlays.shows(CANDIDATES) and ranking is not None:
        rows = catalog.rows_of(ranking.ids[: overlays.top or None])
        rank = {int(row): place for place, row in enumerate(rows, 1)}
        rows = rows[rows >= 0]
        yield (
            len(rows),
            partial(sources, catalog, rows, mosaic, False, "circle", lambda row: f"{noun} {rank[row]}"),
        )
    if overlays.shows(LABELS) and session.labels():
        labels = session.labels()
        rows = catalog.rows_of(list(labels))
        rows = rows[rows >= 0]
        yield (
            len(rows),
            partial(
                sources,
                catalog,
                rows,
                mosaic,
                False,
                "diamond",
                lambda row: f"{noun} {labels[int(ids[row])].value}",
            ),
        )
    for file in overlays.files:
        if file.shown and file.content is not None:
            content = file.content
            if content.regions:
                yield len(content.regions), partial(iter, content.regions)
            else:
                yield len(content.index), partial(places, content, mosaic, _REGION_MARKS[file.glyph])

"""Going to a rank, an id, a place on the sky; and taking a place along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from astrotl_gui.core.matching import match_sky

from .message import Message
from .status_bar import dec_text, ra_text

if TYPE_CHECKING:
    from .main_window import MainWindow


def go_to_rank(window: MainWindow, rank: int) -> None:
    """Select a candidate of the current list."""
    ranking = window.session.ranking()
    if ranking is None or not 1 <= rank <= len(ranking.ids):
        count = 0 if ranking is None else len(ranking.ids)
        window.messages.show(Message("No such rank", f"This list has {count:,} candidates.", "warn"))
    else:
        window.session.select(int(ranking.ids[rank - 1]))
        window.session.reveal()  # who asks for a rank knows it: what Vet hides is hidden no more


def go_to_id(window: MainWindow, source: int) -> None:
    """Select a source by its id."""
    if window.session.catalog.rows_of([source])[0] < 0:
        window.messages.show(Message("No such source", f"The catalog has no id {source}.", "warn"))
    else:
        window.session.select(source)


def go_to_sky(window: MainWindow, ra: float, dec: float) -> None:
    """Centre the mosaic on a place [deg, ICRS]; among stamps, select the one that shows it."""
    session, mosaic = window.session, window.session.mosaic
    if mosaic is not None and mosaic.spec.stamp_side and session.catalog.has_sky:
        reach = mosaic.spec.stamp_side * mosaic.pixel_scale() / 2
        (row,) = match_sky([ra], [dec], session.catalog.ra, session.catalog.dec, reach)
        if row < 0:
            window.messages.show(Message("On no stamp", f"{ra_text(ra)} {dec_text(dec)}", "warn"))
        else:
            session.select(int(session.catalog.ids[row]))
        return
    if mosaic is None or not mosaic.has_sky:
        window.messages.show(Message("No coordinates", "This mosaic has none, so sky search is off.", "warn"))
        return
    x, y = (float(value) for value in mosaic.pixel(ra, dec))
    ny, nx = mosaic.shape
    if not (-0.5 <= x < nx - 0.5 and -0.5 <= y < ny - 0.5):
        window.messages.show(Message("Outside this mosaic", f"{ra_text(ra)} {dec_text(dec)}", "warn"))
        return
    if window.page != "explore":
        window.show_page("explore")
    window.view.centre_on(x, y)


def copy_coordinates(window: MainWindow, degrees: bool) -> None:
    """Put RA and Dec of the selected source on the clipboard."""
    if window.session.selected is None:
        return
    row = window.session.catalog.row(window.session.selected)
    ra, dec = float(row["ra"]), float(row["dec"])
    sexagesimal = f"{ra_text(ra)} {dec_text(dec).replace('−', '-')}"
    QGuiApplication.clipboard().setText(f"{ra:.7f} {dec:+.7f}" if degrees else sexagesimal)
    window.messages.show(Message("Coordinates copied", QGuiApplication.clipboard().text()))

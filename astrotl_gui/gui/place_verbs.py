"""Going to a rank, an id, a place on the sky; and taking a place along."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from astrotl_gui.core.matching import match_sky

from .message import Message
from .session_state import later
from .status_bar import dec_text, ra_text
from .zoom import set_zoom

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
    _go_to(window, x, y, f"{ra_text(ra)} {dec_text(dec)}")


def go_to_pixel(window: MainWindow, x: float, y: float) -> None:
    """Centre the mosaic on a pixel [0-based]."""
    if window.session.mosaic is not None:
        ny, nx = window.session.mosaic.shape
        _go_to(window, x, y, f"{x:g}, {y:g} is not one of its {nx:,} × {ny:,} px")


def _go_to(window: MainWindow, x: float, y: float, named: str) -> None:
    """Centre the mosaic on an image position; say so where that lies outside, naming it."""
    assert window.session.mosaic is not None
    ny, nx = window.session.mosaic.shape
    if not (-0.5 <= x < nx - 0.5 and -0.5 <= y < ny - 0.5):
        window.messages.show(Message("Outside this mosaic", named, "warn"))
        return
    if window.page != "explore":
        window.show_page("explore")
    window.view.centre_on(x, y)


def go_to_zoom(window: MainWindow, factor: float) -> None:
    """Show the mosaic at so many screen pixels an image pixel."""
    if window.page != "explore":
        window.show_page("explore")
    set_zoom(window.view, factor)


def look_up(window: MainWindow, name: str) -> None:
    """Ask the name service where an object is, and go there."""
    session = window.session
    session.run(
        f"Looking up {name}", later("resolve", "resolve"), name, then=lambda at: go_to_sky(window, *at)
    )


# --- the clipboard -----------------------------------------------------------------------------------


def sky_text(ra: float, dec: float, degrees: bool = False) -> str:
    """A position [deg] as DS9 and Aladin read it: "03:32:38.611 -27:48:21.42", or in degrees to 0.4 mas."""
    if degrees:
        return f"{ra:.7f} {dec:+.7f}"
    return f"{ra_text(ra)}|{dec_text(dec)}".replace(" ", ":").replace("|", " ").replace("−", "-")


def copy_text(window: MainWindow, what: str, text: str) -> None:
    """Put a text on the clipboard and show it."""
    QGuiApplication.clipboard().setText(text)
    window.messages.show(Message(f"{what} copied", text))


def copy_coordinates(window: MainWindow, degrees: bool) -> None:
    """Put RA and Dec of the selected source on the clipboard; of several, a line each."""
    rows = map(window.session.catalog.row, window.session.selection)
    text = "\n".join(sky_text(float(row["ra"]), float(row["dec"]), degrees) for row in rows)
    if text:
        copy_text(window, "Coordinates", text)


def copy_cursor(window: MainWindow, form: str) -> None:
    """Put the position under the mouse on the clipboard: "sky", "degrees" or "pixel"."""
    mosaic, at = window.session.mosaic, window.view.pointed
    if mosaic is None or at is None:
        window.messages.show(
            Message("Nothing is pointed at", "Move the mouse over the mosaic first.", "warn")
        )
        return
    if form == "pixel" or not mosaic.has_sky:
        copy_text(window, "Pixel position", f"{at[0]:.2f} {at[1]:.2f}")
    else:
        ra, dec = (float(value) for value in mosaic.sky(*at))
        copy_text(window, "Coordinates", sky_text(ra, dec, form == "degrees"))

"""What Vet says of a candidate: place and measurements, and its rank once that is no secret."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .facts import MAG_PER_RELATIVE_ERROR, measurements
from .status_bar import dec_text, ra_text

if TYPE_CHECKING:
    from .session import Session


def vet_facts(session: Session, source: int, hidden: bool) -> list[tuple[str, str]]:
    """(name, value) rows of a source; with `hidden` neither its rank nor any label."""
    row = session.catalog.row(source)
    facts = []
    if math.isfinite(row["ra"]) and math.isfinite(row["dec"]):
        facts = [("RA", ra_text(row["ra"])[:-1]), ("Dec", dec_text(row["dec"])[:-1])]
    elif row.get("stamp"):
        facts = [("Stamp", str(row["stamp"]))]
    measured = [fact for fact in measurements(session, source) if not hidden or fact[0] != "Label"]
    bands = [band.name for band in session.mosaic.bands] if session.mosaic is not None else []
    colour = colour_text(row, bands[0], bands[-1]) if len(bands) > 1 else ""
    facts += [*measured[:1], *([(f"{bands[0]} − {bands[-1]}", colour)] if colour else []), *measured[1:]]
    ranking = session.ranking()
    rank = ranking.rank_of(source) if ranking is not None else None
    if hidden:
        facts.append(("Rank", "hidden while blind"))
    elif rank is not None and ranking is not None:
        facts.append(("Rank", f"{rank:,} of {len(ranking) + ranking.rest:,}"))
    return facts


def colour_text(row: Mapping[str, Any], blue: str, red: str) -> str:
    """The difference of two AB magnitudes ± 1σ, errors taken as independent; "" where one was not measured."""
    difference, variance = 0.0, 0.0
    for band, sign in ((blue, 1), (red, -1)):
        magnitude, flux, error = (
            float(row.get(f"{name}_{band}", math.nan)) for name in ("mag", "flux", "fluxerr")
        )
        difference += sign * magnitude
        variance += (MAG_PER_RELATIVE_ERROR * error / flux) ** 2 if flux > 0 else math.nan
    if not math.isfinite(difference):
        return ""
    spread = f" ± {math.sqrt(variance):.2f}" if math.isfinite(variance) else ""
    return f"{difference:.2f}{spread}".replace("-", "−")

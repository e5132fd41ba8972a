"""What the inspector says of a source: position and measurements as text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from astrotl_gui.core.labels import Label

from .status_bar import dec_text, ra_text

if TYPE_CHECKING:
    from .session import Session

SAID = {"positive": "Yes", "negative": "No", "unsure": "Unsure"}
MAG_PER_RELATIVE_ERROR = 2.5 / math.log(10)


def place_text(row: Mapping[str, Any]) -> str:
    """Where a source is: "03 32 38.61  −27 48 21.4"; without sky coordinates its stamp, else in pixels."""
    ra, dec = float(row["ra"]), float(row["dec"])
    if math.isfinite(ra) and math.isfinite(dec):
        return f"{ra_text(ra)[:-1]}  {dec_text(dec)[:-1]}"
    return str(row.get("stamp") or f"x {row['x']:.1f}  y {row['y']:.1f}")


def magnitude_text(row: Mapping[str, Any], band: str) -> str:
    """AB magnitude ± 1σ of a band; its flux ± 1σ [image units] without zero point; "" when not measured."""
    flux, error = _number(row, f"flux_{band}"), _number(row, f"fluxerr_{band}")
    magnitude = _number(row, f"mag_{band}")
    if math.isfinite(magnitude):
        spread = MAG_PER_RELATIVE_ERROR * error / flux if flux > 0 else math.nan
        if not math.isfinite(spread):
            return f"{magnitude:.2f}"
        places = 2 if spread >= 0.005 else 3
        return f"{magnitude:.{places}f} ± {spread:.{places}f}"
    if not math.isfinite(flux):
        return ""
    return flux_text(flux, error)


def flux_text(flux: float, error: float) -> str:
    """A flux and its 1σ, both to the second figure of the error: "0.221 ± 0.012", "1,234 ± 56"."""
    if not (math.isfinite(error) and error > 0):
        return f"{flux:.3g}"
    places = 1 - math.floor(math.log10(error))
    if places > 5:
        power = math.floor(math.log10(max(abs(flux), error)))
        return f"({flux / 10**power:.2f} ± {error / 10**power:.2f}) × 10{raised(power)}"
    places = max(places, 0)
    return f"{flux:,.{places}f} ± {error:,.{places}f}"


def raised(power: int) -> str:
    """A power as it stands after a 10: "⁻⁵"."""
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def label_text(label: Label) -> str:
    """A label and who gave it: "Yes, A, by mk"."""
    parts = [SAID.get(label.value, label.value), label.contaminant or label.grade]
    if label.vetter:
        parts.append(f"by {label.vetter}")
    return ", ".join(part for part in parts if part)


def brightness(session: Session, source: int) -> tuple[str, str]:
    """(name, value) of a source in the reference band: "r" and its magnitude, or "r flux" and its flux."""
    row = session.catalog.row(source)
    band = session.mosaic.reference.name if session.mosaic is not None else ""
    name = band if math.isfinite(_number(row, f"mag_{band}")) else f"{band} flux"
    return name, magnitude_text(row, band).replace("-", "−")


def measurements(session: Session, source: int) -> list[tuple[str, str]]:
    """(name, value) rows of a source; what was not measured is left out."""
    if session.mosaic is None:
        return []
    row = session.catalog.row(source)
    facts = [brightness(session, source)]
    for name, text, column in (
        ("Half-light radius", "{:.2f}″", "r50"),
        ("Signal to noise", "{:,.0f}", "snr"),
    ):
        value = _number(row, column)
        if math.isfinite(value):
            shown = "{:.1f}" if column == "snr" and value < 10 else text
            facts.append((name, shown.format(value)))
    facts += [*_estimates(row), *_variability(row)]
    masked = _number(row, "masked_fraction")
    if masked >= 0.005:
        facts.append(("Masked", f"{masked:.0%}".replace("%", " %")))
    if math.isfinite(_number(row, "ra")) and row.get("stamp"):
        facts.append(("Stamp", str(row["stamp"])))
    label = session.label_of(source)
    if label is not None:
        facts.append(("Label", label_text(label)))
    return [(name, value) for name, value in facts if value]


def _estimates(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Parameters that were estimated: "10.42 ± 0.21"; one unlike all that was learned from has a question mark."""
    facts = []
    for name in row:
        value, error = _number(row, name), _number(row, f"{name}_err")
        if f"{name}_outside" in row and math.isfinite(value):
            facts.append((name, estimate_text(value, error, bool(_number(row, f"{name}_outside")))))
    return facts


def estimate_text(value: float, error: float, outside: bool) -> str:
    """An estimated parameter with its error, a question mark where it is unlike all known; "" without a value."""
    if not math.isfinite(value):
        return ""
    return flux_text(value, error).replace("-", "−") + (" ?" if outside else "")


def _variability(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How much it varies between epochs: reduced χ² of a constant flux, and how many epochs do not count."""
    chi2, flagged = _number(row, "var_chi2"), _number(row, "var_flagged")
    if not math.isfinite(chi2):
        return []
    left_out = f", {flagged:.0f} flagged" if flagged else ""
    return [("Varies", f"χ² {chi2:.3g}{left_out}")]


def _number(row: Mapping[str, Any], column: str) -> float:
    value = row.get(column)
    return float(value) if isinstance(value, int | float) else math.nan

"""The truth table: one row for everything drawn, and the places already taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.table import Table
from numpy.typing import NDArray

from astrotl_gui.pipeline.simulation.instrument import BANDS, Array, field_wcs

CLASSES = ("galaxy", "star", "lens", "agn", "artifact", "outlier")
TEXTS = {"class": "what it is", "kind": "finer class", "band": "the band an artifact is in; empty: all"}
NUMBERS = {
    "ra": ("deg", "ICRS right ascension"),
    "dec": ("deg", "ICRS declination"),
    "x": ("pix", "0-based pixel along columns"),
    "y": ("pix", "0-based pixel along rows"),
    "mag_g": ("mag", "total AB magnitude in g"),
    "mag_r": ("mag", "total AB magnitude in r"),
    "mag_i": ("mag", "total AB magnitude in i"),
    "z": ("", "redshift"),
    "r50": ("arcsec", "half-light radius along the major axis"),
    "sersic_n": ("", "Sersic index of the body (disc of a spiral)"),
    "q": ("", "axis ratio; of the mass for a lens"),
    "theta": ("deg", "position angle east of north"),
    "einstein_radius": ("arcsec", "Einstein radius of the lens"),
    "z_source": ("", "redshift of the lensed source"),
    "arc_mag_g": ("mag", "total AB magnitude of all images in g"),
    "magnification": ("", "total magnification of the source"),
    "nucleus_mag_i": ("mag", "AB magnitude of the active nucleus in i"),
    "length": ("arcsec", "length of a trail, column or streak"),
}


@dataclass
class Truth:
    """Rows in the order they were drawn; `save` keeps those inside the field."""

    size: int
    rows: list[dict[str, object]] = field(default_factory=list)

    def add(
        self, class_: str, kind: str, x: float, y: float, mags: Array | None = None, **values: object
    ) -> None:
        """One object at 0-based px (x, y) with AB magnitudes (bands,); other columns by name."""
        row: dict[str, object] = {"class": class_, "kind": kind, "x": float(x), "y": float(y), **values}
        if mags is not None:
            row |= {f"mag_{band.name}": float(mag) for band, mag in zip(BANDS, mags, strict=True)}
        self.rows.append(row)

    def table(self) -> Table:
        """The rows inside the field as an astropy Table with units, sky positions filled in."""
        inside = [r for r in self.rows if _inside(r["x"], self.size) and _inside(r["y"], self.size)]
        table = Table()
        table["class"] = [str(r["class"]) for r in inside]
        table["kind"] = [str(r["kind"]) for r in inside]
        for name, (unit, text) in NUMBERS.items():
            table[name] = np.array([r.get(name, np.nan) for r in inside], float)
            table[name].unit, table[name].description = unit or None, text
        table["band"] = [str(r.get("band", "")) for r in inside]
        table["masked"] = np.array([bool(r.get("masked", False)) for r in inside])
        for name, text in TEXTS.items():
            table[name].description = text
        table["masked"].description = "the mask covers it"
        table["ra"], table["dec"] = field_wcs(self.size).pixel_to_world_values(table["x"], table["y"])
        for name in ("ra", "dec"):
            table[name].unit, table[name].description = NUMBERS[name]
        table.meta["comments"] = ["Simulated: nothing in this table exists."]
        return table

    def save(self, ecsv: Path, parquet: Path) -> None:
        """Write both forms of the table."""
        table = self.table()
        rounded = table.copy()
        for name in NUMBERS:
            rounded[name].info.format = ".7f" if name in ("ra", "dec") else ".4f"
        rounded.write(ecsv, format="ascii.ecsv")
        columns = {name: np.asarray(table[name]).tolist() for name in table.colnames}
        pq.write_table(pa.table(columns).replace_schema_metadata({"simulated": "true"}), parquet)


def _inside(value: object, size: int) -> bool:
    return -0.5 <= float(str(value)) < size - 0.5


class Places:
    """Circles on the field already taken, for placing rare objects where they can be seen."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._taken = np.empty((0, 3))

    def take(self, x: Array | float, y: Array | float, radius: Array | float) -> None:
        """Reserve circles (px)."""
        new = np.column_stack(np.broadcast_arrays(np.atleast_1d(x), np.atleast_1d(y), np.atleast_1d(radius)))
        self._taken = np.concatenate([self._taken, new])

    def find(self, rng: np.random.Generator, radius: float, border: float = 30.0) -> tuple[float, float]:
        """A random place (and reserve it) whose circle touches no other; on a full field the freest of 400."""
        best, most = (0.0, 0.0), -np.inf
        for _ in range(400):
            x, y = rng.uniform(border, self.size - 1 - border, 2)
            gap = self._gap(x, y) - radius
            if gap > most:
                best, most = (float(x), float(y)), gap
            if gap > 0:
                break
        self.take(*best, radius)
        return best

    def _gap(self, x: float, y: float) -> float:
        if not len(self._taken):
            return np.inf
        return float((np.hypot(self._taken[:, 0] - x, self._taken[:, 1] - y) - self._taken[:, 2]).min())


def clear_of(x: Array, y: Array, centres: Array, radius: float) -> NDArray[np.bool_]:
    """True where (x, y) is at least `radius` px from all `centres` (M, 2)."""
    keep = np.ones(len(x), bool)
    for cx, cy in centres:
        keep &= np.hypot(x - cx, y - cy) > radius
    return keep

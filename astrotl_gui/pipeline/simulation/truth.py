"""The truth table: one row for everything drawn that can be seen."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.table import Table
from numpy.typing import NDArray

TEXTS = {
    "class": "galaxy, star, lens, agn, artifact or outlier",
    "kind": "finer class",
    "band": "the band an artifact is in; empty: all",
}
NUMBERS = {
    "ra": ("deg", "ICRS right ascension"),
    "dec": ("deg", "ICRS declination"),
    "x": ("pix", "0-based pixel along columns"),
    "y": ("pix", "0-based pixel along rows"),
    "z": ("", "redshift"),
    "log_mass": ("dex(solMass)", "stellar mass (Chabrier)"),
    "log_sfr": ("dex(solMass/yr)", "star formation rate (Chabrier), with the scatter of the main sequence"),
    "r50": ("arcsec", "half-light radius of the body along its major axis"),
    "sersic_n": ("", "Sersic index of the body: 1 for discs"),
    "q": ("", "axis ratio of the body"),
    "theta": ("deg", "position angle east of north"),
    "bulge_share": ("", "bulge over total stellar mass"),
    "einstein_radius": ("arcsec", "Einstein radius of a lens"),
    "z_source": ("", "redshift of what is lensed"),
    "sigma_v": ("km/s", "velocity dispersion of a lens"),
    "magnification": ("", "total magnification of what is lensed"),
    "lens_q": ("", "axis ratio of a lens's mass"),
    "length": ("arcsec", "length of a trail, column or track, centred on the position, along theta"),
}
BAND_NUMBERS = {
    "mag": ("mag(AB)", "total AB magnitude in {}"),
    "flux": ("", "total flux in {}, image units"),
    "arc_mag": ("mag(AB)", "AB magnitude of all images of what is lensed in {}"),
    "nucleus_mag": ("mag(AB)", "AB magnitude of an active nucleus in {}"),
}


def number_columns(bands: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Every numeric column of a field in `bands`: name → (unit, description)."""
    columns = dict(NUMBERS)
    for name, (unit, text) in BAND_NUMBERS.items():
        columns |= {f"{name}_{band}": (unit, text.format(band)) for band in bands}
    return columns


class TruthWriter:
    """Writes the table part by part, as Parquet and as ECSV: no more than one part is in memory.

    Ids count from 1 in the order written. Use as a context manager.
    """

    def __init__(self, folder: Path, stem: str, bands: Sequence[str]) -> None:
        self.parquet, self.ecsv = folder / f"{stem}.parquet", folder / f"{stem}.ecsv"
        self._numbers = number_columns(bands)
        self._text = self.ecsv.open("w", encoding="utf-8")
        fields = [("id", pa.int64()), *((name, pa.string()) for name in TEXTS), ("masked", pa.bool_())]
        fields += [(name, pa.float64() if name in ("ra", "dec") else pa.float32()) for name in self._numbers]
        self._schema = pa.schema(fields, metadata={"simulated": "true"})
        self._writer = pq.ParquetWriter(self.parquet, self._schema, compression="zstd")
        self.count = 0

    def write(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Add rows; what a row does not name is empty."""
        columns: dict[str, object] = {"id": np.arange(self.count + 1, self.count + 1 + len(rows))}
        columns |= {name: [str(row.get(name, "")) for row in rows] for name in TEXTS}
        columns["masked"] = np.array([bool(row.get("masked", False)) for row in rows], bool)
        for name in self._numbers:
            columns[name] = np.array([row.get(name, np.nan) for row in rows], float)
        self._writer.write_table(pa.table(columns, schema=None).select(self._schema.names).cast(self._schema))
        self._write_text(columns)
        self.count += len(rows)

    def _write_text(self, columns: Mapping[str, object]) -> None:
        table = Table()
        for name in self._schema.names:
            table[name] = np.asarray(columns[name]) if name not in TEXTS else np.asarray(columns[name], str)
            if name in self._numbers:
                unit, table[name].description = self._numbers[name]
                table[name].unit = unit or None
                table[name].info.format = ".7f" if name in ("ra", "dec") else ".4f"
            elif name in TEXTS:
                table[name].description = TEXTS[name]
        table["masked"].description = "the mask covers it"
        table.meta["comments"] = ["Simulated: nothing in this table exists."]
        buffer = io.StringIO()
        table.write(buffer, format="ascii.ecsv")
        lines = buffer.getvalue().splitlines(keepends=True)
        if self._text.tell():  # the header stands already
            lines = [line for line in lines if not line.startswith("#")][1:]
        self._text.writelines(lines)

    def __enter__(self) -> TruthWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        self._text.close()


def band_values(
    name: str, bands: Sequence[str], values: Sequence[float] | NDArray[np.floating]
) -> Iterator[tuple[str, float]]:
    """("mag_g", 21.3), ("mag_r", 20.6) … from magnitudes by band."""
    return ((f"{name}_{band}", float(value)) for band, value in zip(bands, values, strict=True))

"""Tables in the formats astronomers exchange: CSV, ECSV, FITS, VOTable, Parquet."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from astropy.table import Table
from astropy.units import Unit

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.pipeline.time_frame import add_time_system

Writer = Callable[[Path, Table, Mapping[str, str]], None]


def write_table(path: Path, table: Table, provenance: Mapping[str, str]) -> None:
    """Write any table in the format its extension names (regions excepted), whole or not at all."""
    writer = check_table(path)
    with atomic_write(path) as temporary:
        writer(temporary, table, provenance)


def check_table(path: Path) -> Writer:
    """The writer of a table; AstroTLError for an extension that names none, before anything long is begun."""
    writer = writer_of(path)
    if writer is None:
        raise AstroTLError("Regions need candidates", f"{path.name}: choose a table format for this.")
    return writer


def writer_of(path: Path) -> Writer | None:
    """The writer of an extension; None means DS9 regions."""
    extension = path.suffix.lower()
    if extension not in WRITERS:
        raise AstroTLError(
            "This format is not known",
            f"{path.name} should end in {', '.join(list(WRITERS)[:-1])} or {list(WRITERS)[-1]}.",
        )
    return WRITERS[extension]


def _write_csv(path: Path, table: Table, provenance: Mapping[str, str]) -> None:
    text = io.StringIO()
    table.write(text, format="ascii.csv")
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def _write_ecsv(path: Path, table: Table, provenance: Mapping[str, str]) -> None:
    described = table.copy(copy_data=False)
    described.meta.update(provenance)
    text = io.StringIO()
    described.write(text, format="ascii.ecsv")
    path.write_text(text.getvalue(), encoding="utf-8", newline="")


def _write_fits(path: Path, table: Table, provenance: Mapping[str, str]) -> None:
    """FITS text is ASCII by the standard; readers in use take UTF-8, so what is beyond ASCII is that.

    Units that FITS does not know (nmgy) would be dropped; as unrecognised ones they stay as they are spelt.
    """
    encoded = table.copy(copy_data=False)
    for name in table.colnames:
        if table[name].dtype.kind == "U":
            column = np.char.encode(np.asarray(table[name]), "utf-8")
            encoded[name] = column if column.dtype.itemsize else column.astype("S1")
            encoded[name].description = table[name].description
        elif table[name].unit is not None:
            encoded[name].unit = Unit(str(table[name].unit), format="fits", parse_strict="silent")
    encoded.meta["comments"] = [
        f"{key}: {value}".encode("ascii", "backslashreplace").decode() for key, value in provenance.items()
    ]
    with _any_units():
        encoded.write(path, format="fits", overwrite=True)


def _write_votable(path: Path, table: Table, provenance: Mapping[str, str]) -> None:
    from astropy.io.votable import from_table, writeto
    from astropy.io.votable.tree import Info

    with _any_units():
        tree = from_table(table)
        for key, value in provenance.items():
            tree.resources[0].infos.append(Info(name=key, value=value))
        add_time_system(tree, table)
        writeto(tree, str(path))


@contextmanager
def _any_units() -> Iterator[None]:
    """Write units as the images' headers give them, also those that no standard knows ("ELECTRONS/S")."""
    from astropy.io.votable.exceptions import W50
    from astropy.units import UnitsWarning

    with warnings.catch_warnings():
        for kind in (UnitsWarning, W50):
            warnings.simplefilter("ignore", kind)
        yield


def _write_parquet(path: Path, table: Table, provenance: Mapping[str, str]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    arrays, fields = [], []
    for name in table.colnames:
        column = table[name]
        mask = np.ma.getmaskarray(np.ma.asarray(column))
        values = np.ascontiguousarray(np.ma.getdata(np.ma.asarray(column)))
        array = (
            pa.array(values.tolist(), pa.string())
            if column.dtype.kind == "U"
            else pa.array(values, mask=mask)
        )
        arrays.append(array)
        notes = {"unit": str(column.unit or ""), "description": column.description or ""}
        fields.append(pa.field(name, array.type, metadata={k: v for k, v in notes.items() if v}))
    schema = pa.schema(fields, metadata=dict(provenance))
    parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), path)


WRITERS: dict[str, Writer | None] = {
    ".csv": _write_csv,
    ".ecsv": _write_ecsv,
    ".fits": _write_fits,
    ".fit": _write_fits,
    ".vot": _write_votable,
    ".xml": _write_votable,
    ".parquet": _write_parquet,
    ".reg": None,
}

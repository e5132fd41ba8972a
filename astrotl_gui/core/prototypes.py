"""The prototypes of a project: known examples of a target, each a source with its place on the sky.

They are kept apart from labels: they order a list before its first label, and say nothing of what the vetter saw.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.labels import Label


@dataclass(frozen=True)
class Prototype:
    """A source of `target`: `ra`, `dec` in ICRS degrees, `x`, `y` in 0-based px, and the `file` it is from, if any."""

    target: str
    id: int
    ra: float
    dec: float
    x: float
    y: float
    file: str = ""

    def as_label(self) -> Label:
        """What keeps the source's id on its object when sources are found anew."""
        return Label(self.id, self.target, "positive", ra=self.ra, dec=self.dec, x=self.x, y=self.y)


def prototypes_of(catalog: Catalog, target: str, ids: Iterable[int], file: str = "") -> list[Prototype]:
    """Sources of the catalog as prototypes of a target; ids that it does not have are passed over."""
    chosen = list(ids)
    found = catalog.take([row for row in catalog.rows_of(chosen) if row >= 0])
    columns = [np.asarray(found.column(name), float).tolist() for name in ("ra", "dec", "x", "y")]
    return [
        Prototype(target, source, ra, dec, x, y, file)
        for source, ra, dec, x, y in zip(found.ids.tolist(), *columns, strict=True)
    ]


def read_prototypes(path: Path) -> tuple[Prototype, ...]:
    """Those stored in `path`, none without such a file. Raises AstroTLError when it cannot be read."""
    if not path.exists():
        return ()
    try:
        rows = pq.read_table(path, columns=[f.name for f in fields(Prototype)]).to_pylist()
        return tuple(Prototype(**row) for row in rows)
    except (OSError, TypeError, pa.ArrowException) as problem:
        raise AstroTLError("The prototypes cannot be read", f"{path}: {problem}.") from problem


def write_prototypes(path: Path, prototypes: Sequence[Prototype]) -> None:
    """Store them, whole or not at all."""
    kinds = {"target": pa.string(), "id": pa.int64(), "file": pa.string()}
    rows = [asdict(prototype) for prototype in prototypes]
    columns = {
        f.name: pa.array([row[f.name] for row in rows], kinds.get(f.name, pa.float64()))
        for f in fields(Prototype)
    }
    with atomic_write(path) as temporary:
        pq.write_table(pa.table(columns), temporary)

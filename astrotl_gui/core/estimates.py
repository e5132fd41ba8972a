"""Estimated values of a physical parameter, one row a source: what they were learned from, how well they hold."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.files import atomic_write

FOLDER = "parameters"
LOW_HIGH = {"68": 0.6827, "95": 0.9545}
"""Shares of the truth that the intervals are to hold: those of 1σ and 2σ of a Gaussian."""
OUTLIER_SCATTERS = 3.0
"""A source whose error is larger than so many scatters is an outlier."""

F64 = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """How well left-out values were estimated: `rmse`, `scatter` (1.4826 MAD), `bias` (mean of estimate − truth) in
    the parameter's unit; `outliers` share beyond three scatters; `r2`; `held` by "68" and "95": share of the truth
    within the intervals; `count` sources."""

    count: int
    rmse: float
    scatter: float
    bias: float
    outliers: float
    r2: float
    held: dict[str, float]


def estimated(names: Iterable[str]) -> list[str]:
    """Which columns of a catalog are estimated parameters: those with NAME_err and NAME_outside beside them."""
    order = list(names)
    return [name for name in order if f"{name}_err" in order and f"{name}_outside" in order]


def fit_of(truth: F64, value: F64, low: dict[str, F64], high: dict[str, F64]) -> Fit:
    """Judge estimates (n,) with intervals by name against the truth (n,)."""
    error = value - truth
    scatter = 1.4826 * float(np.median(np.abs(error - np.median(error))))
    spread = float(truth.var())
    held = {name: float(np.mean((truth >= low[name]) & (truth <= high[name]))) for name in low}
    return Fit(
        len(truth),
        float(np.sqrt(np.mean(error**2))),
        scatter,
        float(error.mean()),
        float(np.mean(np.abs(error - np.median(error)) > OUTLIER_SCATTERS * max(scatter, 1e-12))),
        1 - float(np.mean(error**2)) / spread if spread else float("nan"),
        held,
    )


@dataclass(frozen=True, eq=False)
class Estimates:
    """Values of the parameter `name` [`unit`] for sources `ids` (N,).

    `value` (N,); `sigma` (N,) half of the calibrated 68 % interval, `wide` (N,) half of the 95 % one; `outside`
    (N,): unlike all that the values were learned from. `truth` (N,): where it was given, else NaN; `left_out` (N,):
    what is estimated for those when their part of the sky is left out, else NaN. `method`, `columns` (catalog columns
    beside the embedding), `key` (of the embeddings) and `source` (file and column) say how they came about.
    """

    name: str
    unit: str
    ids: NDArray[np.int64]
    value: F64
    sigma: F64
    wide: F64
    outside: NDArray[np.bool_]
    truth: F64
    left_out: F64
    fit: Fit
    method: str
    columns: tuple[str, ...]
    key: str
    source: str

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which sources (N,) the values were learned from."""
        return np.isfinite(self.truth)

    def write(self, project: Path) -> None:
        """Keep them in a project's folder, in place of those of the same name; AstroTLError when that fails."""
        columns = {name: getattr(self, name) for name in _ARRAYS}
        told = {name: getattr(self, name) for name in _WORDS} | {"fit": asdict(self.fit)}
        table = pa.table(columns).replace_schema_metadata({"estimates": json.dumps(told)})
        with atomic_write(_file(project, self.name)) as temporary:
            pq.write_table(table, temporary, compression="zstd")

    @classmethod
    def read(cls, project: Path, name: str) -> Estimates | None:
        """What a project keeps of a parameter; None when there is nothing, or nothing that can be read."""
        return _read(_file(project, name))

    @classmethod
    def all(cls, project: Path) -> list[Estimates]:
        """All parameters of a project, by name."""
        found = (_read(path) for path in sorted((project / FOLDER).glob("*.parquet")))
        return [made for made in found if made is not None]


def brightness(catalog: Catalog, ids: NDArray[np.int64]) -> tuple[F64, str]:
    """How bright sources are, NaN where that is not known, and what it is called: in the reddest band, else S/N."""
    rows = catalog.rows_of(ids)
    for band in reversed(catalog.bands):
        magnitude = (
            catalog.column(f"mag_{band}")[rows] if f"mag_{band}" in catalog else np.full(len(rows), np.nan)
        )
        if np.isfinite(magnitude).mean() > 0.5:
            return magnitude, f"{band} [mag]"
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log10(np.maximum(catalog.column("snr")[rows], 1e-3)), "log S/N"


_ARRAYS = ("ids", "value", "sigma", "wide", "outside", "truth", "left_out")
_WORDS = ("name", "unit", "method", "columns", "key", "source")


def _file(project: Path, name: str) -> Path:
    return project / FOLDER / f"{quote(name, safe=' ')}.parquet"


def _read(path: Path) -> Estimates | None:
    try:
        table = pq.read_table(path)
        told: dict[str, Any] = json.loads((table.schema.metadata or {})[b"estimates"])
        told |= {name: np.asarray(table[name]) for name in _ARRAYS}
        return Estimates(**told | {"columns": tuple(told["columns"]), "fit": Fit(**told["fit"])})
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException):
        return None

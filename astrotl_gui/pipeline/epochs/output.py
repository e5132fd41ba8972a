"""Light curves, flags and variability as tables that astronomers exchange, and as columns of the catalog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from astropy.table import Column, Table

from astrotl_gui import __version__
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.epoch_table import EpochTable, reason_text
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.variability import LAG_NAMES, Variability
from astrotl_gui.pipeline.table_files import check_table, write_table
from astrotl_gui.pipeline.time_frame import with_time_frame

NAMES = {"light_curves": "light_curves.ecsv", "variability": "variability.ecsv", "epochs": "epochs.ecsv"}
PREFIX = "var_"


def light_curve_table(table: EpochTable, catalog: Catalog, cleaned: bool = False) -> Table:
    """A row a source and epoch, in the order of sources and time; `cleaned` leaves the flagged ones out."""
    count, epochs = table.flux.shape
    rows = catalog.rows_of(table.ids)
    shape = (count, epochs)

    def each(values: np.ndarray) -> np.ndarray:
        return np.repeat(values, epochs)

    def every(values: np.ndarray) -> np.ndarray:
        return np.broadcast_to(values, shape).ravel()

    with np.errstate(divide="ignore", invalid="ignore"):
        mag = table.zeropoint - 2.5 * np.log10(np.where(table.flux > 0, table.flux, np.nan))
        mag_error = 1.0857362 * table.error / np.abs(table.flux)
    unit = "" if np.isfinite(table.zeropoint) else ", of the median epoch"
    out = Table()
    out["id"] = Column(each(table.ids), description="Identifier of the source in this project")
    for axis in ("ra", "dec"):
        out[axis] = Column(each(catalog.column(axis)[rows]), unit="deg", description="ICRS")
    out["epoch"] = Column(every(np.array(table.names)), description="Name of the epoch")
    out["band"] = Column(np.full(count * epochs, table.band), description="Band")
    out["mjd"] = Column(
        every(table.mjd), unit="d", description="MJD, UTC, topocentric, middle of the exposure"
    )
    out["flux"] = Column(
        table.flux.ravel(), description=f"Aperture flux in image units{unit}, zero points tied"
    )
    out["flux_error"] = Column(table.error.ravel(), description="1 sigma, in the unit of the flux")
    out["mag"] = Column(mag.ravel(), unit="mag", description="AB magnitude; empty without zero point or flux")
    out["mag_error"] = Column(mag_error.ravel(), unit="mag", description="1 sigma")
    out["distance"] = Column(
        table.distance.ravel(), description="Of the embedding to the nearest other epoch's"
    )
    out["threshold"] = Column(each(table.threshold), description="The same of the stack")
    out["score"] = Column(table.score.ravel(), description="Learned score; above 0.5 problematic")
    out["flagged"] = Column(table.flagged.ravel(), description="Not to be used")
    out["reasons"] = Column([reason_text(int(bits)) for bits in table.reasons.ravel()], description="Why")
    out["label"] = Column(
        table.labels.ravel().astype(np.int16), description="+1 problematic, -1 good, 0 no label"
    )
    return with_time_frame(out[~table.flagged.ravel()] if cleaned else out)


def variability_table(table: EpochTable) -> Table:
    """A row a source: its variability without flagged epochs, and with all (`_all`)."""
    out = Table()
    out["id"] = Column(table.ids, description="Identifier of the source in this project")
    for ending, cleaned in (("", True), ("_all", False)):
        found = table.variability(cleaned)
        for name, (values, text) in _statistics(found).items():
            said = "without flagged epochs" if cleaned else "with all epochs"
            out[f"{name}{ending}"] = Column(values, description=f"{text}, {said}")
    return out


def _statistics(found: Variability) -> dict[str, tuple[np.ndarray, str]]:
    statistics = {
        "epochs": (found.count, "Epochs used"),
        "mean": (found.mean, "Weighted mean flux"),
        "mean_error": (found.mean_error, "1 sigma of the mean flux"),
        "chi2": (found.chi2, "Reduced chi-square of a constant flux"),
        "excess": (found.excess, "Normalised excess variance"),
        "excess_error": (found.excess_error, "1 sigma of the excess variance"),
        "von_neumann": (found.von_neumann, "Von Neumann ratio, 2 for noise"),
    }
    for k, name in enumerate(LAG_NAMES):
        lags = f"{found.lag_edges[k]:.4g} to {found.lag_edges[k + 1]:.4g} d"
        statistics[f"sf_{name}"] = (
            found.structure[:, k],
            f"Structure function at lags of {lags}, over the mean",
        )
    return statistics


def epoch_facts_table(table: EpochTable) -> Table:
    """A row an epoch: what was measured of it as a whole, and in how many sources it is flagged."""
    facts = table.facts
    out = Table()
    out["epoch"] = [fact.name for fact in facts]
    out["mjd"] = Column(
        [fact.mjd for fact in facts], unit="d", description="MJD, UTC, middle of the exposure"
    )
    for name, unit, text in (
        ("dx", "pix", "Shift along x left by the WCS"),
        ("dy", "pix", "Shift along y left by the WCS"),
        ("shift_error", "pix", "1 sigma of the shift"),
        ("stars", "", "Sources the shift was measured on"),
        ("fwhm", "arcsec", "Width of the PSF"),
        ("offset", "mag", "Added to the magnitudes to tie the zero points"),
        ("offset_error", "mag", "1 sigma of the offset"),
        ("floor", "", "Relative scatter of constant stars beyond their errors"),
        ("correlation", "", "Scatter of blank apertures over that of independent pixels"),
    ):
        out[name] = Column([getattr(fact, name) for fact in facts], unit=unit or None, description=text)
    out["flagged"] = Column(table.flagged.sum(axis=0), description="Sources for which it is flagged")
    return with_time_frame(out)


def catalog_with_variability(catalog: Catalog, table: EpochTable) -> Catalog:
    """The sources with columns of their variability, which lists and filters may take: `var_chi2`, `var_excess`,
    `var_excess_error`, `var_neumann`, `var_sf` (of the longest lags), `var_flagged` (epochs); `var_chi2_all` and
    `var_excess_all` are with flagged epochs, the others without."""
    found, everything = table.variability(), table.variability(cleaned=False)
    rows = catalog.rows_of(table.ids)
    known = rows >= 0
    columns = {}
    for name, values in {
        "chi2": found.chi2,
        "excess": found.excess,
        "excess_error": found.excess_error,
        "neumann": found.von_neumann,
        "sf": found.structure[:, -1],
        "flagged": table.flagged.sum(axis=1),
        "chi2_all": everything.chi2,
        "excess_all": everything.excess,
    }.items():
        column = np.full(len(catalog), np.nan, np.float32)
        column[rows[known]] = values[known]
        columns[PREFIX + name] = column
    return catalog.with_columns(**columns)


def is_table(path: Path) -> bool:
    """Whether `write_epochs` writes one file, not a folder. Raises AstroTLError for a file of no known format."""
    one = bool(path.suffix) and not path.is_dir()
    if one:
        check_table(path)
    return one


def write_epochs(
    path: Path,
    table: EpochTable,
    catalog: Catalog,
    provenance: Mapping[str, str] = {},
    what: str = "light_curves",
    *,
    progress: Progress = SILENT,
) -> list[Path]:
    """Write what was found to a file, in the format of its extension, or all tables to a folder; returns the files.

    A file gets one table: "light_curves" with their flags, these without flagged epochs ("cleaned"), "variability" or
    "epochs". Raises AstroTLError as `pipeline.table_files.write_table` does.
    """
    said = {**provenance, "software": f"AstroTL {__version__}", "rule": table.rule,
            "aperture": f"{table.aperture:.4f} arcsec radius"}  # fmt: skip
    progress(0, 0, f"Writing {path.name}")
    if is_table(path):
        write_table(path, TABLES[what](table, catalog), said)
        return [path]
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise AstroTLError("This folder cannot be made", f"{path}: {problem.strerror}.") from problem
    for done, (name, file) in enumerate(NAMES.items()):
        progress(done, len(NAMES), f"Writing {file}")
        write_table(path / file, TABLES[name](table, catalog), said)
    return [path / file for file in NAMES.values()]


TABLES: dict[str, Callable[[EpochTable, Catalog], Table]] = {
    "light_curves": light_curve_table,
    "cleaned": lambda table, catalog: light_curve_table(table, catalog, cleaned=True),
    "variability": lambda table, catalog: variability_table(table),
    "epochs": lambda table, catalog: epoch_facts_table(table),
}
"""What a file may get."""

"""What becomes of estimated parameters: columns of the catalog, a table, a plot of how well they hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.table import Table

from astrotl_gui import __version__
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.estimates import Estimates, brightness
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.project import Project
from astrotl_gui.pipeline.completeness_plot import new_figure, save
from astrotl_gui.pipeline.evaluation.output import check_plot
from astrotl_gui.pipeline.evaluation.plot import CHANCE_COLOUR, OURS_COLOUR
from astrotl_gui.pipeline.table_files import write_table

MOST_DOTS = 4000
ROLLED = 12
"""Bins of equally many sources in the residual plot."""


def keep_estimates(project: Project, catalog: Catalog, made: Estimates) -> Catalog:
    """Keep the estimates in the project and as columns of its catalog, to sort, filter and export by.

    NAME, NAME_err (half of the 68 % interval) and NAME_outside (1: unlike all that it was learned from). Returns the
    catalog; raises AstroTLError when another column has one of these names or the project cannot be written.
    """
    check_name(project.path, catalog, made.name)
    made.write(project.path)
    kept = with_estimates(catalog, made)
    project.write_catalog(kept)
    return kept


def check_name(project: Path, catalog: Catalog, name: str) -> None:
    """AstroTLError when the catalog has a column that an estimate of `name` would replace, unless it is one itself."""
    if Estimates.read(project, name) is not None:
        return
    taken = [column for column in _columns(name) if column in catalog]
    if taken:
        raise AstroTLError(
            "This name is taken", f"The catalog has a column {taken[0]} already. Rename {name} in the table."
        )


def with_estimates(catalog: Catalog, made: Estimates) -> Catalog:
    """The same sources with the columns of an estimated parameter; NaN and 0 for those that were not embedded."""
    rows = catalog.rows_of(made.ids)
    there = rows >= 0
    value, sigma = np.full(len(catalog), np.nan), np.full(len(catalog), np.nan)
    outside = np.zeros(len(catalog), np.int16)
    value[rows[there]], sigma[rows[there]] = made.value[there], made.sigma[there]
    outside[rows[there]] = made.outside[there]
    return catalog.with_columns(**dict(zip(_columns(made.name), (value, sigma, outside), strict=True)))


def _columns(name: str) -> tuple[str, str, str]:
    return name, f"{name}_err", f"{name}_outside"


def write_estimates(path: Path, catalog: Catalog, made: Estimates, *, progress: Progress = SILENT) -> None:
    """Write one row a source; the extension names the format. Raises AstroTLError as `write_table`."""
    progress(0, 0, f"Writing {path.name}")
    rows = catalog.rows_of(made.ids)
    table = Table()
    for name in ("id", "ra", "dec", "x", "y"):
        table[name] = made.ids if name == "id" else catalog.column(name)[rows]
    columns = {
        made.name: (made.value, f"Estimated {made.name}"),
        f"{made.name}_err": (made.sigma, "Half of the interval that holds 68 % of the truth"),
        f"{made.name}_wide": (made.wide, "Half of the interval that holds 95 % of the truth"),
        f"{made.name}_given": (made.truth, "The value it was learned from; empty where none was given"),
        f"{made.name}_left_out": (made.left_out, "Estimated with this part of the sky left out"),
    }
    for name, (values, description) in columns.items():
        table[name] = values
        table[name].unit, table[name].description = made.unit or None, description
    table[f"{made.name}_outside"] = made.outside
    table[f"{made.name}_outside"].description = "Unlike all sources that the values were learned from"
    fit = made.fit
    write_table(
        path,
        table,
        {
            "program": f"AstroTL {__version__}",
            "parameter": made.name,
            "learned_from": f"{made.source}, {int(made.known.sum())} sources",
            "method": made.method,
            "beside_the_embedding": ", ".join(made.columns) or "nothing",
            "embeddings": made.key,
            "rmse": f"{fit.rmse:.4g}",
            "scatter": f"{fit.scatter:.4g}",
            "bias": f"{fit.bias:.4g}",
            "held_by_intervals": ", ".join(f"{v:.3f}" for v in fit.held.values()),
        },
    )


def write_fit_plot(path: Path, made: Estimates, catalog: Catalog) -> None:
    """Draw left-out estimates against the truth, and their errors against the magnitude in the reddest band.

    Raises AstroTLError for another ending than .png or .svg and for a folder that cannot be written.
    """
    check_plot(path)
    known = np.flatnonzero(made.known)
    truth, value = made.truth[known], made.left_out[known]
    shown = np.random.default_rng(0).permutation(len(known))[:MOST_DOTS]
    figure, axes = new_figure((8.4, 3.9), 1, 2)
    unit = f" [{made.unit}]" if made.unit else ""
    left, right = axes
    edge = np.percentile(np.concatenate([truth, value]), [0.2, 99.8])
    left.plot(edge, edge, color=CHANCE_COLOUR, linestyle=":")
    left.plot(truth[shown], value[shown], ".", color=OURS_COLOUR, markersize=2, alpha=0.35, rasterized=True)
    left.set(xlabel=f"{made.name} given{unit}", ylabel="estimated, its part of the sky left out")
    left.set(xlim=edge, ylim=edge)
    bright, name = brightness(catalog, made.ids[known])
    told = np.flatnonzero(np.isfinite(bright))
    dots = shown[np.isfinite(bright[shown])]
    right.axhline(0, color=CHANCE_COLOUR, linestyle=":")
    right.plot(
        bright[dots],
        (value - truth)[dots],
        ".",
        color=OURS_COLOUR,
        markersize=2,
        alpha=0.2,
        rasterized=True,
    )
    for parts in np.array_split(told[np.argsort(bright[told])], ROLLED):
        low, middle, high = np.percentile((value - truth)[parts], [15.87, 50, 84.13])
        at = float(np.median(bright[parts]))
        right.errorbar(at, middle, [[middle - low], [high - middle]], color="black", marker="o", capsize=2)
    right.set(xlabel=name, ylabel="estimated − given")
    fit = made.fit
    figure.suptitle(
        f"{made.name}: {fit.count:,} sources, RMSE {fit.rmse:.3f}, scatter {fit.scatter:.3f}, bias {fit.bias:+.3f}, "
        f"R² {fit.r2:.2f}; 68 % intervals hold {100 * fit.held['68']:.0f} %",
        fontsize=9,
    )
    save(path, figure)

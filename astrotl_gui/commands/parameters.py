"""`astrotl parameters`: a physical parameter of every source, learned from those whose value is known."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from astrotl_gui.commands.shared import ConsoleProgress, Result, catalog_of, opened
from astrotl_gui.commands.values import names
from astrotl_gui.core.errors import AstroTLError

if TYPE_CHECKING:
    from astrotl_gui.core.estimates import Estimates


def parameters(options: argparse.Namespace) -> Result:
    from astrotl_gui.core.estimates import Estimates
    from astrotl_gui.pipeline.evaluation.output import check_plot
    from astrotl_gui.pipeline.known_values import read_known
    from astrotl_gui.pipeline.parameters import estimate_parameter
    from astrotl_gui.pipeline.parameters_output import keep_estimates, write_estimates, write_fit_plot
    from astrotl_gui.pipeline.table_files import check_table

    if options.plot:
        check_plot(options.plot)
    if options.out:
        check_table(options.out)
    with opened(options.project) as (project, mosaic):
        if options.train is None:
            return _kept(Estimates.all(project.path))
        if not options.column:
            raise AstroTLError("Which parameter?", f"Name a column of {options.train} with --column.")
        catalog = catalog_of(project)
        known = read_known(options.train, options.column, catalog)
        made = estimate_parameter(
            mosaic,
            catalog,
            project.embeddings_folder,
            project.cutouts,
            project.encoder,
            known,
            options.method,
            () if options.beside == ("none",) else options.beside,
            progress=ConsoleProgress(),
        )
        keep_estimates(project, catalog, made)
        result: Result = {**_row(made), "rows": known.rows, "matched": len(known.ids)}
        says = [
            f"{made.name}: learned from {int(made.known.sum()):,} of {known.rows:,} rows, "
            f"estimated for {len(made):,} sources, {int(made.outside.sum()):,} of them unlike any it was learned from",
            _says(made),
        ]
        if options.out:
            write_estimates(options.out, catalog, made)
            result["out"] = options.out
            says.append(f"Table: {options.out}")
        if options.plot:
            write_fit_plot(options.plot, made, catalog)
            result["plot"] = options.plot
            says.append(f"Plot: {options.plot}")
        return {**result, "text": "\n".join(says)}


def _kept(found: list[Estimates]) -> Result:
    text = (
        "\n".join(_says(made) for made in found)
        or "No parameter is estimated yet. Give --column and --train."
    )
    return {"parameters": [_row(made) for made in found], "text": text}


def _row(made: Estimates) -> Result:
    return {
        "parameter": made.name,
        "unit": made.unit,
        "method": made.method,
        "columns": list(made.columns),
        "source": made.source,
        "sources": len(made),
        "known": int(made.known.sum()),
        "outside": int(made.outside.sum()),
        "fit": asdict(made.fit),
    }


def _says(made: Estimates) -> str:
    fit, unit = made.fit, f" {made.unit}" if made.unit else ""
    return (
        f"{made.name}, by parts of the sky left out: RMSE {fit.rmse:.3f}{unit}, scatter {fit.scatter:.3f}, "
        f"bias {fit.bias:+.3f}, outliers {100 * fit.outliers:.1f} %, R² {fit.r2:.3f}; "
        f"the 68 % intervals hold {100 * fit.held['68']:.1f} %, the 95 % ones {100 * fit.held['95']:.1f} %"
    )


def parameters_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--column", metavar="NAME", help="the parameter: a column of the table")
    sub.add_argument(
        "--train",
        type=Path,
        metavar="FILE",
        help="a table with its values for some sources; none: show what is kept",
    )
    sub.add_argument(
        "--method",
        default="combined",
        choices=("combined", "gp", "ridge", "neighbours"),
        help="how it is learned (combined: a Gaussian process and trees)",
    )
    sub.add_argument(
        "--beside",
        type=names,
        default=("photometry",),
        metavar="COLUMN,...",
        help="catalog columns joined to the embedding (photometry: magnitudes, colours, sizes); none: the image alone",
    )
    sub.add_argument("--out", type=Path, metavar="FILE", help="also a table: .csv .ecsv .fits .vot .parquet")
    sub.add_argument("--plot", type=Path, metavar="FILE", help="estimate against truth, .png or .svg")

"""`astrotl epochs`: many images of a field by date: light curves, and which epochs are not to be trusted."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from astrotl_gui.commands.shared import ConsoleProgress, Result, catalog_of, opened
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import EPOCH_RULES


def epochs(options: argparse.Namespace) -> Result:
    from astrotl_gui.core.epochs import read_series, stored_series, write_series
    from astrotl_gui.core.settings import AppSettings
    from astrotl_gui.pipeline.epochs.output import catalog_with_variability, is_table, write_epochs
    from astrotl_gui.pipeline.epochs.run import judge_series

    if options.triplets:
        return _triplets(options)
    if options.project is None or options.alerts:
        raise AstroTLError(
            "Epochs of what?", "Give a project, or --triplets FILE, to which --alerts belongs."
        )
    if options.out:
        is_table(options.out)
    with opened(options.project) as (project, mosaic):
        catalog = catalog_of(project)
        folder = project.epochs_folder
        known = stored_series(folder)
        if options.images:
            series = read_series(
                options.images, dates=options.dates, band=options.band, stack=options.stack, known=known,
                progress=ConsoleProgress(),
            )  # fmt: skip
        elif known is None:
            raise AstroTLError("No epochs yet", "Give the images of the series with --images FILE FILE …")
        elif options.dates or options.stack or options.band:
            raise AstroTLError("Which images?", "--dates, --stack and --band go with --images FILE FILE …")
        else:
            series = known
        project.epochs = _settings(project.epochs, options, series.band)
        judged = judge_series(
            mosaic, series, catalog, folder, project.cutouts, project.encoder, project.epochs, project.labels,
            vetter=options.vetter or AppSettings.load().vetter, device=options.device, progress=ConsoleProgress(),
        )  # fmt: skip
        table = judged.table
        write_series(folder, series)
        table.write(folder)
        project.write_catalog(catalog_with_variability(catalog, table))
        project.save()
        written = write_epochs(options.out, table, catalog, {"mosaic": project.name}) if options.out else []
        return _result(series, table, written)


def _settings(now: Any, options: argparse.Namespace, band: str) -> Any:
    chosen = replace(now, band=band)
    if options.aperture is not None:
        chosen = replace(chosen, aperture=options.aperture)
    if options.rule:
        chosen = replace(chosen, rule=options.rule)
    return chosen if options.as_registered is None else replace(chosen, align=not options.as_registered)


def _triplets(options: argparse.Namespace) -> Result:
    """Difference images as brokers send them, without a project."""
    from astrotl_gui.pipeline.epochs.triplets import read_triplets, triplet_epochs
    from astrotl_gui.pipeline.table_files import check_table, write_table

    if options.project is not None or options.images:
        raise AstroTLError(
            "Triplets stand alone", "--triplets goes with --alerts and --out, without a project."
        )
    if options.out:
        check_table(options.out)
    triplets = read_triplets(options.triplets, options.alerts)
    table, found = triplet_epochs(triplets)
    if options.out:
        write_table(options.out, found, {"triplets": options.triplets.name})
    objects = len(set(triplets.objects))
    text = f"{len(triplets):,} triplets of {objects:,} objects"
    return {
        "triplets": len(triplets),
        "objects": objects,
        "rows": [dict(zip(found.colnames, row, strict=True)) for row in found.iterrows()],
        "notes": list(table.notes),
        "files": [options.out] if options.out else [],
        "text": "\n".join([text, *table.notes, *([str(options.out)] if options.out else [])]),
    }


def _result(series: Any, table: Any, written: list[Path]) -> Result:
    from astrotl_gui.core.epoch_table import reason_text

    flagged = table.flagged
    rows = [
        {"id": int(table.ids[source]), "epoch": table.names[k], "mjd": table.mjd[k],
         "distance": table.distance[source, k], "threshold": table.threshold[source],
         "score": table.score[source, k], "flux": table.flux[source, k], "error": table.error[source, k],
         "reasons": reason_text(int(table.reasons[source, k]))}
        for source, k in zip(*flagged.nonzero(), strict=True)
    ]  # fmt: skip
    share = f"{flagged.sum():,} of {flagged.size:,} epochs of sources are flagged"
    if not series.judged:
        share = "nothing is flagged"
    text = [f"{len(series)} epochs in {series.band}, {len(table):,} sources: {share}", *table.notes]
    return {
        "band": series.band,
        "epochs": [asdict(fact) for fact in table.facts],
        "sources": len(table),
        "aperture": table.aperture,
        "rule": table.rule,
        "flagged": rows,
        "notes": list(table.notes),
        "files": written,
        "text": "\n".join([*text, *map(str, written)]),
    }


def epochs_options(sub: argparse.ArgumentParser) -> None:
    """What `astrotl epochs` takes."""
    sub.add_argument("project", type=Path, nargs="?", help="project folder, NAME.astrotl")
    sub.add_argument(
        "--images",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="FITS images, an epoch each (default: those of before)",
    )
    sub.add_argument("--dates", type=Path, metavar="FILE", help="a table: filename and mjd or date (UTC)")
    sub.add_argument("--stack", type=Path, metavar="FILE", help="an image of all epochs (default: made)")
    sub.add_argument("--band", default="", metavar="B", help="which band, where the images have several")
    sub.add_argument("--aperture", type=float, metavar="ARCSEC", help="radius (default: the median FWHM)")
    sub.add_argument(
        "--rule", choices=tuple(EPOCH_RULES), help="what flags an epoch (default); kept in the project"
    )
    sub.add_argument(
        "--as-registered",
        action=argparse.BooleanOptionalAction,
        help="do not follow the measured shift of each epoch, flag it instead; kept in the project",
    )
    sub.add_argument(
        "--triplets",
        type=Path,
        metavar="FILE|DIR",
        help="instead of a project: science, template and difference images of alerts, .npz, .npy or FITS",
    )
    sub.add_argument(
        "--alerts", type=Path, metavar="FILE", help="with --triplets: a row an alert: objectId, ra, dec, mjd"
    )
    sub.add_argument("--device", default="auto", choices=("auto", "cuda", "mps", "cpu"))
    sub.add_argument("--vetter", help="whose labels come first (default: your settings)")
    sub.add_argument(
        "--out",
        type=Path,
        metavar="DIR|FILE",
        help="a folder for all tables, or light curves as .ecsv .fits .vot …",
    )

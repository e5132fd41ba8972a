"""What each verb of `astrotl` does: options in, a dictionary for `--json` out, with a `text` for people.

Everything heavy is imported where it is used, so that `astrotl --help` and bad input answer at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from astrotl_gui.commands.audit import audit
from astrotl_gui.commands.epochs import epochs
from astrotl_gui.commands.evaluate import evaluate
from astrotl_gui.commands.injection import inject
from astrotl_gui.commands.labels import label
from astrotl_gui.commands.making import cosmic_rays, detect, embed, encoders, new, simulate
from astrotl_gui.commands.models import finetune, models
from astrotl_gui.commands.outliers import agreement, outlier_table
from astrotl_gui.commands.parameters import parameters
from astrotl_gui.commands.render import render
from astrotl_gui.commands.replay import replay
from astrotl_gui.commands.shared import (
    ConsoleProgress,
    Result,
    catalog_of,
    inputs_of,
    lines,
    opened,
    row_of,
    target_of,
)
from astrotl_gui.commands.survey import survey
from astrotl_gui.commands.targets import prototypes, target
from astrotl_gui.commands.why import why
from astrotl_gui.core.errors import AstroTLError


def rank(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.calibration import calibrations
    from astrotl_gui.pipeline.lists import rank_lists

    with opened(options.project) as (project, mosaic):
        wanted, catalog = target_of(project, options.target), catalog_of(project)
        if wanted != "outlier":
            _refuse_stray(options)
        table = outlier_table(options, project, mosaic, catalog) if wanted == "outlier" else None
        inputs = inputs_of(project, catalog, mosaic)
        ranking = rank_lists(inputs, {wanted: project.labels.training(wanted)})[wanted]
        project.write_ranking(ranking)
        if len(catalog) and not len(ranking):
            raise AstroTLError(
                "Nothing to rank by yet",
                f"Label one yes: astrotl label {project.path} --id N --target {wanted} --class positive",
            )
        labels = project.labels.current(wanted)
        hides = wanted == "outlier" and project.outliers.hide_artifacts and not options.keep_artifacts
        artifacts = _artifacts(project, inputs) if hides else ()
        shown, held_back = _shown(options, ranking, artifacts)
        if options.queue:
            shown = _queued(options, inputs, ranking, [*labels, *artifacts])
        top = catalog.take(catalog.rows_of(ranking.ids[shown]))
        made = calibrations(project, inputs, [wanted]).get(wanted)
        chances = None if made is None else made.probability(ranking.scores[shown])
        rows = [
            {
                "rank": int(shown[k]) + 1,
                **_place(top, k),
                "score": ranking.scores[shown[k]],
                **({} if chances is None else {"probability": chances[k]}),
                "label": getattr(labels.get(int(i)), "value", None),
                **(agreement(table, int(i)) if table is not None else {}),
            }
            for k, i in enumerate(top.ids)
        ]
        if options.out:
            _write_rows(options.out, rows)
        probable = () if made is None else ("probability",)
        columns = (
            "rank",
            "id",
            "ra",
            "dec",
            "score",
            *probable,
            "label",
            *(["agreement_outlier"] if table else []),
        )
        return {
            "target": wanted,
            "model": ranking.model,
            "sources": len(ranking),
            "calibrated": made is not None,
            **({"hidden_artifacts": held_back} if wanted == "outlier" else {}),
            "rows": rows,
            "text": lines(rows, columns),
        }


def _refuse_stray(options: argparse.Namespace) -> None:
    """Options of the outlier list do not go with another."""
    stray = [name for name in ("method", "compare", "keep_artifacts") if getattr(options, name)]
    if stray:
        name = stray[0].replace("_", "-")
        raise AstroTLError("This is an option of outliers", f"--{name} goes with --target outlier.")


def _artifacts(project: Any, inputs: Any) -> Any:
    """Ids of the likely artifacts by the artifact list of now."""
    from astrotl_gui.pipeline.artifact_filter import likely_artifacts
    from astrotl_gui.pipeline.rank import rank as rank_target

    labels = project.labels.training("artifact")
    return likely_artifacts(inputs, rank_target(inputs, "artifact", labels), labels)


def _shown(options: argparse.Namespace, ranking: Any, artifacts: Any) -> tuple[Any, int]:
    """(places in the ranking of the rows to print, how many are held back because they are among `artifacts`)."""
    import numpy as np

    hidden = np.isin(ranking.ids, artifacts)
    if hidden.any():
        print(f"{hidden.sum():,} likely artifacts are hidden; --keep-artifacts shows them.", file=sys.stderr)
    return np.flatnonzero(~hidden)[: options.top], int(hidden.sum())


def _queued(options: argparse.Namespace, inputs: Any, ranking: Any, done: list[int]) -> Any:
    """Places in the ranking of what to label next, in the order of asking."""
    import numpy as np

    from astrotl_gui.core.settings import QueueSettings
    from astrotl_gui.pipeline.queue import next_to_label

    settings = QueueSettings(options.queue)
    ids = next_to_label(inputs, ranking, np.array(done, np.int64), options.top, settings)
    return np.array([ranking.rank_of(source) - 1 for source in ids.tolist()], np.int64)


def similar(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.similar import similar

    with opened(options.project) as (project, mosaic):
        catalog = catalog_of(project)
        source = _chosen_source(options, catalog)
        found = similar(inputs_of(project, catalog, mosaic), [source], k=options.k)
        near = catalog.take(catalog.rows_of(found.ids))
        rows = [
            {"rank": k + 1, **_place(near, k, ("id", "ra", "dec")), "distance": found.distances[k]}
            for k in range(len(near))
        ]
        return {"query": source, "rows": rows, "text": lines(rows, ("rank", "id", "ra", "dec", "distance"))}


def export(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.calibration import audited
    from astrotl_gui.pipeline.export import export_project

    with opened(options.project) as (project, mosaic):
        targets = [target_of(project, options.target)] if options.target else list(project.target_names)
        catalog, rankings = catalog_of(project), project.read_rankings()
        calibrated = audited(project, [target for target in targets if target in rankings])
        rows = export_project(
            options.out,
            project,
            mosaic,
            catalog,
            rankings,
            targets,
            options.labelled,
            inputs=inputs_of(project, catalog, mosaic) if calibrated else None,
        )
        return {"rows": rows, "file": options.out, "text": f"{rows:,} rows in {options.out}"}


def describe(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.compare import compare
    from astrotl_gui.pipeline.describe import describe
    from astrotl_gui.pipeline.description.output import check_format, write
    from astrotl_gui.pipeline.description.report import text
    from astrotl_gui.pipeline.subject import open_subjects

    if options.out:
        check_format(options.out)
    groups = [options.paths, options.beside] if options.beside else [options.paths]
    progress = ConsoleProgress()
    subjects = open_subjects(
        groups, pixel_scale=options.pixel_scale, zeropoints=options.zeropoint, progress=progress
    )
    found = [
        describe(one.mosaic, one.catalog, one.settings, snr=options.snr, progress=progress)
        for one in subjects
    ]
    shown = compare(*found) if options.beside else found[0]
    result = shown.to_dict()
    if options.beside:
        result = {"first": found[0].to_dict(), "second": found[1].to_dict(), "comparison": result}
    if options.out:
        write(options.out, shown, result)
        result["file"] = options.out
    return {**result, "text": text(shown)}


def open_window(options: argparse.Namespace) -> Result:
    from astrotl_gui.gui.app import run

    return {"exit": run(options.paths)}


def demo(options: argparse.Namespace) -> Result:
    if options.headless or not _has_display():
        from astrotl_gui.gui.demo_run import run_demo
        from astrotl_gui.gui.field_run import run_field

        return run_field(options.out, options.field) if options.field else run_demo(options.out)
    from astrotl_gui.gui.app import run

    return {"exit": run(demo=not options.field, field=options.field or "")}


def _chosen_source(options: argparse.Namespace, catalog: Any) -> int:
    if options.id is not None:
        row_of(catalog, options.id)
        return int(options.id)
    if not catalog.has_sky:
        raise AstroTLError("No coordinates", "No source has any, so sky search is off. Use --id.")
    from astrotl_gui.core.matching import match_sky

    ra, dec = options.radec
    (row,) = match_sky([ra], [dec], catalog.ra, catalog.dec, options.radius)
    if row < 0:
        raise AstroTLError("No source there", f"None lies within {options.radius:g}″ of {ra:.5f}, {dec:.5f}.")
    return int(catalog.ids[row])


def _place(catalog: Any, row: int, names: Sequence[str] = ("id", "ra", "dec", "x", "y")) -> Result:
    return {name: catalog.column(name)[row] for name in names}


def _write_rows(path: Path, rows: list[Result]) -> None:
    from astropy.table import Table

    from astrotl_gui.pipeline.table_files import write_table

    table = Table(rows=[{**row, "label": row["label"] or ""} for row in rows])
    write_table(path, table, {})


def _has_display() -> bool:
    if os.environ.get("QT_QPA_PLATFORM") == "offscreen":
        return False
    return sys.platform in ("win32", "darwin") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


VERBS = {
    "new": new,
    "detect": detect,
    "cosmic-rays": cosmic_rays,
    "epochs": epochs,
    "embed": embed,
    "encoders": encoders,
    "rank": rank,
    "finetune": finetune,
    "models": models,
    "target": target,
    "prototypes": prototypes,
    "inject": inject,
    "similar": similar,
    "why": why,
    "label": label,
    "export": export,
    "audit": audit,
    "parameters": parameters,
    "replay": replay,
    "evaluate": evaluate,
    "simulate": simulate,
    "describe": describe,
    "render": render,
    "survey": survey,
    "open": open_window,
    "demo": demo,
}

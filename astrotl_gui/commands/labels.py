"""`astrotl label`: one label of a source or of an epoch of it, or a whole table in or out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from astrotl_gui.commands.shared import Result, catalog_of, opened, row_of, target_of
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import GRADE_VALUE, VALUES


def label(options: argparse.Namespace) -> Result:
    from astrotl_gui.core.settings import AppSettings
    from astrotl_gui.pipeline.label_table import read_labels, write_labels

    vetter = options.vetter or AppSettings.load().vetter
    with opened(options.project) as (project, mosaic):
        if options.export:
            count = write_labels(options.export, project.labels.events())
            return {"labels": count, "file": options.export, "text": f"{count} labels in {options.export}"}
        catalog = catalog_of(project)
        if options.import_file:
            targets = project.target_names | {target: target for target in _epochs(project).values()}
            events = read_labels(options.import_file, catalog, vetter, targets)
        else:
            events = [_one(project, catalog, mosaic, options, vetter)]
        project.labels.add(events)
        return {"labels": len(events), "text": f"{len(events)} label{'s' * (len(events) != 1)} saved"}


def _one(project: Any, catalog: Any, mosaic: Any, options: argparse.Namespace, vetter: str) -> Any:
    from astrotl_gui.core.labels import Label

    if options.id is None or bool(options.target) == bool(options.epoch) or not options.label_class:
        raise AstroTLError(
            "A label needs three things",
            "Give --id N, --target T or --epoch E, and --class C; or --import FILE, or --export FILE.",
        )
    row = row_of(catalog, options.id)
    target = _epoch(project, options.epoch) if options.epoch else target_of(project, options.target)
    grade = options.label_class if options.label_class in GRADE_VALUE else ""
    value = GRADE_VALUE.get(options.label_class, options.label_class)
    place: dict[str, Any] = {name: float(row[name]) for name in ("ra", "dec", "x", "y")}
    return Label(options.id, target, value, grade, vetter=vetter, mosaic=mosaic.fingerprint, **place)


def _epochs(project: Any) -> dict[str, str]:
    """Names of the project's epochs, and the target of the labels of each."""
    from astrotl_gui.core.epochs import label_target, stored_series

    series = stored_series(project.epochs_folder)
    return {} if series is None else {name: label_target(name) for name in series.names}


def _epoch(project: Any, name: str) -> str:
    known = _epochs(project)
    if not known:
        raise AstroTLError("No epochs yet", f"Run astrotl epochs {project.path} --images FILE FILE … first.")
    if name not in known:
        raise AstroTLError("No such epoch", f"“{name}” is none of {', '.join(known)}.")
    return known[name]


def label_options(sub: argparse.ArgumentParser, lists: str) -> None:
    """What `astrotl label` takes."""
    sub.add_argument(
        "--import", dest="import_file", type=Path, metavar="FILE", help="take labels from a table"
    )
    sub.add_argument("--export", type=Path, metavar="FILE", help="write all labels")
    sub.add_argument("--id", type=int)
    sub.add_argument("--target", metavar="T", help=lists)
    sub.add_argument(
        "--epoch", metavar="E", help="instead of a list: an epoch, problematic (positive) or good (negative)"
    )
    sub.add_argument("--class", dest="label_class", choices=(*VALUES, *GRADE_VALUE))
    sub.add_argument("--vetter", help="who labels (default: your settings)")

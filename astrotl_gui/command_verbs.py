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

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import GRADE_VALUE, TARGETS
from astrotl_gui.core.progress import Pace, Progress, round_time

Result = dict[str, Any]


class ConsoleProgress(Progress):
    """One line on stderr, rewritten while it is a terminal."""

    def __init__(self) -> None:
        self._pace, self._line = Pace(), ""

    def __call__(self, done: float, total: float, text: str = "") -> None:
        self._pace.update(done, total)
        share = f"{100 * done / total:.0f} %" if total else ""
        left = self._pace.left_seconds
        line = f"{text} {share}" + (f", {round_time(left)} left" if left and done < total else "")
        if line != self._line and sys.stderr.isatty():
            print(f"\r{line:<70}", end="\n" if done >= total else "", file=sys.stderr, flush=True)
        self._line = line


def new(options: argparse.Namespace) -> Result:
    if options.stamps:
        return _new_of_stamps(options)
    stray = [name for name in ("ids", "array", "bands") if getattr(options, name)]
    if stray:
        raise AstroTLError("These are options of stamps", f"--{stray[0]} goes with --stamps DIR|FILE.")
    from astrotl_gui.core.mosaic import Mosaic
    from astrotl_gui.core.project import Project
    from astrotl_gui.core.settings import CutoutSettings, DetectionSettings, default_cutouts
    from astrotl_gui.pipeline.new import spec_from_options

    spec = spec_from_options(
        options.project,
        bands=options.band,
        images=options.images,
        roles={role: getattr(options, role) for role in ("rms", "weight", "mask", "psf")},
        mask_bits=options.mask_bits,
        zeropoints=options.zeropoint,
        pixel_scale=options.pixel_scale,
    )
    mosaic = Mosaic.open(spec)
    cutouts = default_cutouts(mosaic.pixel_scale())
    if options.cutout:
        cutouts = CutoutSettings(size=options.cutout, context=3 * options.cutout)
    if options.catalog:
        from astrotl_gui.core.catalog import read_user_catalog

        read_user_catalog(options.catalog)  # refuse a bad catalog before anything is written
    project = Project.create(options.project, spec, DetectionSettings(), cutouts)
    try:
        result = {
            "project": project.path,
            "bands": [band.name for band in mosaic.bands],
            "shape": list(mosaic.shape),
            "pixel_scale": mosaic.pixel_scale(),
            "notes": list(mosaic.notes),
            "text": f"{project.path}: {', '.join(b.name for b in mosaic.bands)}, "
            f"{mosaic.shape[1]} × {mosaic.shape[0]} px of {mosaic.pixel_scale():.4g}″",
        }
        if options.catalog:
            result["sources"] = len(_find_sources(project, mosaic, options.catalog))
        return result
    finally:
        project.close()


def _new_of_stamps(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.new_stamps import new_stamps, read_stamps

    others = ("images", "band", "rms", "weight", "mask", "psf", "mask_bits", "zeropoint", "catalog", "cutout")
    stray = [name.replace("_", "-") for name in others if getattr(options, name)]
    if stray:
        raise AstroTLError("Stamps or images, not both", f"--stamps does not go with {', '.join(stray)}.")
    found = read_stamps(
        [options.stamps],
        ids=options.ids,
        array=options.array,
        bands=[name for name in options.bands.split(",") if name],
        progress=ConsoleProgress(),
    )
    made = new_stamps(options.project, found, pixel_scale=options.pixel_scale, progress=ConsoleProgress())
    bands = ", ".join(made.bands)
    lines = [
        f"{made.path}: {made.count:,} stamps of {made.side} px ({made.size:.4g}″) in {bands}",
        *made.notes,
    ]
    return {
        "project": made.path,
        "bands": list(made.bands),
        "sources": made.count,
        "stamp_side": made.side,
        "pixel_scale": made.pixel_scale,
        "skipped": [{"stamp": name, "reason": reason} for name, reason in made.skipped],
        "notes": list(made.notes),
        "text": "\n".join(lines),
    }


def detect(options: argparse.Namespace) -> Result:
    from dataclasses import replace

    with _opened(options.project) as (project, mosaic):
        changed = {
            "threshold": options.threshold,
            "min_area": options.min_area,
            "tile": options.tile,
            "band": options.detection_band,
        }
        given = {name: value for name, value in changed.items() if value is not None}
        project.detection = replace(project.detection, **given)
        project.save()
        catalog = _find_sources(project, mosaic, options.catalog)
        return {
            "sources": len(catalog),
            "fwhm": catalog.fwhm,
            "catalog": project.catalog_file,
            "text": f"{len(catalog):,} sources",
        }


def embed(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.embed import embed

    with _opened(options.project) as (project, mosaic):
        _choose_encoder(project, options)
        catalog = _catalog(project)
        store = embed(
            mosaic,
            catalog,
            project.embeddings_folder,
            project.cutouts,
            project.encoder,
            device=options.device,
            progress=ConsoleProgress(),
        )
        meta = store.meta()
        return {
            "embedded": len(catalog),
            "dimensions": meta["dimensions"],
            "key": store.key,
            "views": meta["making"]["views"],
            "encoder": meta["making"]["encoder"]["name"],
            **meta["made_with"],
            "text": f"{len(catalog):,} sources embedded ({store.key})",
        }


def _choose_encoder(project: Any, options: argparse.Namespace) -> None:
    """Keep in the project which encoder looks at its cutouts, and how, where the options say so."""
    from dataclasses import replace

    from astrotl_gui.ml.encoder_choice import checked

    names = ("encoder", "layers", "views", "zooms", "recipe")
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    chosen = checked(replace(project.encoder, **given))
    if chosen != project.encoder:
        project.encoder = chosen
        project.save()


def encoders(options: argparse.Namespace) -> Result:
    from astrotl_gui.core.recent import encoder_users
    from astrotl_gui.ml.encoders import cards, remove

    if options.add:
        from astrotl_gui.pipeline.encoders import add_encoder

        made = add_encoder(
            options.add,
            options.weights,
            called=options.called,
            input=options.input,
            mean=options.mean,
            std=options.std,
            progress=ConsoleProgress(),
        )
        return {
            "added": made.to_dict(),
            "text": f"{made.name} added. Use it: astrotl embed PROJECT --encoder {made.name}",
        }
    if options.weights or options.called:
        raise AstroTLError("Which encoder is it", "Give its architecture: --add NAME --weights FILE.")
    if options.remove:
        remove(options.remove)
        return {"removed": options.remove, "text": f"{options.remove} removed"}
    users = encoder_users()
    rows = [known.to_dict() | {"projects": users.get(known.name, [])} for known in cards()]
    shown = ("name", "dimensions", "input", "megabytes", "licence", "source")
    return {
        "rows": rows,
        "text": _lines([row | {"megabytes": f"{row['size'] / 1e6:.0f}"} for row in rows], shown),
    }


def rank(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.lists import rank_lists

    with _opened(options.project) as (project, mosaic):
        catalog = _catalog(project)
        inputs = _inputs(project, catalog, mosaic)
        ranking = rank_lists(inputs, {options.target: project.labels.training(options.target)})[
            options.target
        ]
        project.write_ranking(ranking)
        labels = project.labels.current(options.target)
        top = catalog.take(catalog.rows_of(ranking.ids[: options.top]))
        rows = [
            {
                "rank": k + 1,
                **_place(top, k),
                "score": ranking.scores[k],
                "label": getattr(labels.get(int(i)), "value", None),
            }
            for k, i in enumerate(top.ids)
        ]
        if options.out:
            _write_rows(options.out, rows)
        return {
            "target": options.target,
            "model": ranking.model,
            "sources": len(ranking),
            "rows": rows,
            "text": _lines(rows, ("rank", "id", "ra", "dec", "score", "label")),
        }


def similar(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.similar import similar

    with _opened(options.project) as (project, mosaic):
        catalog = _catalog(project)
        source = _chosen_source(options, catalog)
        found = similar(_inputs(project, catalog, mosaic), [source], k=options.k)
        near = catalog.take(catalog.rows_of(found.ids))
        rows = [
            {"rank": k + 1, **_place(near, k, ("id", "ra", "dec")), "distance": found.distances[k]}
            for k in range(len(near))
        ]
        return {"query": source, "rows": rows, "text": _lines(rows, ("rank", "id", "ra", "dec", "distance"))}


def label(options: argparse.Namespace) -> Result:
    from astrotl_gui.core.labels import Label
    from astrotl_gui.core.settings import AppSettings
    from astrotl_gui.pipeline.label_table import read_labels, write_labels

    vetter = options.vetter or AppSettings.load().vetter
    with _opened(options.project) as (project, mosaic):
        if options.export:
            count = write_labels(options.export, project.labels.events())
            return {"labels": count, "file": options.export, "text": f"{count} labels in {options.export}"}
        catalog = _catalog(project)
        if options.import_file:
            events = read_labels(options.import_file, catalog, vetter)
        else:
            if options.id is None or not options.target or not options.label_class:
                raise AstroTLError(
                    "A label needs three things",
                    "Give --id N --target T --class C, or --import FILE, or --export FILE.",
                )
            row = _row(catalog, options.id)
            grade = options.label_class if options.label_class in GRADE_VALUE else ""
            place: dict[str, Any] = {name: float(row[name]) for name in ("ra", "dec", "x", "y")}
            value = GRADE_VALUE.get(options.label_class, options.label_class)
            events = [
                Label(
                    options.id,
                    options.target,
                    value,
                    grade,
                    vetter=vetter,
                    mosaic=mosaic.fingerprint,
                    **place,
                )
            ]
        project.labels.add(events)
        return {"labels": len(events), "text": f"{len(events)} label{'s' * (len(events) != 1)} saved"}


def export(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.export import export_project

    with _opened(options.project) as (project, mosaic):
        targets = [options.target] if options.target else list(TARGETS)
        rows = export_project(
            options.out,
            project,
            mosaic,
            _catalog(project),
            project.read_rankings(),
            targets,
            options.labelled,
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
    subjects = open_subjects(groups, pixel_scale=options.pixel_scale, zeropoints=options.zeropoint)
    progress = ConsoleProgress()
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


def simulate(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.simulate import Recipe, simulate

    width, height = options.size
    recipe = Recipe(
        seed=options.seed,
        width=width,
        height=height,
        camera=options.camera,
        bands=tuple(name for name in options.bands.split(",") if name),
        depths=dict(options.depth),
        projection=options.projection,
        star_density=options.stars,
        rare=options.rare,
        artifacts=options.artifacts,
        epochs=options.epochs,
        epoch_band=options.epoch_band,
    )
    made = simulate(options.out, recipe, workers=options.workers, progress=ConsoleProgress())
    listed = made.counts()
    return {
        "folder": options.out,
        "images": {band: str(path) for band, path in made.images.items()},
        "epochs": list(made.epochs),
        "truth": made.truth,
        "mask_bits": made.mask_bits,
        "classes": listed,
        "text": f"{options.out}: {width} × {height} px in {', '.join(made.images)}; "
        + ", ".join(f"{count:,} {name}" for name, count in listed.items()),
    }


def demo(options: argparse.Namespace) -> Result:
    if options.headless or not _has_display():
        from astrotl_gui.gui.demo_run import run_demo
        from astrotl_gui.gui.field_run import run_field

        return run_field(options.out, options.field) if options.field else run_demo(options.out)
    from astrotl_gui.gui.app import run

    return {"exit": run(demo=not options.field, field=options.field or "")}


# -- shared by the verbs ---------------------------------------------------------------------------------------


class _opened:
    """The project and its mosaic, closed again whatever happens."""

    def __init__(self, path: Path) -> None:
        from astrotl_gui.core.project import Project

        self._project = Project.open(path)

    def __enter__(self) -> tuple[Any, Any]:
        from astrotl_gui.core.mosaic import Mosaic

        try:
            return self._project, Mosaic.open(self._project.spec)
        except BaseException:
            self._project.close()
            raise

    def __exit__(self, *_: object) -> None:
        self._project.close()


def _find_sources(project: Any, mosaic: Any, catalog_file: Path | None) -> Any:
    from astrotl_gui.pipeline.sources import find_sources

    catalog = find_sources(
        mosaic,
        project.read_catalog(),
        project.labels.events(),
        project.next_id,
        project.detection,
        catalog_file,
        progress=ConsoleProgress(),
    )
    project.write_catalog(catalog)
    return catalog


def _catalog(project: Any) -> Any:
    catalog = project.read_catalog()
    if not len(catalog):
        raise AstroTLError("No sources yet", f"Run astrotl detect {project.path} first.")
    return catalog


def _inputs(project: Any, catalog: Any, mosaic: Any) -> Any:
    from astrotl_gui.pipeline.lists import load_inputs

    inputs = load_inputs(project.embeddings_folder, catalog, mosaic, project.cutouts, project.encoder)
    if inputs is None:
        raise AstroTLError("The sources are not embedded", f"Run astrotl embed {project.path} first.")
    return inputs


def _chosen_source(options: argparse.Namespace, catalog: Any) -> int:
    if options.id is not None:
        _row(catalog, options.id)
        return int(options.id)
    if not catalog.has_sky:
        raise AstroTLError("No coordinates", "No source has any, so sky search is off. Use --id.")
    from astrotl_gui.core.matching import match_sky

    ra, dec = options.radec
    (row,) = match_sky([ra], [dec], catalog.ra, catalog.dec, options.radius)
    if row < 0:
        raise AstroTLError("No source there", f"None lies within {options.radius:g}″ of {ra:.5f}, {dec:.5f}.")
    return int(catalog.ids[row])


def _row(catalog: Any, source: int) -> dict[str, Any]:
    if catalog.rows_of([source])[0] < 0:
        raise AstroTLError(
            "No such source", f"There is no source {source}; ids go up to {int(catalog.ids.max())}."
        )
    return dict(catalog.row(source))


def _place(catalog: Any, row: int, names: Sequence[str] = ("id", "ra", "dec", "x", "y")) -> Result:
    return {name: catalog.column(name)[row] for name in names}


def _lines(rows: list[Result], names: Sequence[str]) -> str:
    def cell(value: Any) -> str:
        if value is None:
            return "–"
        return f"{float(value):.5f}" if hasattr(value, "dtype") and value.dtype.kind == "f" else str(value)

    return "\n".join(
        "\t".join(names if row is None else [cell(row[n]) for n in names]) for row in [None, *rows]
    )


def _write_rows(path: Path, rows: list[Result]) -> None:
    from astropy.table import Table

    from astrotl_gui.pipeline.export import write_table

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
    "embed": embed,
    "encoders": encoders,
    "rank": rank,
    "similar": similar,
    "label": label,
    "export": export,
    "simulate": simulate,
    "describe": describe,
    "open": open_window,
    "demo": demo,
}

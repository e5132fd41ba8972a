"""`astrotl survey`: detect or take positions, and embed, over many mosaics, here or on a cluster."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astrotl_gui.commands.shared import ConsoleProgress, Result, lines
from astrotl_gui.core.errors import AstroTLError

if TYPE_CHECKING:
    from astrotl_gui.pipeline.survey.folder import Survey
    from astrotl_gui.pipeline.survey.listing import SurveyList

FAILURES_SHOWN = 10


def survey_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "catalog", nargs="?", type=Path, help="positions: HATS, Parquet, FITS, CSV (default: detect)"
    )
    sub.add_argument("--out", type=Path, required=True, metavar="DIR", help="survey folder, NAME.survey")
    sub.add_argument(
        "--images",
        nargs="+",
        type=Path,
        default=[],
        metavar="PATH",
        help="FITS files, folders, lists (.txt), tables with a row a mosaic",
    )
    where = sub.add_mutually_exclusive_group()
    where.add_argument(
        "--scheduler", default="", metavar="ADDRESS", help="a Dask scheduler, or its scheduler file"
    )
    where.add_argument(
        "--cluster",
        default="",
        metavar="MODULE:CALLABLE",
        help="makes your own Dask cluster (SLURM, Kubernetes)",
    )
    where.add_argument("--plain", action="store_true", help="one partition after another, without Dask")
    sub.add_argument(
        "--workers", type=int, default=0, metavar="N", help="processes (one a GPU, or for two cores)"
    )
    sub.add_argument(
        "--per-partition", type=int, default=20_000, metavar="N", help="sources of a partition (20000)"
    )
    sub.add_argument("--cutout", type=float, metavar="ARCSEC", help="side of what the network sees (18)")
    sub.add_argument("--encoder", metavar="NAME", help="see astrotl encoders (the built-in)")
    sub.add_argument(
        "--views", type=int, choices=(1, 8), default=1, help="turns and reflections averaged (1)"
    )
    sub.add_argument("--device", default="auto", choices=("auto", "cuda", "mps", "cpu"))
    sub.add_argument(
        "--plan", action="store_true", help="only say what it will take, from rates measured here"
    )
    sub.add_argument("--sources", type=int, metavar="N", help="with --plan: how many, instead of counting")
    sub.add_argument(
        "--price", type=float, default=float("nan"), metavar="P", help="with --plan: of a worker-hour"
    )
    sub.add_argument("--rank", type=Path, metavar="LABELS", help="rank what has arrived by a table of labels")
    sub.add_argument(
        "--target", default="", metavar="T", help="with --rank: which list, where the table has several"
    )
    sub.add_argument("--similar", type=int, metavar="ID", help="what is most like a source of the survey")
    sub.add_argument(
        "--list", default="", dest="kept", metavar="NAME", help="a list that --rank or --similar has kept"
    )
    sub.add_argument(
        "--top", type=int, default=20, metavar="N", help="with --rank, --similar, --list: how many (20)"
    )
    sub.add_argument(
        "--open-as",
        type=Path,
        metavar="PROJECT",
        help="make a project: of one mosaic, or of cutouts of the list",
    )
    sub.add_argument("--mosaic", metavar="NAME", help="with --open-as: which mosaic (the first)")


def survey(options: argparse.Namespace) -> Result:
    """Begin a survey, go on with one, plan it, or open what has arrived. Exit 1 where something failed."""
    from astrotl_gui.pipeline.survey.folder import Survey

    if options.workers < 0 or options.per_partition < 1:
        raise AstroTLError("This is no number", "--workers and --per-partition count from 1.")
    if options.plan:
        return _plan(options)
    listed = bool(options.rank or options.kept or options.similar is not None)
    if listed and options.mosaic is not None:
        raise AstroTLError(
            "A mosaic or a list", "--mosaic opens one mosaic: leave out the list, or --mosaic."
        )
    if listed:
        return _list(options, Survey.open(options.out))
    if options.open_as:
        return _open_as(options, Survey.open(options.out))
    return _run(options, Survey.open(options.out) if options.out.exists() else _begin(options))


def _begin(options: argparse.Namespace) -> Survey:
    from astrotl_gui.core.settings import DetectionSettings
    from astrotl_gui.pipeline.survey.fields import find_fields
    from astrotl_gui.pipeline.survey.folder import Survey
    from astrotl_gui.pipeline.survey.hats import read_positions

    if options.catalog is not None:
        next(read_positions(options.catalog), None)  # is refused before minutes are spent on the images
    fields = find_fields(_images(options), progress=ConsoleProgress())
    settings = _settings(options)
    return Survey.create(options.out, fields, DetectionSettings(), *settings, options.catalog)


def _images(options: argparse.Namespace) -> list[Path]:
    if not options.images:
        raise AstroTLError("No images to survey", "Give FITS files, folders, lists or a table with --images.")
    for path in options.images:
        if "://" not in str(path) and not path.exists():
            raise AstroTLError("This file is missing", f"{path}.")
    return list(options.images)


def _settings(options: argparse.Namespace) -> tuple[Any, Any]:
    from astrotl_gui.core.settings import BUILT_IN, CutoutSettings, EncoderSettings

    size = options.cutout or CutoutSettings().size
    encoder = EncoderSettings(encoder=options.encoder or BUILT_IN, views=options.views)
    return CutoutSettings(size, 3 * size), encoder


def _cluster(options: argparse.Namespace) -> Any:
    from astrotl_gui.pipeline.survey.cluster import connected

    if options.plain:
        return nullcontext()
    return connected(options.scheduler, options.cluster, options.workers)


def _list(options: argparse.Namespace, begun: Survey) -> Result:
    """A list over all that has arrived, made or kept, and with --open-as the project of its sources."""
    from astrotl_gui.core.project import free_folder

    if options.top < 1:
        raise AstroTLError("This is no number", "--top counts from 1.")
    if options.open_as:
        free_folder(options.open_as)  # is refused before minutes are spent on the list
    found, file, labels = _listed(options, begun)
    table = found.table(begun)
    rows = [{name: row[name] for name in table.colnames} for row in table]
    said = [f"Table: {file}"]
    if found.parts != found.of:
        said.insert(0, f"Of {found.parts:,} of {found.of:,} partitions, which have arrived.")
    made: Result = {
        "survey": begun.path,
        "list": found.name,
        "partitions": found.of,
        "done": found.parts,
        "rows": rows,
        "table": file,
    }
    if not options.open_as:
        return {**made, "text": "\n".join([lines(rows, table.colnames), *said])}
    return {**made, **_gathered(options, begun, found, labels, said)}


def _listed(options: argparse.Namespace, begun: Survey) -> tuple[SurveyList, Path, dict[int, int]]:
    """The list, the file that keeps it, and the labels that made it."""
    from astrotl_gui.pipeline.survey.labelled import survey_labels
    from astrotl_gui.pipeline.survey.listing import SurveyList, list_file
    from astrotl_gui.pipeline.survey.ranking import rank_survey, similar_in_survey

    if options.kept:
        return SurveyList.read(begun, options.kept).top(options.top), list_file(begun, options.kept), {}
    progress = ConsoleProgress()
    labels: dict[int, int] = {}
    with _cluster(options) as client:
        if options.rank:
            target, labels = survey_labels(begun, options.rank, options.target, client, progress=progress)
            found = rank_survey(begun, target, labels, options.top, client, progress=progress)
        else:
            found = similar_in_survey(begun, options.similar, options.top, client, progress=progress)
    return found, found.write(begun), labels


def _gathered(
    options: argparse.Namespace, begun: Survey, found: SurveyList, labels: dict[int, int], said: list[str]
) -> Result:
    from astrotl_gui.pipeline.survey.gathering import open_list

    made = open_list(begun, found, options.open_as, labels=labels, progress=ConsoleProgress())
    if made.missing:
        said.append(f"{len(found.ids) - made.count:,} sources are left out; images that cannot be read:")
        said += [f"  {name}: {reason}" for name, reason in made.missing[:FAILURES_SHOWN]]
        said += ["  …"] if len(made.missing) > FAILURES_SHOWN else []
    said.append(f"{made.path}: {made.count:,} sources; look at them with astrotl open {made.path}")
    return {
        "project": made.path,
        "sources": made.count,
        "missing": [{"mosaic": name, "reason": reason} for name, reason in made.missing],
        "text": "\n".join(said),
        "exit": 1 if made.missing else 0,
    }


def _run(options: argparse.Namespace, begun: Survey) -> Result:
    from astrotl_gui.pipeline.survey.engine import run

    with _cluster(options) as client:
        made = run(
            begun,
            client,
            per_partition=options.per_partition,
            device=options.device,
            progress=ConsoleProgress(),
        )
    says = [
        f"{begun.path}: {made.sources:,} sources, {made.done:,} of {made.partitions:,} partitions finished; "
        f"{made.embedded:,} embedded now, {made.rate:,.0f} a second"
    ]
    if made.nowhere:
        says.append(f"{made.nowhere:,} positions lie on no image: {begun.path / 'unplaced.parquet'}")
    if made.linked:
        says.append(f"{made.linked:,} detections stand for others' sources: {begun.path / 'links.parquet'}")
    if made.failures:
        says.append(f"{len(made.failures):,} failed. Run the same line again to try them anew:")
        says += [f"  {one.where}: {one.reason}" for one in made.failures[:FAILURES_SHOWN]]
        says += ["  …"] if len(made.failures) > FAILURES_SHOWN else []
    failures = [
        {"stage": one.stage, "number": one.number, "where": one.where, "reason": one.reason}
        for one in made.failures
    ]
    return {
        "survey": begun.path,
        "sources": made.sources,
        "partitions": made.partitions,
        "done": made.done,
        "embedded": made.embedded,
        "rate": made.rate,
        "unplaced": made.nowhere,
        "linked": made.linked,
        "failures": failures,
        "catalog": begun.path / "catalog",
        "text": "\n".join(says),
        "exit": 1 if failures else 0,
    }


def _plan(options: argparse.Namespace) -> Result:
    from dataclasses import asdict

    from astrotl_gui.core.settings import DetectionSettings
    from astrotl_gui.pipeline.survey.fields import find_fields
    from astrotl_gui.pipeline.survey.hats import read_positions
    from astrotl_gui.pipeline.survey.plan import plan_lines, plan_survey

    fields = [one for one in find_fields(_images(options), progress=ConsoleProgress()) if not one.reason]
    sources = options.sources
    if sources is None and options.catalog is not None:
        sources = sum(len(table) for table in read_positions(options.catalog))
    plan, rates = plan_survey(
        [one.spec for one in fields],
        sources,
        *_settings(options),
        DetectionSettings(),
        workers=options.workers or 1,
        per_partition=options.per_partition,
        price=options.price,
        device=options.device,
        progress=ConsoleProgress(),
    )
    return {**plan.to_dict(), "rates": asdict(rates), "text": "\n".join(plan_lines(plan, rates))}


def _open_as(options: argparse.Namespace, begun: Survey) -> Result:
    from astrotl_gui.pipeline.survey.opening import open_as_project

    made = open_as_project(begun, options.mosaic or "0", options.open_as)
    return {"project": made, "text": f"{made}: look at it with astrotl open {made}"}

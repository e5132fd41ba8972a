"""`astrotl evaluate`: how soon a ranking finds what is wanted, beside baselines, on a set whose truth is known."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from astrotl_gui.commands.shared import ConsoleProgress, Result
from astrotl_gui.core.labels import TARGET_NAMES, TARGETS
from astrotl_gui.core.settings import BUILT_IN
from astrotl_gui.core.targets import no_such_target

if TYPE_CHECKING:
    from astrotl_gui.pipeline.evaluation.labelled_set import LabelledSet
    from astrotl_gui.pipeline.evaluation.protocols import Protocol


def evaluate(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.evaluate import evaluate
    from astrotl_gui.pipeline.evaluation.methods import chosen
    from astrotl_gui.pipeline.evaluation.output import check_plot, table, write_log
    from astrotl_gui.pipeline.evaluation.plot import write_plot

    methods = chosen(options.method, options.unsupervised)
    if options.plot:
        check_plot(options.plot)
    labelled = _labelled(options)
    seeds = range(options.seeds or 0)
    found = evaluate(labelled, _protocol(options), seeds, methods, progress=ConsoleProgress())
    result = found.to_dict()
    if options.log:
        write_log(options.log, found)
        result["log"] = options.log
    if options.plot:
        write_plot(options.plot, found)
        result["plot"] = options.plot
    return {**result, "text": table(found)}


def _labelled(options: argparse.Namespace) -> LabelledSet:
    """A project's labelled sources, or a folder's pictures."""
    from astrotl_gui.core.errors import AstroTLError
    from astrotl_gui.core.project import is_project
    from astrotl_gui.ml.encoder_choice import AUTO
    from astrotl_gui.pipeline.evaluation.folder import VIEWS, read_folder
    from astrotl_gui.pipeline.evaluation.project import read_project

    if not is_project(options.path):
        if options.target and options.target not in TARGETS:
            raise no_such_target(TARGET_NAMES, options.target)
        return read_folder(
            options.path,
            options.positive,
            target=options.target or "",
            encoder=options.encoder or BUILT_IN,
            layers=options.layers or AUTO,
            views=options.views or VIEWS,
            device=options.device,
            progress=ConsoleProgress(),
        )
    stray = [name for name in ("positive", "encoder", "layers", "views") if getattr(options, name)]
    if stray:
        raise AstroTLError(
            "This is an option of folders",
            f"--{stray[0]} does not go with a project: its own labels and embeddings are used.",
        )
    return read_project(options.path, options.target or "")


def _protocol(options: argparse.Namespace) -> Protocol:
    from astrotl_gui.pipeline.evaluation.protocols import FIVE, PROTOCOLS, UNSUPERVISED

    usual = UNSUPERVISED if options.unsupervised else FIVE
    protocol = PROTOCOLS[options.protocol] if options.protocol else usual
    return replace(protocol, marks=tuple(sorted({*protocol.marks, *options.mark})))


def evaluate_options(sub: argparse.ArgumentParser) -> None:
    """What `astrotl evaluate` takes."""
    sub.add_argument(
        "path", type=Path, metavar="DIR|PROJECT", help="images/ with truth.csv, or a project with labels"
    )
    sub.add_argument(
        "--positive",
        nargs="+",
        action="extend",
        default=[],
        metavar="CLASS",
        help="what is wanted, where truth.csv names classes (default: anomaly)",
    )
    sub.add_argument(
        "--protocol",
        choices=("5+45", "one"),
        help="what is labelled at the start (5+45; none if --unsupervised)",
    )
    sub.add_argument("--seeds", type=_count, metavar="N", help="starts, seeds 0 to N − 1 (5+45: 5, one: 10)")
    sub.add_argument(
        "--method", nargs="+", action="extend", default=[], metavar="NAME", help="which ones (default: all)"
    )
    sub.add_argument("--unsupervised", action="store_true", help="outlier methods, which take no labels")
    sub.add_argument(
        "--mark", nargs="+", action="extend", type=_count, default=[], metavar="N",
        help="also count at so many labels, and play on to there",
    )  # fmt: skip
    sub.add_argument(
        "--target", metavar="T", help="of a project: whose labels; of a folder: use its cold formula too"
    )
    sub.add_argument("--encoder", metavar="NAME", help="which one looks (see astrotl encoders)")
    sub.add_argument("--layers", metavar="AUTO|LAST|2,3c,last", help="what of it is kept (see astrotl embed)")
    sub.add_argument("--views", type=int, choices=(1, 8), help="looks at each picture (8)")
    sub.add_argument("--device", default="auto", choices=("auto", "cuda", "mps", "cpu"))
    sub.add_argument("--log", type=Path, metavar="FILE", help="write method,seed,n_labels,found")
    sub.add_argument("--plot", type=Path, metavar="FILE", help="draw recall against labels, .png or .svg")


def _count(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return value

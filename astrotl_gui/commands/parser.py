"""Every verb of the command line with its options."""

from __future__ import annotations

import argparse
from pathlib import Path

from astrotl_gui import __version__
from astrotl_gui.commands.audit import audit_options
from astrotl_gui.commands.epochs import epochs_options
from astrotl_gui.commands.evaluate import evaluate_options
from astrotl_gui.commands.labels import label_options
from astrotl_gui.commands.models import finetune_options, models_options
from astrotl_gui.commands.options import (
    describe_options,
    embed_options,
    encoder_options,
    inject_options,
    new_options,
    simulate_options,
)
from astrotl_gui.commands.parameters import parameters_options
from astrotl_gui.commands.recovery import recovery_options
from astrotl_gui.commands.render import render_options
from astrotl_gui.commands.replay import replay_options
from astrotl_gui.commands.survey import survey_options
from astrotl_gui.commands.values import degrees
from astrotl_gui.core.settings import OUTLIER_METHODS, STRATEGIES
from astrotl_gui.pipeline.real_fields import FIELDS

LISTS = "lens, agn, artifact, outlier, or one of your own"


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="astrotl",
        description="Networks look at every source of a FITS mosaic, you vet what they rank highest.",
    )
    parser.add_argument("--version", action="version", version=f"AstroTL {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, help: str, project: bool = True) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=help, description=help)
        sub.add_argument("--json", action="store_true", help="print one JSON object")
        if project:
            sub.add_argument("project", type=Path, help="project folder, NAME.astrotl")
        return sub

    new_options(verb("new", "make a project from FITS images, or from stamps"))

    sub = verb("detect", "find the sources, or take a catalog")
    sub.add_argument("--threshold", type=float, metavar="SIGMA", help="detection limit [σ]")
    sub.add_argument("--min-area", type=int, metavar="PX", help="smallest source [px]")
    sub.add_argument("--tile", type=int, metavar="PX", help="tile size [px]")
    sub.add_argument("--detection-band", metavar="BAND", help="detect in this band (default: all, weighted)")
    sub.add_argument("--catalog", type=Path, help="take these positions instead")

    verb("cosmic-rays", "mark sources that are cosmic rays to deepCR, for the artifact list")

    embed_options(verb("embed", "let the network look at every source"))
    encoder_options(verb("encoders", "list the encoders on this computer, add or remove one", project=False))

    sub = verb("rank", "list the candidates of a target")
    sub.add_argument("--target", required=True, metavar="T", help=LISTS)
    sub.add_argument("--top", type=int, default=20, metavar="N", help="rows to print (20)")
    sub.add_argument("--out", type=Path, help="also write the rows to a table")
    sub.add_argument(
        "--queue",
        choices=tuple(STRATEGIES),
        metavar="STRATEGY",
        help=f"the N to label next instead of the list: {', '.join(STRATEGIES)}",
    )
    sub.add_argument(
        "--method",
        choices=tuple(OUTLIER_METHODS),
        help="outliers: what orders them before any label; kept in the project",
    )
    sub.add_argument(
        "--compare", action="store_true", help="outliers: also the rank by every method, and how many agree"
    )
    sub.add_argument(
        "--keep-artifacts", action="store_true", help="outliers: do not hold back likely artifacts"
    )

    tuned = "tune the network on labels; it is used only if it ranks held-out labels better"
    finetune_options(verb("finetune", tuned), LISTS)
    models_options(verb("models", "the versions of a project's network, and which one ranks"))

    sub = verb("target", "the lists of a project: show them, add one of your own, rename or remove it")
    what = sub.add_mutually_exclusive_group()
    what.add_argument("--add", metavar="NAME", help="a list of what you look for")
    what.add_argument("--remove", metavar="T", help="take one of your own out of view; its labels stay")
    what.add_argument("--rename", nargs=2, metavar=("T", "NAME"), help="give one of your own another name")

    sub = verb("prototypes", "known examples of a target, and the sources most like each of them")
    sub.add_argument("--target", default="agn", metavar="T", help="which list they are for (agn)")
    what = sub.add_mutually_exclusive_group()
    what.add_argument("--catalog", type=Path, metavar="FILE", help="take those of a catalog instead")
    what.add_argument("--id", type=int, action="append", help="add a source")
    what.add_argument("--clear", action="store_true", help="have none")
    sub.add_argument("--known", type=Path, metavar="FILE", help="judge the lists by a catalog of known ones")
    sub.add_argument("-k", type=int, default=16, help="sources in the list of each (16)")
    sub.add_argument("--out", type=Path, metavar="FILE", help="also write the union to a table")

    inject_options(
        verb("inject", "draw arcs, nuclei or artifacts into the project's own cutouts, for the cold lists")
    )

    recovery_options(verbs.choices["inject"])

    sub = verb("similar", "find sources that look alike")
    which = sub.add_mutually_exclusive_group(required=True)
    which.add_argument("--id", type=int, help="source id")
    which.add_argument("--radec", type=degrees, metavar="RA,DEC", help="position [deg, ICRS]")
    sub.add_argument("--radius", type=float, default=3.0, help="how far from RA,DEC a source may be [arcsec]")
    sub.add_argument("-k", type=int, default=20, help="how many (20)")

    sub = verb("why", "what put a source at its rank: examples, kernels, the order before any label")
    sub.add_argument("--id", type=int, required=True, help="source id")
    sub.add_argument("--target", required=True, metavar="T", help=LISTS)
    sub.add_argument(
        "--out", type=Path, metavar="PNG", help="also map the cutout: where the score comes from"
    )
    sub.add_argument("--device", default="auto", choices=("auto", "cuda", "mps", "cpu"))

    label_options(verb("label", "label a source, or move labels in and out"), LISTS)

    sub = verb("export", "write sources, ranks and labels")
    sub.add_argument("--out", type=Path, required=True, help=".csv .ecsv .fits .vot .parquet or .reg")
    sub.add_argument("--target", metavar="T", help=f"{LISTS} (default: all)")
    sub.add_argument("--labelled", action="store_true", help="only labelled sources")

    estimated = "a physical parameter of every source, learned from those whose value is known"
    parameters_options(verb("parameters", estimated))
    audit_options(verb("audit", "how much of a list is found, by a random sample labelled blind"), LISTS)
    epochs_options(
        verb("epochs", "light curves from many images, and which epochs not to trust", project=False)
    )
    replay_options(verb("replay", "the ranking of every moment, from the label log"), LISTS)
    evaluate_options(verb("evaluate", "how soon a ranking finds what is wanted", project=False))
    describe_options(verb("describe", "a mosaic's look in numbers, or two side by side", project=False))
    render_options(verb("render", "a region of a mosaic as a PNG, without a window", project=False))

    survey_options(verb("survey", "detect and embed over many mosaics, on a cluster", project=False))

    sub = verb("open", "the window, on a project or on images", project=False)
    sub.add_argument("paths", nargs="*", type=Path)

    simulate_options(verb("simulate", "make a survey field with a truth table", project=False))

    sub = verb("demo", "the main job on the simulated demo sky, or on a real field", project=False)
    sub.add_argument(
        "--field", choices=tuple(FIELDS), help="a real field instead, downloaded once and then kept"
    )
    sub.add_argument(
        "--headless", action="store_true", help="without a window, even where there is a display"
    )
    sub.add_argument(
        "--out", type=Path, default=Path("demo-output"), help="where a run without window leaves its results"
    )
    return parser

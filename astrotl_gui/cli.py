"""`astrotl`: every verb of the pipeline without a window, and the window.

Each verb returns a dictionary; `--json` prints it as one object, else its `text` lines are printed. Progress and
messages go to stderr. Exit 0 on success, 2 with one line on what the user can mend, 130 on Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from astrotl_gui import __version__
from astrotl_gui.commands.evaluate import evaluate_options
from astrotl_gui.commands.shared import Result
from astrotl_gui.commands.verbs import VERBS
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import GRADE_VALUE, VALUES
from astrotl_gui.core.settings import OUTLIER_METHODS
from astrotl_gui.pipeline.real_fields import FIELDS

SCHEMA = 1
LISTS = "lens, agn, artifact, outlier, or one of your own"


def main(argv: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else list(argv)
    if not arguments or (not arguments[0].startswith("-") and arguments[0] not in VERBS):
        arguments = ["open", *arguments]
    options = _parser().parse_args(arguments)
    try:
        result = VERBS[options.verb](options)
    except AstroTLError as problem:
        print(f"astrotl {options.verb}: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped. The project is as it was after the last finished step.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    _print(result, options)
    return int(result.get("exit", 0))


def _print(result: Result, options: argparse.Namespace) -> None:
    text = result.pop("text", "")
    result.pop("exit", None)
    if options.json:
        print(json.dumps({"schema": SCHEMA, "command": options.verb, **_plain(result)}, allow_nan=False))
    elif text:
        print(text)


def _plain(value: Any) -> Any:
    """Values that JSON has: numpy scalars become Python's, NaN null, paths text."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, Path):
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise argparse.ArgumentTypeError(f"{text!r} is not BAND=VALUE")
    return name, value


def _degrees(text: str) -> tuple[float, float]:
    try:
        ra, dec = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not RA,DEC in degrees") from None
    return ra, dec


def _parser() -> argparse.ArgumentParser:
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

    _new_options(verb("new", "make a project from FITS images, or from stamps"))

    sub = verb("detect", "find the sources, or take a catalog")
    sub.add_argument("--threshold", type=float, metavar="SIGMA", help="detection limit [σ]")
    sub.add_argument("--min-area", type=int, metavar="PX", help="smallest source [px]")
    sub.add_argument("--tile", type=int, metavar="PX", help="tile size [px]")
    sub.add_argument("--detection-band", metavar="BAND", help="detect in this band (default: all, weighted)")
    sub.add_argument("--catalog", type=Path, help="take these positions instead")

    verb("cosmic-rays", "mark sources that are cosmic rays to deepCR, for the artifact list")

    _embed_options(verb("embed", "let the network look at every source"))
    _encoder_options(verb("encoders", "list the encoders on this computer, add or remove one", project=False))

    sub = verb("rank", "list the candidates of a target")
    sub.add_argument("--target", required=True, metavar="T", help=LISTS)
    sub.add_argument("--top", type=int, default=20, metavar="N", help="rows to print (20)")
    sub.add_argument("--out", type=Path, help="also write the rows to a table")
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

    _inject_options(verb("inject", "draw arcs or nuclei into the project's own galaxies, for the cold lists"))

    sub = verb("similar", "find sources that look alike")
    which = sub.add_mutually_exclusive_group(required=True)
    which.add_argument("--id", type=int, help="source id")
    which.add_argument("--radec", type=_degrees, metavar="RA,DEC", help="position [deg, ICRS]")
    sub.add_argument("--radius", type=float, default=3.0, help="how far from RA,DEC a source may be [arcsec]")
    sub.add_argument("-k", type=int, default=20, help="how many (20)")

    sub = verb("why", "what put a source at its rank: examples, kernels, the order before any label")
    sub.add_argument("--id", type=int, required=True, help="source id")
    sub.add_argument("--target", required=True, metavar="T", help=LISTS)
    sub.add_argument(
        "--out", type=Path, metavar="PNG", help="also map the cutout: where the score comes from"
    )
    sub.add_argument("--device", default="auto", choices=("auto", "cuda", "mps", "cpu"))

    sub = verb("label", "label a source, or move labels in and out")
    sub.add_argument(
        "--import", dest="import_file", type=Path, metavar="FILE", help="take labels from a table"
    )
    sub.add_argument("--export", type=Path, metavar="FILE", help="write all labels")
    sub.add_argument("--id", type=int)
    sub.add_argument("--target", metavar="T", help=LISTS)
    sub.add_argument("--class", dest="label_class", choices=(*VALUES, *GRADE_VALUE))
    sub.add_argument("--vetter", help="who labels (default: your settings)")

    sub = verb("export", "write sources, ranks and labels")
    sub.add_argument("--out", type=Path, required=True, help=".csv .ecsv .fits .vot .parquet or .reg")
    sub.add_argument("--target", metavar="T", help=f"{LISTS} (default: all)")
    sub.add_argument("--labelled", action="store_true", help="only labelled sources")

    evaluate_options(verb("evaluate", "how soon a ranking finds what is wanted", project=False))
    _describe_options(verb("describe", "a mosaic's look in numbers, or two side by side", project=False))

    sub = verb("open", "the window, on a project or on images", project=False)
    sub.add_argument("paths", nargs="*", type=Path)

    _simulate_options(verb("simulate", "make a survey field with a truth table", project=False))

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


def _size(text: str) -> tuple[int, int]:
    """ "3000" or "3000x2000" (width x height) → (width, height)."""
    try:
        width, _, height = text.lower().replace("×", "x").partition("x")
        return int(width), int(height or width)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not N or WIDTHxHEIGHT in px") from None


def _depth(text: str) -> tuple[str, float]:
    """ "g=26.1" → ("g", 26.1); "25" → ("", 25.0), which means every band."""
    band, _, depth = text.rpartition("=")
    try:
        return band, float(depth)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not MAG or BAND=MAG") from None


def _numbers(text: str) -> tuple[float, ...]:
    """ "1,2" → (1.0, 2.0)."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not numbers with commas between") from None


def _embed_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--device", default="auto", choices=("auto", "cuda", "mps", "cpu"))
    sub.add_argument(
        "--encoder", metavar="NAME", help="which one looks (see astrotl encoders); kept in the project"
    )
    sub.add_argument(
        "--layers",
        metavar="AUTO|LAST|2,3c,last",
        help="what of the network is kept: its last features, stages' means",
    )
    sub.add_argument(
        "--views",
        type=int,
        choices=(1, 8, 0),
        help="looks at each source: one, turned and mirrored, by the time it takes",
    )
    sub.add_argument(
        "--zooms", type=_numbers, metavar="1,2", help="cutout sizes side by side, as multiples of the cutout"
    )
    sub.add_argument("--recipe", choices=("asinh", "ulisse"), help="how pixels become what the network sees")


def _inject_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--target", choices=("lens", "agn"), help="one of them (default: both)")
    sub.add_argument("--pairs", type=int, metavar="N", help="how many of each (100)")
    sub.add_argument("--seed", type=int, help="another seed, other objects (1)")
    for option, what in (
        ("--einstein-radius", "of the lenses [arcsec]"),
        ("--source-magnitude", "of the unlensed sources [AB, reference band]"),
        ("--source-colour", "of the sources, shortest minus longest band [mag]"),
        ("--nucleus-ratio", "of a nucleus' flux to its host's"),
        ("--nucleus-colour", "of the nuclei, shortest minus longest band [mag]"),
    ):
        sub.add_argument(
            option, type=_span, metavar="LEAST,MOST", help=f"{what}; auto: by seeing, depth and bands"
        )
    sub.add_argument("--out", type=Path, metavar="FILE", help="also a contact sheet, .png or .jpg")
    sub.add_argument("--device", default="auto", choices=("auto", "cuda", "mps", "cpu"))


def _span(text: str) -> tuple[float, ...]:
    """ "1,2" → (1.0, 2.0); "auto" → ()."""
    values = () if text == "auto" else _numbers(text)
    if values and (len(values) != 2 or not values[0] <= values[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is not LEAST,MOST or auto")
    return values


def _encoder_options(sub: argparse.ArgumentParser) -> None:
    what = sub.add_mutually_exclusive_group()
    what.add_argument("--add", metavar="NAME", help="a timm model, or hf_hub:owner/model; downloaded once")
    what.add_argument("--remove", metavar="NAME", help="delete its files; embeddings stay")
    sub.add_argument(
        "--weights", type=Path, metavar="FILE", help="with --add: weights here, nothing is downloaded"
    )
    sub.add_argument("--as", dest="called", default="", metavar="NAME", help="with --add: what to call it")
    sub.add_argument("--input", type=int, default=0, metavar="PX", help="with --add: another input size")
    sub.add_argument("--mean", type=_numbers, metavar="R,G,B", help="with --add: of what it was trained on")
    sub.add_argument("--std", type=_numbers, metavar="R,G,B", help="with --add: of what it was trained on")


def _simulate_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the field goes")
    sub.add_argument("--seed", type=int, default=7, help="another seed is another sky (7)")
    sub.add_argument(
        "--size", type=_size, default=(3000, 3000), metavar="N[xM]", help="width [x height] in px (3000)"
    )
    sub.add_argument(
        "--camera", default="ground", choices=("ground", "space"), help="pixel scale, seeing and depth"
    )
    sub.add_argument("--bands", default="", metavar="B,B,...", help="bands of the camera (ground: g,r,i)")
    sub.add_argument(
        "--depth",
        action="append",
        type=_depth,
        default=[],
        metavar="[B=]MAG",
        help="5σ depth of point sources [AB], of one band or of all",
    )
    sub.add_argument(
        "--projection", default="tan", choices=("tan", "sip", "tpv"), help="how the WCS is written"
    )
    sub.add_argument(
        "--stars", type=float, default=4.2, metavar="N", help="stars an arcmin² to i = 25.5 (4.2)"
    )
    sub.add_argument(
        "--rare", type=float, default=1.0, metavar="X", help="rare objects, in relation to the demo sky (1)"
    )
    sub.add_argument(
        "--artifacts", type=float, default=1.0, metavar="X", help="artifacts, in relation to the demo sky (1)"
    )
    sub.add_argument(
        "--epochs", type=int, default=0, metavar="N", help="also N single visits, some of them spoiled"
    )
    sub.add_argument("--epoch-band", default="", metavar="B", help="the band of the visits (the reddest)")
    sub.add_argument("--workers", type=int, default=0, metavar="N", help="processes (one a core)")


def _describe_options(sub: argparse.ArgumentParser) -> None:
    what = "PROJECT|FITS"
    sub.add_argument("paths", nargs="+", type=Path, metavar=what, help="a project, or images of one field")
    sub.add_argument("--beside", nargs="+", type=Path, metavar=what, help="another to compare it with")
    sub.add_argument(
        "--out", type=Path, metavar="FILE", help="also write .json, .md, or a table (.ecsv, .csv, …)"
    )
    sub.add_argument("--snr", type=float, default=10.0, help="least S/N of the sources described (10)")
    sub.add_argument(
        "--pixel-scale", type=float, default=0.0, metavar="ARCSEC", help="for images without WCS"
    )
    sub.add_argument(
        "--zeropoint", action="append", type=_pair, default=[], metavar="B=AB", help="for images without it"
    )


def _new_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "images", nargs="*", type=Path, help="FITS images whose bands are read from their headers"
    )
    sub.add_argument(
        "--band", action="append", type=_pair, default=[], metavar="B=FILE[HDU]", help="the image of a band"
    )
    for role, what in (
        ("rms", "1σ noise in image units"),
        ("weight", "inverse variance, 0 = no data"),
        ("mask", "integers, non-zero = bad"),
        ("psf", "image of the point spread function"),
    ):
        sub.add_argument(
            f"--{role}", action="append", type=_pair, default=[], metavar="B=FILE[HDU]", help=what
        )
    sub.add_argument(
        "--mask-bits",
        action="append",
        type=_pair,
        default=[],
        metavar="B=BITS",
        help="which mask bits are bad",
    )
    sub.add_argument(
        "--zeropoint", action="append", type=_pair, default=[], metavar="B=AB", help="AB zero point"
    )
    sub.add_argument("--catalog", type=Path, help="take these positions instead of detecting")
    sub.add_argument(
        "--stamps",
        type=Path,
        metavar="DIR|FILE",
        help="cutouts instead of images: a folder of JPEG, PNG or FITS, or a .npz, HDF5 or Zarr array",
    )
    sub.add_argument(
        "--ids", type=Path, metavar="TABLE", help="a row for each stamp: id, ra, dec, anything else"
    )
    sub.add_argument("--array", default="", metavar="NAME", help="which array of a file are the stamps")
    sub.add_argument(
        "--bands", default="", metavar="B,B,...", help="the stamps' bands as stored (colour pictures: R,G,B)"
    )
    sub.add_argument(
        "--pixel-scale",
        type=float,
        default=0.0,
        metavar="ARCSEC",
        help="for images and stamps that do not tell it",
    )
    sub.add_argument(
        "--cutout",
        type=float,
        default=0.0,
        metavar="ARCSEC",
        help="what the network sees (default: by pixel scale)",
    )

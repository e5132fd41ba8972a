"""Options of the verbs that have many."""

from __future__ import annotations

import argparse
from pathlib import Path

from astrotl_gui.commands.values import depth, names, numbers, pair, size, span
from astrotl_gui.core.settings import ARTIFACT_KINDS


def embed_options(sub: argparse.ArgumentParser) -> None:
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
        "--zooms", type=numbers, metavar="1,2", help="cutout sizes side by side, as multiples of the cutout"
    )
    sub.add_argument("--recipe", choices=("asinh", "ulisse"), help="how pixels become what the network sees")


def inject_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--target", choices=("lens", "agn", "artifact"), help="one of them (default: all)")
    sub.add_argument("--pairs", type=int, metavar="N", help="how many of each; 0: 100, in small fields fewer")
    sub.add_argument("--seed", type=int, help="another seed, other objects (1)")
    for option, what in (
        ("--einstein-radius", "of the lenses [arcsec]"),
        ("--source-magnitude", "of the unlensed sources [AB, reference band]"),
        ("--source-colour", "of the sources, shortest minus longest band [mag]"),
        ("--nucleus-ratio", "of a nucleus' flux to its host's"),
        ("--nucleus-colour", "of the nuclei, shortest minus longest band [mag]"),
        ("--artifact-strength", "of artifacts, in units of the noise"),
    ):
        sub.add_argument(
            option, type=span, metavar="LEAST,MOST", help=f"{what}; auto: by seeing, depth and bands"
        )
    kinds = ", ".join(ARTIFACT_KINDS)
    sub.add_argument("--artifact-kinds", type=names, metavar="KIND,...", help=f"of {kinds}; all: every kind")
    sub.add_argument("--out", type=Path, metavar="FILE", help="also a contact sheet, .png or .jpg")
    sub.add_argument("--device", default="auto", choices=("auto", "cuda", "mps", "cpu"))


def encoder_options(sub: argparse.ArgumentParser) -> None:
    what = sub.add_mutually_exclusive_group()
    what.add_argument("--add", metavar="NAME", help="a timm model, or hf_hub:owner/model; downloaded once")
    what.add_argument("--remove", metavar="NAME", help="delete its files; embeddings stay")
    sub.add_argument(
        "--weights", type=Path, metavar="FILE", help="with --add: weights here, nothing is downloaded"
    )
    sub.add_argument("--as", dest="called", default="", metavar="NAME", help="with --add: what to call it")
    sub.add_argument("--input", type=int, default=0, metavar="PX", help="with --add: another input size")
    sub.add_argument("--mean", type=numbers, metavar="R,G,B", help="with --add: of what it was trained on")
    sub.add_argument("--std", type=numbers, metavar="R,G,B", help="with --add: of what it was trained on")


def simulate_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the field goes")
    sub.add_argument("--seed", type=int, default=7, help="another seed is another sky (7)")
    sub.add_argument(
        "--size", type=size, default=(3000, 3000), metavar="N[xM]", help="width [x height] in px (3000)"
    )
    sub.add_argument(
        "--camera", default="ground", choices=("ground", "space"), help="pixel scale, seeing and depth"
    )
    sub.add_argument("--bands", default="", metavar="B,B,...", help="bands of the camera (ground: g,r,i)")
    sub.add_argument(
        "--depth",
        action="append",
        type=depth,
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


def describe_options(sub: argparse.ArgumentParser) -> None:
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
        "--zeropoint", action="append", type=pair, default=[], metavar="B=AB", help="for images without it"
    )


def new_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "images", nargs="*", type=Path, help="FITS images whose bands are read from their headers"
    )
    sub.add_argument(
        "--band", action="append", type=pair, default=[], metavar="B=FILE[HDU]", help="the image of a band"
    )
    for role, what in (
        ("rms", "1σ noise in image units"),
        ("weight", "inverse variance, 0 = no data"),
        ("mask", "integers, non-zero = bad"),
        ("psf", "image of the point spread function"),
    ):
        sub.add_argument(
            f"--{role}", action="append", type=pair, default=[], metavar="B=FILE[HDU]", help=what
        )
    sub.add_argument(
        "--mask-bits",
        action="append",
        type=pair,
        default=[],
        metavar="B=BITS",
        help="which mask bits are bad",
    )
    sub.add_argument(
        "--zeropoint", action="append", type=pair, default=[], metavar="B=AB", help="AB zero point"
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

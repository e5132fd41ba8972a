"""`astrotl render`: a region of a mosaic as a PNG."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from astrotl_gui.commands.shared import ConsoleProgress, Result
from astrotl_gui.commands.values import degrees, extent, pair, pixel
from astrotl_gui.core.errors import AstroTLError

NAMED = ("stretch", "softness", "black", "white")


def render_options(sub: argparse.ArgumentParser) -> None:
    what = "PROJECT|FITS"
    sub.add_argument("paths", nargs="+", type=Path, metavar=what, help="a project, or images of one field")
    sub.add_argument("--out", type=Path, required=True, metavar="FILE.png")
    where = sub.add_mutually_exclusive_group()
    where.add_argument("--radec", type=degrees, metavar="RA,DEC", help="the middle [deg, ICRS]")
    where.add_argument("--xy", type=pixel, metavar="X,Y", help="the middle [px, from 0]")
    sub.add_argument(
        "--size",
        type=extent,
        metavar="ARCSEC|WxH",
        help="a square in arcsec, or width and height in px (all)",
    )
    sub.add_argument(
        "--pixels", type=int, default=0, metavar="N", help="longest side of the picture (one a px, ≤ 2048)"
    )
    sub.add_argument(
        "--band", action="append", default=[], metavar="B", help="one: grey; two or three: colour, red first"
    )
    sub.add_argument("--stretch", metavar="NAME", help="asinh, log, sqrt, linear, …")
    sub.add_argument("--softness", metavar="SIGMA", help="where asinh and log turn logarithmic [σ]")
    sub.add_argument("--black", metavar="SIGMA", help="what shows black [σ above the sky]")
    sub.add_argument("--white", metavar="SIGMA", help="what shows white [σ above the sky]")
    sub.add_argument("--invert", action="store_true", help="dark sources on a white sky")
    sub.add_argument(
        "--look",
        action="append",
        type=pair,
        default=[],
        metavar="NAME=VALUE",
        help="whatever else a look has (default: the project's look)",
    )
    sub.add_argument(
        "--pixel-scale", type=float, default=0.0, metavar="ARCSEC", help="for images without WCS"
    )


def render(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.render import Region, check_picture, write_picture
    from astrotl_gui.pipeline.render import render as draw
    from astrotl_gui.pipeline.subject import open_subjects

    check_picture(options.out)
    (subject,) = open_subjects([options.paths], pixel_scale=options.pixel_scale, progress=ConsoleProgress())
    mosaic = subject.mosaic
    region = Region.of(mosaic, radec=options.radec, xy=options.xy, size=options.size)
    look = _look(options, subject.look)
    picture = draw(mosaic, region, look, options.band, options.pixels, progress=ConsoleProgress())
    write_picture(options.out, picture)
    result = picture.to_dict(mosaic)
    size = f"{result['width']} × {result['height']} px"
    return {
        **result,
        "file": options.out,
        "text": f"{options.out}  {size}, {result['arcsec_per_px']:.4g} arcsec a px",
    }


def _look(options: argparse.Namespace, start: Any) -> Any:
    """The project's look with what was asked for; AstroTLError for what a look does not have or take."""
    from dataclasses import fields

    asked = [(name, getattr(options, name)) for name in NAMED if getattr(options, name) is not None]
    asked += [("invert", "yes")] if options.invert else []
    known = {field.name: str(field.type) for field in fields(start)}
    known = {name: kind for name, kind in known.items() if name != "mode" and "tuple" not in kind}
    changes = {}
    for name, text in [*asked, *options.look]:
        if name not in known:
            raise AstroTLError("No such setting", f"A look has no {name}; it has {', '.join(known)}.")
        changes[name] = value = _value(name, text, known[name])
        if isinstance(value, str) and getattr(type(start).from_dict({name: value}), name) != value:
            raise AstroTLError("No such choice", f"{value} is no {name} that a look can have.")
    return start.with_(**changes)


def _value(name: str, text: str, kind: str) -> Any:
    """A value as a field's annotation wants it."""
    from astrotl_gui.core.stretch import STRETCHES

    if name == "stretch" and text not in STRETCHES:
        raise AstroTLError("No such stretch", f"{text} is none of {', '.join(STRETCHES)}.")
    if "None" in kind and text in ("none", "auto"):
        return None
    if "bool" in kind and text in ("yes", "no"):
        return text == "yes"
    if "float" in kind or "int" in kind:
        try:
            value = float(text) if "float" in kind else int(text)
            if math.isfinite(value):
                return value
        except ValueError:
            pass
    elif "str" in kind:
        return text
    wanted = "yes or no" if "bool" in kind else "a number"
    raise AstroTLError("This value does not fit", f"{name} is {wanted}, not {text}.")

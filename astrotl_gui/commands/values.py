"""How values are written on the command line; argparse says what does not fit."""

from __future__ import annotations

import argparse


def pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise argparse.ArgumentTypeError(f"{text!r} is not BAND=VALUE")
    return name, value


def degrees(text: str) -> tuple[float, float]:
    return _two(text, "RA,DEC in degrees")


def pixel(text: str) -> tuple[float, float]:
    return _two(text, "X,Y in px")


def _two(text: str, what: str) -> tuple[float, float]:
    try:
        first, second = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from None
    return first, second


def extent(text: str) -> tuple[float, float, bool]:
    """ "30" [arcsec] or "800x600" [px] → (width, height, whether in arcsec)."""
    try:
        width, times, height = text.lower().replace("×", "x").partition("x")
        return float(width), float(height if times else width), not times
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not ARCSEC or WIDTHxHEIGHT in px") from None


def size(text: str) -> tuple[int, int]:
    """ "3000" or "3000x2000" (width x height) → (width, height)."""
    try:
        width, _, height = text.lower().replace("×", "x").partition("x")
        return int(width), int(height or width)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not N or WIDTHxHEIGHT in px") from None


def depth(text: str) -> tuple[str, float]:
    """ "g=26.1" → ("g", 26.1); "25" → ("", 25.0), which means every band."""
    band, _, depth = text.rpartition("=")
    try:
        return band, float(depth)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not MAG or BAND=MAG") from None


def numbers(text: str) -> tuple[float, ...]:
    """ "1,2" → (1.0, 2.0)."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not numbers with commas between") from None


def names(text: str) -> tuple[str, ...]:
    """ "a,b" → ("a", "b"); "all" → ()."""
    return () if text == "all" else tuple(part.strip() for part in text.split(","))


def span(text: str) -> tuple[float, ...]:
    """ "1,2" → (1.0, 2.0); "auto" → ()."""
    values = () if text == "auto" else numbers(text)
    if values and (len(values) != 2 or not values[0] <= values[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is not LEAST,MOST or auto")
    return values

"""Read what was typed into the go-to field: a place on the sky, a pixel, an id, a rank, a zoom."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_PART = re.compile(rf"[+-]?(?:{_NUMBER})")
_SIGNED = rf"[+-]?(?:{_NUMBER})"
_PAIR = rf"({_SIGNED})[\s,]+({_SIGNED})"
_GALACTIC = (
    re.compile(rf"(?:gal|galactic)[\s,:]+{_PAIR}", re.IGNORECASE),
    re.compile(rf"{_PAIR}\s*gal(?:actic)?", re.IGNORECASE),
    re.compile(rf"l\s*=?\s*({_SIGNED})[\s,]+b\s*=?\s*({_SIGNED})", re.IGNORECASE),
)
_PIXELS = (
    re.compile(rf"(?:px|pixel|pix|image)[\s:]*{_PAIR}", re.IGNORECASE),
    re.compile(rf"{_PAIR}\s*(?:px|pixels?|pix)", re.IGNORECASE),
    re.compile(rf"x\s*=?\s*({_SIGNED})[\s,]+y\s*=?\s*({_SIGNED})", re.IGNORECASE),
)
_DESIGNATION = re.compile(r"\bJ(\d{6}(?:\.\d+)?)([+-]\d{6}(?:\.\d+)?)\b")
_ZOOMS = (
    re.compile(r"(?:zoom\s+)?(\d+(?:\.\d+)?)\s*:\s*(\d+(?:\.\d+)?)", re.IGNORECASE),
    re.compile(r"(?:zoom\s+)?(\d+(?:\.\d+)?)\s*%", re.IGNORECASE),
    re.compile(r"(?:zoom\s+)?(\d+(?:\.\d+)?)\s*[x×]", re.IGNORECASE),
    re.compile(r"zoom\s+(\d+(?:\.\d+)?)", re.IGNORECASE),
)
"""As a ratio, in percent, as a factor, and a bare number after the word, which is percent."""


@dataclass(frozen=True)
class Place:
    """A position on the sky [deg, ICRS]."""

    ra: float
    dec: float


@dataclass(frozen=True)
class Pixel:
    """A position on the mosaic [0-based px]."""

    x: float
    y: float


@dataclass(frozen=True)
class SourceId:
    """A source by its catalog id."""

    id: int


@dataclass(frozen=True)
class Rank:
    """A candidate of the current list, 1 being the first."""

    rank: int


@dataclass(frozen=True)
class Zoom:
    """Device pixels an image pixel."""

    factor: float


def parse(text: str) -> Place | Pixel | SourceId | Rank | Zoom | None:
    """What `text` points at, or None.

    "53.16 -27.81" is RA Dec [deg]; "03 32 38.6 -27 48 21" or "3h32m38.6s -27d48m21s" the same in hours and degrees,
    and so is the J033238.6-274821 of a name; "gal 223.5 -54.4" or "l 223.5 b -54.4" is galactic [deg]; "px 1234 567"
    a pixel; "id 123" an id; "7" or "rank 7" a rank; "2:1", "50 %" or "zoom 50" a zoom.
    """
    text = text.strip().replace("−", "-")
    if found := re.fullmatch(r"(?:id|#)\s*(\d{1,18})", text, re.IGNORECASE):
        return SourceId(int(found[1]))
    if found := re.fullmatch(r"(?:rank\s*)?(\d{1,9})", text, re.IGNORECASE):
        return Rank(int(found[1])) if int(found[1]) > 0 else None
    return _zoom(text) or _pixel(text) or _galactic(text) or _designation(text) or _place(text)


def _zoom(text: str) -> Zoom | None:
    ratio, percent, factor, bare = (pattern.fullmatch(text) for pattern in _ZOOMS)
    if ratio:
        wanted = float(ratio[1]) / float(ratio[2]) if float(ratio[2]) else 0.0
    elif factor:
        wanted = float(factor[1])
    elif found := percent or bare:
        wanted = float(found[1]) / 100
    else:
        return None
    return Zoom(wanted) if wanted > 0 else None


def _pair(text: str, patterns: tuple[re.Pattern[str], ...]) -> tuple[float, float] | None:
    found = next((match for pattern in patterns if (match := pattern.fullmatch(text))), None)
    return (float(found[1]), float(found[2])) if found else None


def _pixel(text: str) -> Pixel | None:
    pair = _pair(text, _PIXELS)
    return Pixel(*pair) if pair else None


def _galactic(text: str) -> Place | None:
    pair = _pair(text, _GALACTIC)
    if pair is None or not (0 <= pair[0] <= 360 and -90 <= pair[1] <= 90):
        return None
    from astropy.coordinates import SkyCoord

    place = SkyCoord(l=pair[0], b=pair[1], unit="deg", frame="galactic").icrs
    return Place(float(place.ra.deg), float(place.dec.deg))


def _designation(text: str) -> Place | None:
    """The position in a name made of coordinates, such as SDSS J033238.61-274821.4."""
    found = _DESIGNATION.search(text)
    if found is None:
        return None
    ra, dec = found[1], found[2]
    return _place(f"{ra[:2]} {ra[2:4]} {ra[4:]} {dec[:3]} {dec[3:5]} {dec[5:]}")


def _place(text: str) -> Place | None:
    unfit = re.sub(r"[\d\s.,:+hmsd°′″'\"-]", "", text.lower())
    if unfit or re.search(r"(?<![\d.])[hmsd]", text.lower()):  # units stand behind numbers
        return None
    parts = _PART.findall(text)
    if len(parts) not in (2, 4, 6):
        return None
    half = len(parts) // 2
    first, second = parts[:half], parts[half:]
    if any(part[0] in "+-" for part in first[1:] + second[1:]):
        return None
    hours = half > 1 or "h" in text.lower()
    ra = _sexagesimal(first) * (15 if hours else 1)
    dec = _sexagesimal(second)
    inside = 0 <= ra < 360 and -90 <= dec <= 90
    minutes = all(float(part) < 60 for part in first[1:] + second[1:])
    return Place(ra, dec) if inside and minutes else None


def _sexagesimal(parts: list[str]) -> float:
    value = sum(abs(float(part)) / 60**power for power, part in enumerate(parts))
    return -value if parts[0].startswith("-") else value

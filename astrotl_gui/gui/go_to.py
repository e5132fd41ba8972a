"""Read what was typed into the go-to field: a place on the sky, an id, a rank."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_PART = re.compile(rf"[+-]?(?:{_NUMBER})")


@dataclass(frozen=True)
class Place:
    """A position on the sky [deg, ICRS]."""

    ra: float
    dec: float


@dataclass(frozen=True)
class SourceId:
    """A source by its catalog id."""

    id: int


@dataclass(frozen=True)
class Rank:
    """A candidate of the current list, 1 being the first."""

    rank: int


def parse(text: str) -> Place | SourceId | Rank | None:
    """What `text` points at, or None.

    "53.16 -27.81" is RA Dec [deg]; "03 32 38.6 -27 48 21" or "3h32m38.6s -27d48m21s" the same in hours and
    degrees; "id 123" an id; "7" or "rank 7" a rank.
    """
    text = text.strip().replace("−", "-")
    if found := re.fullmatch(r"(?:id|#)\s*(\d{1,18})", text, re.IGNORECASE):
        return SourceId(int(found[1]))
    if found := re.fullmatch(r"(?:rank\s*)?(\d{1,9})", text, re.IGNORECASE):
        return Rank(int(found[1])) if int(found[1]) > 0 else None
    return _place(text)


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

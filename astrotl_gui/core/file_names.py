"""What files are called without their endings, and names told apart by numbers."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

_ENDINGS = re.compile(r"(?i)(\.(fits?|fts|fz|gz|bz2|xz))+$")


def bare_name(name: str) -> str:
    """A FITS file's name without the endings of FITS and of compression; other dots stay."""
    return _ENDINGS.sub("", name)


def distinct(names: Sequence[str], taken: Collection[str] = ()) -> list[str]:
    """The names, of which repeated ones and those in `taken` get a number that no other has: F200W, F200W-2."""
    used, given = {*names, *taken}, set(taken)
    result = []
    for name in names:
        told, number = name, 2
        if name in given:
            while (told := f"{name}-{number}") in used:
                number += 1
        given.add(told)
        used.add(told)
        result.append(told)
    return result

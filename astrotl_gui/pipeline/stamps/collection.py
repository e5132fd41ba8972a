"""Stamps as AstroTL sees them, whatever kind of file they came in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.filters import filter_of

LARGEST = 1024
"""A stamp is at most so many pixels long and wide: one that is larger would make every cell as large."""
SMALLEST = 8
NAMED = 3
"""So many are named in a note; the rest is counted."""


class Unreadable(Exception):
    """Why one stamp cannot be read; the others can."""


@dataclass(frozen=True)
class Channel:
    """A band of the stamps: wavelength [nm] and AB zero point where they are known."""

    name: str
    wavelength: float | None = None
    zeropoint: float | None = None


COLOUR = (Channel("R"), Channel("G"), Channel("B"))
GREY = (Channel("grey"),)
SINGLE = "image"
"""What the band is called where there is one and nothing names it."""


@dataclass(frozen=True, eq=False)
class Stamps:
    """N stamps. `read(k)` gives the k-th as (bands, h, w), rows from the bottom up, and raises Unreadable.

    It is fastest called in order. `channels` come in the order of `read`, `shapes` int64 (N, 2) are (h, w), `dtype`
    is what the sheet keeps; `ra`, `dec` [deg], `scale` [arcsec/px] are (N,), NaN where unknown. `pictures`: made
    for the eye, stretched already; `numbered`: an array's, with no other names. `table` holds what came with the
    stamps, a row each. `skipped` are (name, reason).
    """

    names: tuple[str, ...]
    channels: tuple[Channel, ...]
    shapes: NDArray[np.int64]
    dtype: np.dtype[Any]
    read: Callable[[int], NDArray[Any]]
    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    scale: NDArray[np.float64]
    pictures: bool = False
    numbered: bool = False
    table: Table | None = None
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def side(self) -> int:
        """Side [px] of a square that holds each of them."""
        return int(self.shapes.max())


def unknown(count: int) -> NDArray[np.float64]:
    """Values that no file tells."""
    return np.full(count, np.nan)


def check_shape(shape: Sequence[int]) -> tuple[int, int]:
    """(h, w) of a stamp. Raises Unreadable when it is too small or too large to be one."""
    height, width = int(shape[0]), int(shape[1])
    if min(height, width) < SMALLEST:
        raise Unreadable(f"{width} × {height} px, smaller than {SMALLEST}")
    if max(height, width) > LARGEST:
        raise Unreadable(f"{width} × {height} px, larger than {LARGEST}")
    return height, width


def some(names: Sequence[str]) -> str:
    """The first few of many names: "a.jpg, b.jpg, c.jpg and 17 more"."""
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest:,} more" if rest > 0 else "")


def none_readable(skipped: Sequence[tuple[str, str]]) -> AstroTLError:
    """The message when there are stamps, but not one of them can be read."""
    name, reason = skipped[0]
    return AstroTLError(
        "No stamp can be read", f"{len(skipped):,} were tried; the first, {name}: {reason}. Check the files."
    )


def named_channels(names: Sequence[str]) -> tuple[Channel, ...]:
    """Channels of these names, with the wavelength where the name is that of a known filter."""
    known = [filter_of(name) for name in names]
    return tuple(
        Channel(name, found.wavelength if found else None) for name, found in zip(names, known, strict=True)
    )

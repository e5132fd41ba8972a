"""What every injector is: it chooses hosts, and draws one object into the square of pixels around a host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.pipeline.injection.instrument import Instrument

Planes = NDArray[np.float32]
Facts = dict[str, float]
Paint = Callable[[float], Planes]
"""The square's planes with an object of this strength in them: 1 as drawn, 0 nothing, by the same code."""


@dataclass(frozen=True, eq=False)
class Square:
    """The pixels around one host: `row` of the catalog, `planes` (B, L, L) in image units, NaN where bad.

    `x`, `y`: the host within them [px]; `side` of the cutout around it [px].
    """

    row: int
    planes: Planes
    x: float
    y: float
    side: float


class Injector(Protocol):
    """Draws objects of one target. `fingerprint` says, as JSON values, all that decides what is drawn."""

    @property
    def target(self) -> str: ...

    def fingerprint(self) -> dict[str, object]: ...

    def can_draw(self) -> bool:
        """Whether all that it needs is installed."""
        ...

    def ranges(self, instrument: Instrument) -> dict[str, tuple[float, float]]:
        """What objects are drawn from: name of the setting → (least, most), those that were not set too."""
        ...

    def hosts(self, instrument: Instrument) -> NDArray[np.int64]:
        """Rows of the catalog into which objects may be drawn."""
        ...

    def draw(self, instrument: Instrument, square: Square, rng: np.random.Generator) -> tuple[Paint, Facts]:
        """An object for this host, ready to be painted into its square, and what it is."""
        ...


def light_painter(
    instrument: Instrument, square: Square, light: NDArray[np.floating], rng: np.random.Generator
) -> Paint:
    """Paint that adds light (B, L, L) [image units], with the photon noise that GAIN says it brings and no other.

    The sky's noise is in the planes already.
    """

    def paint(strength: float) -> Planes:
        added = np.maximum(strength * np.asarray(light, np.float64), 0)
        for number, band in enumerate(instrument.bands):
            if band.gain is not None:
                added[number] = rng.poisson(added[number] * band.gain) / band.gain
        return (square.planes + added).astype(np.float32)

    return paint

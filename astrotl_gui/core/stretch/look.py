"""How the sky is shown, as one value: what the user chose, saved with the project. Display only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

COLOUR = "colour"
STRETCHES = ("asinh", "log", "sqrt", "linear", "square", "histogram")
SOFT_STRETCHES = ("asinh", "log")
"""Their mid is set by `softness`, that of the others by `gamma`."""
AUTO = "auto"
LIMITS = (AUTO, "zscale", "minmax", "90", "95", "99", "99.5", "99.9")
"""Numbers are the percentage of pixels kept, cut equally at both ends."""
GREY = "grey"
COLORMAPS = (
    GREY,
    "viridis",
    "cividis",
    "inferno",
    "magma",
    "plasma",
    "cubehelix",
    "heat",
    "blue-red",
    "turbo",
)

SOFTNESS_RANGE = (0.3, 300.0)
GAMMA_RANGE = (0.1, 10.0)
BLACK_RANGE = (-1e4, 1e7)
SCALE_RANGE = (0.1, 10.0)
SMOOTH_RANGE = (0.0, 10.0)
_RANGES = {"softness": SOFTNESS_RANGE, "gamma": GAMMA_RANGE, "black": BLACK_RANGE, "smooth": SMOOTH_RANGE}
_NAMES = {"stretch": STRETCHES, "limits": LIMITS, "colormap": COLORMAPS}


@dataclass(frozen=True)
class Look:
    """How the sky is shown. `softness`, `black`, `white` are in σ above the sky, to suit any band."""

    mode: str = COLOUR
    """"colour" or the name of a band."""
    stretch: str = "asinh"
    softness: float = 5.0
    """Where asinh and log turn from linear to logarithmic."""
    black: float = 0.0
    white: float | None = None
    """None: chosen from the image."""
    invert: bool = False
    limits: str = AUTO
    """What chooses black and white; by hand they are only under "auto"."""
    gamma: float = 1.0
    """Power of the brightness in the stretches without softness; above 1 presses the faint parts down."""
    colormap: str = GREY
    """Of a single band."""
    scale: tuple[tuple[str, float], ...] = ()
    """Bands weighed more (above 1) or less in colour, sorted by name."""
    smooth: float = 0.0
    """σ of a Gaussian [mosaic px] that smooths what is shown; 0 is none."""

    def with_(self, **changes: Any) -> Look:
        """A copy with some fields changed, numbers kept within their ranges.

        Black or white given by hand ends limits that the image chooses, and the other way round.
        """
        if changes.get("limits", AUTO) != AUTO:
            changes = {"black": Look.black, "white": Look.white} | changes
        elif changes.get("black") is not None or changes.get("white") is not None:
            changes["limits"] = AUTO
        look = replace(self, **changes)
        kept = {name: min(max(getattr(look, name), low), high) for name, (low, high) in _RANGES.items()}
        return replace(look, **kept)

    def scale_of(self, band: str) -> float:
        """How much a band counts in colour, 1 unless chosen."""
        return dict(self.scale).get(band, 1.0)

    def with_scale(self, band: str, factor: float) -> Look:
        """A copy in which a band counts `factor` times in colour."""
        factor = min(max(factor, SCALE_RANGE[0]), SCALE_RANGE[1])
        scales = dict(self.scale) | {band: factor}
        return replace(self, scale=tuple(sorted((name, f) for name, f in scales.items() if f != 1)))

    @property
    def by_hand(self) -> bool:
        """Whether black or white was set by hand."""
        return self.limits == AUTO and (self.black != Look.black or self.white is not None)

    def to_dict(self) -> dict[str, Any]:
        """What differs from the default, for TOML."""
        plain = Look()
        values = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != getattr(plain, field.name)
        }
        return values | ({"scale": dict(self.scale)} if self.scale else {})

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Look:
        """The look saved by `to_dict`; unknown fields and values that do not fit fall back to the default."""
        read = {name: _read(name, values[name]) for name in values if name in _FIELDS}
        return cls().with_(**{name: value for name, value in read.items() if value is not None})


_FIELDS = {field.name for field in fields(Look)}


def _read(name: str, value: Any) -> Any:
    """A saved value of a field, None where it does not fit."""
    if name in _NAMES:
        return value if value in _NAMES[name] else None
    if name == "mode":
        return value if isinstance(value, str) else None
    if name == "invert":
        return value if isinstance(value, bool) else None
    if name == "scale":
        return _read_scale(value)
    return float(value) if _is_number(value) else None


def _read_scale(value: Any) -> tuple[tuple[str, float], ...] | None:
    if not isinstance(value, Mapping):
        return None
    low, high = SCALE_RANGE
    return tuple(
        sorted((str(band), float(f)) for band, f in value.items() if _is_number(f) and low <= f <= high)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

"""From pixels to a picture: levels, stretches and colour. Display only, nothing is measured on its output.

Colour follows Lupton et al. (2004, PASP 116, 133): one stretch of the mean intensity scales all three
channels, so that a source keeps its hue at every brightness. Two things are added: where the
intensity is within the noise the colour fades to grey (a neutral sky), and where a channel would overflow it
fades to white instead of clipping (saturated cores).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import MosaicSpec

Plane = NDArray[np.float32]
Pixels = NDArray[np.uint8]

COLOUR = "colour"
STRETCHES = ("asinh", "log", "sqrt", "linear", "square")
SOFTNESS_RANGE = (0.3, 300.0)
BLACK_RANGE = (-5.0, 200.0)
BEHIND_SKY = 0xFF0A0A0A
_STEPS = 65536
_GREY_BELOW, _COLOUR_ABOVE = 0.5, 8.0  # [σ] grey sky below, full colour above


@dataclass(frozen=True)
class Levels:
    """What one band's pixels are like, in image units."""

    black: float
    """The sky: mode of the background."""
    noise: float
    """Standard deviation of the sky (from the pixels below it, which hold no sources)."""
    white: float
    """Where display saturates unless the look says otherwise."""
    balance: float
    """Typical brightness of sources above the sky; equal balances in three bands show as white."""

    @property
    def white_sigma(self) -> float:
        """White in σ above the sky."""
        return max((self.white - self.black) / self.noise, 1.0)


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

    def with_(self, **changes: Any) -> Look:
        """A copy with some fields changed, softness and black kept within their ranges."""
        look = replace(self, **changes)
        return replace(
            look,
            softness=float(np.clip(look.softness, *SOFTNESS_RANGE)),
            black=float(np.clip(look.black, *BLACK_RANGE)),
        )

    def to_dict(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Look:
        """The look saved by `to_dict`; unknown fields and stretches fall back to the default."""
        known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        if known.get("stretch") not in STRETCHES:
            known.pop("stretch", None)
        return cls().with_(**known)


def measure_levels(overview: Plane) -> Levels:
    """Display levels of a band from a sample of its pixels (any shape, NaN ignored, image units).

    The sky is the 3σ-clipped mode (2.5 median − 1.5 mean, Bertin & Arnouts 1996), the noise the median
    absolute deviation of the pixels below it. An area filled with exact zeros counts as no data.
    """
    values = _sample(overview)
    if values.size == 0:
        return Levels(0.0, 1.0, 1.0, 1.0)
    sky, noise = _sky(values)
    p97, p995, p998 = np.percentile(values, [97.0, 99.5, 99.8])
    bright = values[(values >= p97) & (values <= p995)]
    balance = max(float(bright.mean()) - sky if bright.size else 0.0, 3 * noise)
    return Levels(sky, noise, sky + max(2 * (float(p998) - sky), 60 * noise), balance)


def _sample(pixels: Plane, limit: int = 100_000) -> NDArray[np.float64]:
    flat = np.asarray(pixels).ravel()
    flat = flat[:: max(1, flat.size // limit)]
    values = flat[np.isfinite(flat)].astype(np.float64)
    blank = values == 0
    return values[~blank] if 0.02 * values.size < blank.sum() < values.size else values


def _sky(values: NDArray[np.float64]) -> tuple[float, float]:
    kept = values
    for _ in range(8):
        median = float(np.median(kept))
        spread = 1.4826 * float(np.median(np.abs(kept - median)))
        inside = kept[np.abs(kept - median) <= 3 * spread]
        if inside.size in (0, kept.size):
            break
        kept = inside
    median, mean = float(np.median(kept)), float(kept.mean())
    sky = 2.5 * median - 1.5 * mean if abs(mean - median) < 0.3 * (kept.std() or 1.0) else median
    below = sky - values[values < sky]
    noise = 1.4826 * float(np.median(below)) if below.size else 0.0
    tiny = 1e-6 * max(float(np.ptp(values)), abs(sky)) or 1.0
    return sky, max(noise, tiny)


def bands_shown(spec: MosaicSpec, look: Look) -> list[list[str]]:
    """The bands behind each channel: [[band]] for grey, three lists in R, G, B order for colour.

    A channel of two bands is their mean. A look whose band is not in the mosaic shows colour.
    """
    names = [band.name for band in spec.bands]
    if look.mode in names:
        return [[look.mode]]
    red, green, blue = spec.colour
    if red == blue:
        return [[red]]
    return [[red], [green] if green else [red, blue], [blue]]


def render_bands(
    planes: Mapping[str, Plane], levels: Mapping[str, Levels], spec: MosaicSpec, look: Look
) -> Pixels:
    """`render` of the bands that `look` shows, given planes and levels by band name."""
    channels = _channels(planes, levels, spec, look)
    return render([plane for plane, _ in channels], [level for _, level in channels], look)


def intensity(
    planes: Mapping[str, Plane], levels: Mapping[str, Levels], spec: MosaicSpec, look: Look
) -> tuple[Plane, float]:
    """What the stretch acts on: intensity of what `look` shows, and where it saturates [σ above the sky]."""
    channels = _channels(planes, levels, spec, look)
    shown = [level for _, level in channels]
    mean = np.mean([(plane - level.black) / level.balance for plane, level in channels], axis=0)
    return (mean / intensity_sigma(shown)).astype(np.float32), white_sigma(shown, look)


def _channels(
    planes: Mapping[str, Plane], levels: Mapping[str, Levels], spec: MosaicSpec, look: Look
) -> list[tuple[Plane, Levels]]:
    shown = bands_shown(spec, look)
    return [_channel([planes[n] for n in names], [levels[n] for n in names]) for names in shown]


def _channel(planes: list[Plane], levels: list[Levels]) -> tuple[Plane, Levels]:
    """One channel from one band, or from the mean of several in units of their balance."""
    if len(planes) == 1:
        return planes[0], levels[0]
    scaled = [(p - np.float32(v.black)) / np.float32(v.balance) for p, v in zip(planes, levels, strict=True)]
    noise = float(np.sqrt(np.sum([(v.noise / v.balance) ** 2 for v in levels]))) / len(levels)
    white = float(np.mean([(v.white - v.black) / v.balance for v in levels]))
    return np.mean(scaled, axis=0, dtype=np.float32), Levels(0.0, noise, white, 1.0)


def render(planes: Sequence[Plane], levels: Sequence[Levels], look: Look) -> Pixels:
    """Pixels to show: (h, w) planes, one (grey) or three in R, G, B order, as contiguous BGRA (h, w, 4).

    Rows keep their order (row 0 is the lowest y). A pixel without data in every channel gets the colour
    behind the sky.
    """
    if len(planes) == 1:
        return _grey(planes[0], levels[0], look)
    return _colour(planes, levels, look)


def intensity_sigma(levels: Sequence[Levels]) -> float:
    """Noise of the mean of balanced channels, in units of the balance."""
    return float(np.sqrt(sum((v.noise / v.balance) ** 2 for v in levels))) / len(levels)


def white_sigma(levels: Sequence[Levels], look: Look) -> float:
    """Where display saturates [σ of the intensity above the sky] for these channels."""
    if look.white is not None:
        return max(look.white, look.black + 0.5)
    white = float(np.mean([(v.white - v.black) / v.balance for v in levels])) / intensity_sigma(levels)
    return max(white, look.black + 0.5)


def stretched(sigma: NDArray[Any], look: Look, white: float) -> NDArray[np.float64]:
    """Brightness 0..1 of an intensity [σ above the sky] between the look's black and `white` [σ]."""
    span = white - look.black
    t = np.clip((np.asarray(sigma, np.float64) - look.black) / span, 0, 1)
    hardness = max(span / look.softness, 1e-3)
    match look.stretch:
        case "asinh":
            return np.arcsinh(hardness * t) / np.arcsinh(hardness)
        case "log":
            return np.log1p(hardness * t) / np.log1p(hardness)
        case "sqrt":
            return np.sqrt(t)
        case "square":
            return t * t
    return t


@lru_cache(maxsize=32)
def _grey_table(look: Look, white: float) -> NDArray[np.uint32]:
    sigma = np.linspace(look.black, white, _STEPS)
    value = stretched(sigma, look, white)
    byte = np.round(255 * (1 - value if look.invert else value)).astype(np.uint32)
    return byte * np.uint32(0x010101) | np.uint32(0xFF000000)


@lru_cache(maxsize=16)
def _colour_tables(look: Look, white: float) -> tuple[Plane, Plane]:
    """Brightness f and chroma gain g by intensity: a channel of u [σ] shows as f + g·(u − intensity)."""
    sigma = np.linspace(look.black, white, _STEPS)
    value = stretched(sigma, look, white)
    ramp = np.clip((sigma - _GREY_BELOW) / (_COLOUR_ABOVE - _GREY_BELOW), 0, 1)
    fade = ramp * ramp * (3 - 2 * ramp)
    gain = fade * value / np.maximum(sigma, _GREY_BELOW)
    return (255 * value).astype(np.float32), (255 * gain).astype(np.float32)


def _steps(sigma: Plane, look: Look, white: float) -> NDArray[np.uint16]:
    """Table indices; not-a-number gives 0."""
    scale = np.float32((_STEPS - 1) / (white - look.black))
    index = (sigma - np.float32(look.black)) * scale
    np.fmax(index, np.float32(0), out=index)
    np.fmin(index, np.float32(_STEPS - 1), out=index)
    return index.astype(np.uint16)


def _grey(plane: Plane, level: Levels, look: Look) -> Pixels:
    white = white_sigma([level], look)
    sigma = (plane - np.float32(level.black)) * np.float32(1 / level.noise)
    out = _grey_table(replace(look, mode=""), white)[_steps(sigma, look, white)]
    empty = ~np.isfinite(sigma)
    if empty.any():
        out[empty] = BEHIND_SKY
    return out.view(np.uint8).reshape(*plane.shape, 4)


def _colour(planes: Sequence[Plane], levels: Sequence[Levels], look: Look) -> Pixels:
    sigma, white = intensity_sigma(levels), white_sigma(levels, look)
    scaled = [
        (p - np.float32(v.black)) * np.float32(1 / (v.balance * sigma))
        for p, v in zip(planes, levels, strict=True)
    ]
    intensity = (scaled[0] + scaled[1] + scaled[2]) * np.float32(1 / 3)
    empty = None
    if not np.isfinite(intensity).all():
        scaled, intensity, empty = _filled(scaled)
    bright_table, chroma_table = _colour_tables(replace(look, mode="", invert=False), white)
    index = _steps(intensity, look, white)
    bright, chroma = bright_table[index], chroma_table[index]
    offsets = [(u - intensity) * chroma for u in scaled]
    _fade_to_white(bright, offsets)
    out = np.empty((*bright.shape, 4), np.uint8)
    out[..., 3] = 255
    for channel, offset in zip((2, 1, 0), offsets, strict=True):
        np.add(offset, bright, out=offset)
        np.clip(offset, 0, 255, out=offset)
        out[..., channel] = offset
    if look.invert:
        _invert_lightness(out)
    if empty is not None:
        out[empty] = (10, 10, 10, 255)
    return out


def _filled(scaled: list[Plane]) -> tuple[list[Plane], Plane, NDArray[np.bool_]]:
    """Channels without data take the mean of those that have some; also that mean and where there is none."""
    stack = np.stack(scaled)
    finite = np.isfinite(stack)
    count = finite.sum(axis=0)
    total = np.where(finite, stack, 0).sum(axis=0, dtype=np.float32)
    intensity = (total / np.maximum(count, 1)).astype(np.float32)
    return list(np.where(finite, stack, intensity)), intensity, count == 0


def _fade_to_white(bright: Plane, offsets: list[Plane]) -> None:
    """Shrink the chroma of pixels whose brightest channel would overflow, in place."""
    largest = np.maximum(np.maximum(offsets[0], offsets[1]), offsets[2])
    over = bright + largest > 255
    if over.any():
        shrink = (255 - bright[over]) / largest[over]
        for offset in offsets:
            offset[over] *= shrink


def _invert_lightness(bgra: Pixels) -> None:
    """White sky, dark sources, the same hues: every channel moves by 255 − (largest + smallest), in place."""
    bgr = bgra[..., :3].astype(np.int16)
    shift = 255 - bgr.max(axis=2) - bgr.min(axis=2)
    bgra[..., :3] = np.clip(bgr + shift[..., None], 0, 255)

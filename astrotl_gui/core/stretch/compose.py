"""From pixels to a picture. Display only, nothing is measured on its output.

Colour follows Lupton et al. (2004, PASP 116, 133): one stretch of the mean intensity scales all three
channels, so that a source keeps its hue at every brightness. Two things are added: where the
intensity is within the noise the colour fades to grey (a neutral sky), and where a channel would overflow it
fades to white instead of clipping (saturated cores).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .colormaps import colormap
from .curve import Curve, curve_of
from .levels import Levels, Plane, take_sample
from .limits import intensity_sigma
from .look import GREY, Look

if TYPE_CHECKING:
    from astrotl_gui.core.mosaic import MosaicSpec

Pixels = NDArray[np.uint8]

BEHIND_SKY = 0xFF0A0A0A
_STEPS = 65536
_GREY_BELOW, _COLOUR_ABOVE = 0.5, 8.0  # [σ] grey sky below, full colour above


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
    """`render` of the bands that `look` shows, given planes and levels by band name.

    The look's smoothing is not applied here: it needs the pixels around (`smooth.py`).
    """
    shown = bands_shown(spec, look)
    weighed = _weighed(levels, shown, look)
    channels = [
        _channel([planes[n] for n in names], weights) for names, weights in zip(shown, weighed, strict=True)
    ]
    return render(channels, [_joined(weights) for weights in weighed], look)


def channel_levels(levels: Mapping[str, Levels], spec: MosaicSpec, look: Look) -> list[Levels]:
    """The levels of each channel that `look` shows."""
    return [_joined(weights) for weights in _weighed(levels, bands_shown(spec, look), look)]


def curve_shown(levels: Mapping[str, Levels], spec: MosaicSpec, look: Look) -> Curve:
    """The curve by which `look` shows this mosaic."""
    return curve_of(channel_levels(levels, spec, look), look)


def _weighed(levels: Mapping[str, Levels], shown: list[list[str]], look: Look) -> list[tuple[Levels, ...]]:
    """The levels behind each channel; in colour a band's balance is divided by its scale."""
    if len(shown) == 1 or not look.scale:
        return [tuple(levels[name] for name in names) for names in shown]
    return [
        tuple(replace(v, balance=v.balance / look.scale_of(n)) for n in names for v in (levels[n],))
        for names in shown
    ]


def _channel(planes: list[Plane], levels: tuple[Levels, ...]) -> Plane:
    """One channel from one band, or from the mean of several in units of their balance."""
    if len(planes) == 1:
        return planes[0]
    scaled = [(p - np.float32(v.black)) / np.float32(v.balance) for p, v in zip(planes, levels, strict=True)]
    return np.mean(scaled, axis=0, dtype=np.float32)


@lru_cache(maxsize=32)
def _joined(levels: tuple[Levels, ...]) -> Levels:
    """The levels of what `_channel` makes."""
    if len(levels) == 1:
        return levels[0]
    noise = float(np.sqrt(np.sum([(v.noise / v.balance) ** 2 for v in levels]))) / len(levels)
    white = float(np.mean([(v.white - v.black) / v.balance for v in levels]))
    samples = [v.sample.pixels for v in levels if v.sample is not None]
    sample = take_sample(_channel(samples, levels)) if len(samples) == len(levels) else None
    return Levels(0.0, noise, white, 1.0, sample)


def render(planes: Sequence[Plane], levels: Sequence[Levels], look: Look) -> Pixels:
    """Pixels to show: (h, w) planes, one (grey) or three in R, G, B order, as contiguous BGRA (h, w, 4).

    Rows keep their order (row 0 is the lowest y). A pixel without data in every channel gets the colour
    behind the sky.
    """
    if len(planes) == 1:
        return _grey(planes[0], levels[0], look)
    return _colour(planes, levels, look)


@lru_cache(maxsize=32)
def _grey_table(curve: Curve, name: str, invert: bool) -> NDArray[np.uint32]:
    value = curve(_ladder(curve))
    if invert:
        value = 1 - value
    if name == GREY:
        return np.round(255 * value).astype(np.uint32) * np.uint32(0x010101) | np.uint32(0xFF000000)
    steps = np.linspace(0, 1, 256)
    red, green, blue = (np.round(np.interp(value, steps, c)).astype(np.uint32) for c in colormap(name).T)
    return np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue


@lru_cache(maxsize=16)
def _colour_tables(curve: Curve) -> tuple[Plane, Plane]:
    """Brightness f and chroma gain g by intensity: a channel of u [σ] shows as f + g·(u − intensity)."""
    sigma = _ladder(curve)
    value = curve(sigma)
    ramp = np.clip((sigma - _GREY_BELOW) / (_COLOUR_ABOVE - _GREY_BELOW), 0, 1)
    fade = ramp * ramp * (3 - 2 * ramp)
    gain = fade * value / np.maximum(sigma, _GREY_BELOW)
    return (255 * value).astype(np.float32), (255 * gain).astype(np.float32)


def _ladder(curve: Curve) -> NDArray[np.float64]:
    """The intensities [σ] of a table's entries."""
    return np.linspace(curve.black, curve.white, _STEPS)


def _steps(sigma: Plane, curve: Curve) -> NDArray[np.uint16]:
    """Table indices of finite intensities."""
    index = sigma - np.float32(curve.black)
    index *= np.float32((_STEPS - 1) / curve.span)
    return np.clip(index, 0, _STEPS - 1, out=index).astype(np.uint16)


def _grey(plane: Plane, level: Levels, look: Look) -> Pixels:
    curve = curve_of([level], look)
    sigma = plane - np.float32(level.black)
    sigma *= np.float32(1 / level.noise)
    finite = np.isfinite(sigma)
    whole = finite.all()
    index = _steps(sigma if whole else np.where(finite, sigma, np.float32(0)), curve)
    out = _grey_table(curve, look.colormap, look.invert).take(index)
    if not whole:
        out[~finite] = BEHIND_SKY
    return out.view(np.uint8).reshape(*plane.shape, 4)


def _colour(planes: Sequence[Plane], levels: Sequence[Levels], look: Look) -> Pixels:
    sigma, curve = intensity_sigma(levels), curve_of(levels, look)
    scaled = [
        (p - np.float32(v.black)) * np.float32(1 / (v.balance * sigma))
        for p, v in zip(planes, levels, strict=True)
    ]
    intensity = scaled[0] + scaled[1]
    intensity += scaled[2]
    intensity *= np.float32(1 / 3)
    empty = None
    if not np.isfinite(intensity).all():
        scaled, intensity, empty = _filled(scaled)
    bright_table, chroma_table = _colour_tables(curve)
    index = _steps(intensity, curve)
    bright, chroma = bright_table.take(index), chroma_table.take(index)
    offsets = [(u - intensity) * chroma for u in scaled]
    _fade_to_white(bright, offsets)
    packed = np.full(bright.shape, 0xFF000000, np.uint32)
    for shift, offset in zip((16, 8, 0), offsets, strict=True):
        offset += bright
        packed |= np.clip(offset, 0, 255, out=offset).astype(np.uint32) << np.uint32(shift)
    out = packed.view(np.uint8).reshape(*bright.shape, 4)
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

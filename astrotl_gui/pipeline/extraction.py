"""Sources above the threshold in one window of the mosaic."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import sep
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Box
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.detection_image import DetectionImage, matched_filter
from astrotl_gui.pipeline.shapes import Moments, segment_moments

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PIXEL_BUFFER = 1_000_000
LARGEST_BUFFER = 64_000_000
DEBLENDED_AT_MOST = 16_384


@dataclass(frozen=True)
class Sources:
    """Sources of one window: positions and moments on reference pixels, float64 (N,), and what SEP says.

    `peak_x`, `peak_y` are the brightest filtered pixel; `segment` is the number in the window's segmentation
    map; `whole` is False for a source whose pixels reach an inner edge of the window.
    """

    x: Floats
    y: Floats
    moments: Moments
    npix: Ints
    flags: Ints
    peak_x: Ints
    peak_y: Ints
    segment: Ints
    whole: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Sources:
        """Some of the sources."""
        moments = self.moments.take(rows)
        names = ("x", "y", "npix", "flags", "peak_x", "peak_y", "segment", "whole")
        return replace(self, moments=moments, **{name: getattr(self, name)[rows] for name in names})


@dataclass(frozen=True)
class Window:
    """One window of the detection image and what was found in it.

    `box` in reference pixels; `values` and `sigma` float32 (h, w), 0 and 1 where `bad`; `segments` int32.
    """

    box: Box
    values: NDArray[np.float32]
    sigma: NDArray[np.float32]
    bad: NDArray[np.bool_]
    segments: NDArray[np.int32]
    sources: Sources


def extract(image: DetectionImage, box: Box, settings: DetectionSettings) -> Window:
    """Detect, deblend and clean the sources in `box` (reference pixels, inside the mosaic).

    The threshold is in σ of the image after the PSF-matched filter. Raises AstroTLError when SEP's buffers
    overflow even at their largest.
    """
    values, sigma = image.read(box)
    bad = ~np.isfinite(values)
    values, sigma = np.where(bad, np.float32(0), values), np.where(bad, np.float32(1), sigma)
    significance = matched_filter(values, sigma, bad, image.kernel)
    found, segments = _sep_extract(significance, bad, settings)
    whole = _whole(segments, box, image.shape)
    sources = _sources(found, values, segments, box, whole[1:])
    return Window(box, values, sigma, bad, segments, sources)


def _sep_extract(
    significance: NDArray[np.float32], bad: NDArray[np.bool_], settings: DetectionSettings
) -> tuple[np.ndarray, NDArray[np.int32]]:
    """SEP's sources of an image in units of its noise, and their segmentation map.

    SEP's own matched filter compares filtered values with thresholds of unfiltered noise when it deblends and
    cleans, which loses most faint sources beside bright ones; here everything is in one unit.
    """
    sep.set_sub_object_limit(DEBLENDED_AT_MOST)
    buffer = PIXEL_BUFFER
    while True:
        sep.set_extract_pixstack(buffer)
        try:
            found, segments = sep.extract(
                significance,
                settings.threshold,
                mask=bad,
                minarea=settings.min_area,
                filter_kernel=None,
                deblend_nthresh=settings.deblend_levels,
                deblend_cont=settings.deblend_contrast,
                clean=True,
                segmentation_map=True,
            )
            return found, segments.astype(np.int32, copy=False)
        except Exception as problem:  # SEP raises plain Exception where a buffer overflows
            buffer *= 4
            if "pixel buffer" not in str(problem) or buffer > LARGEST_BUFFER:
                raise AstroTLError(
                    "Too many sources to separate",
                    f"Raise the detection threshold ({settings.threshold:g} σ now) or the smallest area. "
                    f"SEP says: {problem}.",
                ) from problem


def _whole(segments: NDArray[np.int32], box: Box, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Per segment number: whether no connected group of sources that it is in reaches an inner window edge.

    A group is cut by the threshold first and deblended then, so all of it must be in view.
    """
    x0, y0, x1, y1 = box
    inner = (x0 > 0, y0 > 0, x1 < shape[1], y1 < shape[0])
    whole = np.ones(int(segments.max(initial=0)) + 1, bool)
    if not any(inner):
        return whole
    groups, count = label(segments > 0, structure=np.ones((3, 3)))
    cut = np.zeros(count + 1, bool)
    edges = (groups[:, 0], groups[0], groups[:, -1], groups[-1])
    for is_inner, edge in zip(inner, edges, strict=True):
        if is_inner:
            cut[edge] = True
    cut[0] = False
    for group, place in zip(np.flatnonzero(cut), _places(groups, cut), strict=True):
        whole[np.unique(segments[place][groups[place] == group])] = False
    return whole


def _places(groups: NDArray[np.int32], wanted: NDArray[np.bool_]) -> list[tuple[slice, slice]]:
    found = find_objects(groups)
    return [found[index - 1] for index in np.flatnonzero(wanted)]


def _sources(
    found: np.ndarray,
    values: NDArray[np.float32],
    segments: NDArray[np.int32],
    box: Box,
    whole: NDArray[np.bool_],
) -> Sources:
    """Sources with moments of the unfiltered light of their pixels; SEP's, filtered, where noise spoils those."""
    count = len(found)
    x, y, moments = segment_moments(values, segments, count)
    filtered = Moments(*(found[name].astype(float) for name in ("x2", "y2", "xy")))
    sound = moments.sound() & (np.hypot(x - found["x"], y - found["y"]) < filtered.axes()[0])
    moments = Moments(
        *(np.where(sound, *pair) for pair in zip(moments.parts, filtered.parts, strict=True))
    )
    return Sources(
        x=np.where(sound, x, found["x"]) + box[0],
        y=np.where(sound, y, found["y"]) + box[1],
        moments=moments,
        npix=found["npix"].astype(np.int64),
        flags=found["flag"].astype(np.int64),
        peak_x=found["xpeak"].astype(np.int64) + box[0],
        peak_y=found["ypeak"].astype(np.int64) + box[1],
        segment=np.arange(1, count + 1),
        whole=whole[:count],
    )

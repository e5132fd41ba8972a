"""Sources above the threshold in one window of the mosaic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import sep
from numpy.typing import NDArray
from scipy.ndimage import label

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Box
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.pipeline.cleaning import spurious
from astrotl_gui.pipeline.detection_image import DetectionImage, matched_filter
from astrotl_gui.pipeline.psf import FWHM_PER_SIGMA
from astrotl_gui.pipeline.segmentation import Basins
from astrotl_gui.pipeline.shapes import Moments, segment_moments

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Image = NDArray[np.float32]
Bools = NDArray[np.bool_]

PIXEL_BUFFER = 1_000_000
LARGEST_BUFFER = 64_000_000
DEBLENDED_AT_MOST = 16_384
EIGHT = np.ones((3, 3))


@dataclass(frozen=True)
class Sources:
    """Sources of one window: windowed positions and central moments on reference pixels, float64 (N,).

    `peak` is the highest S/N of the filtered image, at the pixel `peak_x`, `peak_y`; `lowest` that of the
    `min_area`-th brightest pixel; `segment` is the number in the window's segmentation map; `whole` is False for
    a source whose group of touching sources reaches an inner edge of the window.
    """

    x: Floats
    y: Floats
    moments: Moments
    npix: Ints
    flags: Ints
    peak: Floats
    peak_x: Ints
    peak_y: Ints
    lowest: Floats
    segment: Ints
    whole: Bools

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: Ints | Bools) -> Sources:
        """Some of the sources."""
        columns = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        moments = columns.pop("moments").take(rows)
        return Sources(moments=moments, **{name: values[rows] for name, values in columns.items()})

    @classmethod
    def join(cls, parts: Sequence[Sources]) -> Sources:
        """The sources of several windows, one after the other; segment numbers lose their meaning."""
        names = [entry.name for entry in fields(cls) if entry.name != "moments"]
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        moments = zip(*(part.moments.parts for part in parts), strict=True)
        return cls(moments=Moments(*(np.concatenate(axis) for axis in moments)), **columns)


@dataclass(frozen=True)
class Window:
    """One window of the detection image and what was found in it.

    `box` in reference pixels; `values` and `sigma` float32 (h, w), 0 and 1 where `bad`; `segments` int32.
    """

    box: Box
    values: Image
    sigma: Image
    bad: Bools
    segments: NDArray[np.int32]
    sources: Sources


def extract(image: DetectionImage, box: Box, settings: DetectionSettings) -> Window:
    """Detect and deblend the sources in `box` (reference pixels, inside the mosaic).

    The threshold is in σ of the image after the PSF-matched filter. Detections that are only the wing of a
    brighter one of their group are joined to it. Raises AstroTLError when SEP's buffers overflow.
    """
    values, sigma = image.read(box)
    bad = ~np.isfinite(values)
    values, sigma = np.where(bad, np.float32(0), values), np.where(bad, np.float32(1), sigma)
    significance = matched_filter(values, sigma, bad, image.kernel)
    blends = _Blends(box, values, significance, settings, *_sep_extract(significance, bad, settings))
    segments, sources = blends.sources(image.shape)
    sources = _centred(sources, values, bad, box, image.fwhm)
    return Window(box, values, sigma, bad, segments, sources)


class _Blends:
    """The groups of touching sources of a window and how their pixels are shared out."""

    def __init__(
        self,
        box: Box,
        values: Image,
        significance: Image,
        settings: DetectionSettings,
        found: np.ndarray,
        above: Bools,
    ) -> None:
        self._box, self._values, self._significance, self._settings = box, values, significance, settings
        self._basins = Basins.of(significance, above)
        self._groups, self._count = label(above, structure=EIGHT)
        basins = self._basins.numbers[found["ypeak"], found["xpeak"]].astype(np.int64)
        self._markers, first = np.unique(basins, return_index=True)
        self._flags = found["flag"][first].astype(np.int64)

    def sources(self, shape: tuple[int, int]) -> tuple[NDArray[np.int32], Sources]:
        """(segmentation map, sources) after cleaning within the groups."""
        segments, sources = self._shared(shape)
        group = self._groups[sources.peak_y - self._box[1], sources.peak_x - self._box[0]]
        lifted = spurious(
            sources.x,
            sources.y,
            sources.moments,
            sources.peak,
            sources.lowest,
            sources.npix,
            self._settings.threshold,
            group.astype(np.int64),
        )
        if not lifted.any():
            return segments, sources
        self._markers, self._flags = self._markers[~lifted], self._flags[~lifted]
        return self._shared(shape)

    def _shared(self, shape: tuple[int, int]) -> tuple[NDArray[np.int32], Sources]:
        segments = self._basins.joined(self._markers)
        count = len(self._markers)
        row, column = self._basins.peak_row[self._markers - 1], self._basins.peak_column[self._markers - 1]
        x, y, moments = _moments(self._values, self._significance, segments, count)
        npix, lowest = _areas(self._significance, segments, count, self._settings.min_area)
        sources = Sources(
            x=x + self._box[0],
            y=y + self._box[1],
            moments=moments,
            npix=npix,
            flags=self._flags,
            peak=self._significance[row, column].astype(float),
            peak_x=column + self._box[0],
            peak_y=row + self._box[1],
            lowest=lowest,
            segment=np.arange(1, count + 1),
            whole=~self._cut(shape)[self._groups[row, column]],
        )
        return segments, sources

    def _cut(self, shape: tuple[int, int]) -> Bools:
        """Per group number: whether it reaches an inner edge of the window, so that part of it is out of view."""
        x0, y0, x1, y1 = self._box
        cut = np.zeros(self._count + 1, bool)
        inner = (x0 > 0, y0 > 0, x1 < shape[1], y1 < shape[0])
        groups = self._groups
        for is_inner, edge in zip(inner, (groups[:, 0], groups[0], groups[:, -1], groups[-1]), strict=True):
            if is_inner:
                cut[edge] = True
        cut[0] = False
        return cut


def _sep_extract(significance: Image, bad: Bools, settings: DetectionSettings) -> tuple[np.ndarray, Bools]:
    """SEP's sources of an image in units of its noise, and the pixels they take up.

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
                clean=False,
                segmentation_map=True,
            )
            return found, segments > 0
        except Exception as problem:  # SEP raises plain Exception where a buffer overflows
            buffer *= 4
            if "pixel buffer" not in str(problem) or buffer > LARGEST_BUFFER:
                raise AstroTLError(
                    "Too many sources to separate",
                    f"Raise the detection threshold ({settings.threshold:g} σ now) or the smallest area. "
                    f"SEP says: {problem}.",
                ) from problem


def _moments(
    values: Image, significance: Image, segments: NDArray[np.int32], count: int
) -> tuple[Floats, Floats, Moments]:
    """(x, y, moments) of the unfiltered light; of the filtered image where noise spoils those."""
    x, y, moments = segment_moments(values, segments, count)
    filtered_x, filtered_y, filtered = segment_moments(significance, segments, count)
    sound = moments.sound() & (np.hypot(x - filtered_x, y - filtered_y) < filtered.axes()[0])
    parts = (np.where(sound, *pair) for pair in zip(moments.parts, filtered.parts, strict=True))
    return np.where(sound, x, filtered_x), np.where(sound, y, filtered_y), Moments(*parts)


def _centred(sources: Sources, values: Image, bad: Bools, box: Box, fwhm: float) -> Sources:
    """Positions from a Gaussian window of the PSF's width begun at the peak, as SExtractor's XWIN.

    The barycentre of all pixels is drawn to bright neighbours; it stays where the window runs away.
    """
    sigma = np.full(len(sources), max(fwhm / FWHM_PER_SIGMA, 0.6))
    start = sources.peak_x - float(box[0]), sources.peak_y - float(box[1])
    x, y, _ = sep.winpos(values, *start, sigma, mask=bad)
    near = np.hypot(x - start[0], y - start[1]) < 1.5 * fwhm
    return replace(sources, x=np.where(near, x + box[0], sources.x), y=np.where(near, y + box[1], sources.y))


def _areas(
    significance: Image, segments: NDArray[np.int32], count: int, min_area: int
) -> tuple[Ints, Floats]:
    """(number of pixels, S/N of the `min_area`-th brightest pixel, the faintest of smaller ones) per segment."""
    inside = segments > 0
    numbers, light = segments[inside], significance[inside]
    order = np.lexsort((-light, numbers))
    npix = np.bincount(numbers, minlength=count + 1)[1:]
    place = np.cumsum(npix) - npix + np.minimum(min_area, npix) - 1
    return npix.astype(np.int64), light[order][place].astype(float)

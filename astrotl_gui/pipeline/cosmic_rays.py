"""Cosmic rays as deepCR sees them (Zhang & Bloom 2020): one more column of the catalog, on demand.

deepCR's networks and weights come with its own package, the extra `cosmic-rays`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sep
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Box, Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.tiling import tiles, window

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Find = Callable[[F32], F32]

COLUMN = "deepcr"
TILE, MARGIN = 512, 32
NOISE, LEVEL = 10.0, 100.0
"""The networks saw electrons or counts of single exposures: sky and noise are brought to what is usual there."""
UNDERSAMPLED = 3.0
"""PSFs narrower than this [px FWHM] are like Hubble's, wider ones like DECam's."""
NARROWEST = 1.8
"""Stars narrower than this [px FWHM] were in no image the networks saw: four in five bright ones of ZTF (1.55 px) are
cosmic rays to them."""
CORE = 1.5
"""Light is weighed within this many half widths of the PSF, at least so many pixels."""


def mark_cosmic_rays(mosaic: Mosaic, catalog: Catalog, *, progress: Progress = SILENT) -> Catalog:
    """The same sources with the column `deepcr`: the part of a source's core light that is a cosmic ray's.

    Of several bands, the largest part counts: a cosmic ray hits one. In [0, 1], NaN where no band has light.
    Raises AstroTLError when deepCR is not installed or stars are hardly wider than a pixel in every band (such bands
    are passed over), and `Cancelled` through `progress`.
    """
    widths = {band.name: catalog.fwhm.get(band.name, np.nan) / mosaic.pixel_scale() for band in mosaic.bands}
    bands = [band for band in mosaic.bands if not widths[band.name] < NARROWEST]
    if not bands:
        raise AstroTLError(
            "Stars would pass for cosmic rays",
            f"They are {max(widths.values()):.1f} px wide, narrower than in any image deepCR was trained on.",
        )
    boxes = tiles(mosaic.shape, TILE)
    total = len(bands) * len(boxes)
    progress(0, total, "Finding cosmic rays")
    share = np.full(len(catalog), np.nan)
    networks: dict[str, Find] = {}
    for number, band in enumerate(bands):
        fwhm = widths[band.name]
        name = "ACS-WFC" if fwhm < UNDERSAMPLED else "decam"
        find = networks.setdefault(name, network(name))
        for index, tile in enumerate(boxes):
            here = _inside(catalog, tile)
            if len(here):
                box = window(tile, MARGIN, mosaic.shape)
                values = mosaic.read(band.name, box)
                x, y = catalog.x[here] - box[0], catalog.y[here] - box[1]
                radius = CORE * (fwhm / 2 if fwhm > 2 else 1.0)
                share[here] = np.fmax(share[here], cosmic_ray_share(values, x, y, radius, find))
            progress(number * len(boxes) + index + 1, total, "Finding cosmic rays")
    return catalog.with_columns(**{COLUMN: share.astype(np.float32)})


def cosmic_ray_share(values: F32, x: F64, y: F64, radius: float, find: Find) -> F64:
    """Part of the light above the sky within `radius` px of places (n,) in an image (h, w) that `find` marks.

    NaN where there is no light, or all of it is on bad pixels (NaN).
    """
    good = np.isfinite(values)
    if not good.any():
        return np.full(len(x), np.nan)
    sky = float(np.median(values[good]))
    noise = max(sky - float(np.percentile(values[good], 15.87)), 1e-30)
    light = np.where(good, values - np.float32(sky), np.float32(0)).astype(np.float32)
    marked = find((light / noise * NOISE + LEVEL).astype(np.float32))
    light = np.maximum(light, 0)
    whole, _, _ = sep.sum_circle(light, x, y, radius)
    struck, _, _ = sep.sum_circle(light * (marked > 0.5), x, y, radius)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, np.clip(struck / whole, 0, 1), np.nan)


def network(name: str) -> Find:
    """One of deepCR's published masks: image (h, w) [electrons] → probability (h, w) that a cosmic ray hit a pixel.

    Raises AstroTLError when deepCR is not installed.
    """
    try:
        from deepCR import deepCR
    except ImportError as problem:
        raise AstroTLError(
            "deepCR is not installed",
            f"It is an extra: pip install 'astrotl[cosmic-rays]'. Python says: {problem}.",
        ) from problem
    # From torch 2.6 on its weights are read as weights alone, whoever asks.
    model: Any = deepCR(mask=name, device="CPU")

    def find(image: F32) -> F32:
        return np.asarray(model.clean(image, binary=False, segment=False, inpaint=False), np.float32)

    return find


def _inside(catalog: Catalog, tile: Box) -> NDArray[np.int64]:
    x, y = np.rint(catalog.x), np.rint(catalog.y)
    return np.flatnonzero((x >= tile[0]) & (y >= tile[1]) & (x < tile[2]) & (y < tile[3]))

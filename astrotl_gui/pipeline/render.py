"""A region of a mosaic as a PNG, without a window: the same pixels, levels and stretch as the mosaic view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.cutout import resample_plane, resampling_weights
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import cache_folder
from astrotl_gui.core.stretch import COLOUR, Levels, Look, bands_shown, render_bands
from astrotl_gui.core.tiles import DIRECT_LEVELS, TileSource

LARGEST, USUAL = 16_384, 2048
"""Longest side of a picture [px], and where nothing is said."""
STRIP_ROWS = 256


@dataclass(frozen=True)
class Region:
    """A rectangle of the reference grid: centre (x, y) [0-based px], width and height [px, may be fractions]."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def of(
        cls,
        mosaic: Mosaic,
        *,
        radec: tuple[float, float] | None = None,
        xy: tuple[float, float] | None = None,
        size: tuple[float, float, bool] | None = None,
    ) -> Region:
        """Around a sky position [deg, ICRS] or a pixel (default: the middle of the mosaic).

        `size` is (width, height, whether in arcsec rather than px); default: as far as the nearest edges.
        Raises AstroTLError for a position outside the mosaic, and for a sky position without a WCS.
        """
        ny, nx = mosaic.shape
        x, y = xy if xy is not None else ((nx - 1) / 2, (ny - 1) / 2)
        where = f"Pixel {x:g}, {y:g}"
        if radec is not None:
            if not mosaic.has_sky:
                raise AstroTLError("No sky coordinates", "The images have no usable WCS. Use --xy X,Y.")
            x, y = (float(v) for v in mosaic.pixel(*radec))
            where = f"RA {radec[0]:.6f}, Dec {radec[1]:+.6f}"
        if not (-0.5 <= x < nx - 0.5 and -0.5 <= y < ny - 0.5):
            raise AstroTLError("Outside the mosaic", f"{where} is not on the image of {nx} × {ny} px.")
        width, height = 2 * min(x + 0.5, nx - 0.5 - x), 2 * min(y + 0.5, ny - 0.5 - y)
        if size is not None:
            pitch = mosaic.pixel_scale(x, y) if size[2] else 1.0
            width, height = size[0] / pitch, size[1] / pitch
        if not (width > 0 and height > 0 and np.isfinite(width * height)):
            raise AstroTLError("Nothing to show", f"A region of {width:g} × {height:g} px has no pixels.")
        return cls(x, y, width, height)


@dataclass(frozen=True)
class Picture:
    """What was drawn: RGB uint8 (h, w, 3), upper row first, of a region, with the levels of its bands."""

    pixels: NDArray[np.uint8]
    region: Region
    levels: dict[str, Levels]
    look: Look
    channels: list[list[str]]

    def to_dict(self, mosaic: Mosaic) -> dict[str, Any]:
        """For JSON: where it is, how large, in which bands and look."""
        height, width = self.pixels.shape[:2]
        ra, dec = (float(v) for v in mosaic.sky(self.region.x, self.region.y))
        pitch = self.region.width / width
        return {
            "width": width,
            "height": height,
            "region": {**asdict(self.region), "ra": ra, "dec": dec},
            "mosaic_px_per_px": pitch,
            "arcsec_per_px": mosaic.pixel_scale(self.region.x, self.region.y) * pitch,
            "channels": self.channels,
            "look": asdict(self.look),
            "levels": {
                name: {what: getattr(levels, what) for what in ("black", "noise", "white", "balance")}
                for name, levels in self.levels.items()
            },
        }


def render(
    mosaic: Mosaic,
    region: Region,
    look: Look | None = None,
    bands: Sequence[str] = (),
    longest: int = 0,
    *,
    progress: Progress = SILENT,
) -> Picture:
    """Draw a region, `longest` px on its longest side (0: a pixel each, at most USUAL), y up, not turned north.

    `bands`: one in grey, two or three as colour from red to blue; default: as `look`, else in colour. Of a large
    mosaic that is drawn nearly whole the pyramids are built first, as the window does. Raises AstroTLError for
    an unknown band and a picture larger than LARGEST.
    """
    spec, look = _chosen(mosaic, look, bands)
    side = max(region.width, region.height)
    longest = longest or max(min(round(side), USUAL), 1)
    if not 0 < longest <= LARGEST:
        raise AstroTLError(
            "This size cannot be drawn", f"--pixels is {longest:,}; it goes from 1 to {LARGEST:,}."
        )
    width, height = (max(round(longest * length / side), 1) for length in (region.width, region.height))
    source = TileSource(mosaic, cache_folder() / "tiles")
    level = min(max(int(np.floor(np.log2(side / longest) + 1e-9)), 0), source.levels - 1)
    channels = bands_shown(spec, look)
    names = list(dict.fromkeys(name for channel in channels for name in channel))
    most = 2 * region.width * region.height > mosaic.shape[0] * mosaic.shape[1]
    if most and source.large and level > DIRECT_LEVELS:
        for name in names:
            if not source.far(name):
                source.build(name, progress)
    levels = {name: source.display_levels(name) for name in names}
    pixels = np.empty((height, width, 3), np.uint8)
    pitch = region.height / height
    for row in range(0, height, STRIP_ROWS):
        progress(row, height, "Drawing")
        rows = min(STRIP_ROWS, height - row)
        strip = replace(region, y=region.y + (row + rows / 2 - height / 2) * pitch, height=rows * pitch)
        planes = {name: _plane(source, name, level, strip, (rows, width)) for name in names}
        drawn = render_bands(planes, levels, spec, look)
        pixels[height - row - rows : height - row] = drawn[::-1, :, 2::-1]
    progress(height, height, "Drawing")
    return Picture(pixels, region, levels, look, channels)


def write_picture(path: Path, picture: Picture) -> None:
    """Write a picture as PNG. Raises AstroTLError for another ending, and where it cannot be written."""
    check_picture(path)
    with atomic_write(path) as temporary:
        Image.fromarray(picture.pixels).save(temporary, "PNG")


def check_picture(path: Path) -> None:
    """Raise AstroTLError unless a path ends in .png."""
    if path.suffix.lower() != ".png":
        raise AstroTLError("Regions are drawn as PNG", f"{path.name} should end in .png.")


def _chosen(mosaic: Mosaic, look: Look | None, bands: Sequence[str]) -> tuple[MosaicSpec, Look]:
    """The spec with the bands wanted as its colours, and the look with the mode that shows them."""
    spec = mosaic.spec
    for name in bands:
        mosaic.band(name)
    if len(bands) > 3:
        raise AstroTLError("Too many bands", "Name one band for grey, two or three for colour, red first.")
    look = look or Look()
    if len(bands) == 1:
        return spec, look.with_(mode=bands[0])
    if bands:
        colour = (bands[0], bands[1] if len(bands) == 3 else "", bands[-1])
        return replace(spec, colour=colour), look.with_(mode=COLOUR)
    known = [band.name for band in mosaic.bands]
    mode = look.mode if look.mode in known else COLOUR if len(known) > 1 else known[0]
    return spec, look.with_(mode=mode)


def _plane(
    source: TileSource, band: str, level: int, region: Region, shape: tuple[int, int]
) -> NDArray[np.float32]:
    """A band over a region, float32 of `shape`: area means of the pixels of a level."""
    n = 1 << level
    # Pixel i of a level is centred at (i + 0.5)·n − 0.5.
    x, y = (region.x + 0.5) / n - 0.5, (region.y + 0.5) / n - 0.5
    width, height = region.width / n, region.height / n
    x0, y0 = int(np.floor(x - width / 2 - 1)), int(np.floor(y - height / 2 - 1))
    x1, y1 = int(np.ceil(x + width / 2 + 1)) + 1, int(np.ceil(y + height / 2 + 1)) + 1
    plane = source.means(band, level, (x0, y0, x1, y1))
    across = resampling_weights(x - x0, width, shape[1], x1 - x0)
    along = resampling_weights(y - y0, height, shape[0], y1 - y0)
    return resample_plane(plane, along, across)

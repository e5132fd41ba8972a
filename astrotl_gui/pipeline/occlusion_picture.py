"""An occlusion map as a picture: the cutout as the window shows it, the map on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from astrotl_gui.core.cutout import cutout
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.overlay import overlay
from astrotl_gui.core.settings import cache_folder
from astrotl_gui.core.stretch import COLOUR, Look, render_bands
from astrotl_gui.core.tiles import TileSource
from astrotl_gui.pipeline.occlusion import OcclusionMap

SIDE = 384


def write_picture(path: Path, mosaic: Mosaic, x: float, y: float, found: OcclusionMap) -> None:
    """Write a PNG of the cutout at reference px (x, y), as far as the map goes, with its map.

    Raises AstroTLError for another extension and a folder that cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise AstroTLError("Maps are PNG pictures", f"{path.name} should end in .png.")
    bands = [band.name for band in mosaic.bands]
    tiles = TileSource(mosaic, cache_folder() / "tiles")
    levels = {name: tiles.display_levels(name) for name in bands}
    planes = dict(zip(bands, cutout(mosaic, x, y, found.size, SIDE, bands), strict=True))
    mode = COLOUR if len(bands) > 1 else bands[0]
    pixels = render_bands(planes, levels, mosaic.spec, Look(mode=mode))[::-1, :, 2::-1]
    picture = Image.fromarray(np.ascontiguousarray(pixels), "RGB").convert("RGBA")
    if (shown := overlay(found.drops)) is not None:
        large = Image.fromarray(shown, "RGBA").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        picture = Image.alpha_composite(picture, large)
    with atomic_write(path) as temporary:
        picture.convert("RGB").save(temporary, "PNG")

"""Make the demo sky that comes with AstroTL (`make demo-sky`): simulate it, then pack it small.

Images are quantised at half the noise and Rice-compressed, with subtractive dithering (Pence et al. 2009):
positions and fluxes change by far less than their errors.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from astropy.io import fits

from astrotl_gui.pipeline.simulate import Recipe, simulate

RECIPE = Recipe(seed=23)
FOLDER = Path(__file__).resolve().parents[1] / "resources" / "demo-sky"
TILE = (200, 200)
MOST = 20e6  # bytes


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        made = simulate(Path(scratch), RECIPE)
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        for paths, settings in (
            (made.images, {"compression_type": "RICE_1", "quantize_level": 2.0, "quantize_method": 1}),
            (made.rms, {"compression_type": "RICE_1", "quantize_level": -2e-3, "quantize_method": -1}),
            (made.masks, {"compression_type": "RICE_1"}),
        ):
            for path in paths.values():
                pack(path, FOLDER / path.name, **settings)
        for path in (*made.psfs.values(), made.truth):
            shutil.copy(path, FOLDER / path.name)
        print(made.counts())
    size = sum(path.stat().st_size for path in FOLDER.iterdir())
    print(f"{FOLDER}: {size / 1e6:.1f} MB")
    if size > MOST:
        sys.exit(f"larger than {MOST / 1e6:.0f} MB")


def pack(path: Path, target: Path, **settings: object) -> None:
    """Write the image in `path` as a tile-compressed one. Quantisation and dithering are the same every time."""
    with fits.open(path) as opened:
        data, header = np.ascontiguousarray(opened[0].data), opened[0].header
        packed = fits.CompImageHDU(data, header, tile_shape=TILE, dither_seed=1, **settings)
        packed.writeto(target)


if __name__ == "__main__":
    main()

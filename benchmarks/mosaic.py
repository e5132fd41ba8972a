"""A mosaic on disk: first look and one tile, beside reading the whole file as viewers do."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from astropy.io import fits

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.tiles import TileSource
from benchmarks.report import Row


def run(full: bool = False) -> list[Row]:
    side = 20_000 if full else 8_000
    path = Path("bench-output/data") / f"mosaic-{side}.fits"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, side)
    spec = MosaicSpec("bench", (BandSpec("r", Plane(path, 0)),), pixel_scale=0.2)
    n = f"{side} × {side} float32, {path.stat().st_size / 1e9:.2f} GB, warm cache"
    whole = _median(lambda: fits.getdata(path, memmap=False).astype(np.float32).mean())
    look = _median(lambda: TileSource(Mosaic.open(spec)).overview("r"))
    source = TileSource(Mosaic.open(spec))
    tile = _median(lambda: source.tile("r", 0, 5, 5))
    return [
        Row("open to overview", look, "s", "astropy, whole file", whole, n=n),
        Row("one 256² tile", 1000 * tile, "ms", "a frame at 60 Hz", 16.7, 16.7, n=n),
    ]


def _write(path: Path, side: int) -> None:
    rng = np.random.default_rng(0)
    header = fits.Header({"SIMPLE": True, "BITPIX": -32, "NAXIS": 2, "NAXIS1": side, "NAXIS2": side})
    stream = fits.StreamingHDU(str(path), header)
    for _ in range(0, side, 500):
        stream.write(rng.normal(0, 1, (500, side)).astype(">f4"))
    stream.close()


def _median(work: Callable[[], object], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)

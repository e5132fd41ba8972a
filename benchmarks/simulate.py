"""How fast the simulator draws, and that its memory is bounded by the tile, not by the field."""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

from astrotl_gui.core.progress import Progress
from astrotl_gui.pipeline.simulate import Recipe, SimulatedField, simulate
from benchmarks.report import Row

SMALL, MIDDLE, LARGE = 1024, 3000, 20_000
MEMORY = 2000.0
"""Most memory [MB] that one process may take, whatever the size."""


def run(full: bool = False) -> list[Row]:
    rows = []
    for size in (SMALL, LARGE if full else MIDDLE):
        with tempfile.TemporaryDirectory(prefix="bench-sky-", dir=_roomy()) as folder:
            rows += _one(Path(folder), size)
    return rows


def _roomy() -> str:
    """Where 20 GB may fit; /tmp is memory on some machines."""
    out = Path("bench-output")
    out.mkdir(exist_ok=True)
    return str(out)


class _Said(Progress):
    """Says how far a long run is."""

    def __init__(self) -> None:
        self.begun = time.perf_counter()

    def __call__(self, done: float, total: float, text: str = "") -> None:
        if total > 20 and done % 20 == 0:
            print(f"  {done:.0f} of {total:.0f} tiles, {time.perf_counter() - self.begun:.0f} s", flush=True)


def _one(folder: Path, size: int) -> list[Row]:
    begun = time.perf_counter()
    made = simulate(folder / "sky", Recipe(seed=5, width=size, height=size), progress=_Said())
    seconds = time.perf_counter() - begun
    sources = sum(made.counts().values())
    written = _copying(made, folder / "copy")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # of the largest process so far
    main = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    n = f"{size}² px in g, r, i, {sources:,} in the truth table, {os.cpu_count()} cores"
    megapixels = 3 * size**2 / 1e6
    return [
        Row(f"{size}²: whole field", seconds, "s", "copying its files", written, n=n),
        Row(f"{size}²: rate, all bands", megapixels / seconds, "Mpx/s", more=True, n=n),
        Row(f"{size}²: peak memory of a worker", peak, "MB", "its images", 4 * megapixels, MEMORY, n=n),
        Row(f"{size}²: peak memory of the main process", main, "MB", target=MEMORY, n=n),
    ]


def _copying(made: SimulatedField, target: Path) -> float:
    """Seconds to copy every file of the field: what the disk asks for."""
    begun = time.perf_counter()
    target.mkdir()
    for path in made.files():
        shutil.copy(path, target)
        (target / path.name).unlink()
    return time.perf_counter() - begun

"""How quickly this machine reads, detects and embeds, by a short run on the survey's first mosaic."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.image_paths import planes_of
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Cancelled, Progress
from astrotl_gui.core.remote import is_remote, size_of
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings, EncoderSettings

SAMPLE = 384
"""Sources that are embedded to measure."""
READ_SECONDS = 3.0
DETECT_SECONDS = 60.0
STRIP = 256


@dataclass(frozen=True)
class Rates:
    """What one worker does, measured.

    `read` [bytes/s] is of the images where they lie, all workers together at most; `embed` [sources/s] is of cutouts
    and network of one worker, `start` [s] what it costs to begin; `detect` [px/s] and `density` [sources/px] are 0
    where they were not measured. `row` [bytes] is written a source, `cutout` [bytes] read for it, `memory` [bytes] the
    most that this process took. `far` says that the images are read over the network.
    """

    read: float
    embed: float
    start: float
    row: float
    cutout: float
    memory: float
    detect: float = 0.0
    density: float = 0.0
    far: bool = False
    device: str = "cpu"


def mosaic_bytes(mosaic: Mosaic) -> int:
    """Size of the files of a mosaic, each once."""
    return sum(size_of(path) for path in {plane.path for plane in planes_of(mosaic.spec)})


def measure(
    mosaic: Mosaic,
    cutouts: CutoutSettings,
    settings: EncoderSettings,
    detection: DetectionSettings | None = None,
    *,
    device: str = "auto",
    sample: int = SAMPLE,
    progress: Progress = SILENT,
) -> Rates:
    """Read for a few seconds, embed `sample` positions and, with `detection`, detect for up to a minute.

    Nothing is kept. A file that was read lately comes out of memory, so `read` is an upper bound on a warm machine.
    Raises AstroTLError where the images cannot be read, and `Cancelled`.
    """
    progress(0, 3, "Reading the first mosaic")
    read = _read_rate(mosaic)
    progress(1, 3, "Embedding a sample")
    embed, start, row, device = _embed_rate(mosaic, cutouts, settings, device, sample)
    progress(2, 3, "Detecting" if detection else "Measuring")
    pixels, density = _detect_rate(mosaic, detection, progress) if detection else (0.0, 0.0)
    progress(3, 3, "Measured")
    side = max(cutouts.size * max(settings.zooms), cutouts.context) / mosaic.pixel_scale()
    return Rates(
        read=read,
        embed=embed,
        start=start,
        row=row,
        cutout=4 * side**2 * len(mosaic.bands),
        memory=_peak_memory(),
        detect=pixels,
        density=density,
        far=any(is_remote(plane.path) for plane in planes_of(mosaic.spec)),
        device=device,
    )


def _read_rate(mosaic: Mosaic) -> float:
    """Bytes a second of strips spread over the reference band."""
    ny, nx = mosaic.shape
    size = mosaic_bytes(mosaic) / (ny * nx * len(mosaic.bands))  # on disk, of a pixel
    starts = np.unique(np.linspace(0, max(ny - STRIP, 0), 64).astype(int))
    begin, pixels = time.perf_counter(), 0
    for y in np.random.default_rng(0).permutation(starts):
        pixels += mosaic.read(mosaic.reference.name, (0, int(y), nx, min(int(y) + STRIP, ny))).size
        if time.perf_counter() - begin > READ_SECONDS:
            break
    return size * pixels / max(time.perf_counter() - begin, 1e-6)


class _Clock(Progress):
    """Notes when how much was done; stops at a time or on the user's word."""

    def __init__(self, other: Progress = SILENT, seconds: float = np.inf) -> None:
        self.notes: list[tuple[float, float, float]] = []
        self.begin = time.perf_counter()
        self.late = False
        self._other, self._seconds = other, seconds

    def __call__(self, done: float, total: float, text: str = "") -> None:
        now = time.perf_counter() - self.begin
        self._other(2, 3, text)
        self.notes.append((now, done, total))
        if now > self._seconds:
            self.late = True
            raise Cancelled


def _embed_rate(
    mosaic: Mosaic, cutouts: CutoutSettings, settings: EncoderSettings, device: str, sample: int
) -> tuple[float, float, float, str]:
    """(sources/s once under way, seconds to begin, bytes written a source, device)."""
    from astrotl_gui.pipeline.embed import embed

    ny, nx = mosaic.shape
    # Neighbours, as they come in a survey: spread over a square of 2000 px about the middle.
    half = np.array([min(nx, 2000), min(ny, 2000)]) / 2.2
    places = np.random.default_rng(1).uniform(-half, half, (sample, 2)) + np.array([nx, ny]) / 2
    nowhere = np.full(sample, np.nan)
    columns = {"id": np.arange(1, sample + 1), "x": places[:, 0], "y": places[:, 1]}
    catalog = Catalog.from_columns({**columns, "ra": nowhere, "dec": nowhere})
    with tempfile.TemporaryDirectory(prefix="astrotl-rates-") as scratch:
        clock = _Clock()
        chosen = replace(settings, views=settings.views or 1)
        store = embed(mosaic, catalog, Path(scratch), cutouts, chosen, device=device, progress=clock)
        written = sum(file.stat().st_size for file in Path(scratch).rglob("*") if file.is_file())
        backend = str(store.meta()["made_with"]["backend"])
    notes = [note for note in clock.notes if note[1] > 0]
    (first, done, _), (last, all_done, _) = notes[0], notes[-1]
    if all_done > done:
        rate = (all_done - done) / max(last - first, 1e-6)
        start = max(first - done / rate, 0.0)
    else:
        rate, start = sample / max(last, 1e-6), 0.0
    return rate, start, written / sample, backend


def _detect_rate(mosaic: Mosaic, detection: DetectionSettings, progress: Progress) -> tuple[float, float]:
    """(px/s of detection, sources/px, 0 where it took longer than DETECT_SECONDS)."""
    from astrotl_gui.pipeline.detect import detect

    clock, pixels, density = _Clock(progress, DETECT_SECONDS), float(np.prod(mosaic.shape)), 0.0
    try:
        density = len(detect(mosaic, detection, progress=clock)) / pixels
    except Cancelled:
        if not clock.late:
            raise
    now, done, total = clock.notes[-1]
    if not done:
        raise AstroTLError(
            "Detection is too slow to measure",
            f"The first tile took over {DETECT_SECONDS:.0f} s. Choose smaller tiles (--tile), or give a catalog.",
        )
    return pixels * done / total / max(now, 1e-6), density


def _peak_memory() -> float:
    """The most memory [bytes] that this process has taken so far; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak if sys.platform == "darwin" else peak * 1024)

"""Overlays of 10⁵, 10⁶ and 10⁷ sources: frames while panning and zooming, a click, a box; beside pyqtgraph's scatter.

The mosaic is 20,000 × 20,000 and blank (a sparse file), so that a frame is what the overlay costs on top of empty
sky; the sources are clustered as the sky is: two thirds uniform, a third in 400 clumps.
"""

from __future__ import annotations

import gc
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Row

SIDE, WIDTH, HEIGHT = 20_000, 1200, 900
FOLDER = Path("bench-output/data")
FRAMES, ZOOMS, CLICKS = 120, 40, 50
PAN_MS = 33.0
STEP = (17, 9)
"""A pan by so many logical px a frame: about 1000 px a second at 60 frames."""
RIVAL_MOST = 1_000_000


def run(full: bool = False) -> list[Row]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication([])
    rows: list[Row] = []
    for count in (100_000, 1_000_000, 10_000_000):
        rows += _rows(count, app)
        gc.collect()
    return rows


def _positions(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    x, y = rng.uniform(0, SIDE - 1, (2, count))
    clumped = slice(0, count // 3)
    middle = rng.integers(0, 400, count // 3)
    centres = rng.uniform(0, SIDE - 1, (2, 400))
    x[clumped], y[clumped] = centres[:, middle] + rng.normal(0, 120, (2, count // 3))
    return np.clip(x, 0, SIDE - 1), np.clip(y, 0, SIDE - 1)


def _rows(count: int, app: Any) -> list[Row]:
    from PySide6.QtCore import QPointF, QRectF

    from astrotl_gui.core.sky_index import SkyIndex
    from astrotl_gui.gui.mosaic_view import MosaicView
    from astrotl_gui.gui.overlays import DETECTIONS

    n = f"{count:,} sources, {SIDE}² px blank, view {WIDTH} × {HEIGHT}"
    x, y = _positions(count)
    start = time.perf_counter()
    index = SkyIndex.of(x, y, (SIDE, SIDE))
    _ = index.densest
    built = time.perf_counter() - start
    rows = [
        Row("sort the positions", built, "s", n=n),
        Row("memory of the sorted positions", index.nbytes / 1e6, "MB", n=n),
    ]
    del index
    session = _session(x, y)
    view = MosaicView(session)
    view.resize(WIDTH, HEIGHT)
    view.show()
    _until(app, lambda: session.overlays.index is not None)
    session.overlays.show(DETECTIONS, True)
    rivals = _Scatter(x, y) if count <= RIVAL_MOST else None
    for name, scale in (("whole", None), ("middle", 0.25), ("1:1", 1.0)):
        times = _pan(app, view, scale)
        bare = _without(session, lambda scale=scale: _pan(app, view, scale))
        rival = rivals.pan(app, scale) if rivals else None
        p95 = float(np.percentile(times, 95))
        rows.append(Row(f"pan, {name}: p95", p95, "ms", "pyqtgraph" if rivals else "", rival, PAN_MS, n=n))
        rows.append(Row(f"pan, {name}: p99", float(np.percentile(times, 99)), "ms", n=n))
        rows.append(Row(f"pan, {name}: p95 without overlay", float(np.percentile(bare, 95)), "ms", n=n))
    times = _zoom(app, view)
    rows.append(Row("zoom: p95", float(np.percentile(times, 95)), "ms", target=PAN_MS, n=n))
    places = np.random.default_rng(1).uniform(50, 850, (CLICKS, 2))
    view._show(view.viewport.fitted().zoomed(8))
    clicks = [_timed(lambda p=place: view.source_at(QPointF(*p))) for place in places]
    rows.append(Row("what a click means: p95", float(np.percentile(clicks, 95)), "ms", target=10.0, n=n))
    view.fit()
    app.processEvents()
    box = QRectF(0, 0, WIDTH, HEIGHT)
    taken = _timed(lambda: (session.select_many(view.marks.inside(view.viewport, box)), view.repaint()))
    rows.append(
        Row("select all with a box, to the frame", taken, "ms", target=250.0 if count <= 1e6 else None, n=n)
    )
    view.close_feed()
    view.close()
    view.deleteLater()
    session.jobs.close()
    session.project.close()
    shutil.rmtree(session.project.path, ignore_errors=True)
    app.processEvents()
    return rows


def _session(x: np.ndarray, y: np.ndarray) -> Any:
    import pyarrow as pa

    from astrotl_gui.core.bands import BandSpec, MosaicSpec
    from astrotl_gui.core.catalog import Catalog
    from astrotl_gui.core.fits import Plane
    from astrotl_gui.core.mosaic import Mosaic
    from astrotl_gui.core.project import Project
    from astrotl_gui.core.settings import CutoutSettings, DetectionSettings
    from astrotl_gui.core.stretch import Levels
    from astrotl_gui.core.tiles import TileSource
    from astrotl_gui.gui.session import Session

    spec = MosaicSpec("overlays", (BandSpec("r", Plane(_blank(), 0)),), pixel_scale=0.2)
    session = Session()
    shutil.rmtree(FOLDER / "overlays.astrotl", ignore_errors=True)
    session.project = Project.create(
        FOLDER / "overlays.astrotl", spec, DetectionSettings(), CutoutSettings(4, 12)
    )
    session.mosaic = Mosaic.open(spec)
    session.tiles = TileSource(session.mosaic)
    session.levels = {"r": Levels(0.0, 1.0, 10.0, 1.0)}
    session.look = session.look.with_(mode="r")
    count = len(x)
    rng = np.random.default_rng(3)
    a = rng.uniform(0.3, 0.9, count).astype(np.float32)
    theta = rng.uniform(0, 180, count).astype(np.float32)
    nowhere = np.full(count, np.nan)
    table = {"id": np.arange(1, count + 1), "ra": nowhere, "dec": nowhere, "x": x, "y": y}
    session.catalog = Catalog(pa.table(table | {"a": a, "b": 0.7 * a, "theta": theta}))
    return session


def _blank() -> Path:
    """A mosaic of zeros that takes no room on disk."""
    path = FOLDER / f"blank-{SIDE}.fits"
    if not path.exists():
        from astropy.io import fits

        path.parent.mkdir(parents=True, exist_ok=True)
        cards = {"SIMPLE": True, "BITPIX": -32, "NAXIS": 2, "NAXIS1": SIDE, "NAXIS2": SIDE}
        head = fits.Header(cards).tostring().encode()
        with open(path, "wb") as handle:
            handle.write(head)
            handle.truncate(len(head) + -(-4 * SIDE**2 // 2880) * 2880)
    return path


def _pan(app: Any, view: Any, scale: float | None) -> list[float]:
    """Milliseconds of each frame of a pan at a scale, to and fro; from the whole mosaic by default."""
    fitted = view.viewport.fitted()
    view._show(fitted if scale is None else fitted.zoomed(scale / fitted.scale).centred(SIDE / 3, SIDE / 3))
    if scale is None:
        view._show(view.viewport.zoomed(1.3))  # else there is nothing to pan
    view.repaint()
    _until(app, lambda: view.canvas.sharp, 5)
    times = []
    for number in range(FRAMES):
        sign = 1 if number % 60 < 30 else -1

        def frame(sign: int = sign) -> None:
            view.drag(sign * STEP[0], sign * STEP[1])
            view.repaint()
            app.processEvents()

        times.append(_timed(frame))
    return times


def _zoom(app: Any, view: Any) -> list[float]:
    view.fit()
    times = []
    for number in range(ZOOMS):

        def frame(factor: float = 1.25 if number < ZOOMS / 2 else 0.8) -> None:
            view.zoom_by(factor)
            view.repaint()
            app.processEvents()

        times.append(_timed(frame))
    return times


def _without(session: Any, work: Callable[[], list[float]]) -> list[float]:
    session.overlays.show("detections", False)
    try:
        return work()
    finally:
        session.overlays.show("detections", True)


class _Scatter:
    """pyqtgraph's ScatterPlotItem with the same positions in a view of the same size."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        import pyqtgraph as pg

        self._plot = pg.PlotWidget(background="k")
        self._plot.resize(WIDTH, HEIGHT)
        self._plot.hideAxis("left")
        self._plot.hideAxis("bottom")
        self._plot.addItem(pg.ScatterPlotItem(x, y, size=4, pen=None, brush="w", pxMode=True))
        self._plot.show()

    def pan(self, app: Any, scale: float | None) -> float:
        """p95 of the frames of a pan [ms]; fewer frames where one takes long."""
        scale = scale or 1.3 * HEIGHT / SIDE
        width, height = WIDTH / scale, HEIGHT / scale
        x, y, times = SIDE / 3, SIDE / 3, []
        frames = FRAMES
        for number in range(FRAMES):
            if number >= frames:
                break
            x, y = x - STEP[0] / scale, y + STEP[1] / scale

            def frame(x: float = x, y: float = y) -> None:
                self._plot.setRange(xRange=(x, x + width), yRange=(y, y + height), padding=0)
                self._plot.viewport().repaint()
                app.processEvents()

            times.append(_timed(frame))
            if sum(times) > 15_000:
                frames = min(frames, 10)
        return float(np.percentile(times, 95))


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def _until(app: Any, ready: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.perf_counter() + seconds
    while not ready() and time.perf_counter() < deadline:
        app.processEvents()
        time.sleep(0.005)

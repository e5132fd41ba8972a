"""A small project with everything a list needs, made without a network: three bands, forty sources, embeddings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import EmbeddingStore, Shard
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.injected import Injected
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import AppSettings, CutoutSettings, DetectionSettings, InjectionSettings
from astrotl_gui.gui import theme
from astrotl_gui.gui.app import make_window
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.session import Session
from astrotl_gui.pipeline.injection.checked import FEWEST_PAIRS
from astrotl_gui.pipeline.injection.stored import injectors, wanted
from astrotl_gui.pipeline.making import making

COUNT, SIDE, SCALE, ZEROPOINT = 40, 400, 0.2, 27.0
UNREADABLE = 40
"""Id of the source in the middle of a region without data."""
HALF_MASKED = 39
"""Id of a source of whose cutout the right half has no data."""
BANDS = ("g", "r", "i")


def places() -> tuple[np.ndarray, np.ndarray]:
    """0-based px of the sources, ids 1 … COUNT, far enough apart to be none the other's repeat."""
    index = np.arange(COUNT)
    x, y = 30.0 + 45 * (index % 8), 30.0 + 45 * (index // 8)
    x[UNREADABLE - 1], y[UNREADABLE - 1] = 350, 350
    x[HALF_MASKED - 1], y[HALF_MASKED - 1] = 300, 300
    return x, y


@cache
def pixels_of(number: int) -> np.ndarray:
    """Gaussian sources, each brighter than the one before, with a companion 6 px above, on noise of 1."""
    pixels = np.random.default_rng(number).normal(0, 1, (SIDE, SIDE))
    here = np.arange(SIDE)
    for source, (sx, sy) in enumerate(zip(*places(), strict=True), 1):
        for flux, up, spread in ((10 * source, 0, 8), (200, 6, 3)):
            column, row = np.exp(-((here - sx) ** 2) / spread), np.exp(-((here - sy - up) ** 2) / spread)
            pixels += flux * np.outer(row, column)
    pixels[310:, 310:] = np.nan
    pixels[285:310, 301:330] = np.nan
    return pixels.astype(np.float32)


def write_band(path: Path, number: int) -> Path:
    """A band of the forty."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix = [53.16, -27.8], [SIDE / 2, SIDE / 2]
    wcs.wcs.cdelt = [-SCALE / 3600, SCALE / 3600]
    fits.PrimaryHDU(pixels_of(number), wcs.to_header()).writeto(path)
    return path


def make_project(folder: Path) -> Path:
    """The project on disk, with a catalogue and embeddings of random directions."""
    bands = tuple(
        BandSpec(name, Plane(write_band(folder / f"{name}.fits", number), 0), zeropoint=ZEROPOINT)
        for number, name in enumerate(BANDS)
    )
    spec = MosaicSpec("Forty", bands, "r", ("i", "r", "g"))
    project = Project.create(folder / "forty.astrotl", spec, DetectionSettings(), CutoutSettings(4, 12))
    mosaic = Mosaic.open(spec)
    x, y = places()
    ra, dec = mosaic.sky(x, y)
    ids = np.arange(1, COUNT + 1)
    columns = {"id": ids, "ra": ra, "dec": dec, "x": x, "y": y}
    columns |= {"snr": 10.0 * ids, "r50": np.full(COUNT, 0.42), "masked_fraction": (ids >= 39) * 0.5}
    for name in BANDS:
        flux = 100.0 * ids
        columns |= {f"flux_{name}": flux, f"fluxerr_{name}": np.full(COUNT, 2.0)}
        columns[f"mag_{name}"] = ZEROPOINT - 2.5 * np.log10(flux)
    project.write_catalog(Catalog.from_columns(columns))
    project.injection = InjectionSettings(pairs=FEWEST_PAIRS)
    rng = np.random.default_rng(5)
    store = EmbeddingStore(project.embeddings_folder, "test")
    vectors = rng.normal(size=(COUNT, 64)) + 3 * (ids[:, None] % 4 == np.arange(64)[None, :] // 16)
    statistics = rng.normal(size=(COUNT, 3))
    store.append(Shard(ids, np.stack([x, y], axis=1), vectors, statistics))
    made = {**making(mosaic, project.cutouts, project.encoder), "views": 8}
    store.write_meta({"statistics": ["one", "two", "three"], "making": made})
    catalog = project.read_catalog()
    for injector in injectors(project.injection):
        made_by = wanted(injector, project.injection, catalog, store.key)
        Injected.none(injector.target, made_by, ()).write(store.folder)  # nothing is drawn in these tests
    project.save()
    project.close()
    return project.path


def open_session(qtbot: QtBot, folder: Path) -> Session:
    """A session with the project open and its four lists ranked."""
    session = Session(AppSettings(vetter="mk"))
    path = make_project(folder)
    with qtbot.waitSignal(session.project_changed, timeout=10000):
        session.open_project(path)
    qtbot.waitUntil(lambda: session.ranking("outlier") is not None, timeout=20000)
    settled(qtbot, session)
    return session


def settled(qtbot: QtBot, session: Session) -> None:
    """Wait until no ranking or search runs."""
    qtbot.waitUntil(lambda: not session.jobs._threads, timeout=60000)


def close_session(session: Session) -> None:
    """End its threads and let go of the project."""
    session.jobs.close()
    session.close_project()


class Gate:
    """A job's function that holds its job until the test lets it go, whether or not it was cancelled."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.calls, self.opened = 0, threading.Event()
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        assert self.opened.wait(20)
        return self._function(*args, **kwargs)


@contextmanager
def ranked_window(qtbot: QtBot, folder: Path) -> Iterator[MainWindow]:
    """The window on such a project, 1440 × 900, its lists ranked and at rest."""
    made = make_window((make_project(folder),), Session(AppSettings(vetter="mk")))
    made.resize(1440, 900)
    qtbot.waitUntil(made.isActiveWindow)
    qtbot.waitUntil(lambda: made.session.ranking("outlier") is not None, timeout=20_000)
    settled(qtbot, made.session)
    yield made
    made.close()
    made.deleteLater()
    theme.apply(QApplication.instance())  # type: ignore[arg-type]

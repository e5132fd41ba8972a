"""A window on a small project that neither embeds nor ranks, for tests of the shell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.project import Project
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import AppSettings, CutoutSettings, DetectionSettings
from astrotl_gui.gui import theme
from astrotl_gui.gui.app import make_window
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.session import Session

SIZE, SOURCES = 300, 40
CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
LEFT = Qt.MouseButton.LeftButton
K = Qt.Key


class ShellSession(Session):
    """A session that neither embeds nor ranks: these tests are about the window."""

    def embed(self) -> None:
        pass

    def load_inputs(self) -> None:
        pass

    def rank_again(self, targets: object = TARGETS) -> None:
        pass


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> tuple[MosaicSpec, Catalog]:
    """Two bands of a few round sources, and their catalog."""
    folder, rng = tmp_path_factory.mktemp("field"), np.random.default_rng(5)
    x, y = rng.uniform(10, SIZE - 10, (2, SOURCES))
    rows, columns = np.mgrid[:SIZE, :SIZE]
    sky = sum(np.exp(-((columns - a) ** 2 + (rows - b) ** 2) / 8) for a, b in zip(x, y, strict=True))
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [53.1, -27.8], [150, 150]
    wcs.wcs.cdelt = [-0.2 / 3600, 0.2 / 3600]
    bands = []
    for name, wavelength in (("g", 480.0), ("i", 760.0)):
        pixels = (sky + rng.normal(0, 0.02, sky.shape)).astype(np.float32)
        fits.writeto(folder / f"{name}.fits", pixels, wcs.to_header())
        bands.append(BandSpec(name, Plane(folder / f"{name}.fits", 0), wavelength=wavelength))
    ra, dec = wcs.pixel_to_world_values(x, y)
    ids = np.arange(1, SOURCES + 1)
    columns_of = {
        "id": ids,
        "ra": ra,
        "dec": dec,
        "x": x,
        "y": y,
        "a": np.ones(SOURCES),
        "b": np.ones(SOURCES),
    }
    return MosaicSpec("Small field", tuple(bands)), Catalog.from_columns(columns_of)


@pytest.fixture
def project(tmp_path: Path, field: tuple[MosaicSpec, Catalog]) -> Path:
    made = Project.create(
        tmp_path / "small.astrotl", field[0], DetectionSettings(), CutoutSettings(size=4.0, context=12.0)
    )
    made.write_catalog(field[1])
    scores = np.linspace(1, 0, SOURCES, dtype=np.float32)
    for number, target in enumerate(TARGETS):
        made.write_ranking(Ranking(target, np.roll(field[1].ids, number), scores, "cold"))
    made.close()
    return made.path


@pytest.fixture
def start(qtbot: QtBot) -> Iterator[Callable[..., MainWindow]]:
    windows = []

    def make(*paths: Path, settings: AppSettings | None = None) -> MainWindow:
        window = make_window(paths, ShellSession(settings or AppSettings(vetter="Mara Klein")))
        windows.append(window)
        window.resize(1440, 900)
        qtbot.waitUntil(window.isActiveWindow)
        if paths:
            qtbot.waitUntil(lambda: window.page == "explore", timeout=20_000)
        return window

    yield make
    for window in windows:
        window.close()
        window.deleteLater()
    theme.apply(QApplication.instance())  # type: ignore[arg-type]


@pytest.fixture
def window(start: Callable[..., MainWindow], project: Path) -> MainWindow:
    return start(project)


def press(
    window: MainWindow, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """A key as the user presses it: to whatever has the focus."""
    QTest.keyClick(window.focusWidget() or window, key, held)

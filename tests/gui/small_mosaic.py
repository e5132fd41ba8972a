"""A small mosaic of three bands and four stars, and what tests ask of a view of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from astropy.io import fits
from astropy.wcs import WCS
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings
from astrotl_gui.core.tiles import TileSource
from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.session import Session

NX, NY, SCALE = 700, 500, 0.2
STARS = ((100.0, 400.0), (350.0, 250.0), (600.0, 60.0), (620.0, 60.0))


def write_band(path: Path, seed: int, brightness: float, sky: bool = True) -> Path:
    rng = np.random.default_rng(seed)
    pixels = rng.normal(5, 1, (NY, NX))
    y, x = np.mgrid[:NY, :NX]
    for number, (sx, sy) in enumerate(STARS):
        pixels += brightness * (1 + number) * np.exp(-((x - sx) ** 2 + (y - sy) ** 2) / 18)
    pixels[0, 0] = np.nan
    header = fits.Header()
    if sky:
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        wcs.wcs.crval, wcs.wcs.crpix = [150.0, 2.0], [NX / 2, NY / 2]
        wcs.wcs.cdelt = [-SCALE / 3600, SCALE / 3600]
        header = wcs.to_header()
    fits.PrimaryHDU(pixels.astype(np.float32), header).writeto(path)
    return path


def make_session(folder: Path, sky: bool = True) -> Session:
    """A session with three bands, four sources, and a ranking of each target."""
    bands = tuple(
        BandSpec(name, Plane(write_band(folder / f"{name}.fits", seed, 60.0 * (seed + 1), sky), 0))
        for seed, name in enumerate("gri")
    )
    spec = MosaicSpec("sky", bands, "r", ("i", "r", "g"), 0.0 if sky else SCALE)
    session = Session()
    session.project = Project.create(folder / "sky.astrotl", spec, DetectionSettings(), CutoutSettings(4, 12))
    session.mosaic = Mosaic.open(spec)
    session.tiles = TileSource(session.mosaic)
    session.levels = {name: session.tiles.display_levels(name) for name in "gri"}
    x, y = (np.array(values) for values in zip(*STARS, strict=True))
    ra, dec = session.mosaic.sky(x, y)
    table = {"id": np.arange(1, 5), "ra": ra, "dec": dec, "x": x, "y": y, "a": np.full(4, 0.6)}
    session.catalog = Catalog(pa.table(table))
    ids, scores = np.array([2, 1, 4, 3]), np.linspace(1, 0.1, 4, dtype=np.float32)
    session._rankings = {target: Ranking(target, ids, scores, "test") for target in TARGETS}
    return session


def sharp(qtbot: QtBot, view: MosaicView) -> None:
    """Wait until everything in view is at full resolution."""
    view.repaint()
    qtbot.waitUntil(lambda: view.canvas is not None and view.canvas.sharp, timeout=5000)
    view.repaint()


def grabbed(view: MosaicView) -> QImage:
    image = QImage(view.size(), QImage.Format.Format_RGB32)
    view.render(image)
    return image


def screen(view: MosaicView, source: int) -> QPoint:
    x, y = STARS[source - 1]
    sx, sy = view.viewport.to_screen(x, y)
    return QPointF(sx, sy).toPoint()


def brightness(image: QImage, at: QPoint) -> int:
    return QColor(image.pixel(at)).lightness()

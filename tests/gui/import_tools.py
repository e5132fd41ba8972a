"""What the tests of the import page share: small images, the page, its cards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from pytestqt.qtbot import QtBot

from astrotl_gui.gui.import_page import ImportPage
from astrotl_gui.gui.notice import Notice
from astrotl_gui.gui.session import Session


def image(path: Path, band: str, side: int = 120, wcs: bool = True, ra: float = 150.0) -> Path:
    """A small noisy image with five stars."""
    rng = np.random.default_rng(len(band) + ord(band[0]))
    y, x = np.mgrid[:side, :side]
    data = rng.normal(0, 1, (side, side))
    for k in range(5):
        data += 200 * np.exp(-((x - 20 - 18 * k) ** 2 + (y - 30 - 12 * k) ** 2) / 8)
    header = fits.Header()
    if wcs:
        sky = WCS(naxis=2)
        sky.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        sky.wcs.crval, sky.wcs.crpix = [ra, 2.0], [side / 2, side / 2]
        sky.wcs.cdelt = [-0.2 / 3600, 0.2 / 3600]
        header = sky.to_header()
    header["FILTER"] = band
    fits.PrimaryHDU(data.astype(np.float32), header).writeto(path)
    return path


@pytest.fixture
def trio(tmp_path: Path) -> list[Path]:
    return [image(tmp_path / f"m83_{band}.fits", band) for band in "gri"]


@pytest.fixture
def session(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setattr(Session, "embed", lambda session: None)  # another page's matter, and slow
    session = Session()
    yield session
    session.close_project()
    session.jobs.close()


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> ImportPage:
    page = ImportPage(session)
    qtbot.addWidget(page)
    page.resize(1280, 720)
    page.show()
    qtbot.waitExposed(page)
    return page


def begin(page: ImportPage, qtbot: QtBot, paths: list[Path]) -> None:
    page.start(paths)
    qtbot.waitUntil(lambda: page.preview is not None, timeout=20_000)


def notices(page: ImportPage) -> list[Notice]:
    return [notice for notice in page.findChildren(Notice) if notice.isVisible()]


def wait_for_notice(page: ImportPage, qtbot: QtBot, title: str) -> Notice:
    qtbot.waitUntil(lambda: title in [notice.title for notice in notices(page)], timeout=20_000)
    return next(notice for notice in notices(page) if notice.title == title)

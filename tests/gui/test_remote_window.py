"""A window on images at URLs: it shows them, outlives the server, and reads on when that is back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from astrotl_gui.core import remote
from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.fits import Plane, open_plane
from astrotl_gui.core.image_paths import moved
from astrotl_gui.core.project import Project
from astrotl_gui.gui import jobs
from astrotl_gui.gui.cutout_picture import Stamp
from astrotl_gui.gui.cutout_source import CutoutSource
from astrotl_gui.gui.jobs import Fetcher
from astrotl_gui.gui.main_window import MainWindow
from tests.core.serving import serving
from tests.gui.small_project import field, project, start  # noqa: F401

pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")


def test_the_window_reads_urls_and_outlives_their_server(
    start: Callable[..., MainWindow],  # noqa: F811
    project: Path,  # noqa: F811
    field: tuple[MosaicSpec, Catalog],  # noqa: F811
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remote, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(jobs, "RETRY_SECONDS", 0.05)
    folder = field[0].bands[0].image.path.parent
    with serving(folder) as served:
        made = Project.open(project)
        made.spec = moved(made.spec, lambda path: Path(f"{served.url}/{path.name}"))
        made.save()
        made.close()
        window = start(project)
        session = window.session
        assert session.mosaic is not None and session.tiles is not None
        assert served.parts > 0 and session.tiles.far("g")
        fetcher = Fetcher(lambda x: session.mosaic.read("g", (x, 0, x + 64, 64)), 1, 50, window)
        fetcher.want([0])
        qtbot.waitUntil(lambda: fetcher.get(0) is not None)
        near = field[0].bands[0].image
        assert np.array_equal(fetcher.get(0), on_disk(near, 0))
        remote.BLOCKS.clear()
        served.dies_after = 0
        fetcher.want([100])
        qtbot.waitUntil(lambda: fetcher.get(100) is not None)
        assert isinstance(fetcher.get(100), remote.ConnectionLost)
        assert window.isVisible()
        served.dies_after = None  # nobody asks again: the window does by itself
        qtbot.waitUntil(lambda: isinstance(fetcher.get(100), np.ndarray))
        assert np.array_equal(fetcher.get(100), on_disk(near, 100))
        fetcher.close()
        source = CutoutSource.of(session)
        remote.BLOCKS.clear()
        served.dies_after = 0
        stamp = Stamp(0, 150.0, 150.0, 7.0, 64, "colour", ("g", "i"))
        parts = served.parts
        source.want(1, [stamp])
        qtbot.waitUntil(lambda: served.parts > parts + 3)
        assert not source.current(stamp)
        served.dies_after = None
        qtbot.waitUntil(lambda: source.current(stamp))
        assert source.picture(stamp).image is not None
        served.dies_after = 0
        remote.BLOCKS.clear()  # nothing of the images is to be had any more
        session.close_project()
        assert session.project is None and window.page == "welcome"


def on_disk(plane: Plane, x: int) -> np.ndarray:
    return open_plane(plane).read(x, 0, x + 64, 64)

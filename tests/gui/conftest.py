"""A session on a small mosaic, and a view of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from astrotl_gui.gui.mosaic_view import MosaicView
from astrotl_gui.gui.session import Session
from tests.gui.small_mosaic import make_session, sharp


@pytest.fixture
def session(qapp: QApplication, tmp_path: Path) -> Iterator[Session]:
    made = make_session(tmp_path)
    yield made
    made.jobs.close()
    if made.project is not None:
        made.project.close()


@pytest.fixture
def view(qtbot: QtBot, session: Session) -> Iterator[MosaicView]:
    made = MosaicView(session)
    qtbot.addWidget(made)
    made.resize(760, 600)
    made.show()
    sharp(qtbot, made)
    yield made
    made.close_feed()

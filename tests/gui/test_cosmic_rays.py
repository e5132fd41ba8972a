"""Find cosmic rays from the palette's action: the column arrives, or the reason why it cannot."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.pipeline import cosmic_rays
from tests.gui.small_project import field, project, start, window  # noqa: F401 (fixtures)


def test_the_action_adds_the_column(
    window: MainWindow,  # noqa: F811
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cosmic_rays, "network", lambda name: lambda image: np.ones_like(image))
    session = window.session
    with qtbot.waitSignal(session.catalog_changed, timeout=20_000):
        window.actions_by_id["sources.cosmic-rays"].trigger()
    assert np.nanmin(session.catalog.column("deepcr")) == 1
    assert session.project is not None
    assert "deepcr" in session.project.read_catalog()


def test_without_the_extra_the_window_says_how_to_get_it(
    window: MainWindow,  # noqa: F811
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def absent(name: str) -> None:
        raise AstroTLError("deepCR is not installed", "It is an extra.")

    monkeypatch.setattr(cosmic_rays, "network", absent)
    with qtbot.waitSignal(window.session.messaged, timeout=20_000) as told:
        window.actions_by_id["sources.cosmic-rays"].trigger()
    assert "deepCR is not installed" in told.args[0].title
    assert "deepcr" not in window.session.catalog

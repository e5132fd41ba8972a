"""A real field in the window: fetched once, opened at once ever after; what goes wrong is said and mended there."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.gui.app import make_window
from astrotl_gui.gui.field_card import FieldCard
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.real_sky import OFFERED, offer_real_sky
from astrotl_gui.pipeline.real_fields import FIELDS, RealField
from tests.gui.small_project import LEFT, ShellSession, field, project, start
from tests.pipeline.fake_registry import FakeRegistry, field_of, simple_index, source_package

__all__ = ["field", "project", "start"]

LONG = 20_000


def small_image() -> bytes:
    """A few stars in the FILTER r, as a FITS file."""
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[:200, :200]
    sky = rng.normal(10, 1, (200, 200))
    for x, y in rng.uniform(20, 180, (12, 2)):
        sky += 300 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 8)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval, wcs.wcs.crpix = ["RA---TAN", "DEC--TAN"], [40.0, -1.6], [100, 100]
    wcs.wcs.cdelt = [-0.2 / 3600, 0.2 / 3600]
    header = wcs.to_header()
    header["FILTER"] = "r"
    file = io.BytesIO()
    fits.PrimaryHDU(sky.astype("f4"), header).writeto(file)
    return file.getvalue()


MEMBERS = {"small-1.0/sky.fits": small_image()}
PACKED = source_package({"small-1.0/before.bin": np.random.default_rng(0).bytes(2_000_000), **MEMBERS})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> RealField:
    """A small field in the place of Abell 370."""
    made = replace(field_of(PACKED, MEMBERS), name="abell370")
    monkeypatch.setitem(FIELDS, "abell370", made)
    return made


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, small: RealField) -> Iterator[FakeRegistry]:
    made = FakeRegistry({small.archive.file: PACKED})
    with simple_index(made) as address:
        monkeypatch.setenv("PIP_INDEX_URL", address)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield made


def card_of(window: MainWindow) -> FieldCard:
    return window.welcome.fields[0]


def opened(window: MainWindow) -> bool:
    return window.page == "explore" and len(window.session.catalog) > 5 and not window.session.jobs.active


def test_a_click_fetches_opens_and_detects(
    registry: FakeRegistry, small: RealField, start: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    window = start()
    assert card_of(window).cost == "2 MB"
    qtbot.mouseClick(card_of(window), LEFT)
    qtbot.waitUntil(lambda: opened(window), timeout=LONG)
    session = window.session
    assert session.project is not None and session.mosaic is not None
    assert (session.project.name, session.project.spec.credit) == (small.title, small.credit)
    assert [band.name for band in session.mosaic.bands] == ["r"]
    asked = len(registry.asked)

    session.close_project()
    assert window.page == "welcome" and card_of(window).cost == "On this computer"
    qtbot.keyClick(card_of(window), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: opened(window), timeout=LONG)
    assert len(registry.asked) == asked, "nobody is asked a second time"
    assert session.project.path == small.project()


def test_the_chip_shows_the_download_and_stops_it(
    registry: FakeRegistry, small: RealField, start: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    registry.pause = 0.01
    window = start()
    qtbot.mouseClick(card_of(window), LEFT)
    chip = window.status.chip
    qtbot.waitUntil(lambda: chip.isVisible() and chip.bar.value > 0, timeout=LONG)
    assert chip.name.text() == "Downloading Small field" and "%" in chip.text.text()
    qtbot.mouseClick(card_of(window), LEFT)
    assert len(window.session.jobs.active) == 1, "a second click starts no second download"
    qtbot.mouseClick(chip.stop, LEFT)
    qtbot.waitUntil(lambda: not window.session.jobs.active, timeout=LONG)
    assert window.page == "welcome" and not window.messages.cards
    assert not small.folder.exists() and not list(small.folder.parent.iterdir())


def test_without_network_a_card_says_so_and_tries_again(
    registry: FakeRegistry,
    small: RealField,
    start: Callable[..., MainWindow],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = start()
    with monkeypatch.context() as offline:
        offline.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
        qtbot.mouseClick(card_of(window), LEFT)
        qtbot.waitUntil(lambda: bool(window.messages.cards), timeout=LONG)
    (card,) = window.messages.cards
    assert card.message.title == "No network" and "Nothing was changed" in card.message.detail
    assert [button.text() for button in card.buttons] == ["Try again", "Close"]
    assert window.page == "welcome" and not small.project().exists()
    qtbot.mouseClick(card.buttons[0], LEFT)
    qtbot.waitUntil(lambda: opened(window), timeout=LONG)


def test_it_is_in_the_table_of_actions(
    registry: FakeRegistry, start: Callable[..., MainWindow], qtbot: QtBot
) -> None:
    window = start()
    action = window.actions_by_id["project.field.abell370"]
    assert action.text() == "Open Abell 370" and action.isEnabled()
    action.trigger()
    qtbot.waitUntil(lambda: opened(window), timeout=LONG)


def test_the_command_opens_the_window_on_it(registry: FakeRegistry, small: RealField, qtbot: QtBot) -> None:
    window = make_window(session=ShellSession(), field="abell370")
    qtbot.addWidget(window)
    qtbot.waitUntil(lambda: opened(window), timeout=LONG)
    assert window.windowTitle() == "Small field – AstroTL"
    window.close()


def rank(window: MainWindow) -> None:
    """What the end of ranking does."""
    session = window.session
    scores = np.linspace(1, 0, len(session.catalog), dtype=np.float32)
    session._adopt_rankings({t: Ranking(t, session.catalog.ids, scores, "cold") for t in TARGETS})


def test_the_demo_ends_with_an_offer_of_real_sky(
    registry: FakeRegistry, small: RealField, start: Callable[..., MainWindow], project: object, qtbot: QtBot
) -> None:
    assert OFFERED == "abell370"
    window = start(project)
    offer_real_sky(window)
    assert not window.messages.cards
    rank(window)
    qtbot.waitUntil(lambda: bool(window.messages.cards), timeout=LONG)
    (card,) = window.messages.cards
    assert card.message.title == "Real sky too"
    assert [button.text() for button in card.buttons] == ["Open Small field", "Not now"]
    rank(window)
    assert window.messages.cards == [card], "it is offered once"
    qtbot.mouseClick(card.buttons[0], LEFT)
    qtbot.waitUntil(lambda: opened(window), timeout=LONG)
    assert window.session.project.name == small.title  # type: ignore[union-attr]


def test_the_demo_says_nothing_of_it_without_network(
    small: RealField,
    start: Callable[..., MainWindow],
    project: object,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple/")
    window = start(project)
    offer_real_sky(window)
    rank(window)
    qtbot.waitUntil(lambda: not window.session.jobs._threads, timeout=LONG)
    assert not window.messages.cards and not window.session.jobs.active

"""The Train view: what it says follows the labels; tuning, audits and the way back, by its buttons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from astrotl_gui.core.audit_table import RELEASED, STOPPED
from astrotl_gui.gui import theme
from astrotl_gui.gui.main_window import MainWindow
from astrotl_gui.gui.train_parts import TrainParts
from astrotl_gui.pipeline import finetune as module
from astrotl_gui.pipeline import recovery
from astrotl_gui.pipeline.recovery import Recovery

from .ranked import COUNT, Gate, ranked_window, settled
from .small_project import ALT, CTRL, K, press
from .test_session_models import put

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    with ranked_window(qtbot, tmp_path) as made:
        press(made, K.Key_4, CTRL)
        yield made


def parts(window: MainWindow) -> TrainParts:
    assert window.train.parts is not None
    return window.train.parts


def label(qtbot: QtBot, window: MainWindow, yes: range, no: range) -> None:
    window.session.label_as(list(yes), "positive", "lens")
    window.session.label_as(list(no), "negative", "lens")
    settled(qtbot, window.session)


def click(button: object) -> None:
    QTest.mouseClick(button, LEFT)  # type: ignore[call-overload]


def test_it_says_how_to_begin_and_follows_the_labels(qtbot: QtBot, window: MainWindow) -> None:
    page = window.train
    assert window.page == "train" and window.top.views.value == "train"
    assert page.sentence.text() == "No labels yet."
    assert page.detail.text() == "Press A for yes, X for no. Five are enough to start."
    label(qtbot, window, range(1, 4), range(4, 8))
    assert page.sentence.text() == "3 lenses found in 7 labels. By chance you would have at least 0.5."
    x, y = parts(window).chart.steps.getData()  # type: ignore[union-attr]
    assert x[-1] == 7 and y[-1] == 3 and list(y[:3]) == [0, 0, 1]
    cards = parts(window).yields
    assert [cards.last[n].number.text() for n in (10, 50)] == ["3", "3"]
    assert cards.last[10].bars.values == (True,) * 3 + (False,) * 4
    assert parts(window).counts.rows[1:] == [("mk", "3", "0", "4", "7", "–")]
    window.session.set_target("agn")
    assert page.sentence.text() == "No labels yet." and page.tabs.value == "agn"


def test_no_key_labels_what_is_out_of_sight(window: MainWindow) -> None:
    window.session.select(3)
    press(window, K.Key_A)
    assert window.session.labels() == {}
    press(window, K.Key_2, ALT)
    assert (window.page, window.session.target) == ("train", "agn")


def test_another_network_is_a_line_in_the_chart(qtbot: QtBot, window: MainWindow) -> None:
    label(qtbot, window, range(1, 4), range(4, 8))
    where = window.session.yields()
    assert where is not None
    chart = parts(window).chart
    chart.show_yields(
        replace(where, models=((1, "gp a"), (4, "cold"), (6, "gp b"))),
        {"gp a": "as shipped", "gp b": "model 1", "cold": ""}.__getitem__,
    )
    assert chart.changes == [(6, "model 1")]


def test_tuning_goes_through_its_states(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(put(monkeypatch, accepted=True).fine_tune)
    monkeypatch.setattr(module, "fine_tune", gate)
    label(qtbot, window, range(1, 4), range(4, 8))
    card, session = parts(window).tuning, window.session
    assert not card.start.isEnabled() and card.says.text().startswith("It takes 7 more yes and 6 more no")
    label(qtbot, window, range(1, 13), range(13, 31))
    assert card.start.isEnabled()
    click(card.start)
    qtbot.waitUntil(lambda: gate.calls == 1, timeout=20_000)
    assert card.cancel.isVisible() and not card.start.isVisible()
    gate.opened.set()
    qtbot.waitUntil(lambda: session.model == 1, timeout=20_000)
    settled(qtbot, session)
    models = parts(window).models
    assert [row.version for row in models.rows] == [1, 0]
    assert models.rows[0].use is None and card.verdict.text() == "Last time: Better."
    back = models.rows[1].use
    assert back is not None and back.text() == "Roll back"
    with qtbot.waitSignal(session.models_changed, timeout=20_000):
        click(back)
    settled(qtbot, session)
    assert session.model == 0
    forward = models.rows[0].use
    assert forward is not None and forward.text() == "Use"


def test_cancelled_tuning_leaves_the_button(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(put(monkeypatch, accepted=True).fine_tune)
    monkeypatch.setattr(module, "fine_tune", gate)
    label(qtbot, window, range(1, 13), range(13, 31))
    card = parts(window).tuning
    press(window, K.Key_T, CTRL)
    qtbot.waitUntil(lambda: gate.calls == 1, timeout=20_000)
    click(card.cancel)
    gate.opened.set()
    settled(qtbot, window.session)
    assert card.start.isVisible() and not card.cancel.isVisible() and window.session.models() == []


def test_a_refused_version_says_why(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(monkeypatch, accepted=False)
    label(qtbot, window, range(1, 13), range(13, 31))
    with qtbot.waitSignal(window.session.models_changed, timeout=20_000):
        click(parts(window).tuning.start)
    settled(qtbot, window.session)
    row = parts(window).models.rows[0]
    assert row.version == 1 and row.use is None


def test_an_audit_from_its_plan_to_its_release(qtbot: QtBot, window: MainWindow) -> None:
    label(qtbot, window, range(1, 5), range(5, 8))
    card, session = parts(window).audit, window.session
    card.filter.setText("i <")
    assert not card.start.isEnabled() and "cannot be read" in card.problem.text()
    card.filter.clear()
    card.recall.chosen.emit("0.5")
    card.recall.set_value("0.5")
    card.refresh()
    assert card.rows.values["To show that 50 % are found"] == "30 labels"
    with qtbot.waitSignal(window.train.vet_wanted) as wanted:
        click(card.start)
    settled(qtbot, session)
    begun = session.audit
    assert begun is not None
    sample = begun.audit.sample.tolist()
    assert wanted.args == [sample, "Audit of lenses"]
    answer(window, sample[:2])
    press(window, K.Key_4, CTRL)
    assert card.rows.values["Labelled"] == "2 of 30"
    with qtbot.waitSignal(window.train.vet_wanted) as wanted:
        click(card.go_on)
    assert wanted.args == [sample[2:], "Audit of lenses"]
    answer(window, sample[2:])
    press(window, K.Key_4, CTRL)
    settled(qtbot, session)
    assert card.past.text().startswith("At least") and "0 hits in 30 labels" in card.past.text()
    click(card.finish)
    settled(qtbot, session)
    assert parts(window).probabilities.isVisible() and card.release.isVisible()
    click(card.release)
    settled(qtbot, session)
    assert session.audits()[0].audit.state == RELEASED and card.start.isEnabled()


def answer(window: MainWindow, sources: list[int]) -> None:
    """Grade what Vet shows, which are these, in order."""
    for source in sources:
        assert window.page == "vet" and window.session.selected == source
        press(window, K.Key_X)


def test_an_audit_can_be_given_up(qtbot: QtBot, window: MainWindow) -> None:
    label(qtbot, window, range(1, 5), range(5, 8))
    card = parts(window).audit
    click(card.start)
    press(window, K.Key_4, CTRL)
    settled(qtbot, window.session)
    click(card.stop)
    settled(qtbot, window.session)
    assert window.session.audits()[0].audit.state == STOPPED and card.start.isVisible()


def test_calibrate_draws_the_reliability_of_a_certified_audit(qtbot: QtBot, window: MainWindow) -> None:
    label(qtbot, window, range(1, 5), range(5, 8))
    session, audit = window.session, parts(window).audit
    audit.recall.chosen.emit("0.5")
    click(audit.start)
    begun = session.audit
    assert begun is not None
    sample = begun.audit.sample.tolist()
    session.label_as(sample[:6], "positive", "lens")
    session.label_as(sample[6:], "negative", "lens")
    settled(qtbot, session)
    press(window, K.Key_4, CTRL)
    card = parts(window).probabilities
    assert not card.isVisible()
    click(audit.finish)
    settled(qtbot, session)
    assert card.isVisible() and not card.plot.isVisible() and "three yes" in card.says.text()
    with qtbot.waitSignal(session.audit_changed, timeout=20_000):
        click(card.button)
    known = session.calibrations["lens"]
    assert (known.labels, known.yes) == (len(sample), 6) and card.plot.isVisible()
    assert card.says.text().startswith(f"Off by {known.error:.3f} on average")
    dots = [item.getData() for item in card.plot.listDataItems()][-1]
    assert np.array_equal(dots, [known.reliability.said, known.reliability.seen])


def test_measure_asks_for_completeness_once_at_a_time(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, asked = np.random.default_rng(1), list[str]()

    def recover(*given: object, **_: object) -> Recovery:
        asked.append(str(given[6]))
        facts = {name: rng.uniform(1, 2, 20) for name in ("magnitude", "ratio", "snr")}
        return Recovery("agn", np.arange(91, 111), facts, COUNT, "gp test")

    gate, session = Gate(recover), window.session
    monkeypatch.setattr(recovery, "recover", gate)
    session.set_target("agn")
    card = parts(window).completeness
    assert card.button.text() == "Measure" and card.says.text().startswith("Draws AGN into your own galaxies")
    click(card.button)
    qtbot.waitUntil(lambda: gate.calls == 1, timeout=20_000)
    assert not card.button.isEnabled()
    gate.opened.set()
    qtbot.waitUntil(card.button.isEnabled, timeout=20_000)
    assert asked == ["agn"] and card.button.text() == "Measure again"
    assert list(card.plots) == ["magnitude", "ratio", "snr"]
    qtbot.waitUntil(lambda: all(plot.isVisible() for plot in card.plots.values()))
    click(card.button)
    settled(qtbot, session)
    assert asked == ["agn", "agn"] and card.button.isEnabled()


def test_completeness_is_shown_by_quantity(window: MainWindow) -> None:
    session, card = window.session, parts(window).completeness
    rng = np.random.default_rng(1)
    facts = {name: rng.uniform(1, 2, 20) for name in ("magnitude", "einstein_radius", "snr")}
    session.recoveries["lens"] = Recovery("lens", np.arange(91, 111), facts, COUNT, "gp test")
    session.recovered.emit("lens")
    assert list(card.plots) == ["magnitude", "einstein_radius", "snr"]
    assert card.says.text().startswith("10 of 20 injected lenses are in the top 100 of 40: 50 %")
    facts = {"kind": np.repeat([0.0, 5.0], 10), "strength": facts["snr"]}
    session.recoveries["artifact"] = Recovery("artifact", np.arange(91, 111), facts, COUNT, "gp test")
    session.set_target("artifact")
    ticks = card.plots["kind"].getAxis("left")._tickLevels
    assert ticks == [[(0.0, "Cosmic rays"), (-1.0, "Ghosts")]]
    assert card.plots["kind"].listDataItems()[0].getData()[0].tolist() == [1.0, 0.0]
    session.set_target("outlier")
    assert not card.isVisible()


def test_its_charts_follow_the_theme(qtbot: QtBot, window: MainWindow) -> None:
    before = parts(window)
    window.session.set_settings(replace(window.session.settings, theme="light"))
    qtbot.waitUntil(lambda: parts(window) is not before)
    assert parts(window).chart.plot.backgroundBrush().color() == theme.color("pane")


def test_the_tab_of_the_search_leads_there(window: MainWindow) -> None:
    box = window.train.tabs.boxes()[-1]
    QTest.mouseClick(window.train.tabs, LEFT, pos=box.center().toPoint())
    assert window.page == "similar"

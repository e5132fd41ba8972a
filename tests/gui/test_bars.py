"""Read-out, job chip, message cards: what they say and when they go."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import Progress
from astrotl_gui.gui import job_chip, theme
from astrotl_gui.gui.job_chip import JobChip, says
from astrotl_gui.gui.jobs import Jobs
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.messages import SHOWN, Messages
from astrotl_gui.gui.status_bar import ReadOut, dec_text, number_text, ra_text
from astrotl_gui.gui.top_bar import initials


@dataclass
class At:
    x: float = 341.2
    y: float = 296.8
    ra: float = 53.160879
    dec: float = -27.805950
    values: dict[str, float | None] = field(default_factory=lambda: {"F160W": 0.02814, "F606W": -0.0107})
    bad: bool = False
    flags: tuple[str, ...] = ()


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    theme.apply(qapp)


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("ra", "text"),
    [(53.160879, "03 32 38.611"), (0, "00 00 00.000"), (359.9999999, "00 00 00.000"), (-15, "23 00 00.000")],
)
def test_right_ascension(ra: float, text: str) -> None:
    assert ra_text(ra) == text


@pytest.mark.parametrize(
    ("dec", "text"),
    [
        (-27.80595, "−27 48 21.42"),
        (-0.0001, "−00 00 00.36"),
        (90, "+90 00 00.00"),
        (59.9999999, "+60 00 00.00"),
    ],
)
def test_declination(dec: float, text: str) -> None:
    assert dec_text(dec) == text


@pytest.mark.parametrize(
    ("value", "noise", "text"),
    [(0.02814, 0.004, "0.0281"), (-0.5, 0.02, "−0.500"), (1234.56, 30, "1235"), (1234.56, 3, "1234.6"),
     (3.2e-9, 1e-9, "3.20e-09".replace("-", "−")), (float("nan"), 1, "–"), (None, 1, "–"), (0.0, 0.02, "0.000")],
)  # fmt: skip
def test_pixel_values_have_the_figures_that_count(value: float | None, noise: float, text: str) -> None:
    assert number_text(value, noise) == text


def test_the_read_out_has_a_column_for_each_band(qtbot: QtBot) -> None:
    read_out = ReadOut()
    qtbot.addWidget(read_out)
    read_out.set_mosaic({"F160W": 0.002, "F606W": 0.001}, (480, 480), sky=True)
    read_out.show_values(At())
    assert (
        read_out.text() == "x 341.2  y 296.8  RA 03 32 38.611  Dec −27 48 21.42  F160W 0.0281  F606W −0.0107"
        "  deg 53.160879 −27.805950"
    )
    read_out.show_values(At(bad=True))
    assert read_out.text().endswith("deg 53.160879 −27.805950  masked")
    read_out.show_values(At(bad=True, flags=("saturated", "cosmic ray")))
    assert read_out.text().endswith("  masked: saturated, cosmic ray")
    read_out.show_values(At(bad=True, values={"F160W": float("nan"), "F606W": None}))
    assert read_out.text().endswith("  no value")
    read_out.show_values(At(flags=("suspect",)))
    assert read_out.text().endswith("  suspect")
    read_out.set_mosaic({"F160W": 0.002}, (480, 480), sky=False)
    read_out.show_values(At())
    assert "RA" not in read_out.text()
    read_out.show_values(None)
    assert read_out.text() == ""


@pytest.mark.parametrize(
    ("name", "letters"), [("Mara Klein", "MK"), ("m.klein", "MK"), ("root", "RO"), (" ", "?"), ("x", "X")]
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_a_running_job_shows_and_can_be_stopped(qtbot: QtBot, jobs: Jobs) -> None:
    chip, go = JobChip(jobs), threading.Event()
    qtbot.addWidget(chip)
    assert not chip.isVisibleTo(None)

    def work(progress: Progress) -> None:
        progress(31, 50)
        go.wait()
        progress(32, 50)

    job = jobs.run("Embedding", work)
    qtbot.waitUntil(lambda: "62 %" in chip.text.text())
    assert not chip.isHidden()
    assert chip.name.text() == "Embedding"
    assert chip.bar.value == pytest.approx(0.62)
    with qtbot.waitSignal(job.cancelled):
        qtbot.mouseClick(chip.stop, Qt.MouseButton.LeftButton)
        go.set()
    qtbot.waitUntil(chip.isHidden)


def test_several_jobs_are_counted_and_listed(qtbot: QtBot, jobs: Jobs) -> None:
    chip, go = JobChip(jobs), threading.Event()
    qtbot.addWidget(chip)
    for name in ("Embedding", "Exporting", "Detecting"):
        jobs.run(name, lambda progress: go.wait() and None)
    qtbot.waitUntil(lambda: chip.name.text().endswith("+2"))
    assert len(chip.menu().actions()) == 3
    go.set()
    qtbot.waitUntil(lambda: not jobs.active)


def test_a_job_that_took_long_says_so_when_done(
    qtbot: QtBot, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_chip, "WORTH_SAYING_SECONDS", 0)
    chip = JobChip(jobs)
    qtbot.addWidget(chip)
    jobs.run("Embedding", lambda progress: progress(2014, 2014, "Last batch"))
    qtbot.waitUntil(lambda: chip.text.text() == "2,014 sources in 1 s")
    assert chip.stop.isHidden()
    chip.dismiss()
    assert chip.isHidden()


def test_a_short_job_never_shows(qtbot: QtBot, jobs: Jobs) -> None:
    chip = JobChip(jobs)
    qtbot.addWidget(chip)
    job = jobs.run("Opening", lambda progress: progress(1, 2))
    assert chip.isHidden()
    qtbot.waitUntil(lambda: job.state == "succeeded")
    assert chip.isHidden()


def test_a_job_that_stopped_stays_with_the_way_on(qtbot: QtBot, jobs: Jobs) -> None:
    chip = JobChip(jobs)
    qtbot.addWidget(chip)
    again: list[int] = []
    chip.ways["Embedding"] = ("Continue", lambda: again.append(1))

    def work(progress: Progress) -> None:
        raise AstroTLError("Out of disk space", "1,240 kept.")

    jobs.run("Embedding", work)
    qtbot.waitUntil(lambda: chip.name.text() == "Embedding stopped")
    assert chip.text.text() == "Out of disk space"
    qtbot.mouseClick(chip.way, Qt.MouseButton.LeftButton)
    assert again == [1]
    assert chip.isHidden()


def test_quiet_jobs_do_not_show(qtbot: QtBot, jobs: Jobs) -> None:
    chip = JobChip(jobs)
    qtbot.addWidget(chip)
    job = jobs.run("Ranking", lambda progress: progress(1, 1), quiet=True)
    qtbot.waitSignal(job.finished).wait()
    assert chip.isHidden()


def test_a_job_without_a_total_says_what_it_does(qtbot: QtBot, jobs: Jobs) -> None:
    go = threading.Event()
    job = jobs.run("Opening", lambda progress: go.wait() and None)
    assert says(job) == "Starting"
    go.set()
    qtbot.waitUntil(lambda: job.state == "succeeded")


def test_messages_stack_at_the_bottom_right(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.show()
    cards = Messages(window)
    for number in range(SHOWN + 1):
        cards.show(Message(f"Message {number}", "Something happened.", "alert"))
    assert [card.message.title for card in cards.cards] == ["Message 1", "Message 2", "Message 3"]
    cards.show(Message("Message 2", "Again.", "alert"))
    assert [card.message.title for card in cards.cards] == ["Message 1", "Message 3", "Message 2"]
    for card in cards.cards:
        assert window.rect().contains(card.geometry())
    rows = sorted(card.geometry().top() for card in cards.cards)
    assert len(set(rows)) == SHOWN


def test_a_card_offers_its_verb_and_copies_its_details(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.show()
    cards, ran = Messages(window), []
    cards.show(Message("This image stops early", "m31_g.fits ends at 61 MB of 80 MB.", "alert",
                       (("Choose another…", lambda: ran.append(1)),)))  # fmt: skip
    card = cards.cards[0]
    assert [button.text() for button in card.buttons] == ["Choose another…", "Close"]
    card.copy_details()
    assert QGuiApplication.clipboard().text() == "This image stops early\nm31_g.fits ends at 61 MB of 80 MB."
    qtbot.mouseClick(card.buttons[0], Qt.MouseButton.LeftButton)
    assert ran == [1]
    assert cards.cards == []

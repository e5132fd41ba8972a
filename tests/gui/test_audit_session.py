"""Audits through the session: what is held out, what is proved, what is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from astrotl_gui.core.audit_table import RELEASED, STOPPED
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.session import Session
from astrotl_gui.pipeline.replay import replay, same

from .ranked import COUNT, close_session, open_session, settled

YES = (4, 8, 12, 16)


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    made = open_session(qtbot, tmp_path)
    made.label_as(YES, "positive", "lens")
    made.label_as((1, 2), "negative", "lens")
    settled(qtbot, made)
    yield made
    close_session(made)


def label_blind(session: Session, source: int, value: str) -> None:
    """As the Vet view labels what it shows blind."""
    assert session._write([replace(session._event(source, value, "", "", "lens"), blind=True)])
    session._labels_given([source], "lens")


def test_an_audit_is_held_out_certified_and_released(qtbot: QtBot, session: Session) -> None:
    plan = session.plan_audit(recall=0.5)
    assert plan is not None and (plan.size, plan.found) == (COUNT, 4)
    with qtbot.waitSignal(session.audit_changed) as changed:
        begun = session.start_audit(recall=0.5, seed=3)
    assert changed.args == ["lens"]
    assert begun is not None and begun.total == plan.labels == 30
    settled(qtbot, session)
    assert session.audit is not None and session.audit.next == begun.audit.sample.tolist()
    assert session.audit_name() == "Audit of lenses"
    held = session.ranking("lens")
    assert held is not None and " 4+ " in held.model
    for number, source in enumerate(begun.audit.sample.tolist()):
        assert session.audit.next[0] == source
        with qtbot.waitSignal(session.audit_changed):
            label_blind(session, source, "positive" if number == 7 else "negative")
    settled(qtbot, session)
    assert session.ranking("lens").model == held.model  # the sample taught nothing
    where = session.yields("lens")
    assert where is not None and (where.labels, where.found) == (6, 4)
    assert where.chance is not None and where.chance.audited
    proof = session.audit.certificate
    assert proof is not None and proof.hits == 1
    session.finish_audit(begun.audit.number)
    assert session.audit is None
    assert "At least" in session.advice(session.yields()).detail
    session.release_audit(begun.audit.number)
    settled(qtbot, session)
    assert " 5+ " in session.ranking("lens").model
    (kept,) = session.audits("lens")
    assert kept.audit.state == RELEASED
    assert kept.certificate == replace(proof, date=kept.certificate.date)


def test_answers_are_undone_like_all_labels(qtbot: QtBot, session: Session) -> None:
    begun = session.start_audit(recall=0.5, seed=3)
    assert begun is not None
    label_blind(session, begun.next[0], "positive")
    assert session.audit is not None and session.audit.done == 1
    with qtbot.waitSignal(session.audit_changed):
        session.undo()
    assert session.audit.done == 0
    label_blind(session, begun.next[0], "positive")
    session.stop_audit(begun.audit.number)
    settled(qtbot, session)
    assert session.audits("lens")[0].audit.state == STOPPED
    assert " 5+ " in session.ranking("lens").model


def test_it_survives_reopening(qtbot: QtBot, session: Session) -> None:
    begun = session.start_audit(recall=0.5, seed=3)
    assert begun is not None and session.project is not None
    label_blind(session, begun.next[0], "negative")
    path = session.project.path
    with qtbot.waitSignal(session.project_changed, timeout=10_000):
        session.close_project()
    assert session.audit is None and session.yields() is None
    with qtbot.waitSignal(session.project_changed, timeout=10_000):
        session.open_project(path)
    assert session.audit is not None and session.audit.next == begun.next[1:]
    qtbot.waitUntil(lambda: session.ranking("lens") is not None, timeout=20_000)
    settled(qtbot, session)


def test_what_cannot_be_is_said(qtbot: QtBot, session: Session) -> None:
    with pytest.raises(AstroTLError, match="Nothing is found yet"):
        session.plan_audit("agn")
    said: list[Message] = []
    session.messaged.connect(said.append)
    assert session.start_audit("agn") is None
    session.start_audit(recall=0.5)
    session.finish_audit(1)
    assert [message.title for message in said] == ["Nothing is found yet", "This audit is not complete"]
    assert session.advice(session.yields()).state == "auditing"


def test_the_log_replays_to_what_the_window_shows(qtbot: QtBot, session: Session) -> None:
    assert session.project is not None and session.inputs is not None
    session.start_audit(recall=0.5, seed=3)
    label_blind(session, session.audit.next[0], "positive")
    session.set_target("lens")
    session.select(20)
    session.label("negative", contaminant="artifact")
    session.undo()
    session.redo()
    settled(qtbot, session)
    for target in ("lens", "agn", "artifact"):
        made = replay(session.project.labels, session.inputs, target, session.project.audits, "mk")
        assert same(made.ranking, session.ranking(target))

"""Eight views in the background: begun when nobody labels, giving way to a label, kept, taken up when whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from astrotl_gui.core.embeddings import EmbeddingStore
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import AppSettings
from astrotl_gui.gui import refining as module
from astrotl_gui.gui.refining import Refining
from astrotl_gui.gui.session import Session
from astrotl_gui.ml import encoder as encoder_module
from tests.gui.ranked import close_session, make_project, settled


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """Ranked by embeddings of a single view."""
    monkeypatch.setattr(module, "IDLE_MS", 1)
    monkeypatch.setitem(encoder_module.PRECISIONS, "cpu", ())
    monkeypatch.setitem(encoder_module.BATCH, "cpu", 10)
    path = make_project(tmp_path)
    project = Project.open(path)
    store = EmbeddingStore(project.embeddings_folder, "test")
    meta = store.meta()
    store.write_meta({**meta, "making": {**meta["making"], "views": 1}})
    project.close()
    made = Session(AppSettings(vetter="mk", device="cpu"))
    with qtbot.waitSignal(made.project_changed, timeout=10000):
        made.open_project(path)
    yield made
    close_session(made)


def test_the_lists_come_to_rest_on_eight_views(qtbot: QtBot, session: Session) -> None:
    refining = Refining(session)
    qtbot.waitUntil(lambda: session.inputs is not None and session.inputs.views == 8, timeout=60000)
    settled(qtbot, session)
    assert session.inputs is not None
    assert len(session.inputs.ids) == 40
    ranking = session.ranking("lens")
    assert ranking is not None
    assert not refining.wanted


def test_a_label_stops_it_and_what_is_done_is_kept(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("astrotl_gui.pipeline.embed.SHARD", 10)
    refining = Refining(session)
    qtbot.waitUntil(lambda: any(job.done >= 10 for job in jobs(session)), timeout=60000)
    (job,) = jobs(session)
    monkeypatch.setattr(module, "IDLE_MS", 10**9)
    refining._idle.setInterval(10**9)
    with qtbot.waitSignal(job.cancelled, timeout=20000):
        session.select(5)
        session.label("positive")
    assert session.project is not None
    stores = {
        store.meta()["making"]["views"]: store
        for store in EmbeddingStore.all(session.project.embeddings_folder)
    }
    left = len(stores[8].missing(session.catalog))
    assert 0 < left <= 30
    settled(qtbot, session)
    assert refining._idle.isActive(), "it goes on when nobody labels"
    refining._begin()
    qtbot.waitUntil(lambda: session.inputs is not None and session.inputs.views == 8, timeout=60000)
    settled(qtbot, session)


def test_cancelled_by_hand_it_does_not_begin_again(qtbot: QtBot, session: Session) -> None:
    refining = Refining(session)
    qtbot.waitUntil(lambda: bool(jobs(session)), timeout=20000)
    (job,) = jobs(session)
    with qtbot.waitSignal(job.cancelled, timeout=60000):
        job.cancel()
    settled(qtbot, session)
    assert not refining.wanted
    session.rank_again()
    settled(qtbot, session)
    assert not refining._idle.isActive()
    assert session.inputs is not None
    assert session.inputs.views == 1


def test_it_is_not_wanted_where_one_view_was_chosen_or_there_are_too_many(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot.waitUntil(lambda: session.ranking("outlier") is not None, timeout=20000)
    settled(qtbot, session)
    refining = Refining(session)
    assert refining.wanted
    monkeypatch.setattr(module, "MOST", 10)
    assert not refining.wanted
    monkeypatch.setattr(module, "MOST", 50)
    assert session.project is not None
    session.project.encoder = replace(session.project.encoder, views=1)
    assert not refining.wanted


def test_labelled_sources_and_the_top_come_first(qtbot: QtBot, session: Session) -> None:
    qtbot.waitUntil(lambda: session.ranking("outlier") is not None, timeout=20000)
    settled(qtbot, session)
    session.select(7)
    session.label("negative")
    settled(qtbot, session)
    lens = session.ranking("lens")
    assert lens is not None
    first = Refining(session)._first()
    assert first[0] == 7
    assert first[1:4] == [i for i in lens.ids.tolist() if i != 7][:3]
    assert len(first) == len(np.unique(first)) == 40


def jobs(session: Session) -> list:  # type: ignore[type-arg]
    return [job for job in session.jobs.active if job.name == "Refining"]

"""One writer of embeddings at a time, whatever the user changes meanwhile; and no list of sources that are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from astrotl_gui.core.settings import InjectionSettings
from astrotl_gui.gui.jobs import Job, Jobs
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.session_lists import EMBEDDING, INJECTING
from astrotl_gui.gui.store_writer import StoreWriter
from astrotl_gui.pipeline import cosmic_rays, embed, inject, lists
from astrotl_gui.pipeline.injection.stored import Examples

from .ranked import Gate, close_session, open_session, settled


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.close()


def test_the_next_begins_when_the_one_before_has_ended(qtbot: QtBot, jobs: Jobs) -> None:
    writer, gate, begun = StoreWriter(), Gate(lambda progress: progress(1, 1)), []

    def start(name: str) -> Callable[[], Job]:
        def begin() -> Job:
            begun.append(name)
            return jobs.run(name, gate)

        return begin

    writer.run("one", start("one"))
    first = writer.job
    assert first is not None
    writer.run("two", start("two"))
    writer.run("three", start("three"))  # takes the place of what only waits
    assert begun == ["one"] and first.stopping and writer.job is None and writer.doing == "three"
    gate.opened.set()
    with qtbot.waitSignal(first.finished, timeout=10_000):
        pass
    assert begun == ["one", "three"] and first.state == "cancelled"
    qtbot.waitUntil(lambda: writer.doing == "", timeout=10_000)
    assert writer.job is None and not jobs.active


def test_what_is_dropped_is_followed_by_nothing(qtbot: QtBot, jobs: Jobs) -> None:
    writer, gate = StoreWriter(), Gate(lambda progress: None)
    writer.run("one", lambda: jobs.run("one", gate))
    writer.run("two", lambda: jobs.run("two", gate))
    writer.drop()
    gate.opened.set()
    qtbot.waitUntil(lambda: not jobs.active, timeout=10_000)
    assert gate.calls == 1 and writer.doing == ""


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    made = open_session(qtbot, tmp_path)
    yield made
    close_session(made)


def writers(session: Session) -> list[str]:
    return [job.name for job in session.jobs.active if job.name in (EMBEDDING, INJECTING)]


def other_encoder(session: Session) -> None:
    assert session.project is not None
    session.use_encoder(replace(session.project.encoder, views=1))


def other_examples(session: Session) -> None:
    session.set_injection(InjectionSettings(seed=7))


def other_sources(session: Session) -> None:
    session._adopt_catalog(session.catalog.take(list(range(20))))


@pytest.mark.parametrize("change", [other_encoder, other_examples, other_sources])
def test_an_injection_ends_before_what_replaces_it_begins(
    change: Callable[[Session], None], qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.inputs is not None
    key, made = session.inputs.key, []

    def injected(*_: Any, **__: Any) -> Examples:
        made.append(Examples({}, key, False))
        return made[-1]

    gate = Gate(injected)
    monkeypatch.setattr(inject, "inject", gate)
    monkeypatch.setattr(embed, "embed", lambda *_, **__: None)
    before = session.examples
    session.inject_examples()
    adopted: list[Examples | None] = []
    session.examples_changed.connect(lambda: adopted.append(session.examples))
    change(session)
    assert writers(session) == [INJECTING]
    gate.opened.set()
    qtbot.waitUntil(lambda: len(made) == 2, timeout=20_000)
    settled(qtbot, session)
    assert adopted == [made[1]] and session.examples is made[1] is not before


def test_what_is_found_missing_waits_for_the_embedding_that_runs(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.inputs is not None
    gate = Gate(lambda *_, **__: None)
    monkeypatch.setattr(embed, "embed", gate)
    monkeypatch.setattr(lists, "load_inputs", lambda *_, **__: None)
    session.embed()
    session.load_inputs()
    qtbot.waitUntil(lambda: [job.name for job in session.jobs.active] == [EMBEDDING], timeout=10_000)
    session.set_injection(InjectionSettings(seed=7))  # so does what is to be injected
    assert not session.jobs.active[0].stopping and writers(session) == [EMBEDDING]
    monkeypatch.setattr(inject, "inject", lambda *_, **__: Examples({}, session.inputs.key, False))  # type: ignore[union-attr]
    gate.opened.set()
    settled(qtbot, session)
    assert gate.calls == 1 and session.examples is not None


def test_cosmic_rays_found_while_sources_are_embedded(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(lambda *_, **__: None)
    monkeypatch.setattr(embed, "embed", gate)
    monkeypatch.setattr(
        cosmic_rays, "mark_cosmic_rays", lambda _, catalog, progress: catalog.take(list(range(40)))
    )
    session.embed()
    with qtbot.waitSignal(session.catalog_changed, timeout=10_000):
        session.find_cosmic_rays()
    assert writers(session) == [EMBEDDING]
    gate.opened.set()
    settled(qtbot, session)
    assert gate.calls == 2 and session.ranking("lens") is not None


def test_a_ranking_of_sources_that_are_gone_is_not_taken(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.inputs is not None
    key, gate = session.inputs.key, Gate(lists.rank_lists)
    monkeypatch.setattr(embed, "embed", lambda *_, **__: None)
    monkeypatch.setattr(inject, "inject", lambda *_, **__: Examples({}, key, True))
    monkeypatch.setattr(lists, "rank_lists", gate)
    seen: list[int] = []
    session.ranking_changed.connect(lambda target: seen.append(len(session.ranking(target))))  # type: ignore[arg-type]
    session.rank_again()
    session._adopt_catalog(session.catalog.take(list(range(20))))
    qtbot.waitUntil(lambda: session.inputs is not None, timeout=20_000)
    gate.opened.set()
    settled(qtbot, session)
    assert gate.calls == 2 and set(seen) == {20}

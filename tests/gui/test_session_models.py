"""Fine-tuning in the window: said when it cannot begin, its curve, and which version ranks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from astrotl_gui.core.embeddings import EmbeddingStore, Shard
from astrotl_gui.core.injected import Injected
from astrotl_gui.core.models import ModelCard, write_model
from astrotl_gui.core.progress import Progress
from astrotl_gui.core.project import Project
from astrotl_gui.gui.message import Message
from astrotl_gui.gui.session import Session
from astrotl_gui.gui.session_models import TUNING
from astrotl_gui.ml.encoders import card, file_hash
from astrotl_gui.ml.finetune import TuningStep
from astrotl_gui.pipeline import finetune as module
from astrotl_gui.pipeline.injection.stored import injectors, wanted
from astrotl_gui.pipeline.making import making
from tests.core.test_models import a_card
from tests.gui.ranked import Gate, close_session, open_session, settled


class Tuned:
    """Stands for tuning and embedding, which take minutes: a version, accepted or not, and its embeddings."""

    def __init__(self, accepted: bool) -> None:
        self.accepted = accepted
        self.first: list[int] = []

    def fine_tune(self, *args: Any, progress: Progress, **_: Any) -> ModelCard:
        models = args[3]
        for fold in (1, 2):
            progress(fold, 3, f"Fold {fold} of 2")
            progress.partial(TuningStep(fold, 2, 1, 1, 0.5 / fold, 0.6))

        def weights(path: Path) -> str:
            from safetensors.numpy import save_file

            save_file({"bn2.bias": np.ones(1280, np.float32)}, path)
            return file_hash(path)

        made = a_card(1, accepted=self.accepted, kept=self.accepted, encoder_weights=card().sha256)
        return write_model(models, made, weights if self.accepted else None)

    def embed_version(
        self, mosaic: Any, catalog: Any, folder: Path, cutouts: Any, encoder: Any, first: list[int], **_: Any
    ) -> None:
        self.first = first
        if not encoder.model or (folder / "tuned").exists():
            return
        store = EmbeddingStore(folder, "tuned")
        rng = np.random.default_rng(9)
        places = np.stack([catalog.x, catalog.y], axis=1)
        count = len(catalog)
        store.append(Shard(catalog.ids, places, rng.normal(size=(count, 64)), rng.normal(size=(count, 3))))
        made = {**making(mosaic, cutouts, encoder), "views": 8}
        store.write_meta({"statistics": ["one", "two", "three"], "making": made})
        project = Project.open(folder.parent)
        for injector in injectors(project.injection):
            content = wanted(injector, project.injection, catalog, store.key)
            Injected.none(injector.target, content, ()).write(store.folder)
        project.close()


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    made = open_session(qtbot, tmp_path)
    made.said = []  # type: ignore[attr-defined]
    made.messaged.connect(made.said.append)  # type: ignore[attr-defined]
    yield made
    close_session(made)


def titles(session: Session) -> list[str]:
    said: list[Message] = session.said  # type: ignore[attr-defined]
    return [message.title for message in said]


def label(qtbot: QtBot, session: Session) -> None:
    session.label_as(list(range(1, 13)), "positive", "lens")
    session.label_as(list(range(13, 31)), "negative", "lens")
    settled(qtbot, session)


def put(monkeypatch: pytest.MonkeyPatch, accepted: bool) -> Tuned:
    tuned = Tuned(accepted)
    monkeypatch.setattr(module, "fine_tune", tuned.fine_tune)
    monkeypatch.setattr(module, "embed_version", tuned.embed_version)
    return tuned


def test_too_few_labels_say_how_many_are_missing(qtbot: QtBot, session: Session) -> None:
    session.label_as([1, 2, 3], "positive", "lens")
    settled(qtbot, session)
    assert session.fine_tune("lens") is None and session.labels_missing("lens") == (7, 10)
    said = session.said[-1]  # type: ignore[attr-defined]
    assert said.title == "Too few labels to fine-tune" and "7 more yes and 10 more no" in said.detail


def test_an_accepted_version_ranks_and_can_be_rolled_back(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuned = put(monkeypatch, accepted=True)
    label(qtbot, session)
    assert session.ranking("lens").model.startswith("gp test")  # type: ignore[union-attr]
    job = session.fine_tune("lens")
    assert job is not None and session.writing == TUNING
    qtbot.waitUntil(lambda: session.inputs is not None and session.inputs.key == "tuned", timeout=20_000)
    settled(qtbot, session)
    assert [(step.fold, step.loss) for step in session.curve] == [(1, 0.5), (2, 0.25)]
    assert session.model == 1 and [c.version for c in session.models()] == [1]
    assert "Version 1 ranks better" in titles(session)
    assert tuned.first[:30] == list(range(1, 31)) and sorted(tuned.first) == list(range(1, 41))
    assert all("tuned" in session.ranking(t).model for t in ("lens",))  # type: ignore[union-attr]
    with qtbot.waitSignal(session.models_changed, timeout=20_000):
        session.use_model(0)
    settled(qtbot, session)
    assert session.model == 0 and session.inputs.key == "test"  # type: ignore[union-attr]
    assert session.ranking("lens").model.startswith("gp test")  # type: ignore[union-attr]


def test_one_that_is_not_accepted_changes_nothing(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(monkeypatch, accepted=False)
    label(qtbot, session)
    with qtbot.waitSignal(session.models_changed, timeout=20_000):
        session.fine_tune("lens")
    settled(qtbot, session)
    assert session.model == 0 and session.inputs.key == "test"  # type: ignore[union-attr]
    assert titles(session)[-1] == "Fine-tuning did not help yet" and not session.models()[0].kept


def test_cancelling_says_that_the_lists_stay(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(put(monkeypatch, accepted=True).fine_tune)
    monkeypatch.setattr(module, "fine_tune", gate)
    label(qtbot, session)
    job = session.fine_tune("lens")
    assert job is not None and session.fine_tune("lens") is None  # one at a time
    assert titles(session)[-1] == "Wait a moment"
    job.cancel()
    gate.opened.set()
    settled(qtbot, session)
    assert session.models() == [] and session.model == 0 and session.tuning is None
    assert titles(session)[-1] == "Fine-tuning stopped"


def test_while_a_version_is_embedded_the_one_before_ranks(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuned = put(monkeypatch, accepted=True)
    gate = Gate(tuned.embed_version)
    monkeypatch.setattr(module, "embed_version", gate)
    label(qtbot, session)
    session.fine_tune("lens")
    qtbot.waitUntil(lambda: gate.calls == 1, timeout=20_000)
    assert session.switching and session.model == 0
    session.label_as([31], "positive", "lens")
    qtbot.waitUntil(lambda: "13+" in session.ranking("lens").model, timeout=20_000)  # type: ignore[union-attr]
    assert "test" in session.ranking("lens").model  # type: ignore[union-attr]
    gate.opened.set()
    qtbot.waitUntil(lambda: session.inputs is not None and session.inputs.key == "tuned", timeout=20_000)
    settled(qtbot, session)
    assert "tuned 13+" in session.ranking("lens").model  # type: ignore[union-attr]

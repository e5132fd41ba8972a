"""The log replayed: whatever was labelled, undone and brought back, it ends where the window is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from astrotl_gui.core.audit_table import RELEASED, Audit, held_out
from astrotl_gui.core.labels import Label, LabelLog
from astrotl_gui.pipeline.rank import rank
from astrotl_gui.pipeline.replay import replay, same, write_steps
from tests.pipeline.test_rank import inputs

MADE, TRUTH = inputs(150, 12)
IDS = MADE.ids.tolist()


@pytest.fixture
def log(tmp_path: Path):
    log = LabelLog(tmp_path / "labels.sqlite")
    yield log
    log.close()


def test_labels_in_random_order_with_undo_end_in_the_ranking_of_now(log: LabelLog, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    for _ in range(60):
        act = rng.choice(["label", "label", "label", "undo", "redo"])
        who, source = str(rng.choice(["ann", "bob"])), int(rng.choice(IDS))
        if act == "label":
            value = str(rng.choice(["positive", "negative", "unsure", "clear"]))
            target = str(rng.choice(["lens", "lens", "lens", "artifact"]))
            log.add([Label(source, target, value, vetter=who), Label(source, target, "note", comment="n")])
        else:
            getattr(log, act)(who)
    last = list(log.moments())[-1]
    assert repr(last.labels.events()) == repr(log.events())
    for vetter in ("ann", "bob", None):
        for target in ("lens", "artifact", "agn"):
            found = replay(log, MADE, target, vetter=vetter)
            assert same(found.ranking, rank(MADE, target, log.training(target, vetter)))
            if found.steps:
                called = log.current(target, vetter).values()
                assert found.steps[-1].labels == len(called)
                assert found.steps[-1].found == sum(label.value == "positive" for label in called)
    again = LabelLog(tmp_path / "labels.sqlite")
    assert replay(again, MADE, "lens").steps == replay(log, MADE, "lens").steps
    again.close()


def test_each_step_tells_the_rank_of_that_moment(log: LabelLog) -> None:
    cold = rank(MADE, "lens", {})
    first, second = int(cold.ids[4]), int(cold.ids[90])
    log.add([Label(first, "lens", "positive", vetter="ann")])
    log.add([Label(second, "lens", "negative", vetter="ann")])
    log.undo("ann")
    log.redo("ann")
    log.add([Label(999, "lens", "negative", vetter="ann")])
    steps = replay(log, MADE, "lens").steps
    one = rank(MADE, "lens", {first: 1})
    two = rank(MADE, "lens", {first: 1, second: -1})
    assert [(s.event, s.id, s.rank, s.labels, s.found) for s in steps] == [
        ("label", first, 5, 1, 1),
        ("label", second, one.rank_of(second), 2, 1),
        ("undo", second, two.rank_of(second), 1, 1),
        ("redo", second, one.rank_of(second), 2, 1),
        ("label", 999, 0, 3, 1),
    ]


def test_an_audit_kept_its_sample_apart_then_and_now(log: LabelLog) -> None:
    rows = np.arange(10)
    sample = np.array(IDS[:3])
    audit = Audit(
        1,
        "lens",
        "all",
        0.5,
        1,
        "",
        "",
        "2026-01-02",
        np.array(IDS),
        np.zeros(150, bool),
        sample,
        np.zeros((3, 4)),
    )
    log.add([Label(IDS[k], "lens", "positive", time="2026-01-01") for k in rows[5:]])
    log.add([Label(IDS[k], "lens", "negative", time="2026-01-03", blind=True) for k in rows[:3]])
    log.held_out = held_out([audit])
    found = replay(log, MADE, "lens", [audit])
    assert same(found.ranking, rank(MADE, "lens", {IDS[k]: 1 for k in rows[5:]}))
    assert (found.steps[-1].labels, found.steps[-1].found) == (5, 5)
    over = Audit(**{**vars(audit), "state": RELEASED, "ended": "2026-01-04", "released": "2026-01-04"})
    log.held_out = held_out([over])
    assert same(replay(log, MADE, "lens", [over]).ranking, rank(MADE, "lens", log.training("lens")))
    assert len(log.training("lens")) == 8


def test_labels_given_under_another_model_are_told(log: LabelLog, tmp_path: Path) -> None:
    for source, model in zip(
        IDS, ("cold lens", "gp old 1+ 0-", "gp old 1+ 1-", "gp key 2+ 1-"), strict=False
    ):
        log.add([Label(source, "lens", "positive", model=model)])
    found = replay(log, MADE, "lens")
    assert found.others == (("gp old", 2),)
    assert found.notes[0].startswith("2 labels were given under another model (gp old)")
    assert write_steps(tmp_path / "steps.csv", [found]) == 4
    table = Table.read(tmp_path / "steps.csv")
    assert table["found"].tolist() == [1, 2, 3, 4] and table["rank"].min() >= 1

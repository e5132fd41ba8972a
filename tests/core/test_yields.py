"""Where one stands, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from astrotl_gui.core.labels import Label, LabelLog
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.yields import Chance, pace, yields


def label(source: int, value: str = "negative", vetter: str = "ann", **more) -> Label:
    return Label(
        source, "lens", value, vetter=vetter, time=more.pop("time", f"2026-01-01T00:00:{source:02d}"), **more
    )


def test_the_curve_counts_each_source_once_by_what_it_is_called_now() -> None:
    events = [
        label(1, "positive"), label(2), label(3, "positive"), label(1, "negative"), label(4, "unsure"),
        label(2, "positive"), label(5, "positive"), label(5, "clear"), replace(label(6), target="agn"),
        replace(label(7), value="note"),
    ]  # fmt: skip
    where = yields("lens", events, 100)
    assert where.values == ("negative", "positive", "positive", "unsure")
    assert where.curve.tolist() == [0, 0, 1, 2, 2]
    assert (where.labels, where.found, where.last(3), where.last(10)) == (
        4, 2, (True, True, False), (False, True, True, False),
    )  # fmt: skip
    assert where.chance == Chance(0.02, False)


def test_what_was_undone_does_not_count(tmp_path) -> None:
    log = LabelLog(tmp_path / "labels.sqlite")
    for source in (1, 2, 3):
        log.add([label(source, "positive", time="")])
    log.undo("ann")
    log.undo("ann")
    log.redo("ann")
    assert yields("lens", log.events(), 10).curve.tolist() == [0, 1, 2]
    log.close()


def test_one_vetter_sees_their_own_labels_before_those_of_others() -> None:
    events = [label(1, "positive"), label(2, "positive", "bob"), label(1, "negative", "bob"), label(3)]
    assert yields("lens", events, 10, vetter="ann").values == ("positive", "positive", "negative")
    everyone = yields("lens", events, 10)
    assert everyone.values == ("negative", "positive", "negative")
    assert [(c.vetter, c.yes, c.unsure, c.no, c.total) for c in everyone.vetters] == [
        ("ann", 1, 0, 1, 2), ("bob", 1, 0, 1, 2),
    ]  # fmt: skip
    assert everyone.everyone.total == 3


def test_the_top_of_the_list_is_told_in_order() -> None:
    ranking = Ranking("lens", np.array([9, 3, 1, 2]), np.linspace(1, 0, 4, dtype=np.float32), "gp k 1+ 2-")
    where = yields("lens", [label(1, "positive"), label(2), label(3, "positive")], 10, ranking)
    assert where.top == (None, "positive", "positive", "negative")
    assert where.top_kept == 2


@pytest.mark.parametrize("rate", [0.001, 0.02, 0.5, 0.97])
def test_the_band_by_chance_is_binomial(rate: float) -> None:
    counts = np.arange(400)
    low, high = Chance(rate, True).band(counts)
    assert np.array_equal(low, binom.ppf(0.025, counts, rate).clip(0))
    assert np.array_equal(high, binom.ppf(0.975, counts, rate).clip(0))
    assert Chance(0.0, False).band([0, 9])[1].tolist() == [0, 0]


def test_models_are_told_where_they_begin() -> None:
    names = ["cold lens", "gp k1 1+ 0-", "", "gp k1 1+ 2-", "gp k2 2+ 2-"]
    events = [label(i, model=name) for i, name in enumerate(names, 1)]
    assert yields("lens", events, 10).models == ((1, "cold lens"), (2, "gp k1"), (5, "gp k2"))


def test_only_blind_repeats_a_while_later_tell_whether_a_vetter_agrees_with_themselves() -> None:
    others = [label(i) for i in range(10, 21)]
    events = [
        label(1, "positive"), label(2, "negative"), label(2, "positive", blind=True), *others,
        label(1, "positive", blind=True), label(2, "negative", blind=True), label(10, "positive"),
    ]  # fmt: skip
    (ann,) = yields("lens", events, 100).vetters
    assert (ann.again, ann.repeats) == (1, 2)


def test_answers_of_audits_are_apart() -> None:
    answer = label(3, "positive", blind=True)
    ranking = Ranking("lens", np.array([3, 1]), np.ones(2, np.float32), "gp")
    where = yields("lens", [label(1, "positive")], 10, ranking, audits=[answer], base_rate=0.3)
    assert (where.found, where.labels, where.top) == (1, 1, ("positive", "positive"))
    assert where.chance == Chance(0.3, True)


def test_the_pace_is_of_the_time_spent_looking_else_of_the_time_between_labels() -> None:
    between = [label(i, time=f"2026-01-01T00:{i:02d}:00+00:00") for i in range(7)]
    assert pace(between) == 60
    assert pace(between[:5]) is None
    assert pace([replace(e, seconds=4.0) for e in between], "ann") == 4
    assert pace(between, "bob") is None
    assert pace([replace(e, time="yesterday") for e in between]) is None

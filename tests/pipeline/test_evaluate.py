"""The active loop played on sets whose answer is known, and what it leaves."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.ml.baselines.method import F64, Labels
from astrotl_gui.pipeline.evaluate import Evaluation, evaluate
from astrotl_gui.pipeline.evaluation.curves import by_chance, curves
from astrotl_gui.pipeline.evaluation.labelled_set import LabelledSet
from astrotl_gui.pipeline.evaluation.methods import BY_STRATEGY, METHODS, OURS, UNSUPERVISED, chosen
from astrotl_gui.pipeline.evaluation.output import table, write_log
from astrotl_gui.pipeline.evaluation.play import play
from astrotl_gui.pipeline.evaluation.plot import write_plot
from astrotl_gui.pipeline.evaluation.project import labelled_sources
from astrotl_gui.pipeline.evaluation.protocols import FIVE, ONE, start
from astrotl_gui.pipeline.evaluation.protocols import UNSUPERVISED as NO_LABELS
from tests.pipeline.evaluation.planted import planted

SET = planted()
P, N = 15, 150


class Scores:
    """Fixed scores; remembers what it was asked."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.asked = np.asarray(values, float), []

    def scores(self, labels: Labels, seed: int) -> F64:
        self.asked.append((dict(labels), seed))
        return self.values


@pytest.fixture(scope="module")
def five() -> Evaluation:
    return evaluate(SET, FIVE, range(3), chosen(["ours", "random", "ulisse"]))


def test_a_perfect_order_and_a_perfectly_wrong_one() -> None:
    best = play("x", Scores(SET.positive), SET.positive, FIVE, 0)
    assert [(r.n_labels, r.found) for r in best.rounds] == [(50, 5), (70, 15), (90, 15), (110, 15)]
    assert best.rounds[0].quality.auroc == 1 and best.rounds[1].quality.auroc is None
    assert best.rounds[1].recall == 1
    worst = play("x", Scores(~SET.positive), SET.positive, FIVE, 0)
    assert [r.found for r in worst.rounds] == [5, 5, 5, 5] and worst.rounds[0].quality.auroc == 0


def test_a_query_strategy_says_what_is_labelled() -> None:
    made = {name: method(SET) for name, method in chosen([OURS, *BY_STRATEGY]).items()}
    labels = {int(row): 1 if SET.positive[row] else -1 for row in start(SET.positive, FIVE, 1)}
    scores = made[OURS].scores(labels, 1)
    asked = {name: made[name].asks(labels, 20, 1) for name in BY_STRATEGY}  # type: ignore[attr-defined]
    for name, rows in asked.items():
        assert len(set(rows.tolist())) == 20 and not set(rows.tolist()) & set(labels)
        np.testing.assert_array_equal(made[name].scores(labels, 1), scores)  # the ranker is the same
        np.testing.assert_array_equal(made[name].asks(labels, 20, 1), rows)  # type: ignore[attr-defined]
    rest = np.setdiff1d(np.arange(N), list(labels))
    away = np.abs(scores - 0.5)
    assert away[asked["ours-uncertain"]].max() <= away[np.setdiff1d(rest, asked["ours-uncertain"])].min()
    top = rest[np.argsort(-scores[rest], kind="stable")][:16]
    assert set(top.tolist()) <= set(asked["ours-explore"].tolist())
    played = evaluate(SET, FIVE, range(2), chosen([OURS, "ours-random"]))
    found = {one.method: one.rounds[-1].found for one in played.plays}
    assert found["ours-random"] < found[OURS] == P


def test_each_round_is_told_the_truth_of_what_it_asked_for() -> None:
    method = Scores(np.arange(N)[::-1])
    played = play("x", method, SET.positive, FIVE, 2)
    first = start(SET.positive, FIVE, 2).tolist()
    asked, seed = method.asked[1]
    assert seed == 2 and asked == {row: 1 if SET.positive[row] else -1 for row in asked}
    following = [row for row in range(N) if row not in first][:20]
    assert list(asked) == [*first, *following]
    assert played.hits.tolist() == SET.positive[list(method.asked[-1][0])].tolist()


def test_equal_scores_are_taken_in_file_order() -> None:
    method = Scores(np.zeros(N))
    play("x", method, SET.positive, ONE, 0)
    (first,) = method.asked[0][0]
    assert list(method.asked[1][0]) == [first, *[row for row in range(6) if row != first][:5]]


def test_the_whole_set_is_labelled_where_no_mark_is_within_reach() -> None:
    few = np.array([True] * 5 + [False] * 18)
    rounds = play("x", Scores(np.zeros(23)), few, ONE, 0).rounds
    assert [r.n_labels for r in rounds] == [1, 6, 11, 16, 21, 23] and rounds[-1].found == 5
    assert rounds[-1].quality.auroc is None


def test_ours_beats_chance_on_a_planted_kind() -> None:
    found = evaluate(planted(200, 20, seed=4), ONE, range(6), chosen(["ours", "random"]))
    rows = {row["method"]: row for row in found.summary if row["n_labels"] == 101}
    assert rows["ours"]["recall"] > rows["random"]["recall"] + 0.1
    assert rows["random"]["behind"] > 3 * rows["random"]["behind_se"] > 0


def test_all_methods_play_all_protocols() -> None:
    for protocol, methods in ((FIVE, METHODS), (ONE, METHODS), (NO_LABELS, UNSUPERVISED)):
        found = evaluate(SET, protocol, [0], methods)
        assert {one.method for one in found.rounds} == set(methods)
        assert all(one.n_labels <= protocol.end(N) for one in found.rounds)


def test_without_labels_the_whole_list_is_judged() -> None:
    found = evaluate(SET, NO_LABELS, [0, 1], chosen([], unsupervised=True))
    first = found.rounds[0]
    assert (first.method, first.n_labels, first.found) == ("combined", 0, 0)
    assert 0 <= (first.quality.auroc or -1) <= 1
    assert found.settings["start"] == [0, 0]
    (whole,) = [row for row in found.summary if row["method"] == "combined" and row["n_labels"] == 0]
    assert whole["auroc"] == first.quality.auroc and whole["found"] == 0 and whole["gain"] is None
    assert "ahead" not in table(found) and "0 labels\n" in table(found)


def test_a_target_brings_its_cold_formula() -> None:
    """Without one, what is wanted may be anything: the formulas must not speak."""
    ours = METHODS["ours"]
    values = SET.embeddings.statistics.copy()
    changed = replace(SET, embeddings=replace(SET.embeddings, statistics=values[:, :0], statistic_names=()))
    plain = ours(changed).scores({3: 1}, 0)
    assert not np.array_equal(ours(replace(changed, target="outlier")).scores({3: 1}, 0), plain)
    assert np.array_equal(ours(changed).scores({3: 1}, 1), plain)


def test_the_summary_is_what_the_rounds_say(five: Evaluation) -> None:
    at = [one for one in five.rounds if one.method == "random" and one.n_labels == 90]
    (row,) = [r for r in five.summary if r["method"] == "random" and r["n_labels"] == 90]
    recall = np.array([one.recall for one in at])
    assert row["seeds"] == 3 and row["recall"] == pytest.approx(recall.mean())
    assert row["recall_sd"] == pytest.approx(recall.std(ddof=1))
    assert row["auroc"] == pytest.approx(np.mean([one.quality.auroc for one in at]))
    mine = np.array([one.recall for one in five.rounds if one.method == "ours" and one.n_labels == 90])
    assert row["behind"] == pytest.approx((mine - recall).mean())
    assert row["behind_se"] == pytest.approx((mine - recall).std(ddof=1) / np.sqrt(3))
    chance = 40 * 10 / 100
    assert row["gain"] == pytest.approx((recall.mean() * P - 5 - chance) / (10 - chance))


def test_marks_beyond_the_set_and_shares_of_it() -> None:
    found = evaluate(SET, ONE, [0], chosen(["random"]))
    rows = {row["n_labels"]: row for row in found.summary}
    assert list(rows) == [26, 51, 101, 201, 15, 30, 45]
    assert rows[201]["found"] is None and rows[201]["auroc"] is None and rows[101]["found"] is not None
    assert rows[15]["share"] == 0.1 and rows[15]["recall"] is not None and rows[15]["recall_sd"] is None
    assert "auroc" not in rows[15]
    (played,) = found.plays
    assert rows[30]["found"] == played.hits[:30].sum()
    assert "201 labels: n/a, more than there are objects" in table(found)


def test_a_set_that_ends_before_the_first_mark() -> None:
    found = evaluate(planted(20, 6), ONE, [0], chosen(["random"]))
    rows = {row["n_labels"]: row["recall"] for row in found.summary if row["share"] is None}
    assert rows == {20: 1.0, 26: None, 51: None, 101: None, 201: None}


def test_a_further_mark_is_played_to() -> None:
    found = evaluate(SET, replace(ONE, marks=(26, 131)), [0], chosen(["random"]))
    assert found.rounds[-1].n_labels == 131


def test_json(five: Evaluation) -> None:
    made = json.loads(json.dumps(five.to_dict()))
    assert list(made) == ["set", "n", "positives", "protocol", "settings", "rows", "summary"]
    assert (made["set"], made["n"], made["positives"], made["protocol"]) == ("planted", N, P, "5+45")
    assert len(made["rows"]) == 3 * 3 * 4
    assert list(made["rows"][0]) == [
        "method", "seed", "n_labels", "found", "recall", "auroc", "auprc", "seconds",
    ]  # fmt: skip
    assert made["settings"]["seeds"] == [0, 1, 2] and made["settings"]["marks"] == [70, 90, 110]


def test_the_log_reads_back(five: Evaluation, tmp_path: Path) -> None:
    write_log(tmp_path / "log.csv", five)
    with open(tmp_path / "log.csv", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [(r["method"], int(r["seed"]), int(r["n_labels"]), int(r["found"])) for r in rows] == [
        (one.method, one.seed, one.n_labels, one.found) for one in five.rounds
    ]
    with pytest.raises(AstroTLError):
        write_log(tmp_path / "log.csv" / "no folder.csv", five)


def test_curves(five: Evaluation) -> None:
    drawn = curves(five.plays, five.protocol, five.positives)
    chance = by_chance(FIVE, N, P)
    assert list(drawn) == ["ours", "random", "ulisse"]
    assert drawn["ours"].labels.tolist() == chance.labels.tolist() == list(range(50, 111))
    assert drawn["ours"].recall[0] == pytest.approx(5 / 15) == chance.recall[0]
    assert chance.recall[-1] == pytest.approx((5 + 10 * 60 / 100) / 15)
    (row,) = [r for r in five.summary if r["method"] == "ours" and r["n_labels"] == 110]
    assert drawn["ours"].recall[-1] == pytest.approx(row["recall"])
    assert drawn["ours"].scatter[-1] == pytest.approx(row["recall_sd"])


def test_plots(five: Evaluation, tmp_path: Path) -> None:
    write_plot(tmp_path / "curve.png", five)
    assert Image.open(tmp_path / "curve.png").size[0] > 800
    write_plot(tmp_path / "curve.SVG", five)
    assert "<svg" in (tmp_path / "curve.SVG").read_text()
    with pytest.raises(AstroTLError, match="PNG or SVG"):
        write_plot(tmp_path / "curve.pdf", five)


def test_the_table_names_every_method(five: Evaluation) -> None:
    shown = table(five)
    assert shown.startswith("planted: 150 objects, 15 wanted, protocol 5+45, 3 seeds")
    for name in ("ours", "random", "ulisse"):
        assert shown.count(f"\n{name} ") == 3


def test_progress_and_stopping() -> None:
    seen: list[float] = []

    class Watch(Progress):
        def __call__(self, done: float, total: float, text: str = "") -> None:
            seen.append(done / total)
            if len(seen) == 12:
                raise Cancelled

    with pytest.raises(Cancelled):
        evaluate(SET, FIVE, range(4), chosen(["random", "size"]), progress=Watch())
    assert seen == sorted(seen) and seen[0] >= 0 and seen[-1] < 1


def test_bad_requests() -> None:
    with pytest.raises(AstroTLError, match=r'no such method.*"magic".*ours, random'):
        chosen(["magic"])
    with pytest.raises(AstroTLError, match="no such method"):
        chosen(["ours"], unsupervised=True)
    with pytest.raises(AstroTLError, match="Too few wanted"):
        evaluate(planted(150, 3), FIVE)


def test_labelled_sources_of_a_project() -> None:
    catalog, embeddings = SET.catalog, SET.embeddings
    made = labelled_sources("field", catalog, embeddings, {7: 1, 3: -1, 999: 1}, "lens")
    assert isinstance(made, LabelledSet) and made.target == "lens" and made.settings["target"] == "lens"
    assert made.catalog.ids.tolist() == made.embeddings.ids.tolist() == [3, 7]
    assert made.positive.tolist() == [False, True]
    assert np.array_equal(made.embeddings.vectors, embeddings.vectors[[3, 7]])
    with pytest.raises(AstroTLError, match="No labels yet"):
        labelled_sources("field", catalog, embeddings, {}, "agn")

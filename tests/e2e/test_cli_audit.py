"""Audits on the command line, from the plan to the probabilities."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from astrotl_gui.cli import main
from tests.gui.ranked import COUNT, make_project

AUDIT = ("--target", "lens")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = make_project(tmp_path)
    for source, value in ((4, "A"), (8, "A"), (12, "B"), (16, "B"), (1, "X"), (2, "X")):
        main(
            ["label", str(made), "--id", str(source), "--target", "lens", "--class", value, "--vetter", "ann"]
        )
    return made


def run(
    capsys: pytest.CaptureFixture[str], verb: str, project: Path, *arguments: object
) -> tuple[int, dict, str]:
    capsys.readouterr()
    code = main([verb, str(project), *(str(a) for a in arguments), "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else {}, err


def fill(path: Path, rows: slice) -> None:
    """As somebody labels a table: multiples of four are lenses."""
    table = Table.read(path, format="ascii.csv")
    label = np.array(["" for _ in table], "U8")
    for k in range(len(table))[rows]:
        label[k] = "positive" if table["id"][k] % 4 == 0 else "negative"
    table["label"] = label
    table.write(path, format="ascii.csv", overwrite=True)


def test_an_audit_from_the_plan_to_probabilities(capsys, project, tmp_path) -> None:
    code, plan, _ = run(capsys, "audit", project, *AUDIT, "--plan", "--recall", 0.4)
    assert (code, plan["size"], plan["found"]) == (0, COUNT, 4)
    assert plan["labels"] == 20 and plan["by_hits"][0] <= 20
    code, ranked, _ = run(capsys, "rank", project, *AUDIT)
    assert ranked["calibrated"] is False and "probability" not in ranked["rows"][0]
    code, begun, _ = run(capsys, "audit", project, *AUDIT, "--start", "--recall", 0.4, "--seed", 1)
    assert (code, begun["labels"], begun["done"], begun["state"]) == (0, 20, 0, "standing")
    file = tmp_path / "sample.csv"
    run(capsys, "audit", project, *AUDIT, "--sample", file)
    assert Table.read(file)["id"].tolist()[:10] == begun["next"]
    assert "rank" not in Table.read(file).colnames
    fill(file, slice(0, 12))
    code, part, _ = run(capsys, "audit", project, *AUDIT, "--answers", file, "--vetter", "ann")
    assert (code, part["taken"], part["done"], part["certificate"]) == (0, 12, 12, None)
    code, _, says = run(capsys, "audit", project, *AUDIT, "--finish")
    assert code == 2 and "8 of 20 labels are missing" in says
    fill(file, slice(12, 20))
    run(capsys, "audit", project, *AUDIT, "--answers", file, "--vetter", "ann")
    code, done, _ = run(capsys, "audit", project, *AUDIT, "--finish")
    proof = done["certificate"]
    assert (code, done["state"], proof["labelled"], proof["found"]) == (0, "certified", 20, 4)
    assert proof["hits"] == sum(i % 4 == 0 for i in Table.read(file)["id"]) >= 3
    plot = tmp_path / "reliability.png"
    code, report, _ = run(capsys, "audit", project, *AUDIT, "--calibration", "--plot", plot)
    assert (report["state"], report["found"], report["labels"], report["chance_from_audit"]) == (
        "audited",
        4,
        6,
        True,
    )
    assert report["calibration"]["method"] == "sigmoid" and plot.stat().st_size > 5_000
    code, ranked, _ = run(capsys, "rank", project, *AUDIT, "--top", COUNT)
    chances = [row["probability"] for row in ranked["rows"]]
    assert ranked["calibrated"] is True and chances == sorted(chances, reverse=True)
    run(capsys, "export", project, "--out", tmp_path / "all.ecsv")
    table = Table.read(tmp_path / "all.ecsv")
    assert table["probability_lens"].tolist() == pytest.approx(
        [chances[rank - 1] for rank in table["rank_lens"]], abs=1e-6
    )
    assert "calibration error" in table["probability_lens"].description
    assert "probability_agn" not in table.colnames
    code, released, _ = run(capsys, "audit", project, *AUDIT, "--release")
    assert (released["state"], released["certificate"]) == ("released", proof)
    code, _, says = run(capsys, "audit", project, *AUDIT, "--stop")
    assert code == 2 and "--start" in says


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--start", "--filter", "i << 3"), "should be like"),
        (("--plan", "--recall", "1.2"), "between 0 and 1"),
        (("--sample", "x.csv"), "No audit goes on"),
        (("--number", "7", "--stop"), "no audit 7"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(capsys, project, arguments, says) -> None:
    code, _, error = run(capsys, "audit", project, *AUDIT, *arguments)
    assert code == 2 and says in error and error.count("\n") == 1


def test_an_unanswered_list_says_where_it_stands(capsys, project) -> None:
    assert main(["audit", str(project), *AUDIT]) == 0
    out = capsys.readouterr().out
    assert "4 lenses found in 6 labels. By chance you would have at least" in out
    assert main(["audit", str(project), "--target", "agn", "--calibration"]) == 0
    assert "Scores are ranks until an audit is complete" in capsys.readouterr().out


def test_a_session_is_replayed_to_the_ranking_of_now(capsys, project, tmp_path) -> None:
    run(capsys, "rank", project, *AUDIT)
    code, found, _ = run(capsys, "replay", project, "--out", tmp_path / "steps.csv")
    (lens,) = found["lists"]
    assert (code, lens["target"], lens["found"], lens["labels"], lens["as_stored"]) == (0, "lens", 4, 6, True)
    assert len(Table.read(tmp_path / "steps.csv")) == len(lens["steps"]) == 6
    code, ranked, _ = run(capsys, "rank", project, *AUDIT, "--top", 20)
    assert [(row["id"], row["score"]) for row in ranked["rows"]] == [
        (r["id"], r["score"]) for r in lens["rows"]
    ]
    code, agn, _ = run(capsys, "replay", project, "--target", "agn")
    assert code == 0 and agn["lists"][0]["steps"] == []

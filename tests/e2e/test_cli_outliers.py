"""`astrotl rank --target outlier`: what it holds back and says, the methods side by side, the choice kept."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from astrotl_gui.cli import main
from astrotl_gui.core.project import Project
from astrotl_gui.ml import autoencoder, coldstart
from astrotl_gui.ml.outlier import SINGLE
from tests.gui.ranked import COUNT, make_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty sources, of which the half with the stronger signs pass for artifacts."""
    monkeypatch.setattr(autoencoder, "STEPS", 5)
    monkeypatch.setattr(coldstart, "CERTAIN_SIGNS", 0.6)
    return make_project(tmp_path)


def rank(capsys: pytest.CaptureFixture[str], project: Path, *options: str) -> tuple[dict, str]:
    assert main(["rank", str(project), "--target", "outlier", "--top", "99", "--json", *options]) == 0
    said = capsys.readouterr()
    return json.loads(said.out), said.err


def test_likely_artifacts_are_held_back_and_counted(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, said = rank(capsys, project)
    hidden = found["hidden_artifacts"]
    assert hidden >= 2  # the two masked ones at least
    assert len(found["rows"]) == COUNT - hidden and f"{hidden} likely artifacts are hidden" in said
    assert {39, 40}.isdisjoint(row["id"] for row in found["rows"])
    everything, said = rank(capsys, project, "--keep-artifacts")
    assert everything["hidden_artifacts"] == 0 and len(everything["rows"]) == COUNT and "hidden" not in said
    ranks = {row["id"]: row["rank"] for row in everything["rows"]}
    assert [row["rank"] for row in found["rows"]] == [ranks[row["id"]] for row in found["rows"]]


def test_the_methods_side_by_side_here_and_in_the_export(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found, _ = rank(capsys, project, "--compare", "--keep-artifacts")
    columns = {"agreement_outlier", *(f"rank_outlier_{name}" for name in SINGLE)}
    assert columns <= set(found["rows"][0])
    assert sorted(row["rank_outlier_knn"] for row in found["rows"]) == list(range(1, COUNT + 1))
    out = tmp_path / "ranked.csv"
    assert main(["export", str(project), "--out", str(out), "--target", "outlier"]) == 0
    with open(out, newline="") as handle:
        written = {int(row["id"]): row for row in csv.DictReader(handle)}
    for row in found["rows"]:
        assert {name: int(written[row["id"]][name]) for name in columns} == {n: row[n] for n in columns}


def test_a_chosen_method_is_kept(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, _ = rank(capsys, project, "--method", "forest")
    assert found["model"] == "cold outlier by forest"
    again, _ = rank(capsys, project)
    assert again["rows"] == found["rows"]
    opened = Project.open(project)
    assert opened.outliers.method == "forest"
    opened.close()


def test_the_list_may_be_called_as_people_write_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, _ = rank(capsys, project)
    again, said = rank(capsys, project, "--target", "Outlier", "--method", "combined")
    assert again == found and "likely artifacts are hidden" in said


def test_its_options_go_with_outliers_only(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rank", str(project), "--target", "lens", "--keep-artifacts"]) == 2
    assert "--keep-artifacts goes with --target outlier" in capsys.readouterr().err

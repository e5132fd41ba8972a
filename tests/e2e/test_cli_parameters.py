"""`astrotl parameters` from a table to estimates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from astropy.table import Table

from astrotl_gui.cli import main
from tests.pipeline.estimated import COUNT, make_project


def test_from_a_table_to_estimates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = make_project(tmp_path)
    out, plot = tmp_path / "masses.ecsv", tmp_path / "masses.png"
    words = ["parameters", str(project), "--json"]
    asked = [*words, "--column", "logmass", "--train", str(tmp_path / "masses.ecsv"), "--method", "ridge"]
    assert main([*asked, "--out", str(out), "--plot", str(plot)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["parameter"], told["sources"], told["method"]) == ("logmass", COUNT, "ridge")
    assert told["known"] == told["matched"] == told["fit"]["count"]
    assert len(Table.read(out)) == COUNT and plot.stat().st_size > 1000
    assert main(words) == 0
    assert [kept["fit"] for kept in json.loads(capsys.readouterr().out)["parameters"]] == [told["fit"]]
    assert main(["export", str(project), "--out", str(tmp_path / "all.csv")]) == 0
    assert "logmass_err" in Table.read(tmp_path / "all.csv").colnames
    capsys.readouterr()
    assert main(["parameters", str(project), "--train", str(tmp_path / "masses.ecsv")]) == 2
    assert "--column" in capsys.readouterr().err
    assert main([*asked, "--column", "age", "--out", str(tmp_path / "ages.txt")]) == 2
    assert "format" in capsys.readouterr().err and not list(project.rglob("age*"))

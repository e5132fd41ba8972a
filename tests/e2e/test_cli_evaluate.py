"""`astrotl evaluate`: a folder and a project by the command line, and one clear line for each mistake."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from astrotl_gui.core.labels import Label
from astrotl_gui.core.project import Project
from astrotl_gui.ml import encoder as encoder_module
from tests.e2e.test_cli import refused, run
from tests.gui.ranked import make_project
from tests.pipeline.evaluation.planted import folder


@pytest.fixture
def sky(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Thirty pictures, four of them wanted."""
    monkeypatch.setitem(encoder_module.PRECISIONS, "cpu", ())
    monkeypatch.setitem(encoder_module.BATCH, "cpu", 10)
    return folder(tmp_path / "sky", [("anomaly" if k % 7 == 3 else "normal") for k in range(30)])


def test_a_folder(capsys, tmp_path: Path, sky: Path) -> None:
    log, plot = tmp_path / "log.csv", tmp_path / "curve.svg"
    cheap = ("evaluate", sky, "--views", 1, "--device", "cpu")
    code, found, err = run(
        capsys, *cheap, "--protocol", "one", "--seeds", 2, "--log", log, "--plot", plot,
        "--method", "ours", "random", "--json",
    )  # fmt: skip
    assert code == 0, err
    assert list(found)[:7] == ["schema", "command", "set", "n", "positives", "protocol", "settings"]
    assert (found["schema"], found["command"], found["set"]) == (1, "evaluate", "sky")
    assert (found["n"], found["positives"], found["protocol"]) == (30, 4, "one")
    assert [row["n_labels"] for row in found["rows"][:6]] == [1, 6, 11, 16, 21, 26]
    assert list(found["rows"][0]) == [
        "method", "seed", "n_labels", "found", "recall", "auroc", "auprc", "seconds",
    ]  # fmt: skip
    assert [row["found"] for row in found["summary"] if row["n_labels"] == 51] == [None, None]
    with open(log, newline="") as handle:
        assert [int(row["found"]) for row in csv.DictReader(handle)] == [
            row["found"] for row in found["rows"]
        ]
    assert "<svg" in plot.read_text()
    code, out, _ = _text(capsys, *cheap, "--protocol", "one", "--method", "size", "--mark", 30)
    assert code == 0 and "26 labels\n" in out and "30 labels\n" in out and "51 labels: n/a" in out
    _, found, _ = run(capsys, *cheap, "--unsupervised", "--json")
    assert found["protocol"] == "none" and found["rows"][0]["n_labels"] == 0
    assert {row["method"] for row in found["rows"]} >= {"combined", "random", "mahalanobis"}
    refused(capsys, tmp_path, *cheap, says="the protocol 5+45 needs 5")


def _text(capsys, *arguments: object) -> tuple[int, str, str]:
    from astrotl_gui.cli import main

    code = main([str(a) for a in arguments])
    return code, *capsys.readouterr()


def test_a_project(capsys, tmp_path: Path) -> None:
    path = make_project(tmp_path)
    refused(capsys, tmp_path, "evaluate", path, says="No labels yet")
    project = Project.open(path)
    project.labels.add([Label(i, "agn", "positive" if i % 4 == 0 else "negative") for i in range(1, 33)])
    project.close()
    refused(capsys, tmp_path, "evaluate", path, "--target", "lens", says="No labels yet")
    code, found, _ = run(
        capsys, "evaluate", path, "--target", "agn", "--protocol", "one", "--seeds", 2, "--json"
    )
    assert code == 0 and (found["set"], found["n"], found["positives"]) == ("Forty", 32, 8)
    assert found["settings"]["target"] == "agn" and found["settings"]["views"] == 8
    refused(capsys, tmp_path, "evaluate", path, "--target", "agn", says="needs 45")
    refused(capsys, tmp_path, "evaluate", path, "--views", 8, says="does not go with a project")


def test_mistakes(capsys, tmp_path: Path, sky: Path) -> None:
    refused(capsys, tmp_path, "evaluate", tmp_path / "no", says="is no folder")
    refused(capsys, tmp_path, "evaluate", tmp_path, says="truth.csv is not there")
    refused(capsys, tmp_path, "evaluate", sky, "--method", "magic", says="no such method")
    refused(capsys, tmp_path, "evaluate", sky, "--plot", tmp_path / "a.pdf", says="PNG or SVG")
    refused(capsys, tmp_path, "evaluate", sky, "--encoder", "nobody", says="not on this computer")
    refused(capsys, tmp_path, "evaluate", sky, "--positive", "ring", says="No picture has this class")
    (sky / "images" / "07.png").unlink()
    refused(capsys, tmp_path, "evaluate", sky, says="07.png")
    with pytest.raises(SystemExit):
        run(capsys, "evaluate", sky, "--seeds", 0)
    assert "not a number of at least 1" in capsys.readouterr().err

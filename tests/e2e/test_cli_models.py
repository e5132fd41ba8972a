"""`astrotl finetune` and `astrotl models`: from labels to the version in use, what they print and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from astrotl_gui.cli import main
from astrotl_gui.commands import models as module
from astrotl_gui.commands.shared import ConsoleProgress
from astrotl_gui.core.labels import Label
from astrotl_gui.core.models import read_models, write_model
from astrotl_gui.core.project import Project
from astrotl_gui.pipeline.tuning.judged import Judged
from tests.core.test_models import a_card
from tests.gui.ranked import make_project
from tests.pipeline.tuning_lab import Lab, lab, lab_folder

__all__ = ["lab", "lab_folder"]

QUICK = ("--target", "lens", "--folds", "2", "--epochs", "2", "--device", "cpu", "--json")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def test_versions_are_listed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_model(project / "models", a_card(1, accepted=False, kept=False), None)
    assert main(["models", str(project), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["in_use"] == 0 and [row["version"] for row in told["rows"]] == [1]
    assert told["rows"][0]["average_precision"]["difference"] == [0.1, 0.03] and not told["rows"][0]["in_use"]
    assert main(["models", str(project)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[1].startswith("*\t0\t") and "0.600 ± 0.050\t0.500 ± 0.060\tnot accepted" in shown[2]


def test_a_version_that_is_not_there_or_was_not_kept_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_model(project / "models", a_card(1, accepted=False, kept=False), None)
    for version, said in (("1", "not kept"), ("4", "Version 4; here: 1")):
        assert main(["models", str(project), "--use", version]) == 2
        assert said in capsys.readouterr().err
    opened = Project.open(project)
    assert opened.encoder.model == 0
    opened.close()


def test_fine_tuning_says_how_many_labels_it_takes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["finetune", str(project), "--target", "lens"]) == 2
    assert "10 yes and 10 no at least; there are 0 yes and 0 no" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["finetune", str(project), "--target", "lens", "--folds", "1"])


@pytest.fixture
def labelled(lab: Lab) -> Lab:
    """With labels of the lens list on disk."""
    signs = {1: "positive", -1: "negative"}
    lab.project.labels.add([Label(source, "lens", signs[sign]) for source, sign in lab.labels.items()])
    return lab


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """The one object that a verb prints."""
    assert main(words) == 0
    (line,) = capsys.readouterr().out.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def in_use(path: Path) -> int:
    project = Project.open(path)
    project.close()
    return project.encoder.model


def test_an_accepted_version_is_embedded_and_used_and_the_way_back_embeds_nothing(
    labelled: Lab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Judged, "accepted", property(lambda self: True))
    path, before = labelled.project.path, labelled.key()
    made = told(capsys, "finetune", str(path), *QUICK)
    assert (made["command"], made["version"], made["in_use"], made["accepted"], made["kept"]) == (
        "finetune", 1, 1, True, True,
    )  # fmt: skip
    assert made["labels"] == {"lens": [11, 21]} and made["settings"]["folds"] == 2
    assert in_use(path) == 1 and labelled.key() not in (None, before)
    rows = told(capsys, "models", str(path), "--json")["rows"]
    assert [(row["version"], row["in_use"]) for row in rows] == [(1, True)]
    stores = sorted(path.glob("embeddings/*/*.npz"))
    assert told(capsys, "models", str(path), "--use", "0", "--device", "cpu", "--json")["in_use"] == 0
    assert in_use(path) == 0 and labelled.key() == before
    assert sorted(path.glob("embeddings/*/*.npz")) == stores


def test_one_that_ranks_no_better_leaves_its_card_and_the_network_in_use(
    labelled: Lab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Judged, "accepted", property(lambda self: False))
    path, before = labelled.project.path, labelled.key()
    made = told(capsys, "finetune", str(path), *QUICK)
    assert (made["in_use"], made["accepted"], made["kept"]) == (0, False, False)
    assert len(made["average_precision"]["difference"]) == 2 and made["verdict"]
    assert in_use(path) == 0 and labelled.key() == before and len(list(path.glob("embeddings/*"))) == 1


@pytest.mark.parametrize("moment", ["Fold 2", "Tuning on all labels", "Embedding"])
def test_ctrl_c_leaves_the_project_as_it_was(
    labelled: Lab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    class Keyboard(ConsoleProgress):
        def __call__(self, done: float, total: float, text: str = "") -> None:
            if text == moment or text.startswith(f"{moment} of"):
                raise KeyboardInterrupt

    path, before = labelled.project.path, labelled.key()
    with monkeypatch.context() as patch:
        patch.setattr(module, "ConsoleProgress", Keyboard)
        assert main(["finetune", str(path), *QUICK, "--force"]) == 130
    out, said = capsys.readouterr()
    assert out == "" and "as it was after the last finished step" in said
    assert in_use(path) == 0 and labelled.key() == before
    # what was tuned to its end is a version, though none that is in use; it can be taken up later
    kept = [1] if moment == "Embedding" else []
    assert [card.version for card in read_models(path / "models")] == kept
    for version in kept:
        used = told(capsys, "models", str(path), "--use", str(version), "--device", "cpu", "--json")
        assert used["in_use"] == version == in_use(path)

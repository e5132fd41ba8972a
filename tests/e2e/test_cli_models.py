"""`astrotl finetune` and `astrotl models`: what they print, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from astrotl_gui.cli import main
from astrotl_gui.core.models import write_model
from astrotl_gui.core.project import Project
from tests.core.test_models import a_card
from tests.gui.ranked import make_project


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

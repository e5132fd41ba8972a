"""`astrotl encoders`, and what `astrotl embed` keeps of a choice."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from astrotl_gui.cli import main
from astrotl_gui.commands import making
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import BUILT_IN, EncoderSettings
from tests.pipeline.fake_hub import FakeHub, as_the_hub, small_weights


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict, str]:
    """Exit code, the JSON object, stderr."""
    code = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out.startswith("{") else {}, err


@pytest.fixture
def project(tmp_path: Path) -> Path:
    fits.writeto(tmp_path / "r.fits", np.random.default_rng(0).normal(size=(60, 60)).astype("f4"))
    assert (
        main(
            ["new", str(tmp_path / "P"), f"--band=r={tmp_path / 'r.fits'}", "--pixel-scale", "0.2", "--json"]
        )
        == 0
    )
    return tmp_path / "P.astrotl"


def test_add_list_remove(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = small_weights(tmp_path)
    code, result, _ = run(
        capsys, "encoders", "--add", "test_efficientnet", "--weights", path, "--as", "mine",
        "--input", 96, "--mean", "0,0,0", "--std", "1,1,1", "--json",
    )  # fmt: skip
    assert code == 0 and result["added"]["name"] == "mine" and result["added"]["input"] == 96
    code, result, _ = run(capsys, "encoders", "--json")
    assert [row["name"] for row in result["rows"]] == [BUILT_IN, "mine"]
    assert result["rows"][0]["dimensions"] == 1280 and result["rows"][1]["projects"] == []
    assert main(["encoders"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed[0].split("\t")[:2] == ["name", "dimensions"] and listed[2].startswith("mine\t256\t96\t1")
    assert run(capsys, "encoders", "--remove", "mine", "--json")[:2] == (
        0, {"schema": 1, "command": "encoders", "removed": "mine"},
    )  # fmt: skip
    code, _, err = run(capsys, "encoders", "--remove", BUILT_IN)
    assert code == 2 and "built-in" in err and err.count("\n") == 1
    code, _, err = run(capsys, "encoders", "--weights", path)
    assert code == 2 and "--add NAME --weights FILE" in err


def test_a_download_and_no_network(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = "test_efficientnet.r160_in1k"
    weights = small_weights(tmp_path).read_bytes()
    with as_the_hub(FakeHub(f"timm/{name}", {"model.safetensors": weights}), monkeypatch):
        code, result, _ = run(capsys, "encoders", "--add", name, "--json")
        assert code == 0 and result["added"]["licence"] == "apache-2.0"
    code, _, err = run(capsys, "encoders", "--add", "test_vit.r160_in1k")
    assert code == 2 and "No network: model.safetensors" in err and "--weights FILE" in err
    assert err.strip().count("\n") == 0


def test_embed_keeps_the_choice_in_the_project(
    capsys: pytest.CaptureFixture[str], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(project: object) -> None:
        raise AstroTLError("Here it would begin")

    monkeypatch.setattr(making, "catalog_of", stop)
    chosen = ("--encoder", BUILT_IN, "--layers", "4,2", "--views", 8, "--zooms", "2,1", "--recipe", "ulisse")
    assert run(capsys, "embed", project, *chosen)[0] == 2
    kept = EncoderSettings(layers="2,4", views=8, zooms=(1.0, 2.0), recipe="ulisse")
    assert opened(project) == kept
    run(capsys, "embed", project)
    assert opened(project) == kept, "what is not said stays"
    run(capsys, "embed", project, "--layers", "LAST", "--views", 0)
    assert opened(project) == EncoderSettings(layers="last", zooms=(1.0, 2.0), recipe="ulisse")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--encoder", "dinov9"), "not on this computer"),
        (("--layers", "7"), "stages 0 to 4"),
        (("--zooms", "9"), "zooms"),
    ],
)
def test_a_choice_that_cannot_be_changes_nothing(
    capsys: pytest.CaptureFixture[str], project: Path, options: tuple[str, str], says: str
) -> None:
    code, _, err = run(capsys, "embed", project, *options)
    assert code == 2 and says in err and err.count("\n") == 1
    assert opened(project) == EncoderSettings()


def opened(path: Path) -> EncoderSettings:
    project = Project.open(path)
    project.close()
    return project.encoder

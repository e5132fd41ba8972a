"""`astrotl inject`: what it prints, keeps and writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from astrotl_gui.cli import main
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings, EncoderSettings, InjectionSettings
from astrotl_gui.ml import encoder as encoder_module
from astrotl_gui.pipeline.embed import embed
from tests.pipeline.injection.small_field import SIZE, field


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sixteen galaxies, embedded."""
    monkeypatch.setitem(encoder_module.PRECISIONS, "cpu", ())
    monkeypatch.setitem(encoder_module.BATCH, "cpu", 16)
    mosaic, catalog = field(tmp_path)
    made = Project.create(
        tmp_path / "small", mosaic.spec, DetectionSettings(), CutoutSettings(SIZE, 3 * SIZE)
    )
    made.encoder = EncoderSettings(views=1, layers="last")
    made.write_catalog(catalog)
    made.save()
    embed(mosaic, catalog, made.embeddings_folder, made.cutouts, made.encoder, device="cpu")
    made.close()
    return made.path


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main(["inject", *arguments, "--device", "cpu", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_ranges_are_kept_drawn_from_and_shown_on_a_contact_sheet(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet.png"
    options = ["--target", "lens", "--pairs", "20", "--einstein-radius", "1.1,1.3", "--out", str(sheet)]
    found = asked(capsys, str(project), *options)
    (row,) = found["targets"]
    assert row["target"] == "lens" and row["pairs"] == 20 and row["hosts"] == 8
    low, high = row["drawn"]["einstein_radius"]
    assert 1.1 <= low <= high <= 1.3
    with Image.open(sheet) as picture:
        assert picture.width > picture.height > 96
    opened = Project.open(project)
    assert opened.injection == InjectionSettings(pairs=20, einstein_radius=(1.1, 1.3))
    opened.close()
    again = asked(capsys, str(project), "--target", "lens")
    assert again["made"] is False and again["targets"] == found["targets"]
    automatic = asked(capsys, str(project), "--target", "lens", "--einstein-radius", "auto")
    assert automatic["targets"][0]["drawn"]["einstein_radius"][1] > 1.3


def test_artifacts_of_some_kinds_are_counted_by_kind(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet.png"
    options = ["--artifact-kinds", "trail,ghost", "--artifact-strength", "20,40", "--out", str(sheet)]
    (row,) = asked(capsys, str(project), "--target", "artifact", *options)["targets"]
    assert row["pairs"] == 20 and row["hosts"] == 16  # as many as a small field is worth
    assert {kind for kind, count in row["kinds"].items() if count} == {"trail", "ghost"}
    low, high = row["drawn"]["strength"]
    assert 20 <= low <= high <= 40 and "kind" not in row["drawn"]
    assert sheet.exists()
    assert main(["inject", str(project), "--target", "artifact", "--device", "cpu"]) == 0
    assert "strength 2" in (said := capsys.readouterr().out) and " trail, " in said


def test_a_rank_is_explained_by_the_list_that_will_be_ranked(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first verb makes the examples that its list learns from, whichever verb it is."""
    opened = Project.open(project)
    opened.injection = InjectionSettings(pairs=20)
    opened.save()
    opened.close()

    def said(*arguments: str) -> dict:
        assert main([*arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    before = said("why", str(project), "--id", "13", "--target", "lens", "--device", "cpu")
    rank = next(
        row["rank"] for row in said("rank", str(project), "--target", "lens")["rows"] if row["id"] == 13
    )
    assert said("why", str(project), "--id", "13", "--target", "lens") == before
    assert before["cold_rank"] == rank


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--pairs", "3"], "from 20 to 5,000"),
        (["--einstein-radius", "1,900"], "Einstein radius is no range"),
        (["--artifact-kinds", "trail,sparks"], "sparks is no kind of artifact"),
        (["--target", "agn", "--pairs", "20", "--out", "sheet.gif"], "should end in .png or .jpg"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(
    project: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert main(["inject", str(project), *options, "--device", "cpu"]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert words in said and said.startswith("astrotl inject: ")


@pytest.mark.parametrize("span", ["2,1", "2", "a,b"])
def test_a_range_that_is_none_is_bad_usage(span: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["inject", "p.astrotl", "--nucleus-ratio", span])
    assert "--nucleus-ratio" in capsys.readouterr().err

"""`astrotl describe` on images and on projects: one JSON object, two mosaics side by side, one line on bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from astropy.table import Table

from astrotl_gui.cli import main
from astrotl_gui.core.project import Project
from astrotl_gui.pipeline.simulate import SimulatedField
from tests.e2e.test_cli import image, refused, run


@pytest.fixture(scope="module")
def project(small_field: SimulatedField, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("describe") / "Small.astrotl"
    bands = [f"--band={b}={p}" for b, p in small_field.images.items()]
    assert main(["new", str(path), *bands, "--json"]) == 0
    assert main(["detect", str(path), "--json"]) == 0
    return path


def test_images(capsys: pytest.CaptureFixture[str], small_field: SimulatedField) -> None:
    code, result, _ = run(
        capsys, "describe", *small_field.images.values(), *small_field.rms.values(), "--json"
    )
    assert code == 0 and (result["schema"], result["command"]) == (1, "describe")
    assert [band["name"] for band in result["bands"]] == ["g", "r", "i"]
    assert result["pixel_scale"] == pytest.approx(0.2)
    for band in result["bands"]:
        assert band["sky"]["map_ratio"] == pytest.approx(1, abs=0.03)
        assert band["psf"]["origin"] == "stars"
    assert result["sources"]["count"] > 50 and "sample" not in result


def test_a_project_gives_its_catalog(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    opened = Project.open(project)
    snr = opened.read_catalog().column("snr")
    opened.close()
    code, result, _ = run(capsys, "describe", project, "--snr", 25, "--json")
    assert code == 0
    assert result["sources"]["count"] == (snr >= 25).sum() > 10
    assert not [path for path in project.iterdir() if path.name.startswith(".")]


def test_two_side_by_side(
    capsys: pytest.CaptureFixture[str], project: Path, small_field: SimulatedField, tmp_path: Path
) -> None:
    pair = ("describe", project, "--beside", small_field.images["r"], "--out", tmp_path / "pair.ecsv")
    code, result, _ = run(capsys, *pair, "--json")
    assert code == 0 and set(result) == {"schema", "command", "first", "second", "comparison", "file"}
    (sigma,) = [
        n for n in result["comparison"]["numbers"] if (n["part"], n["name"]) == ("r", "sky σ per pixel")
    ]
    assert sigma["changes"] == [pytest.approx(1)]
    assert {"first", "second", "change", "ks"} <= set(Table.read(tmp_path / "pair.ecsv").colnames)
    assert main([str(a) for a in pair[:-1]] + [str(tmp_path / "pair.md")]) == 0
    out, err = capsys.readouterr()
    assert "change" in out.splitlines()[0] and not err
    assert "sources of the magnitudes both show" in out
    assert "| half-light radius" in (tmp_path / "pair.md").read_text()


def test_images_without_wcs_or_zero_point(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plain = image(tmp_path / "plain_r.fits", wcs=False)
    code, result, _ = run(capsys, "describe", plain, "--pixel-scale", 0.5, "--zeropoint", "r=24", "--json")
    assert code == 0
    (band,) = result["bands"]
    assert (band["name"], band["zeropoint"], band["pixel_scale"]) == ("r", 24, 0.5)
    assert band["sky"]["sigma"] == pytest.approx(1, rel=0.05) and band["psf"]["fwhm"] is None
    assert json.dumps(result)


def test_bad_input(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good, plain = image(tmp_path / "good_r.fits"), image(tmp_path / "plain.fits", wcs=False)
    (tmp_path / "text.fits").write_text("this is only text\n" * 300)
    refused(capsys, tmp_path, "describe", tmp_path / "none.fits", says="none.fits")
    refused(capsys, tmp_path, "describe", tmp_path / "text.fits", says="FITS")
    refused(capsys, tmp_path, "describe", tmp_path, says="not a project")
    refused(capsys, tmp_path, "describe", tmp_path / "No.astrotl", says="not a project")
    refused(capsys, tmp_path, "describe", plain, says="--pixel-scale")
    refused(capsys, tmp_path, "describe", good, "--beside", tmp_path / "none.fits", says="none.fits")
    refused(capsys, tmp_path, "describe", good, "--out", tmp_path / "x.docx", says=".json")
    refused(capsys, tmp_path, "describe", good, "--zeropoint", "K=22", says="No such band")
    refused(capsys, tmp_path, "describe", good, "--zeropoint", "r=bright", says="zero point: bright")
    with pytest.raises(SystemExit, match="2"):
        main(["describe"])
    capsys.readouterr()

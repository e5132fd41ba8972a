"""`astrotl render`: a PNG from images or a project, in one line, and one line where it cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from astrotl_gui.core.project import Project
from astrotl_gui.core.stretch import Look
from tests.e2e.test_cli import image, run


def test_a_region_becomes_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = image(tmp_path / "r.fits", (60, 80), FILTER="r"), tmp_path / "sky.png"
    place = ("--xy", "39.5,29.5", "--size", "40x20", "--pixels", 80)
    look = ("--stretch", "linear", "--white", 10, "--invert", "--look", "softness=3")
    code, told, _ = run(capsys, "render", path, *place, *look, "--out", out, "--json")
    assert code == 0
    assert Image.open(out).size == (80, 40) == (told["width"], told["height"])
    assert told["look"]["stretch"] == "linear"
    assert (told["look"]["white"], told["look"]["softness"], told["look"]["invert"]) == (10, 3, True)
    assert told["channels"] == [["r"]]
    assert told["arcsec_per_px"] == pytest.approx(0.09)
    sky = (told["region"]["ra"], told["region"]["dec"])
    again = tmp_path / "again.png"
    radec = f"--radec={sky[0]},{sky[1]}"
    assert run(capsys, "render", path, radec, "--size", "40x20", *place[4:], *look, "--out", again)[0] == 0
    away = np.asarray(Image.open(again)).astype(int) - np.asarray(Image.open(out)).astype(int)
    assert abs(away).max() <= 1


def test_a_project_is_drawn_as_it_looks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "P.astrotl"
    bands = [f"--band={b}={image(tmp_path / f'{b}.fits')}" for b in "gr"]
    assert run(capsys, "new", path, *bands, "--json")[0] == 0
    project = Project.open(path)
    project.view["look"] = Look(mode="g", stretch="sqrt").to_dict()
    project.save()
    project.close()
    code, told, _ = run(capsys, "render", path, "--out", tmp_path / "p.png", "--json")
    assert code == 0
    assert told["channels"] == [["g"]]
    assert told["look"]["stretch"] == "sqrt"
    code, told, _ = run(
        capsys, "render", path, "--band", "g", "--band", "r", "--out", tmp_path / "p.png", "--json"
    )
    assert told["channels"] == [["g"], ["g", "r"], ["r"]]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--xy", "500,2"), "Outside the mosaic"),
        (("--radec", "10,2"), "No sky coordinates"),
        (("--band", "z"), "z"),
        (("--stretch", "cubic"), "cubic is none of asinh"),
        (("--white", "bright"), "white is a number, not bright"),
        (("--white", "nan"), "white is a number, not nan"),
        (("--look", "colour=red"), "A look has no colour; it has stretch"),
        (("--out", "sky.jpg"), "should end in .png"),
        (("--out", "/dev/null/sky.png"), "sky.png"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, str], line: str
) -> None:
    path = image(tmp_path / "r.fits", wcs=False)
    out = tmp_path / "sky.png"
    code, _, err = run(capsys, "render", path, "--pixel-scale", 0.2, "--out", out, *arguments)
    assert code == 2
    assert line in err
    assert len(err.strip().splitlines()) == 1
    assert not out.exists()

"""Stamps by the command line: from a folder to ranked lists, and one clear line for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from astropy.table import Table

from astrotl_gui.core.labels import TARGETS
from tests.e2e.test_cli import refused, run
from tests.pipeline.stamps.stamp_files import pictures, pixels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures(tmp_path / "stamps", pixels(24, side=48))
    lines = [f"{k:03d}.png,G{k},{100 + k / 10},-5,{'ring' if k % 2 else 'spiral'}" for k in range(24)]
    (tmp_path / "ids.csv").write_text("file,name,ra,dec,class\n" + "\n".join(lines))
    return tmp_path / "stamps"


def test_the_road_from_stamps_to_lists(capsys, tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "S.astrotl"
    new = ("new", path, "--stamps", folder, "--ids", tmp_path / "ids.csv", "--pixel-scale", 0.4, "--json")
    code, made, _ = run(capsys, *new)
    assert (code, made["sources"], made["stamp_side"], made["bands"]) == (0, 24, 48, ["B", "G", "R"])
    assert made["skipped"] == [] and made["notes"] == []
    assert run(capsys, "embed", path, "--device", "cpu", "--json")[1]["embedded"] == 24
    for target in TARGETS:
        assert len(run(capsys, "rank", path, "--target", target, "--json")[1]["rows"]) == 20
    _, found, _ = run(capsys, "similar", path, "--radec", "100.5,-5", "-k", 3, "--json")
    assert found["query"] == 6 and len(found["rows"]) == 3
    assert run(capsys, "label", path, "--id", 6, "--target", "lens", "--class", "A", "--json")[0] == 0
    assert run(capsys, "detect", path, "--json")[1]["sources"] == 24
    assert run(capsys, "export", path, "--out", tmp_path / "o.csv", "--target", "lens", "--json")[0] == 0
    (row,) = [row for row in Table.read(tmp_path / "o.csv") if row["label_lens"] == "positive"]
    assert (row["user_id"], row["stamp"], row["class"]) == ("G5", "005.png", "ring")


def test_mistakes(capsys, tmp_path: Path, folder: Path) -> None:
    new = ("new", tmp_path / "S", "--stamps", folder)
    refused(capsys, tmp_path, *new, says="--pixel-scale")
    refused(capsys, tmp_path, *new, "--pixel-scale", 1, "--bands", "g,r", says="The stamps have 3")
    refused(capsys, tmp_path, *new, "--pixel-scale", 1, "--band", "g=x.fits", says="not both")
    refused(capsys, tmp_path, *new, "--pixel-scale", 1, "--ids", tmp_path / "no.csv", says="missing")
    refused(capsys, tmp_path, "new", tmp_path / "S", "--stamps", tmp_path / "no", says="File not found")
    refused(
        capsys, tmp_path, "new", tmp_path / "S", "x.fits", "--ids", "y.csv", says="--ids goes with --stamps"
    )
    (tmp_path / "S.astrotl").mkdir()
    refused(capsys, tmp_path, *new, "--pixel-scale", 1, says="exists already")

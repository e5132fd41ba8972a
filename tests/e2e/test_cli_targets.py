"""Lists of one's own on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from astropy.table import Table

from astrotl_gui.cli import main
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.project import Project
from tests.gui.ranked import COUNT, make_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict, str]:
    code = main([*(str(a) for a in arguments), "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out else {}, err


def test_a_list_is_added_labelled_ranked_exported_and_removed(capsys, project, tmp_path):
    code, made, _ = run(capsys, "target", project, "--add", "Ring galaxy")
    assert (code, made["target"]) == (0, "ring_galaxy")
    assert made["targets"][-1] == {
        "key": "ring_galaxy", "name": "Ring galaxy", "own": True,
        "labels": {"positive": 0, "unsure": 0, "negative": 0},
    }  # fmt: skip
    code, _, says = run(capsys, "rank", project, "--target", "ring_galaxy")
    assert code == 2 and "Nothing to rank by yet" in says and "--class positive" in says
    run(capsys, "label", project, "--id", 8, "--target", "Ring galaxy", "--class", "positive")
    code, ranked, _ = run(capsys, "rank", project, "--target", "ring_galaxy", "--top", COUNT)
    assert code == 0 and ranked["target"] == "ring_galaxy" and len(ranked["rows"]) == COUNT
    assert (ranked["rows"][0]["id"], ranked["rows"][0]["label"]) == (8, "positive")
    code, _, _ = run(capsys, "export", project, "--out", tmp_path / "all.ecsv")
    table = Table.read(tmp_path / "all.ecsv")
    assert {f"rank_{target}" for target in (*TARGETS, "ring_galaxy")} <= set(table.colnames)
    assert table["rank_ring_galaxy"][table["id"] == 8][0] == 1
    run(capsys, "label", project, "--export", tmp_path / "labels.csv")
    _, renamed, _ = run(capsys, "target", project, "--rename", "ring_galaxy", "Rings")
    assert renamed["targets"][-1]["name"] == "Rings"
    _, gone, _ = run(capsys, "target", project, "--remove", "rings")
    assert [row["key"] for row in gone["targets"]] == list(TARGETS)
    _, back, _ = run(capsys, "target", project, "--add", "rings")
    assert back["targets"][-1]["labels"]["positive"] == 1
    code, taken, _ = run(capsys, "label", project, "--import", tmp_path / "labels.csv")
    assert (code, taken["labels"]) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["label", "--id", "8", "--target", "jellyfish", "--class", "positive"], '--add "jellyfish"'),
        (["rank", "--target", "jellyfish"], "is none of lens, agn, artifact, outlier"),
        (["export", "--target", "jellyfish", "--out", "x.csv"], "is none of lens"),
        (["target", "--remove", "lens"], "are in every project"),
        (["target", "--rename", "nova", "Novae"], "is none of lens"),
        (["target", "--add", "AGN"], "is a list already"),
        (["target", "--add", " "], "needs a name"),
    ],
)
def test_what_is_refused_says_what_there_is(capsys, project, arguments, says):
    verb, *rest = arguments
    code, _, err = run(capsys, verb, project, *rest)
    assert code == 2 and says in err and len(err.splitlines()) == 1


def test_the_lists_are_shown_for_people(capsys, project):
    assert main(["target", str(project)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["key", "name", "positive", "unsure", "negative", "own"]
    assert [line.split()[0] for line in lines[1:]] == list(TARGETS)


def test_prototypes_from_a_catalog_order_the_list_and_are_kept(capsys, project, tmp_path):
    opened = Project.open(project)
    catalog = opened.read_catalog()
    opened.close()
    chosen = catalog.take(catalog.rows_of([8, 12, 16]))
    Table({"ra": [*chosen.ra, 10.0], "dec": [*chosen.dec, 10.0]}).write(tmp_path / "quasars.csv")
    known = catalog.take(catalog.rows_of([4, 8, 12, 16, 20, 24, 28, 32, 36, 40]))
    Table({"ra": known.ra, "dec": known.dec}).write(tmp_path / "known.csv")
    code, made, _ = run(
        capsys, "prototypes", project, "--catalog", tmp_path / "quasars.csv", "-k", 5,
        "--known", tmp_path / "known.csv", "--out", tmp_path / "union.ecsv",
    )  # fmt: skip
    assert code == 0
    assert (made["target"], made["prototypes"], made["missed"], made["k"]) == ("agn", [8, 12, 16], 1, 5)
    assert [len(row["ids"]) for row in made["lists"]] == [5, 5, 5]
    assert [row["rank"] for row in made["rows"]] == sorted(row["rank"] for row in made["rows"])
    assert sum(row["lists"] for row in made["rows"]) == 15
    # Sources of the same cluster (id a multiple of 4): ten of forty.
    assert made["efficiency"] == sum(i % 4 == 0 for row in made["lists"] for i in row["ids"]) / 15 > 0.8
    assert made["lift"] == pytest.approx(made["efficiency"] / (9 / 39))
    assert Table.read(tmp_path / "union.ecsv")["id"].tolist() == [row["id"] for row in made["rows"]]
    code, ranked, _ = run(capsys, "rank", project, "--target", "agn", "--top", 3)
    assert ranked["model"] == "prototypes agn"
    assert {row["id"] for row in ranked["rows"]} == {8, 12, 16}
    _, again, _ = run(capsys, "prototypes", project)
    assert again["prototypes"] == [8, 12, 16] and again["k"] == 16
    _, more, _ = run(capsys, "prototypes", project, "--id", 20, "--id", 8)
    assert sorted(more["prototypes"]) == [8, 12, 16, 20]
    _, none, _ = run(capsys, "prototypes", project, "--clear")
    assert none["prototypes"] == [] and none["rows"] == []
    _, ranked, _ = run(capsys, "rank", project, "--target", "agn")
    assert ranked["model"] == "cold agn"


def test_efficiency_is_said_in_words(capsys, project):
    capsys.readouterr()
    assert main(["prototypes", str(project), "--target", "lens", "--id", "8", "--id", "12", "-k", "4"]) == 0
    out = capsys.readouterr().out
    assert "2 prototypes, " in out and "Efficiency@4: " in out and "of all sources; 2 are known" in out


def test_an_own_list_ranks_by_its_prototypes(capsys, project):
    run(capsys, "target", project, "--add", "Jellyfish")
    run(capsys, "prototypes", project, "--target", "jellyfish", "--id", 8)
    code, ranked, _ = run(capsys, "rank", project, "--target", "jellyfish", "--top", 8)
    assert code == 0 and ranked["rows"][0]["id"] == 8
    assert sum(row["id"] % 4 == 0 for row in ranked["rows"]) >= 6


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--catalog", "nothing.csv"], "missing"),
        (["--id", "4711"], "no source 4711"),
        (["--target", "nova"], "is none of lens"),
        (["-k", "0"], "1 or more"),
    ],
)
def test_prototypes_that_cannot_be(capsys, project, arguments, says):
    code, _, err = run(capsys, "prototypes", project, *arguments)
    assert code == 2 and says in err


def test_prototypes_stay_on_their_objects_when_sources_are_found_anew(capsys, project):
    opened = Project.open(project)
    places = opened.read_catalog().take(
        opened.read_catalog().rows_of([8, 12, 40])
    )  # 40 has no data around it
    opened.close()
    run(capsys, "prototypes", project, "--id", 8, "--id", 12, "--id", 40)
    code, _, _ = run(capsys, "detect", project)
    assert code == 0
    opened = Project.open(project)
    catalog = opened.read_catalog()
    kept = catalog.take(catalog.rows_of(opened.prototype_ids()["agn"]))
    opened.close()
    assert kept.ids.tolist() == [8, 12, 40]
    assert kept.x == pytest.approx(places.x, abs=4) and kept.y == pytest.approx(places.y, abs=4)

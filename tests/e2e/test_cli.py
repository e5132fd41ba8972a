"""The command line, verb by verb: results, exit codes, one clear line on bad input, nothing half-written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from PIL import Image

from astrotl_gui.cli import main
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import InjectionSettings
from astrotl_gui.pipeline.injection.checked import FEWEST_PAIRS

WCS = {
    "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 2.0, "CRPIX1": 50.0, "CRPIX2": 50.0,
    "CD1_1": -5e-5, "CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 5e-5,
}  # fmt: skip


def run(capsys, *arguments) -> tuple[int, dict, str]:
    """Exit code, the JSON object, stderr."""
    code = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, json.loads(out) if out.strip().startswith("{") else {}, err


def image(path: Path, shape=(100, 100), wcs=True, value=None, **cards) -> Path:
    rng = np.random.default_rng(1)
    data = rng.normal(0, 1, shape).astype("f4") if value is None else np.full(shape, value, "f4")
    hdu = fits.PrimaryHDU(data)
    hdu.header.update((WCS if wcs else {}) | cards)
    hdu.writeto(path)
    return path


@pytest.fixture(scope="session")
def ranked(small_field, tmp_path_factory) -> Path:
    """A project taken through new, detect and embed by the command line."""
    path = tmp_path_factory.mktemp("cli") / "Small.astrotl"
    bands = [f"--band={b}={p}" for b, p in small_field.images.items()]
    noise = [f"--rms={b}={p}" for b, p in small_field.rms.items()]
    assert main(["new", str(path), *bands, *noise, "--json"]) == 0
    few_examples(path)
    assert main(["detect", str(path), "--json"]) == 0
    assert main(["embed", str(path), "--views", "1", "--device", "cpu", "--json"]) == 0
    return path


def few_examples(path: Path) -> None:
    """A small field's injected examples would take longer than all of its sources."""
    project = Project.open(path)
    project.injection = InjectionSettings(pairs=FEWEST_PAIRS)
    project.save()
    project.close()


def test_the_road_from_images_to_lists(capsys, ranked):
    capsys.readouterr()
    for target in TARGETS:
        code, result, _ = run(capsys, "rank", ranked, "--target", target, "--top", 10, "--json")
        assert code == 0 and (result["schema"], result["command"], result["target"]) == (1, "rank", target)
        rows = result["rows"]
        assert [row["rank"] for row in rows] == list(range(1, 11))
        assert list(rows[0]) == ["rank", "id", "ra", "dec", "x", "y", "score", "label"]
        scores = [row["score"] for row in rows]
        assert scores == sorted(scores, reverse=True) and all(row["label"] is None for row in rows)


def test_the_queue_is_of_the_list_and_mixes_it(capsys, ranked):
    _, queue, _ = run(capsys, "rank", ranked, "--target", "lens", "--queue", "explore", "--top", 10, "--json")
    ranks = [row["rank"] for row in queue["rows"]]
    assert [rank for place, rank in enumerate(ranks, 1) if place % 5] == list(range(1, 9))
    assert min(ranks[4], ranks[9]) > 8


def test_similar_finds_others_nearest_first(capsys, ranked):
    _, top, _ = run(capsys, "rank", ranked, "--target", "lens", "--top", 1, "--json")
    (row,) = top["rows"]
    _, by_id, _ = run(capsys, "similar", ranked, "--id", row["id"], "-k", 5, "--json")
    place = f"{row['ra']},{row['dec']}"
    _, by_place, _ = run(capsys, "similar", ranked, "--radec", place, "-k", 5, "--json")
    assert by_id["rows"] == by_place["rows"] and by_id["query"] == row["id"]
    distances = [r["distance"] for r in by_id["rows"]]
    assert len(distances) == 5 and distances == sorted(distances) and distances[0] > 0
    assert row["id"] not in [r["id"] for r in by_id["rows"]]


def test_why_adds_up_and_maps_the_cutout(capsys, ranked, tmp_path):
    _, top, _ = run(capsys, "rank", ranked, "--target", "outlier", "--top", 4, "--json")
    first, second, *_ = (row["id"] for row in top["rows"])
    out = tmp_path / "map.png"
    code, _, err = run(capsys, "why", ranked, "--id", first, "--target", "outlier", "--out", out)
    assert code == 2 and "A map needs labels" in err and not out.exists()
    code, cold, _ = run(capsys, "why", ranked, "--id", first, "--target", "lens", "--json")
    assert code == 0 and cold["examples"] == [] and "Like the injected examples" in cold["cold_parts"]
    run(capsys, "label", ranked, "--id", second, "--target", "outlier", "--class", "A", "--json")
    code, why, _ = run(
        capsys, "why", ranked, "--id", first, "--target", "outlier", "--out", out, "--device", "cpu", "--json"
    )
    assert code == 0 and why["cold_rank"] == 1 and [e["id"] for e in why["examples"]] == [second]
    assert why["score"] == pytest.approx(why["base"] + why["cold"] + sum(why["kernels"].values()))
    assert np.shape(why["drops"]) == (8, 8)
    with Image.open(out) as picture:
        assert picture.size == (384, 384)
    run(capsys, "label", ranked, "--id", second, "--target", "outlier", "--class", "clear", "--json")
    assert main(["why", str(ranked), "--id", "999999", "--target", "lens"]) == 2


def test_labels_teach_and_travel(capsys, ranked, tmp_path):
    _, before, _ = run(capsys, "rank", ranked, "--target", "agn", "--top", 300, "--json")
    chosen = before["rows"][40]["id"]
    code, _, _ = run(capsys, "label", ranked, "--id", chosen, "--target", "agn", "--class", "A", "--json")
    assert code == 0
    _, after, _ = run(capsys, "rank", ranked, "--target", "agn", "--top", 300, "--json")
    assert after["rows"][0]["id"] == chosen and after["rows"][0]["label"] == "positive"
    run(capsys, "label", ranked, "--export", tmp_path / "labels.ecsv", "--json")
    (row,) = [r for r in Table.read(tmp_path / "labels.ecsv") if r["target"] == "agn"]
    assert (row["id"], row["value"], row["grade"]) == (chosen, "positive", "A")
    run(capsys, "label", ranked, "--id", chosen, "--target", "agn", "--class", "clear", "--json")
    code, taken, _ = run(capsys, "label", ranked, "--import", tmp_path / "labels.ecsv", "--json")
    assert (code, taken["labels"]) == (0, len(Table.read(tmp_path / "labels.ecsv")))
    _, again, _ = run(capsys, "rank", ranked, "--target", "agn", "--top", 300, "--json")
    assert again["rows"] == after["rows"]
    run(capsys, "label", ranked, "--id", chosen, "--target", "agn", "--class", "clear", "--json")


def test_export_reads_back(capsys, ranked, tmp_path):
    run(capsys, "rank", ranked, "--target", "lens", "--json")
    code, result, _ = run(
        capsys, "export", ranked, "--out", tmp_path / "all.fits", "--target", "lens", "--json"
    )
    table = Table.read(tmp_path / "all.fits")
    assert code == 0 and len(table) == result["rows"]
    assert table["rank_lens"][0] == 1 and {"ra", "dec", "flux_g", "mag_i", "score_lens"} <= set(
        table.colnames
    )


def test_detecting_anew_keeps_labels_on_their_objects(capsys, small_field, tmp_path):
    path = tmp_path / "Anew.astrotl"
    run(capsys, "new", path, *[f"--band={b}={p}" for b, p in small_field.images.items()])
    run(capsys, "detect", path, "--threshold", 3, "--json")
    project = Project.open(path)
    first = project.read_catalog()
    project.close()
    faint = first.take(np.argsort(first.column("snr"))[:5])
    bright = first.take(np.argsort(-first.column("snr"))[:5])
    for source in [*faint.ids, *bright.ids]:
        assert run(capsys, "label", path, "--id", source, "--target", "lens", "--class", "positive")[0] == 0
    run(capsys, "detect", path, "--threshold", 12, "--json")
    project = Project.open(path)
    second = project.read_catalog()
    labelled = project.labels.current("lens")
    project.close()
    assert len(second) < len(first)
    assert set(labelled) == {*faint.ids.tolist(), *bright.ids.tolist()}
    for group in (faint, bright):
        rows = second.rows_of(group.ids)
        assert (rows >= 0).all()
        assert np.hypot(second.x[rows] - group.x, second.y[rows] - group.y).max() < 5  # 1″
    others = second.ids[~np.isin(second.ids, first.ids)]
    assert not len(others) or others.min() > first.ids.max()


def test_embeddings_of_another_making_are_refused_and_made_anew(capsys, ranked, tmp_path):
    path = shutil.copytree(ranked, tmp_path / "Other.astrotl")
    project = Project.open(path)
    project.cutouts = replace(project.cutouts, size=project.cutouts.size + 2)
    project.save()
    project.close()
    code, _, err = run(capsys, "rank", path, "--target", "lens", "--json")
    assert code == 2 and "cutout size" in err and "Embed the sources again" in err
    code, made, _ = run(capsys, "embed", path, "--device", "cpu", "--views", 1, "--json")
    assert code == 0 and made["views"] == 1 and made["dimensions"] == 1584
    assert made["backend"].split()[0] in ("openvino", "torch") and made["cosine_to_fp32"] >= 0.999
    assert run(capsys, "rank", path, "--target", "lens", "--json")[0] == 0


def test_a_killed_embedding_resumes(capsys, small_field, tmp_path):
    path = tmp_path / "Killed.astrotl"
    run(capsys, "new", path, *[f"--band={b}={p}" for b, p in small_field.images.items()])
    few_examples(path)
    run(capsys, "detect", path)
    command = [sys.executable, "-m", "astrotl_gui", "embed", str(path), "--device", "cpu"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while not list(path.glob("embeddings/*/meta.toml")) and time.monotonic() < deadline:
            assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    code, result, _ = run(capsys, "embed", path, "--device", "cpu", "--json")
    assert code == 0
    assert run(capsys, "rank", path, "--target", "lens", "--json")[1]["sources"] == result["embedded"]
    assert len(list(path.glob("embeddings/*"))) == 1


def test_simulate_makes_a_field_that_new_takes(capsys, tmp_path):
    sky = tmp_path / "sky"
    options = ("--size", "300x200", "--bands", "g,r", "--depth", "24", "--depth", "g=25", "--epochs", 1)
    code, made, _ = run(capsys, "simulate", "--out", sky, "--seed", 4, *options, "--workers", 1, "--json")
    assert code == 0 and list(made["images"]) == ["g", "r"] and len(made["epochs"]) == 1
    assert made["classes"]["galaxy"] > 10 and Path(made["truth"]).is_file()
    header = fits.getheader(made["images"]["g"])
    assert (header["NAXIS1"], header["NAXIS2"], header["DEPTH"]) == (300, 200, 25.0)
    assert fits.getheader(made["images"]["r"])["DEPTH"] == 24.0
    code, result, _ = run(capsys, "new", tmp_path / "P", *made["images"].values(), "--json")
    assert (code, result["bands"], result["shape"]) == (0, ["g", "r"], [200, 300])


# -- bad input -------------------------------------------------------------------------------------------------


def refused(capsys, tmp_path, *arguments, says: str) -> None:
    before = sorted(str(p) for p in tmp_path.rglob("*"))
    code = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    assert code == 2 and not out
    lines = [line for line in err.splitlines() if line.strip()]
    assert len(lines) == 1 and says in lines[0] and "Traceback" not in err, err
    assert sorted(str(p) for p in tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: p.write_bytes(image(p.with_name("whole.fits")).read_bytes()[:20000]), "cut short"),
        (lambda p: p.touch(), "empty"),
        (lambda p: p.write_text("this is only text\n" * 300), "FITS"),
        (lambda p: image(p, value=np.nan), "bad.fits"),
        (lambda p: image(p, shape=(2, 2, 2, 9, 9), wcs=False), "bad.fits"),
        (lambda p: image(p, shape=(1, 1)), "bad.fits"),
        (lambda p: None, "bad.fits"),
    ],
    ids=["truncated", "empty", "text", "all NaN", "5-d", "1 × 1", "missing"],
)
def test_bad_images(capsys, tmp_path, make, says):
    good = image(tmp_path / "good.fits")
    make(tmp_path / "bad.fits")
    new = ("new", tmp_path / "P", f"--band=g={good}", f"--band=r={tmp_path / 'bad.fits'}")
    refused(capsys, tmp_path, *new, says=says)


def test_bands_of_different_fields(capsys, tmp_path):
    one, other = image(tmp_path / "a.fits"), image(tmp_path / "b.fits", CRVAL1=10.0)
    refused(
        capsys,
        tmp_path,
        "new",
        tmp_path / "P",
        f"--band=g={one}",
        f"--band=r={other}",
        says="different fields",
    )


def test_no_wcs_asks_for_the_pixel_scale(capsys, tmp_path):
    plain = image(tmp_path / "plain.fits", wcs=False)
    refused(capsys, tmp_path, "new", tmp_path / "P", f"--band=g={plain}", says="--pixel-scale")
    code, result, _ = run(capsys, "new", tmp_path / "P", f"--band=g={plain}", "--pixel-scale", 0.2, "--json")
    assert code == 0 and result["pixel_scale"] == pytest.approx(0.2)


def test_a_read_only_folder(capsys, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    good = image(tmp_path / "good.fits")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    refused(capsys, tmp_path, "new", locked / "P", f"--band=g={good}", says="read-only")


def test_a_folder_that_cannot_be_made(capsys, tmp_path):
    good = image(tmp_path / "good.fits")
    refused(capsys, tmp_path, "new", good / "P", f"--band=g={good}", says=str(good))


def test_a_catalog_without_coordinates(capsys, tmp_path):
    good, table = image(tmp_path / "good.fits"), tmp_path / "names.csv"
    table.write_text("name,flux\na,1\n")
    new = ("new", tmp_path / "P", f"--band=g={good}", "--catalog", table)
    refused(capsys, tmp_path, *new, says="No coordinates")


def test_verbs_that_come_too_early(capsys, tmp_path):
    good = image(tmp_path / "good.fits")
    run(capsys, "new", tmp_path / "P", f"--band=g={good}")
    project = tmp_path / "P.astrotl"
    refused(capsys, tmp_path, "rank", project, "--target", "lens", says="astrotl detect")
    refused(capsys, tmp_path, "embed", project, says="astrotl detect")


def test_what_is_no_project_or_no_source(capsys, tmp_path, ranked):
    refused(capsys, tmp_path, "rank", tmp_path, "--target", "lens", says="not a project")
    refused(
        capsys,
        tmp_path,
        "label",
        ranked,
        "--id",
        10**9,
        "--target",
        "lens",
        "--class",
        "A",
        says="No such source",
    )
    refused(capsys, tmp_path, "similar", ranked, "--radec=10,80", says="No source there")
    refused(capsys, tmp_path, "export", ranked, "--out", tmp_path / "x.docx", says=".docx")


def test_what_cannot_be_simulated(capsys, tmp_path):
    out = ("simulate", "--out", tmp_path / "sky")
    refused(capsys, tmp_path, *out, "--bands", "g,q", says="u, g, r, i, z, y")
    refused(capsys, tmp_path, *out, "--size", 20, says="20 × 20")
    refused(capsys, tmp_path, *out, "--depth", "z=25", says="z is not simulated")
    refused(capsys, tmp_path, *out, "--stars", -3, says="-3")
    for wrong in (("--depth", "deep"), ("--size", "large"), ("--camera", "radio")):
        with pytest.raises(SystemExit, match="2"):
            main([str(part) for part in (*out, *wrong)])
    capsys.readouterr()


def test_wrong_usage_exits_with_2(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["rank", "P.astrotl"])
    capsys.readouterr()

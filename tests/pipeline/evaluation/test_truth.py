"""truth.csv: labels, classes, and each way in which it can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.evaluation.truth import read_truth


def made(path: Path, text: str, files: tuple[str, ...] = ("a.png", "b.png", "c.png")) -> Path:
    (path / "images").mkdir()
    for name in files:
        (path / "images" / name).write_bytes(b"")
    (path / "truth.csv").write_text(text, encoding="utf-8")
    return path


def test_labels_in_the_table_s_order(tmp_path: Path) -> None:
    truth = read_truth(made(tmp_path, "\ufefffilename,label,grade\nc.png,normal,1\na.png, Anomaly ,2\n"))
    assert truth.names == ("c.png", "a.png") and truth.positive.tolist() == [False, True]
    assert truth.paths[0] == tmp_path / "images" / "c.png"


@pytest.mark.parametrize(
    ("classes", "wanted"),
    [
        (["ring"], [1, 0, 0]),
        (["merger"], [0, 1, 1]),
        (["ring", "merger"], [1, 1, 1]),
        (["Edge-on"], [0, 0, 1]),
        (["spiral"], [0, 1, 0]),
    ],
)
def test_classes_are_columns_or_values(tmp_path: Path, classes: list[str], wanted: list[int]) -> None:
    text = "filename,ring,merger,kind\na.png,1,0,round\nb.png,0,1,spiral\nc.png,0,true,edge-on; blue\n"
    assert read_truth(made(tmp_path, text), classes).positive.tolist() == wanted


@pytest.mark.parametrize(
    ("text", "classes", "says"),
    [
        ("filename,label\na.png,strange\n", [], 'label is not known.*line 2: "strange" for a.png'),
        ("filename,label\na.png,\n", [], "label is not known"),
        ("filename,ring\na.png,1\n", [], "no column label.*--positive CLASS.*ring"),
        ("name,label\na.png,normal\n", [], "needs a column filename; there are name, label"),
        ("", [], "needs a column filename; the file is empty"),
        ("filename,label\n", [], "has no rows"),
        ("filename,label\na.png,normal\na.png,anomaly\n", [], "listed twice.*a.png"),
        ("filename,label\na.png,normal\nx.png,normal\ny.png,normal\n", [], "2 of 3 rows.*x.png, y.png"),
        ("filename,label\n,normal\n", [], "1 of 1 rows"),
        ("filename,kind\na.png,ring\n", ["lens"], 'class.*"lens" is in no row.*Columns: kind; classes: ring'),
        ("filename,ring\na.png,maybe\n", ["ring"], '"maybe" in column ring, which is of 0 and 1'),
    ],
)
def test_bad_tables(tmp_path: Path, text: str, classes: list[str], says: str) -> None:
    with pytest.raises(AstroTLError, match=says):
        read_truth(made(tmp_path, text), classes)


def test_no_table_no_folder_no_text(tmp_path: Path) -> None:
    with pytest.raises(AstroTLError, match=r"truth\.csv is not there.*filename,label"):
        read_truth(tmp_path)
    with pytest.raises(AstroTLError, match="is no folder"):
        read_truth(tmp_path / "nowhere")
    (tmp_path / "truth.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AstroTLError, match="labels cannot be read"):
        read_truth(tmp_path)

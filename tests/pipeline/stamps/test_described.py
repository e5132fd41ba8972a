"""Tables of stamps: rows find their stamp by any usual form of its name, and what does not fit is said once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import SILENT
from astrotl_gui.pipeline.stamps.collection import Stamps
from astrotl_gui.pipeline.stamps.described import describe
from astrotl_gui.pipeline.stamps.find import find_stamps
from tests.pipeline.stamps.stamp_files import pictures, pixels


@pytest.fixture
def stamps(tmp_path: Path) -> Stamps:
    pictures(tmp_path / "stamps", pixels(4))
    return find_stamps([tmp_path / "stamps"], progress=SILENT)


def table(tmp_path: Path, text: str) -> Path:
    (tmp_path / "ids.csv").write_text(text)
    return tmp_path / "ids.csv"


@pytest.mark.parametrize(
    "form", ["{k:03d}.png", "some/way/{k:03d}.png", "{k:03d}", "{k}"], ids=["file", "path", "stem", "number"]
)
def test_rows_find_their_stamps(tmp_path: Path, stamps: Stamps, form: str) -> None:
    rows = [f"{form.format(k=k)},J{k},{10 + k},-{k},0.3,{k * k}" for k in (2, 0, 3, 1)]
    ids = table(tmp_path, "file,name,ra,dec,pixel_scale,x\n" + "\n".join(rows))
    said = describe(stamps, ids)
    assert said.user_id.tolist() == ["J0", "J1", "J2", "J3"]
    assert said.ra.tolist() == [10, 11, 12, 13] and said.dec.tolist() == [0, -1, -2, -3]
    assert said.scale.tolist() == [0.3] * 4
    assert said.columns["user_x"].tolist() == [0, 1, 4, 9], "our own x is another"
    assert said.notes == ()


def test_what_has_no_partner_is_said_and_kept(tmp_path: Path, stamps: Stamps) -> None:
    said = describe(stamps, table(tmp_path, "file,kind\n000.png,ring\n002.png,spiral\n900.png,gone\n"))
    assert said.columns["kind"].tolist() == ["ring", "", "spiral", ""]
    assert said.user_id.tolist() == ["000.png", "001", "002.png", "003"]
    assert said.notes == (
        "2 stamps without a row in ids.csv: 001.png, 003.png.",
        "1 row of ids.csv without a stamp: 900.png.",
    )


def test_two_rows_for_one_stamp_are_refused(tmp_path: Path, stamps: Stamps) -> None:
    with pytest.raises(AstroTLError, match=r"001\.png twice, in rows 1 and 3"):
        describe(stamps, table(tmp_path, "file\n001.png\n002.png\n001.png\n"))


def test_a_table_of_something_else_is_refused(tmp_path: Path, stamps: Stamps) -> None:
    with pytest.raises(AstroTLError, match=r"No column of ids\.csv \(a, b\) names stamps, such as 000\.png"):
        describe(stamps, table(tmp_path, "a,b\nx,y\n"))


def test_a_name_in_two_folders_is_nobodys(tmp_path: Path) -> None:
    for folder in ("rings", "spirals"):
        pictures(tmp_path / "set" / folder, pixels(2))
    stamps = find_stamps([tmp_path / "set"], progress=SILENT)
    assert describe(stamps, None).user_id.tolist() == ["rings/000", "rings/001", "spirals/000", "spirals/001"]
    with pytest.raises(AstroTLError, match="No row belongs"):
        describe(stamps, table(tmp_path, "file\n000.png\n"))
    said = describe(stamps, table(tmp_path, "file,n\nspirals/000.png,5\n"))
    assert np.flatnonzero(said.columns["n"] == 5).tolist() == [2]


def test_an_array_needs_a_row_for_each_stamp(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones((3, 16, 16)))
    stamps = find_stamps([tmp_path / "a.npz"], progress=SILENT)
    with pytest.raises(AstroTLError, match="2 rows for 3 stamps"):
        describe(stamps, table(tmp_path, "id\nA\nB\n"))
    said = describe(stamps, table(tmp_path, "id\nA\nB\nA\n"))
    assert said.user_id.tolist() == ["A", "B", "A"] and said.notes == (
        "1 id given to more than one stamp: A.",
    )

"""The sheet: every stamp in its cell, pixel for pixel, with nothing between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.stamps import sheet as module
from astrotl_gui.pipeline.stamps.sheet import GAP, Grid, SheetWriter, blank


@given(st.integers(1, 3000), st.integers(8, 200))
def test_cells_lie_apart_and_inside(count: int, side: int) -> None:
    grid = Grid(count, side)
    corners = np.array([grid.corner(cell) for cell in range(count)])
    ny, nx = grid.shape
    assert (
        (corners >= GAP).all()
        and (corners[:, 0] + side + GAP <= nx).all()
        and (corners[:, 1] + side + GAP <= ny).all()
    )
    assert len(np.unique(corners, axis=0)) == count and (corners % (side + GAP) == GAP).all()
    assert abs(grid.columns - grid.rows) <= 1, "near square"
    assert np.array_equal(np.stack(grid.centres(), axis=1), corners + (side - 1) / 2)
    assert corners[0].tolist() == [GAP, ny - GAP - side], "the first is at the top left"


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32"])
@pytest.mark.parametrize("run_bytes", [1, 1 << 26])
def test_what_is_written_reads_back(tmp_path: Path, dtype: str, run_bytes: int, monkeypatch) -> None:
    monkeypatch.setattr(module, "RUN_BYTES", run_bytes)
    grid, kind = Grid(7, 10), np.dtype(dtype)
    stamps = np.random.default_rng(0).integers(-99, 99, (7, 2, 10, 10)).astype(kind)
    with SheetWriter(tmp_path / "sheet", grid, ["g", "r"], kind) as writer:
        for run in grid.runs(8):
            writer.write(run, stamps[run.start : run.stop])
    for number, band in enumerate("gr"):
        header = fits.getheader(tmp_path / f"sheet/band{number + 1}.fits")
        with fits.open(tmp_path / f"sheet/band{number + 1}.fits", do_not_scale_image_data=True) as hdus:
            hdus.verify("exception")
            data = hdus[0].data.copy()
        assert header["FILTER"] == band and data.shape == grid.shape
        for cell in range(7):
            x, y = grid.corner(cell)
            assert np.array_equal(data[y : y + 10, x : x + 10], stamps[cell, number])
            data[y : y + 10, x : x + 10] = blank(kind)
        assert np.isnan(data).all() if kind.kind == "f" else (data == blank(kind)).all()


def test_a_disk_too_small_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(AstroTLError, match="The disk is full"):
        SheetWriter(tmp_path / "sheet", Grid(10**9, 1000), ["g"], np.dtype("float32"))
    assert not list(tmp_path.iterdir())

"""Sky catalogs: writing and reading millions of rows in bounded memory; images at URLs: bytes read for cutouts."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from astropy.io import fits

from astrotl_gui.core.fits import Plane, open_plane
from astrotl_gui.core.remote import BLOCKS
from astrotl_gui.pipeline.survey.hats import partitions, read_sky_catalog, write_sky_catalog
from benchmarks.memory import Watch
from benchmarks.report import Row
from tests.core.serving import serving

MANY, MORE, PART = 1_000_000, 10_000_000, 100_000
BANDS = 6
MEMORY = 1500.0
"""MB: 500 000 rows and one partition of a million, each with its sorted copy."""
SIDE, CUTOUTS, WIDTH = 8000, 100, 80


def run(full: bool = False) -> list[Row]:
    return _catalog(MORE if full else MANY) + _remote()


def _tables(rows: int) -> Iterator[pa.Table]:
    made = np.random.default_rng(7)
    for start in range(0, rows, PART):
        values = {f"mag_{band}": made.normal(24, 1, PART).astype(np.float32) for band in range(BANDS)}
        dec = np.degrees(np.arcsin(made.uniform(-0.1, 0.1, PART)))
        yield pa.table(
            {"id": np.arange(start, start + PART), "ra": made.uniform(0, 30, PART), "dec": dec, **values}
        )


def _catalog(rows: int) -> list[Row]:
    many = f"{rows:,} rows of {3 + BANDS} columns"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "sky"
        watch, begin = Watch(), time.perf_counter()
        write_sky_catalog(folder, _tables(rows), "bench")
        took, grown = time.perf_counter() - begin, watch.stop()
        size = sum(file.stat().st_size for file in folder.rglob("*.parquet"))
        watch, begin = Watch(), time.perf_counter()
        read = sum(len(table) for table in read_sky_catalog(folder))
        read_took, read_grown = time.perf_counter() - begin, watch.stop()
        assert read == rows
        within = [partitions(folder)[0][1]]
        begin = time.perf_counter()
        some = sum(len(table) for table in read_sky_catalog(folder, ["id"], within))
        return [
            Row("write a sky catalog", rows / took / 1e6, "million rows/s", n=many),
            Row("memory to write it", grown, "MB", target=MEMORY, n=many),
            Row("size of it", size / rows, "bytes a row", n=many),
            Row("read it", rows / read_took / 1e6, "million rows/s", n=many),
            Row("memory to read it", read_grown, "MB", target=MEMORY, n=many),
            Row("read one partition's ids", time.perf_counter() - begin, "s", n=f"{some:,} rows"),
        ]


def _remote() -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "a.fits"
        fits.writeto(path, np.random.default_rng(1).normal(0, 1, (SIDE, SIDE)).astype(np.float32))
        size, many = path.stat().st_size, f"{CUTOUTS} cutouts of {WIDTH} px, {SIDE}² px"
        places = np.random.default_rng(2).integers(0, SIDE - WIDTH, (CUTOUTS, 2)).tolist()
        with serving(Path(scratch)) as served:
            BLOCKS.clear()
            local, far = (open_plane(Plane.parse(f"{at}/a.fits[0]")) for at in (scratch, served.url))
            begin = time.perf_counter()
            for x, y in places:
                far.read(x, y, x + WIDTH, y + WIDTH)
            took, fetched = time.perf_counter() - begin, BLOCKS.fetched
            begin = time.perf_counter()
            for x, y in places:
                local.read(x, y, x + WIDTH, y + WIDTH)
            rival = CUTOUTS / (time.perf_counter() - begin)
        BLOCKS.clear()
        return [
            Row(
                "cutouts over HTTP on loopback", CUTOUTS / took, "1/s", "from disk", rival, more=True, n=many
            ),
            Row("bytes for the first cutout each", fetched / 1e6, "MB", "the file", size / 1e6, n=many),
        ]

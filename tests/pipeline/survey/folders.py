"""A survey folder as its run leaves it, made by hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

NOW = 1_800_000_000.0


def survey_folder(place: Path, partitions: int = 100, done: int = 40, every: float = 30.0) -> Path:
    """`done` of the partitions finished, one each `every` seconds, the last at NOW − `every`; 41 and 42 failed."""
    folder = place / "Deep field.survey"
    (folder / "failures").mkdir(parents=True)
    (folder / "survey.toml").write_text('name = "Deep field"\n')
    pq.write_table(pa.table({"number": list(range(partitions))}), folder / "work.parquet")
    for number in range(done):
        finish(folder, number, NOW - every * (done - number))
    for number in (41, 42):
        said = {"where": "tile_7.fits", "reason": "File is cut short.", "tries": 3}
        said |= {"stage": "embed", "number": number}
        (folder / "failures" / f"embed-{number:06}.json").write_text(json.dumps(said))
    return folder


def finish(folder: Path, number: int, when: float) -> None:
    part = folder / "parts" / f"{number:06}"
    part.mkdir(parents=True)
    os.utime(part, (when, when))

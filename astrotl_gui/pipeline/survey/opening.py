"""A mosaic of a survey as a project: its sources and embeddings are there, nothing is computed anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.project import Project
from astrotl_gui.pipeline.survey.folder import Field, Survey


def open_as_project(survey: Survey, mosaic: str, path: Path) -> Path:
    """Make a project of a mosaic (its name or number) from what has arrived of it; returns its folder.

    The parts' shards are copied as they are, ids are those of the survey. Raises AstroTLError for no such mosaic,
    nothing finished of it, and a folder that exists.
    """
    one = _field(survey, mosaic)
    parts = [
        survey.part(number)
        for number, of in survey.work()
        if of == one.number and survey.part(number).is_dir()
    ]
    if not parts:
        raise AstroTLError(
            "Nothing has arrived of this mosaic", f"{one.spec.name}: none of its partitions is finished."
        )
    tables = [Catalog.read(part / "catalog.parquet").table for part in parts]

    def fill(folder: Path) -> None:
        Catalog(pa.concat_tables(tables)).write(folder / "catalog.parquet")
        for number, part in enumerate(parts):
            for store in (part / "embeddings").iterdir():
                target = folder / "embeddings" / store.name
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(store / "meta.toml", target / "meta.toml")
                for shard in store.glob("shard-*.npz"):
                    shutil.copy(shard, target / f"shard-{number:05}{shard.stem.removeprefix('shard-')}.npz")

    project = Project.create(path, one.spec, survey.detection, survey.cutouts, fill=fill)
    try:
        project.encoder = survey.encoder
        project.write_catalog(project.read_catalog())  # no id is given twice
        project.save()
        return project.path
    finally:
        project.close()


def _field(survey: Survey, text: str) -> Field:
    for one in survey.fields:
        if text in (one.spec.name, str(one.number)):
            return one
    names = ", ".join(one.spec.name for one in survey.fields[:8])
    raise AstroTLError("No such mosaic", f"{survey.path} has no {text}; its mosaics are {names}.")

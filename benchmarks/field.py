"""The demo sky as a ranked project for benchmarks, made once and kept beside the reports."""

from __future__ import annotations

from pathlib import Path

from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.pipeline.demo import demo_project
from astrotl_gui.pipeline.sources import find_sources

FOLDER = Path("bench-output/data")


def detected_project() -> Path:
    """A project of the demo sky with sources and nothing embedded."""
    path = demo_project(FOLDER)
    project = Project.open(path)
    if not project.catalog_file.exists():
        mosaic = Mosaic.open(project.spec)
        project.write_catalog(find_sources(mosaic, project.read_catalog(), [], 1, project.detection))
    project.close()
    return path

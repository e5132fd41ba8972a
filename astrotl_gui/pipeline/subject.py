"""What a verb looks at without changing it: a project, or images as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.project import SUFFIX, Project
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.core.stretch import Look
from astrotl_gui.pipeline.new import Pairs, number


@dataclass(frozen=True)
class Subject:
    """A mosaic, its sources (None where none were detected yet), how they are detected, how it looks."""

    mosaic: Mosaic
    catalog: Catalog | None
    settings: DetectionSettings
    look: Look


def open_subjects(
    groups: Sequence[Sequence[Path]],
    *,
    pixel_scale: float = 0.0,
    zeropoints: Pairs = (),
    progress: Progress = SILENT,
) -> list[Subject]:
    """Open each group of paths: one project folder, or images whose bands their headers and names tell.

    `pixel_scale` [arcsec] is for images without WCS; `zeropoints`, (band, AB) pairs, replace what the headers of
    images say. Raises AstroTLError for what cannot be opened and for a zero point of a band that no group has.
    """
    known = {name: number(text, "zero point", float) for name, text in zeropoints}
    subjects = [_open(list(paths), pixel_scale, known, progress) for paths in groups]
    names = list(dict.fromkeys(band.name for subject in subjects for band in subject.mosaic.bands))
    for name in known:
        if name not in names:
            raise AstroTLError("No such band", f"There is no band {name}; the bands are {', '.join(names)}.")
    return subjects


def _open(paths: list[Path], pixel_scale: float, zeropoints: dict[str, float], progress: Progress) -> Subject:
    if len(paths) == 1 and (paths[0].is_dir() or paths[0].suffix == SUFFIX):
        return _project(paths[0], progress)
    spec = _with(identify(paths, progress=progress).spec(pixel_scale), zeropoints)
    return Subject(Mosaic.open(spec, progress=progress), None, DetectionSettings(), Look())


def _project(path: Path, progress: Progress) -> Subject:
    project = Project.open(path)
    try:
        catalog = project.read_catalog()
        look = Look.from_dict(project.view.get("look", {}))
        mosaic = Mosaic.open(project.spec, progress=progress)
        return Subject(mosaic, catalog if len(catalog) else None, project.detection, look)
    finally:
        project.close()


def _with(spec: MosaicSpec, zeropoints: dict[str, float]) -> MosaicSpec:
    bands = (replace(b, zeropoint=zeropoints.get(b.name, b.zeropoint)) for b in spec.bands)
    return replace(spec, bands=tuple(bands))

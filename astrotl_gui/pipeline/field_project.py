"""A real field as a project: opened from its headers like any mosaic, with its credit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import DetectionSettings, default_cutouts
from astrotl_gui.pipeline.field_files import field_files
from astrotl_gui.pipeline.real_fields import FIELDS, RealField


def field_spec(field: RealField) -> MosaicSpec:
    """The images of a field, which are in the cache folder, as a mosaic."""
    spec = replace(identify(field.files).spec(), name=field.title, credit=field.credit)
    if field.zeropoint is None:
        return spec
    return replace(spec, bands=tuple(replace(band, zeropoint=field.zeropoint) for band in spec.bands))


def field_project(name: str, folder: Path | None = None, *, progress: Progress = SILENT) -> Path:
    """The folder of a real field's project, made where it is not there yet (in `folder`, else among the user's data).

    Its images are downloaded on first use. Raises AstroTLError as `field_files`.
    """
    field = FIELDS[name]
    path = field.project(folder)
    field_files(field, progress=progress)
    if not path.exists():
        spec = field_spec(field)
        cutouts = default_cutouts(Mosaic.open(spec).pixel_scale())
        Project.create(path, spec, DetectionSettings(), cutouts).close()
    return path

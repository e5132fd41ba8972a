"""The demo sky: a simulated field, made on first use and kept in the cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import DetectionSettings, cache_folder, data_folder, default_cutouts
from astrotl_gui.pipeline.simulate import SimulatedField, simulate

NAME = "Demo sky (simulated)"


def demo_field(*, progress: Progress = SILENT) -> SimulatedField:
    """The images and the truth table of the demo sky; simulated in under a minute where they are not there yet."""
    return simulate(cache_folder() / "demo-sky", progress=progress)


def demo_spec(field: SimulatedField) -> MosaicSpec:
    """The demo sky as a mosaic, read from its headers like any other."""
    bands = identify([*field.images.values(), *field.rms.values()]).bands
    mask = Plane(field.mask, 0)
    return MosaicSpec(NAME, tuple(replace(band, mask=mask, mask_bits=field.mask_bits) for band in bands))


def demo_project(folder: Path | None = None, *, progress: Progress = SILENT) -> Path:
    """The folder of the demo project, made where it is not there yet (in `folder`, else among the user's data)."""
    path = (folder or data_folder()) / "Demo sky.astrotl"
    field = demo_field(progress=progress)
    if not path.exists():
        spec = demo_spec(field)
        cutouts = default_cutouts(Mosaic.open(spec).pixel_scale())
        Project.create(path, spec, DetectionSettings(), cutouts).close()
    return path

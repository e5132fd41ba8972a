"""The demo sky: a simulated field that comes with AstroTL."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.project import Project
from astrotl_gui.core.resources import resource
from astrotl_gui.core.settings import DetectionSettings, data_folder, default_cutouts
from astrotl_gui.pipeline.simulate import SimulatedField

NAME = "Demo sky (simulated)"
BANDS = ("g", "r", "i")


def demo_field() -> SimulatedField:
    """The images and the truth table of the demo sky (`make demo-sky` made them); it has no weights."""
    return replace(SimulatedField.at(resource("demo-sky"), BANDS), weights={})


def demo_spec(field: SimulatedField) -> MosaicSpec:
    """A simulated field as a mosaic, read from its headers like any other."""
    planes = [*field.images.values(), *field.rms.values(), *field.masks.values(), *field.psfs.values()]
    bands = [replace(band, mask_bits=field.mask_bits) for band in identify(planes).bands]
    return MosaicSpec(NAME, tuple(bands))


def demo_project(folder: Path | None = None, *, progress: Progress = SILENT) -> Path:
    """The folder of the demo project, made where it is not there yet (in `folder`, else among the user's data)."""
    path = (folder or data_folder()) / "Demo sky.astrotl"
    progress(0, 1, "Making the project")
    if not path.exists():
        spec = demo_spec(demo_field())
        cutouts = default_cutouts(Mosaic.open(spec).pixel_scale())
        Project.create(path, spec, DetectionSettings(), cutouts).close()
    return path

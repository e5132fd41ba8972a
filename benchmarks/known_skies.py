"""Fields whose rare objects are known, detected and embedded once and kept beside the reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.identify import identify
from astrotl_gui.core.injected import Injected
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import DetectionSettings, EncoderSettings, default_cutouts
from astrotl_gui.pipeline.demo import demo_project
from astrotl_gui.pipeline.embed import embed
from astrotl_gui.pipeline.field_files import field_files
from astrotl_gui.pipeline.field_project import field_project
from astrotl_gui.pipeline.inject import inject
from astrotl_gui.pipeline.making import find_embeddings
from astrotl_gui.pipeline.real_fields import FIELDS
from astrotl_gui.pipeline.sources import find_sources

KEPT = Path("bench-output/data/known")
SHARED = Path("../shared/data/fits")
LENS = (222.0, 230.0)  # SL2SJ142209+524652 in W3

Ids = frozenset[int]


@dataclass(frozen=True, eq=False)
class KnownSky:
    """A project with its sources, embeddings (one view, the built-in encoder) and injected examples."""

    project: Path
    mosaic: Mosaic
    catalog: Catalog
    embeddings: Embeddings
    injected: Mapping[str, Injected]

    def near(self, x: float, y: float, radius: float) -> Ids:
        """Ids of the sources within `radius` px of a place, the nearest alone where none is."""
        distance = np.hypot(self.catalog.x - x, self.catalog.y - y)
        inside = distance <= max(radius, float(distance.min()))
        return frozenset(self.catalog.ids[inside].tolist())

    def on_arc(self) -> Ids:
        """Ids of the sources in the box around the giant arc of Abell 370."""
        landmark = FIELDS["abell370"].landmark
        assert landmark is not None
        x0, y0, x1, y1 = landmark.box
        x, y = self.catalog.x, self.catalog.y
        return frozenset(self.catalog.ids[(x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)].tolist())


def known_sky(name: str) -> KnownSky | None:
    """demo, abell370, cfhtls_w3, xdf or ztf (its science image alone); None where its images are not here."""
    path = _project(name)
    if path is None:
        return None
    project = Project.open(path)
    project.encoder = EncoderSettings(views=1)
    mosaic = Mosaic.open(project.spec)
    if not project.catalog_file.exists():
        project.write_catalog(find_sources(mosaic, project.read_catalog(), [], 1, project.detection))
    catalog = project.read_catalog()
    folder = project.embeddings_folder
    embed(mosaic, catalog, folder, project.cutouts, project.encoder)
    found = find_embeddings(folder, catalog, mosaic, project.cutouts, project.encoder)
    project.close()
    assert found is not None
    examples = inject(mosaic, catalog, folder, project.cutouts, project.encoder, project.injection)
    return KnownSky(path, mosaic, catalog, found, examples.pairs)


def _project(name: str) -> Path | None:
    if name == "demo":
        return demo_project(KEPT)
    if name == "abell370":
        return field_project(name, KEPT)
    if name == "ztf":
        # The mask that comes with it is the truth: the project does not know of it.
        return _of_files("ztf science", [path for path in field_files(FIELDS[name]) if "sciimg" in path.name])
    return _of_files(name, sorted((SHARED / name).glob("*.fits")))


def _of_files(name: str, files: list[Path]) -> Path | None:
    path = KEPT / f"{name}.astrotl"
    if not files:
        return None
    if not path.exists():
        spec = identify(files).spec()
        Project.create(
            path, spec, DetectionSettings(), default_cutouts(Mosaic.open(spec).pixel_scale())
        ).close()
    return path

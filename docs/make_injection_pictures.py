"""Make the contact sheet of docs/injection.md: `python docs/make_injection_pictures.py`.

Upper rows: lenses and nuclei injected into galaxies of CFHTLS W3 and of the demo sky, each beside its host. Lower
rows: the real lens SL2SJ142209+524652 of CFHTLS W3, then lenses and AGN of the demo sky, which other code drew.
A second sheet has a row of each kind of artifact, and a last one with artifacts of the demo sky.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.core.regions import read_regions
from astrotl_gui.core.settings import ARTIFACT_KINDS, DetectionSettings, InjectionSettings, default_cutouts
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.pipeline.demo import demo_field, demo_project
from astrotl_gui.pipeline.injection.contact_sheet import tiled, write_picture
from astrotl_gui.pipeline.injection.instrument import Instrument
from astrotl_gui.pipeline.injection.pairs import draw_pairs
from astrotl_gui.pipeline.injection.pictures import Picture, composed
from astrotl_gui.pipeline.injection.stored import injectors
from astrotl_gui.pipeline.known import known_sources
from astrotl_gui.pipeline.sources import find_sources

OUT = Path(__file__).resolve().parent / "injection"
W3 = Path(__file__).resolve().parents[1] / "../shared/data/fits/cfhtls_w3"
LENS = (222.0, 230.0)
SIDE, COLUMNS = 80, 6


class Field:
    """A mosaic with its sources, and what is needed to draw into it and to show it."""

    def __init__(self, project: Project) -> None:
        self.project, self.mosaic = project, Mosaic.open(project.spec)
        empty = project.read_catalog()
        self.catalog: Catalog = find_sources(self.mosaic, empty, [], 1, project.detection)
        ids, size = self.catalog.ids, project.cutouts.size
        self.preprocessing = Preprocessing.fit(self.mosaic, ids, self.catalog.x, self.catalog.y, size)
        self.instrument = Instrument.of(self.mosaic, self.catalog, size)

    def injected(
        self,
        target: str,
        count: int,
        settings: InjectionSettings = InjectionSettings(),  # noqa: B008 (frozen)
    ) -> list[list[Picture]]:
        """Pairs of an injected cutout and its host."""
        injector = next(one for one in injectors(settings) if one.target == target)
        pairs: list[list[Picture]] = []
        for drawn in draw_pairs(self.instrument, injector, count, seed=3):
            parts = (composed(part, self.preprocessing, SIDE) for part in (drawn.injected[0], drawn.hosts[0]))
            pairs += [list(pair) for pair in zip(*parts, strict=True)]
        return pairs

    def cutouts(self, x: np.ndarray, y: np.ndarray) -> list[Picture]:
        bands = [band.name for band in self.instrument.bands]
        regions = read_regions(self.mosaic, x, y, self.project.cutouts.size, bands, len(x), np.arange(len(x)))
        return [picture for part in regions for picture in composed(part, self.preprocessing, SIDE)]

    def known(self, target: str, count: int) -> list[Picture]:
        ids = sorted(known_sources(demo_field().truth, self.catalog)[target].ids)
        rows = self.catalog.rows_of(
            ids[:: len(ids) // count][:count]
        )  # neighbours may be pieces of one trail
        return self.cutouts(self.catalog.x[rows], self.catalog.y[rows])


def main() -> None:
    if not W3.is_dir():
        sys.exit(f"{W3} is not on this computer")
    with tempfile.TemporaryDirectory() as scratch:
        spec = identify(sorted(W3.glob("*.fits"))).spec()
        cutouts = default_cutouts(Mosaic.open(spec).pixel_scale())
        real = Field(Project.create(Path(scratch) / "w3", spec, DetectionSettings(), cutouts))
        demo = Field(Project.open(demo_project(Path(scratch))))
        lenses = real.injected("lens", COLUMNS) + demo.injected("lens", 2 * COLUMNS)
        nuclei = demo.injected("agn", COLUMNS)
        real_ones = real.cutouts(np.array([LENS[0]]), np.array([LENS[1]])) + demo.known("lens", 11)
        others = demo.known("agn", 12)
        beside = [real_ones[k : k + 2] for k in range(0, 12, 2)] + [
            others[k : k + 2] for k in range(0, 12, 2)
        ]
        artifacts = [
            pair
            for kind in ARTIFACT_KINDS
            for pair in demo.injected("artifact", COLUMNS, InjectionSettings(artifact_kinds=(kind,)))
        ]
        real_artifacts = demo.known("artifact", 12)
        artifacts += [real_artifacts[k : k + 2] for k in range(0, 12, 2)]
        OUT.mkdir(exist_ok=True)
        write_picture(OUT / "artifacts.jpg", tiled(artifacts, COLUMNS))
        write_picture(OUT / "contact-sheet.jpg", tiled([*lenses, *nuclei, *beside], COLUMNS))
    print(f"{OUT}: {sum(file.stat().st_size for file in OUT.iterdir()) / 1e3:.0f} kB")


if __name__ == "__main__":
    main()

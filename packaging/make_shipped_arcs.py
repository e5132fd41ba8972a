"""Make the shipped arcs, which stand in for injected ones where the ray tracer is missing (`make shipped-arcs`).

Arcs are injected into the galaxies of the demo sky and embedded by the built-in encoder, one view each; what is
kept is by how much each arc moved its host's embedding.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from astrotl_gui.core.embeddings import EmbeddingStore
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import EncoderSettings
from astrotl_gui.pipeline.demo import demo_project
from astrotl_gui.pipeline.embed import embed
from astrotl_gui.pipeline.inject import inject
from astrotl_gui.pipeline.injection.shipped_arcs import FILE, write_shipped
from astrotl_gui.pipeline.sources import find_sources

COUNT = 100
OUT = Path(__file__).resolve().parents[1] / "resources" / FILE


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        project = Project.open(demo_project(Path(scratch)))
        mosaic, encoder = Mosaic.open(project.spec), EncoderSettings(views=1)
        catalog = find_sources(mosaic, project.read_catalog(), [], 1, project.detection)
        embed(mosaic, catalog, project.embeddings_folder, project.cutouts, encoder)
        examples = inject(
            mosaic, catalog, project.embeddings_folder, project.cutouts, encoder, targets=("lens",)
        )
        embeddings = EmbeddingStore(project.embeddings_folder, examples.key).load(catalog)
        assert embeddings is not None
        write_shipped(OUT, examples.pairs["lens"], embeddings, COUNT)
        project.close()
    print(f"{OUT}: {OUT.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()

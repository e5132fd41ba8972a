"""Make the pictures of docs/look-alikes.md and docs/outliers.md: `python docs/make_list_pictures.py PROJECT`.

PROJECT is the demo sky's, as `make demo` leaves it (demo-output/project/…). AGN: a row for each prototype, then its
look-alikes. Outliers: the first of the list as it is shown, before any label.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.core.regions import read_regions
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.pipeline.artifact_filter import likely_artifacts
from astrotl_gui.pipeline.demo import demo_field
from astrotl_gui.pipeline.injection.contact_sheet import tiled, write_picture
from astrotl_gui.pipeline.injection.pictures import Picture, composed
from astrotl_gui.pipeline.known import known_sources
from astrotl_gui.pipeline.lists import load_inputs, rank_lists
from astrotl_gui.pipeline.making import find_embeddings
from astrotl_gui.pipeline.prototypes import efficiency, prototype_lists

OUT = Path(__file__).resolve().parent / "lists"
SIDE, COLUMNS, PROTOTYPES = 80, 9, 4


def main(path: Path) -> None:
    project = Project.open(path)
    try:
        mosaic, catalog = Mosaic.open(project.spec), project.read_catalog()
        made_of = (project.embeddings_folder, catalog, mosaic, project.cutouts, project.encoder)
        inputs, embeddings = load_inputs(*made_of, project.outliers.method), find_embeddings(*made_of)
        size = project.cutouts.size
    finally:
        project.close()
    if inputs is None or embeddings is None:
        sys.exit(f"{path} has no embeddings: run make demo")
    stretch = Preprocessing.fit(mosaic, catalog.ids, catalog.x, catalog.y, size)

    def cutouts(ids: Sequence[int]) -> list[Picture]:
        rows = catalog.rows_of(ids)
        bands = [band.name for band in mosaic.bands]
        parts = read_regions(
            mosaic, catalog.x[rows], catalog.y[rows], size, bands, len(rows), np.arange(len(rows))
        )
        return [picture for part in parts for picture in composed(part, stretch, SIDE)]

    known = known_sources(demo_field().truth, catalog)["agn"].ids
    some = sorted(known)[:: len(known) // PROTOTYPES]
    found = prototype_lists(embeddings, some[:PROTOTYPES])
    rows = [
        [int(prototype), *nearest[: COLUMNS - 1].tolist()]
        for prototype, nearest in zip(found.prototypes, found.nearest, strict=True)
    ]
    every = prototype_lists(embeddings, sorted(known))
    judged = efficiency(every, known)
    hidden = set(likely_artifacts(inputs, None, {}).tolist())
    ranking = rank_lists(inputs, {"outlier": {}})["outlier"]
    ids = ranking.ids[np.argsort(-ranking.scores, kind="stable")].tolist()
    shown = [one for one in ids if one not in hidden][: 3 * COLUMNS]
    OUT.mkdir(exist_ok=True)
    write_picture(OUT / "agn.jpg", tiled([[one] for row in rows for one in cutouts(row)], COLUMNS))
    write_picture(OUT / "outliers.jpg", tiled([[one] for one in cutouts(shown)], COLUMNS))
    for row in rows:
        print(row[0], "→", sum(one in known for one in row[1:]), f"of {COLUMNS - 1} shown are AGN")
    print(f"each AGN as prototype: {judged.lists:.1%} of its 16 are AGN, {judged.base:.1%} by chance")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

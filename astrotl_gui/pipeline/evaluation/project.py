"""The labelled sources of a project as a labelled set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.pipeline.evaluation.labelled_set import LabelledSet
from astrotl_gui.pipeline.making import find_embeddings


def read_project(folder: Path, target: str = "") -> LabelledSet:
    """The labelled sources of a target, by default the one the project was last looked at for.

    Raises AstroTLError when the project cannot be opened, has no sources, no embeddings or no labels of it.
    """
    project = Project.open(folder)
    try:
        target = target or str(project.view.get("target", TARGETS[0]))
        catalog = project.read_catalog()
        if not len(catalog):
            raise AstroTLError("No sources yet", f"Run astrotl detect {folder} first.")
        mosaic = Mosaic.open(project.spec)
        embeddings = find_embeddings(
            project.embeddings_folder, catalog, mosaic, project.cutouts, project.encoder
        )
        if embeddings is None:
            raise AstroTLError("The sources are not embedded", f"Run astrotl embed {folder} first.")
        return labelled_sources(project.name, catalog, embeddings, project.labels.training(target), target)
    finally:
        project.close()


def labelled_sources(
    name: str, catalog: Catalog, embeddings: Embeddings, labels: Mapping[int, int], target: str
) -> LabelledSet:
    """The sources with a label (id → +1 or −1) and an embedding, by ascending id. AstroTLError when there is none."""
    ids = np.array(sorted(labels), np.int64)
    order = np.argsort(embeddings.ids, kind="stable")
    place = np.searchsorted(embeddings.ids[order], ids)
    place = order[np.minimum(place, len(order) - 1)] if len(order) else np.zeros(len(ids), np.int64)
    known = (
        (catalog.rows_of(ids) >= 0) & (embeddings.ids[place] == ids)
        if len(order)
        else np.zeros(len(ids), bool)
    )
    if not known.any():
        raise AstroTLError(
            "No labels yet", f"Label some sources for the target {target} as Yes and as No first."
        )
    ids, place = ids[known], place[known]
    kept = replace(
        embeddings, ids=ids, vectors=embeddings.vectors[place], statistics=embeddings.statistics[place]
    )
    making = embeddings.meta.get("making", {})
    settings = {
        "encoder": making.get("encoder", {}).get("name", ""),
        "views": making.get("views", 1),
        "target": target,
    }
    positive = np.array([labels[source] > 0 for source in ids.tolist()], bool)
    return LabelledSet(name, positive, catalog.take(catalog.rows_of(ids)), kept, target, settings)

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
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings
from astrotl_gui.core.targets import find_target, no_such_target
from astrotl_gui.pipeline.evaluation.labelled_set import LabelledSet
from astrotl_gui.pipeline.making import find_embeddings


def read_project(folder: Path, target: str = "") -> LabelledSet:
    """The labelled sources of a target, by default the one the project was last looked at for.

    Raises AstroTLError when the project cannot be opened, has no sources, no embeddings or no labels of it.
    """
    project = Project.open(folder)
    try:
        wanted = target or str(project.view.get("target", TARGETS[0]))
        target = find_target(project.target_names, wanted) or ""
        if not target:
            raise no_such_target(project.target_names, wanted, "")
        catalog, labels = project.read_catalog(), project.labels.training(target)
        mosaic = Mosaic.open(project.spec)
        return project_set(
            project.name,
            project.embeddings_folder,
            catalog,
            mosaic,
            project.cutouts,
            project.encoder,
            labels,
            target,
        )
    finally:
        project.close()


def project_set(
    name: str,
    embeddings_folder: Path,
    catalog: Catalog,
    mosaic: Mosaic,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    labels: Mapping[int, int],
    target: str,
    *,
    progress: Progress = SILENT,
) -> LabelledSet:
    """The labelled sources (id → +1 or −1) of an open project; errors as `read_project`."""
    progress(0, 0, "Reading embeddings")
    if not len(catalog):
        raise AstroTLError("No sources yet", "Detect the sources and embed them first.")
    embeddings = find_embeddings(embeddings_folder, catalog, mosaic, cutouts, encoder)
    if embeddings is None:
        raise AstroTLError("The sources are not embedded", "Embed them first; labels alone rank nothing.")
    return labelled_sources(name, catalog, embeddings, labels, target)


def labelled_sources(
    name: str, catalog: Catalog, embeddings: Embeddings, labels: Mapping[int, int], target: str
) -> LabelledSet:
    """The sources with a label (id → +1 or −1) and an embedding, by ascending id. AstroTLError when there is none."""
    rows = {source: row for row, source in enumerate(embeddings.ids.tolist())}
    known = [source for source in sorted(labels) if source in rows and catalog.rows_of([source])[0] >= 0]
    if not known:
        raise AstroTLError(
            "No labels yet", f"Label some sources for the target {target} as Yes and as No first."
        )
    ids, place = np.array(known, np.int64), np.array([rows[source] for source in known])
    kept = replace(
        embeddings, ids=ids, vectors=embeddings.vectors[place], statistics=embeddings.statistics[place]
    )
    making = embeddings.meta.get("making", {})
    settings = {
        "encoder": making.get("encoder", {}).get("name", ""),
        "layers": making.get("layers", ""),
        "views": making.get("views", 1),
        "target": target,
    }
    positive = np.array([labels[source] > 0 for source in ids.tolist()], bool)
    return LabelledSet(name, positive, catalog.take(catalog.rows_of(ids)), kept, target, settings)

"""The verbs `target` and `prototypes`: the lists of a project, and known examples of what they hold."""

from __future__ import annotations

import argparse
import math
from typing import Any

from astrotl_gui.commands.shared import ConsoleProgress, Result, catalog_of, lines, opened, target_of
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import TARGET_NAMES

COUNTED = ("positive", "unsure", "negative")


def target(options: argparse.Namespace) -> Result:
    from astrotl_gui.core.project import Project

    project = Project.open(options.project)
    try:
        changed = _change(project, options)
        rows = [_row(project, key, name) for key, name in project.target_names.items()]
        shown = [{**row, **row["labels"], "own": "own" if row["own"] else ""} for row in rows]
        return {"target": changed, "targets": rows, "text": lines(shown, ("key", "name", *COUNTED, "own"))}
    finally:
        project.close()


def _change(project: Any, options: argparse.Namespace) -> str | None:
    """Add, rename or remove as asked; the key of the list, None when nothing is asked."""
    if options.add is not None:
        return str(project.add_target(options.add))
    if options.rename is None and options.remove is None:
        return None
    key = target_of(project, options.rename[0] if options.rename else options.remove)
    if key in TARGET_NAMES:
        raise AstroTLError("This list stays", f"{', '.join(TARGET_NAMES)} are in every project.")
    if options.rename:
        project.rename_target(key, options.rename[1])
    else:
        project.remove_target(key)
    return key


def _row(project: Any, key: str, name: str) -> Result:
    values = [label.value for label in project.labels.current(key).values()]
    counts = {value: values.count(value) for value in COUNTED}
    return {"key": key, "name": name, "own": key not in TARGET_NAMES, "labels": counts}


def prototypes(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.prototypes import prototype_lists

    with opened(options.project) as (project, mosaic):
        if options.k < 1:
            raise AstroTLError("A list needs a length", "Give -k 1 or more.")
        target, catalog = target_of(project, options.target), catalog_of(project)
        missed = _take(project, catalog, target, options)
        ids = project.prototype_ids().get(target, [])
        result: Result = {"target": target, "k": options.k, "prototypes": ids, "missed": missed}
        if not ids:
            return {**result, "lists": [], "rows": [], "text": f"{target} has no prototypes"}
        embeddings = _embeddings(project, catalog, mosaic)
        found = prototype_lists(embeddings, ids, options.k, progress=ConsoleProgress())
        rows = _union_rows(found, catalog)
        if options.out:
            _write(options.out, rows, target, found.k)
        judged = _judged(found, catalog, options.known)
        lists = [
            {"prototype": source, "ids": near, "distances": apart}
            for source, near, apart in zip(
                found.prototypes.tolist(), found.nearest.tolist(), found.distances.tolist(), strict=True
            )
        ]
        shown = lines(rows, ("rank", "id", "ra", "dec", "distance", "lists"))
        says = f"{len(ids)} prototypes, {len(rows)} sources in their lists of {found.k}"
        if missed:
            says += f"; {missed} rows of the catalog lie on no source"
        text = "\n".join([shown, says, *_said(judged, found.k)])
        return {**result, "lists": lists, "rows": rows, **judged, "text": text}


def _take(project: Any, catalog: Any, target: str, options: argparse.Namespace) -> int:
    """Keep the prototypes that were given, if any; how many rows of a catalog lie on no source."""
    from astrotl_gui.core.prototypes import prototypes_of
    from astrotl_gui.pipeline.prototypes import match_catalog

    if options.clear:
        project.write_prototypes(target, [])
    elif options.catalog:
        ids, missed = match_catalog(options.catalog, catalog)
        if not ids:
            raise AstroTLError(
                "No prototype found its source", f"{options.catalog.name} lies beside them all."
            )
        project.write_prototypes(target, prototypes_of(catalog, target, ids, options.catalog.name))
        return missed
    elif options.id:
        missing = [source for source in options.id if catalog.rows_of([source])[0] < 0]
        if missing:
            raise AstroTLError("No such source", f"There is no source {missing[0]}.")
        kept = [p for p in project.read_prototypes() if p.target == target and p.id not in options.id]
        project.write_prototypes(target, [*kept, *prototypes_of(catalog, target, dict.fromkeys(options.id))])
    return 0


def _embeddings(project: Any, catalog: Any, mosaic: Any) -> Any:
    from astrotl_gui.pipeline.making import find_embeddings

    folder = project.embeddings_folder
    embeddings = find_embeddings(folder, catalog, mosaic, project.cutouts, project.encoder)
    if embeddings is None:
        raise AstroTLError("The sources are not embedded", f"Run astrotl embed {project.path} first.")
    return embeddings


def _union_rows(found: Any, catalog: Any) -> list[Result]:
    """The union as rows: the best rank, the distance there, and how many lists name the source."""
    rows = []
    for row in found.union:
        source = int(found.sources[row])
        place = catalog.row(source)
        rows.append(
            {
                "rank": int(found.best[row]),
                **{name: place[name] for name in ("id", "ra", "dec", "x", "y")},
                "distance": found.closest[row],
                "lists": int(found.counts[row]),
                "prototype": bool((found.prototypes == source).any()),
            }
        )
    return rows


def _write(path: Any, rows: list[Result], target: str, k: int) -> None:
    from astropy.table import Table

    from astrotl_gui.pipeline.table_files import write_table

    write_table(path, Table(rows=rows), {"target": target, "k": str(k)})


def _judged(found: Any, catalog: Any, known: Any) -> Result:
    """Efficiency and lift by the catalog of known ones, or by the prototypes among themselves where there are two."""
    from astrotl_gui.pipeline.prototypes import efficiency, match_catalog

    ids = set(found.prototypes.tolist())
    if known is None and len(ids) < 2:
        return {}
    if known is not None:
        ids |= set(match_catalog(known, catalog)[0])
    told = efficiency(found, ids)
    return {
        "known": len(ids),
        "efficiency": told.lists,
        "lift": told.lists / told.base if told.base else float("nan"),
        "base_rate": told.base,
        "union_efficiency": told.union,
        "union_lift": told.union / told.union_base if told.union_base else float("nan"),
    }


def _said(judged: Result, k: int) -> list[str]:
    """Efficiency and lift in words."""
    if not judged:
        return []
    says = [
        f"Efficiency@{k}: {judged['efficiency']:.3f}, {judged['lift']:.1f} times the {judged['base_rate']:.4f} of "
        f"all sources; {judged['known']} are known"
    ]
    share, lift = judged["union_efficiency"], judged["union_lift"]
    if math.isfinite(share):
        says.append(f"Of the union without prototypes, {share:.3f} are known, {lift:.1f} times as many")
    return says

"""What `astrotl rank --target outlier` adds: the choice of method, and the methods side by side."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from astrotl_gui.commands.shared import ConsoleProgress, Result

PICTURES = "pictures"


def outlier_table(options: argparse.Namespace, project: Any, mosaic: Any, catalog: Any) -> Any:
    """Keep a method chosen in the project, compute what it needs, and return the table that --compare asks for."""
    if options.method:
        project.outliers = replace(project.outliers, method=options.method)
        project.save()
    pictures = project.outliers.method == PICTURES
    if not (pictures or options.compare):
        return None
    from astrotl_gui.pipeline.outliers import compare_outliers
    from astrotl_gui.pipeline.picture_outliers import compare_pictures

    compare = compare_pictures if pictures else compare_outliers
    table = compare(
        mosaic,
        catalog,
        project.embeddings_folder,
        project.cutouts,
        project.encoder,
        progress=ConsoleProgress(),
    )
    return table if options.compare else None


def agreement(table: Any, source: int) -> Result:
    """The columns of the export for one source: how many methods agree, and its rank by each."""
    row = table.row_of(source)
    if row is None:
        return {"agreement_outlier": None}
    ranks = {f"rank_outlier_{name}": rank for name, rank in zip(table.methods, table.ranks[row], strict=True)}
    return {"agreement_outlier": table.agreement[row], **ranks}

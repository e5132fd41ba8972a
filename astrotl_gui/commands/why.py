"""`astrotl why`: what put a source at its rank, as text, as JSON, and as a map of its cutout."""

from __future__ import annotations

import argparse
from typing import Any

from astrotl_gui.commands.shared import (
    ConsoleProgress,
    Result,
    catalog_of,
    inputs_of,
    opened,
    row_of,
    target_of,
)
from astrotl_gui.core.errors import AstroTLError

SHOWN = 10


def why(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.explain import explain

    with opened(options.project) as (project, mosaic):
        catalog = catalog_of(project)
        row = row_of(catalog, options.id)
        inputs = inputs_of(project, catalog, mosaic, options.device)
        target = target_of(project, options.target)
        labels = project.labels.training(target)
        bands = [band.name for band in mosaic.bands]
        found = explain(inputs, target, labels, options.id, bands)
        result: Result = {**found.to_dict(), "text": _text(found)}
        if options.out:
            result["drops"] = _map(options, target, project, mosaic, catalog, inputs, labels, row)
            result["file"] = options.out
        return result


def _map(
    options: argparse.Namespace,
    target: str,
    project: Any,
    mosaic: Any,
    catalog: Any,
    inputs: Any,
    labels: Any,
    row: dict[str, Any],
) -> list[list[float]]:
    """Write the map; rows from the highest y down."""
    from astrotl_gui.pipeline.occlusion import importance, occlude
    from astrotl_gui.pipeline.occlusion_picture import write_picture

    if not any(source in inputs.rows for source in labels):
        raise AstroTLError("A map needs labels", f"Label a few candidates of {target} first.")
    hidden = occlude(
        mosaic,
        catalog,
        project.embeddings_folder,
        inputs.key,
        project.cutouts,
        project.encoder,
        options.id,
        device=options.device,
        progress=ConsoleProgress(),
    )
    found = importance(inputs, target, labels, options.id, hidden)
    assert found is not None
    write_picture(options.out, mosaic, float(row["x"]), float(row["y"]), found)
    return [[float(drop) for drop in line] for line in found.drops[::-1]]


def _text(found: Any) -> str:
    from astrotl_gui.core.quantities import kernel_name

    rows = [f"source {found.source}\t{found.target}\tscore\t{found.score:+.3f}"]
    if found.examples:
        rows += ["targets are rare\t-1.000", f"order before any label\t{found.cold:+.3f}"]
        rows += [f"{kernel_name(name)}\t{value:+.3f}" for name, value in found.kernels.items()]
        for example in found.examples[:SHOWN]:
            rows.append(f"example {example.id}\t{'yes' if example.value > 0 else 'no'}\t{example.term:+.3f}")
    if found.count:
        rows.append(f"before any label\t{found.cold_rank} of {found.count}")
    rows += [f"{name}\t{value:+.3f}" for name, value in found.cold_parts.items()]
    rows += [f"{one.quantity}\t{one.side} {100 * one.share:.2g} %" for one in found.telling]
    return "\n".join(rows)

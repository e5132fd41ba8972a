"""`astrotl inject --recover`: how complete a list is for objects drawn into the project's own galaxies."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from astrotl_gui.commands.shared import ConsoleProgress, Result, catalog_of, injected, opened

DEPTHS = (20, 50, 100, 200, 500)


def recovery(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.completeness_plot import write_recovery
    from astrotl_gui.pipeline.evaluation.output import check_plot
    from astrotl_gui.pipeline.recovery import QUANTITIES, recover

    if options.plot:
        check_plot(options.plot)
    with opened(options.project) as (project, mosaic):
        catalog, target = catalog_of(project), options.target or "lens"
        injected(project, mosaic, catalog, device=options.device)  # the list learns from its own
        made = recover(
            mosaic,
            catalog,
            project.embeddings_folder,
            project.cutouts,
            project.encoder,
            project.injection,
            target,
            project.labels.training(target),
            options.objects,
            device=options.device,
            progress=ConsoleProgress(),
        )
        notes = list(made.notes)
        if target in project.prototype_ids():
            notes.append("The list's prototypes are left out.")
        result: Result = {
            "target": target,
            "model": made.model,
            "sources": made.sources,
            "objects": len(made.ranks),
            "top": options.top,
            "found": int(made.found(options.top).sum()),
            "whole": _rows(made.whole(options.top))[0],
            "by_depth": [{"top": top, "found": int(made.found(top).sum())} for top in DEPTHS],
            "by": {name: _rows(made.by(name, options.top)) for name in QUANTITIES[target]},
            "notes": notes,
        }
        says = _text(result, QUANTITIES[target])
        if options.plot:
            write_recovery(options.plot, made, f"{project.name}, {project.target_names[target]}", options.top)
            result["plot"] = options.plot
            says.append(f"Plot: {options.plot}")
        return {**result, "text": "\n".join(says)}


def _rows(told: Any) -> list[Result]:
    columns = (told.low, told.high, told.count, told.found, told.share, told.least, told.most)
    names = ("low", "high", "count", "found", "share", "least", "most")
    rows = [dict(zip(names, row, strict=True)) for row in zip(*(c.tolist() for c in columns), strict=True)]
    for row, kind in zip(rows, told.kinds or [""] * len(rows), strict=True):
        if kind:
            row["kind"] = kind
    return rows


def _text(result: Result, names: dict[str, str]) -> list[str]:
    whole = result["whole"]
    says = [
        f"{result['found']} of {result['objects']} injected objects stand in the top {result['top']:,} of "
        f"{result['sources']:,} ({_percent(whole)}), ranked by {result['model']}"
    ]
    for quantity, rows in result["by"].items():
        for row in rows:
            span = row.get("kind", f"{row['low']:.3g} to {row['high']:.3g}")
            says.append(f"{names[quantity]}\t{span}\t{row['found']} of {row['count']}\t{_percent(row)}")
    return [*says, *result["notes"]]


def _percent(row: Result) -> str:
    return f"{100 * row['share']:.0f} %, {100 * row['least']:.0f} to {100 * row['most']:.0f}"


def recovery_options(sub: argparse.ArgumentParser) -> None:
    """What `astrotl inject --recover` takes beyond `astrotl inject`."""
    sub.add_argument(
        "--recover", action="store_true", help="how complete the list is for others drawn the same way"
    )
    sub.add_argument(
        "--objects", type=int, default=200, metavar="N", help="recover: how many are drawn (200)"
    )
    sub.add_argument(
        "--top", type=int, default=100, metavar="K", help="recover: found means among the first K (100)"
    )
    sub.add_argument("--plot", type=Path, metavar="FILE", help="recover: completeness, .png or .svg")

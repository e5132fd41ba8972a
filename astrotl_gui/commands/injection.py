"""`astrotl inject`: the examples drawn into the user's own cutouts, and what is drawn."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

import numpy as np

from astrotl_gui.commands.recovery import recovery
from astrotl_gui.commands.shared import Result, catalog_of, injected, opened


def inject(options: argparse.Namespace) -> Result:
    from astrotl_gui.pipeline.injection.contact_sheet import check_format, write_contact_sheet

    if options.recover:
        return recovery(options)
    if options.out:
        check_format(options.out)
    with opened(options.project) as (project, mosaic):
        _choose(project, options)
        catalog = catalog_of(project)
        targets = (options.target,) if options.target else ()
        examples = injected(project, mosaic, catalog, device=options.device, targets=targets)
        rows = [_row(target, pairs) for target, pairs in examples.pairs.items()]
        result = {"key": examples.key, "made": examples.made, "targets": rows}
        lines = [f"{row['target']}: {row['pairs']} pairs{_ranges(row)}" for row in rows]
        lines += sorted({note for row in rows for note in row["notes"]})
        if options.out:
            write_contact_sheet(options.out, project, mosaic, catalog, tuple(examples.pairs))
            result["file"] = options.out
            lines.append(f"Contact sheet: {options.out}")
        return {**result, "text": "\n".join(lines)}


def _choose(project: Any, options: argparse.Namespace) -> None:
    """Keep in the project what is drawn, where the options say so."""
    from astrotl_gui.core.settings import InjectionSettings
    from astrotl_gui.pipeline.injection.checked import checked

    names = InjectionSettings.__dataclass_fields__
    given = {name: value for name in names if (value := getattr(options, name)) is not None}
    chosen = checked(replace(project.injection, **given))
    if chosen != project.injection:
        project.injection = chosen
        project.save()


def _row(target: str, pairs: Any) -> Result:
    from astrotl_gui.core.settings import ARTIFACT_KINDS

    drawn = {
        name: [float(np.nanmin(v)), float(np.nanmax(v))] for name, v in pairs.facts.items() if name != "kind"
    }
    row = {"target": target, "pairs": len(pairs), "hosts": len(np.unique(pairs.hosts)), "drawn": drawn}
    if "kind" in pairs.facts:
        counts = np.bincount(pairs.facts["kind"].astype(int), minlength=len(ARTIFACT_KINDS)).tolist()
        row["kinds"] = dict(zip(ARTIFACT_KINDS, counts, strict=True))
    return {**row, "notes": list(pairs.notes)}


def _ranges(row: Result) -> str:
    drawn = [
        f"{name.replace('_', ' ')} {low:.3g} to {high:.3g}" for name, (low, high) in row["drawn"].items()
    ]
    drawn += [f"{count} {kind}" for kind, count in row.get("kinds", {}).items() if count]
    return f" on {row['hosts']} hosts; {', '.join(drawn)}" if drawn else ""

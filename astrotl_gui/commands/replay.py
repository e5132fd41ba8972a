"""`astrotl replay`: the whole session from its label log, event by event, to the ranking of now."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from astrotl_gui.commands.shared import ConsoleProgress, Result, catalog_of, inputs_of, opened, target_of
from astrotl_gui.core.errors import AstroTLError


def replay(options: argparse.Namespace) -> Result:
    from astrotl_gui.core.settings import AppSettings
    from astrotl_gui.pipeline.replay import replay, write_steps

    vetter = options.vetter or AppSettings.load().vetter
    with opened(options.project) as (project, mosaic):
        targets = _targets(options, project)
        inputs = inputs_of(project, catalog_of(project), mosaic)
        stored = project.read_rankings()
        made = [
            replay(project.labels, inputs, target, project.audits, vetter, progress=ConsoleProgress())
            for target in targets
        ]
        result: Result = {"lists": [_shown(one, stored, options.top) for one in made]}
        says = [line for one in result["lists"] for line in _lines(one)]
        if options.out:
            rows = write_steps(options.out, made)
            result["file"] = options.out
            says.append(f"{rows:,} events in {options.out}")
        return {**result, "text": "\n".join(says)}


def _targets(options: argparse.Namespace, project: Any) -> list[str]:
    """The list that is asked for, else all with labels."""
    if options.target:
        return [target_of(project, options.target)]
    events = {label.target for label in project.labels.events()}
    targets = [target for target in project.target_names if target in events]
    if not targets:
        raise AstroTLError("No labels yet", "There is nothing to replay.")
    return targets


def _shown(one: Any, stored: Any, top: int) -> Result:
    from astrotl_gui.pipeline.replay import same

    ranking = one.ranking
    rows = zip(ranking.ids[:top].tolist(), ranking.scores[:top].tolist(), strict=True)
    return {
        "target": one.target,
        "model": ranking.model,
        "as_stored": same(ranking, stored.get(one.target)),
        "labels": one.steps[-1].labels if one.steps else 0,
        "found": one.steps[-1].found if one.steps else 0,
        "notes": one.notes,
        "steps": [asdict(step) for step in one.steps],
        "rows": [{"rank": k, "id": i, "score": score} for k, (i, score) in enumerate(rows, 1)],
    }


def _lines(one: Result) -> list[str]:
    says = {True: ", as stored", False: ", other than the one stored", None: ""}[one["as_stored"]]
    return [
        f"{one['target']}: {len(one['steps']):,} events, {one['found']:,} found in {one['labels']:,} labels; "
        f"ranked by {one['model'] or 'nothing yet'}{says}",
        *one["notes"],
    ]


def replay_options(sub: argparse.ArgumentParser, lists: str) -> None:
    """What `astrotl replay` takes."""
    sub.add_argument("--target", metavar="T", help=f"{lists} (default: all with labels)")
    sub.add_argument(
        "--out", type=Path, metavar="FILE", help="a row an event: rank at which it stood, found by then"
    )
    sub.add_argument(
        "--top", type=int, default=20, metavar="N", help="rows of the last ranking to print (20)"
    )
    sub.add_argument("--vetter", help="as who sees labels (default: your settings)")

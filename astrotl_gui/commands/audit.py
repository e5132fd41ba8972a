"""`astrotl audit`: how much of a set was found, proved by a random sample labelled blind."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from astrotl_gui.commands.shared import Result, catalog_of, inputs_of, opened, target_of
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import round_time

SAMPLE_COLUMNS = ("id", "ra", "dec", "x", "y")


def audit(options: argparse.Namespace) -> Result:
    with opened(options.project) as (project, mosaic):
        target = target_of(project, options.target)
        for name, act in _ACTS.items():
            if getattr(options, name):
                return act(options, project, mosaic, target)
        return _report(options, project, mosaic, target)


def _plan(options: argparse.Namespace, project: Any, mosaic: Any, target: str) -> Result:
    from astrotl_gui.pipeline.audit import plan_audit

    made = plan_audit(project, catalog_of(project), target, options.recall, options.filter, options.hits)
    return {**asdict(made), "seconds": made.seconds, "text": "\n".join(_planned(made))}


def _planned(made: Any) -> list[str]:
    says = [
        f"Set: {made.size:,} sources, {made.words}; {made.found:,} found",
        f"To show that {made.recall:.0%} are found: {made.labels:,} labels",
    ]
    if made.seconds is not None:
        says.append(f"Time at this pace: {round_time(made.seconds)}")
    costs = [f"{k}: {n:,}" if n is not None else f"{k}: cannot be shown" for k, n in enumerate(made.by_hits)]
    return [*says, f"Labels it takes by hits among them: {', '.join(costs)}"]


def _start(options: argparse.Namespace, project: Any, mosaic: Any, target: str) -> Result:
    from astrotl_gui.pipeline.audit import start_audit

    ranking = project.read_rankings().get(target)
    begun = start_audit(
        project,
        catalog_of(project),
        target,
        options.recall,
        options.filter,
        options.hits,
        model=ranking.model if ranking else "",
        seed=options.seed,
    )
    says = (
        f"Audit {begun.number} of {begun.words}: label the {len(begun.sample):,} sources of its sample blind"
    )
    return {**_facts(_state(project, target, begun.number)), "text": says}


def _sample(options: argparse.Namespace, project: Any, mosaic: Any, target: str) -> Result:
    """Write what is to be labelled, in order, with an empty label for each."""
    from astropy.table import Table

    from astrotl_gui.pipeline.table_files import write_table

    state = _chosen(options, project, target)
    catalog = catalog_of(project)
    rows = catalog.rows_of(state.audit.sample)
    given = [state.answers.get(source) for source in state.audit.sample.tolist()]
    table = Table({name: catalog.column(name)[rows] for name in SAMPLE_COLUMNS})
    table["target"] = [target] * len(rows)
    table["label"] = [label.value if label else "" for label in given]
    write_table(options.sample, table, {"audit": str(state.audit.number), "set": state.audit.words})
    says = f"{len(rows):,} sources in {options.sample}; fill in label, then --answers {options.sample}"
    return {**_facts(state), "file": options.sample, "text": says}


def _answers(options: argparse.Namespace, project: Any, mosaic: Any, target: str) -> Result:
    """Take labels that were given without sight of ranks."""
    from astrotl_gui.core.settings import AppSettings
    from astrotl_gui.pipeline.label_table import read_labels

    state = _chosen(options, project, target)
    vetter = options.vetter or AppSettings.load().vetter
    catalog = catalog_of(project)
    read = read_labels(options.answers, catalog, vetter, project.target_names, gaps=True)
    sample = set(state.audit.sample.tolist())
    kept = [
        replace(label, blind=True, time="", mosaic=mosaic.fingerprint)
        for label in read
        if label.target == target and label.source_id in sample
    ]
    if not kept:
        raise AstroTLError(
            "No answer in this table", f"{options.answers}: no label of audit {state.audit.number}."
        )
    project.labels.add(kept)
    state = _state(project, target, state.audit.number)
    return {**_facts(state), "taken": len(kept), "text": f"{state.done:,} of {state.total:,} labelled"}


def _finish(options: argparse.Namespace, project: Any, mosaic: Any, target: str) -> Result:
    from astrotl_gui.pipeline.audit import finish_audit

    return _ended(options, project, target, finish_audit)


def _release(options: argparse.Namespace, project: Any, mosaic: Any, target: str) -> Result:
    from astrotl_gui.pipeline.audit import release_audit

    return _ended(options, project, target, release_audit)


def _stop(options: argparse.Namespace, project: Any, mosaic: Any, target: str) -> Result:
    from astrotl_gui.pipeline.audit import stop_audit

    return _ended(options, project, target, stop_audit)


def _ended(options: argparse.Namespace, project: Any, target: str, verb: Any) -> Result:
    number = _chosen(options, project, target).audit.number
    verb(project, number)
    state = _state(project, target, number)
    return {**_facts(state), "text": _line(state)}


def _report(options: argparse.Namespace, project: Any, mosaic: Any, target: str) -> Result:
    """Where the list stands, every audit of it, and with --plot how its probabilities hold."""
    from astrotl_gui.core.advice import advise
    from astrotl_gui.pipeline.audit import states, where_it_stands

    catalog, found = catalog_of(project), states(project, target)
    ranking = project.read_rankings().get(target)
    where = where_it_stands(project, catalog, target, ranking)
    says = advise(where, project.target_names, found)
    result: Result = {
        "target": target,
        "sources": where.sources,
        "labels": where.labels,
        "found": where.found,
        "by_chance": None if where.chance is None else float(where.chance.expected(where.labels)),
        "chance_from_audit": where.chance is not None and where.chance.audited,
        "last_10": sum(where.last(10)),
        "last_50": sum(where.last(50)),
        "top_20_kept": where.top_kept,
        "vetters": [{**asdict(one), "total": one.total} for one in where.vetters],
        "state": says.state,
        "audits": [_facts(state) for state in found],
    }
    lines = [says.sentence, says.detail, *(_line(state) for state in found)]
    if options.calibration or options.plot:
        calibration, more = _calibrated(options, project, mosaic, catalog, target, found)
        result["calibration"] = calibration
        lines += more
    return {**result, "text": "\n".join(lines)}


def _calibrated(
    options: argparse.Namespace, project: Any, mosaic: Any, catalog: Any, target: str, found: Any
) -> tuple[Result | None, list[str]]:
    """The calibration of the list as JSON values, or None, and lines that say it; the plot is written."""
    from astrotl_gui.pipeline.calibration import calibrations, complete, why_not
    from astrotl_gui.pipeline.completeness_plot import write_reliability

    made = calibrations(project, inputs_of(project, catalog, mosaic), [target]).get(target)
    if made is None:
        return None, [why_not(complete(found))]
    low, high = made.interval
    says = [
        f"Probabilities by {made.method} from {made.labels:,} labels, {made.yes:,} yes: off by {made.error:.3f} "
        f"on average ({low:.3f} to {high:.3f}), Brier score {made.brier:.4f}"
    ]
    if options.plot:
        write_reliability(options.plot, made, f"{project.name}, {project.target_names[target]}")
        says.append(f"Reliability diagram: {options.plot}")
    return made.to_dict(), says


def _chosen(options: argparse.Namespace, project: Any, target: str) -> Any:
    """The audit that is meant: by number, else the one being labelled, else the latest that has not ended."""
    from astrotl_gui.pipeline.audit import states

    found = states(project, target)
    if options.number is not None:
        found = [state for state in found if state.audit.number == options.number]
        if not found:
            raise AstroTLError("No such audit", f"{target} has no audit {options.number}.")
    else:
        found = [state for state in found if state.audit.holds_out]
    if not found:
        raise AstroTLError("No audit goes on", f"astrotl audit {project.path} --target {target} --start")
    return found[-1]


def _state(project: Any, target: str, number: int) -> Any:
    from astrotl_gui.pipeline.audit import states

    return next(state for state in states(project, target) if state.audit.number == number)


def _facts(state: Any) -> Result:
    """An audit as JSON values."""
    names = ("number", "target", "words", "recall", "seed", "model", "started", "state", "ended", "size")
    audit = state.audit
    return {
        **{name: getattr(audit, name) for name in names},
        "labels": state.total,
        "done": state.done,
        "hits": state.hits,
        "unsure": state.unsure,
        "next": state.next[:10],
        "certificate": None if state.certificate is None else asdict(state.certificate),
        "recall_now": state.recall_now,
    }


def _line(state: Any) -> str:
    audit, proved = state.audit, state.certificate
    says = f"Audit {audit.number} ({audit.words}), {audit.state}: {state.done:,} of {state.total:,} labelled"
    if proved is None:
        return says
    return (
        f"{says}; {proved.found:,} found, {proved.hits} hits, {proved.unsure} unsure, at most {proved.unfound:,} "
        f"missed: at least {int(100 * proved.recall)} % were found"
    )


_ACTS = {
    "plan": _plan,
    "start": _start,
    "sample": _sample,
    "answers": _answers,
    "finish": _finish,
    "release": _release,
    "stop": _stop,
}


def audit_options(sub: argparse.ArgumentParser, lists: str) -> None:
    """What `astrotl audit` takes."""
    sub.add_argument("--target", required=True, metavar="T", help=lists)
    what = sub.add_mutually_exclusive_group()
    what.add_argument("--plan", action="store_true", help="what it would cost")
    what.add_argument("--start", action="store_true", help="declare the set, draw the sample")
    what.add_argument("--sample", type=Path, metavar="FILE", help="write what is to be labelled, in order")
    what.add_argument("--answers", type=Path, metavar="FILE", help="take labels given blind, of that table")
    what.add_argument("--finish", action="store_true", help="give the certificate; all must be labelled")
    what.add_argument("--release", action="store_true", help="let its labels teach the list again")
    what.add_argument("--stop", action="store_true", help="give it up: no certificate")
    what.add_argument("--report", action="store_true", help="where the list stands, all audits (default)")
    sub.add_argument("--recall", type=float, default=0.8, metavar="R", help="the share to show (0.8)")
    sub.add_argument("--filter", default="", metavar="TEXT", help='the set, as "i < 22.5, snr >= 10" (all)')
    sub.add_argument("--hits", type=int, default=0, metavar="K", help="so many hits do no harm (0)")
    sub.add_argument("--seed", type=int, help="of the sample (a new one each time)")
    sub.add_argument("--number", type=int, metavar="N", help="which audit (the latest)")
    sub.add_argument("--vetter", help="whose answers (default: your settings)")
    sub.add_argument("--calibration", action="store_true", help="report: also how probabilities hold")
    sub.add_argument("--plot", type=Path, metavar="FILE", help="report: reliability diagram, .png or .svg")

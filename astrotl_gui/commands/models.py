"""`astrotl finetune` and `astrotl models`: tune a project's network on labels, list its versions, choose one."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from astrotl_gui.commands.shared import ConsoleProgress, Result, catalog_of, lines, opened, target_of


def finetune(options: argparse.Namespace) -> Result:
    from astrotl_gui.core.settings import TuningSettings
    from astrotl_gui.pipeline.finetune import fine_tune

    usual = TuningSettings()
    settings = replace(
        usual,
        folds=options.folds or usual.folds,
        epochs=options.epochs or usual.epochs,
        seed=options.seed,
    )
    with opened(options.project) as (project, mosaic):
        target, catalog = target_of(project, options.target), catalog_of(project)
        training = {name: project.labels.training(name) for name in project.target_names}
        card = fine_tune(
            mosaic,
            catalog,
            project.embeddings_folder,
            project.models_folder,
            project.cutouts,
            project.encoder,
            target,
            training,
            settings,
            names=project.target_names,
            device=options.device,
            force=options.force,
            progress=ConsoleProgress(),
        )
        if card.kept:
            _use(project, mosaic, catalog, card.version, options.device)
        told = f"Version {card.version} is in use." if card.kept else "The network in use stays."
        return {**card.to_dict(), "in_use": project.encoder.model, "text": f"{card.verdict} {told}"}


def models(options: argparse.Namespace) -> Result:
    from astrotl_gui.core.models import read_models

    with opened(options.project) as (project, mosaic):
        if options.use is not None and options.use != project.encoder.model:
            _use(project, mosaic, catalog_of(project), options.use, options.device)
        used = project.encoder.model
        cards = read_models(project.models_folder)
        rows = [card.to_dict() | {"in_use": card.version == used} for card in cards]
        shown = [_row(card, used) for card in cards]
        first = dict.fromkeys(_COLUMNS, "–") | {"version": 0, "verdict": "as shipped"}
        first["in_use"] = "*" if not used else ""
        return {"in_use": used, "rows": rows, "text": lines([first, *shown], _COLUMNS)}


_COLUMNS = ("in_use", "version", "target", "date", "tuned", "as_shipped", "verdict")


def _row(card: Any, used: int) -> Result:
    tuned, frozen = ("{:.3f} ± {:.3f}".format(*card.average_precision[name]) for name in ("tuned", "frozen"))
    verdict = "accepted" if card.accepted else "kept all the same" if card.kept else "not accepted"
    return {
        "in_use": "*" if card.version == used else "",
        "version": card.version,
        "target": card.target,
        "date": card.date[:10],
        "tuned": tuned,
        "as_shipped": frozen,
        "verdict": verdict,
    }


def _use(project: Any, mosaic: Any, catalog: Any, version: int, device: str) -> None:
    """Embed by the version where that is still to be done, then switch to it in one write."""
    from astrotl_gui.core.ranking import order_of
    from astrotl_gui.pipeline.finetune import embed_version

    training = {name: project.labels.training(name) for name in project.target_names}
    embed_version(
        mosaic,
        catalog,
        project.embeddings_folder,
        project.cutouts,
        replace(project.encoder, model=version, models=str(project.models_folder)),
        order_of(training, project.read_rankings()),
        device=device,
        progress=ConsoleProgress(),
    )
    project.use_model(version)


def finetune_options(sub: argparse.ArgumentParser, lists: str) -> None:
    sub.add_argument("--target", required=True, metavar="T", help=f"whose labels teach: {lists}")
    sub.add_argument(
        "--folds", type=_several, metavar="N", help="parts of the labels, each held out once (5)"
    )
    sub.add_argument("--epochs", type=_several, metavar="N", help="passes over the labels (8)")
    sub.add_argument("--seed", type=int, default=1, help="another seed, other draws (1)")
    sub.add_argument(
        "--force", action="store_true", help="use it even if it ranks no better on held-out labels"
    )
    sub.add_argument("--device", default="auto", choices=("auto", "cuda", "mps", "cpu"))


def models_options(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--use", type=int, metavar="N", help="the version that ranks from now on; 0 as shipped")
    sub.add_argument("--device", default="auto", choices=("auto", "cuda", "mps", "cpu"))


def _several(text: str) -> int:
    value = int(text) if text.isdigit() else 0
    if value < 2:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 2")
    return value

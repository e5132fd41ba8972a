"""Ranking: latency by size, and what labels find on small real labelled skies beside random and trivial baselines."""

from __future__ import annotations

from pathlib import Path

from astrotl_gui.pipeline.evaluate import evaluate
from astrotl_gui.pipeline.evaluation.folder import read_folder
from astrotl_gui.pipeline.evaluation.methods import OURS, chosen
from astrotl_gui.pipeline.evaluation.protocols import FIVE, ONE
from benchmarks.latency import latency
from benchmarks.report import Row

LABELLED = Path("../shared/data/labelled")
SKIES = ("lenses", "morph", "ztf_alerts")
TRIVIAL = ("colour", "size", "brightness")
SEEDS = 20


def run(full: bool = False) -> list[Row]:
    rows = latency((5_000, 100_000, 1_000_000, *([10_000_000] if full else [])))
    for name in SKIES:
        if (LABELLED / name).is_dir():
            rows += _recall(name)
        else:
            print(f"  skipped {name}: {LABELLED / name} is not here")
    return rows


def _recall(name: str) -> list[Row]:
    """Both protocols: ours beside chance and beside the best of the single trivial cues."""
    labelled = read_folder(LABELLED / name, device="cpu")
    rows = []
    for protocol in (FIVE, ONE):
        found = evaluate(labelled, protocol, range(SEEDS), chosen([OURS, *TRIVIAL]))
        last = max(row["n_labels"] for row in found.summary if row["found"] is not None)
        at = {row["method"]: row for row in found.summary if row["n_labels"] == last}
        ours, chance = at[OURS], float(found.chance.recall[-1])
        cue = max(TRIVIAL, key=lambda method: at[method]["recall"])
        n = f"{found.count} objects, {found.positives} wanted, {SEEDS} seeds, ±{ours['recall_sd']:.3f}"
        title = f"{name}, {protocol.name}: share found after {last} labels"
        rows += [
            Row(title, ours["recall"], "", "by chance", chance, more=True, n=n),
            Row(title, ours["recall"], "", f"by {cue} alone", at[cue]["recall"], more=True, n=n),
        ]
    return rows

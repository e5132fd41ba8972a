"""Ranking: latency by size, and what labels find on small real labelled skies beside random and trivial baselines."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.pipeline.evaluate import evaluate
from astrotl_gui.pipeline.evaluation.folder import read_folder
from astrotl_gui.pipeline.evaluation.methods import OURS, chosen
from astrotl_gui.pipeline.evaluation.protocols import FIVE, ONE
from astrotl_gui.pipeline.rank import RankInputs, prepare, rank
from benchmarks.report import Row

LABELLED = Path("../shared/data/labelled")
SKIES = ("lenses", "morph", "ztf_alerts")
TRIVIAL = ("colour", "size", "brightness")
SEEDS = 20


def run(full: bool = False) -> list[Row]:
    rows = [_latency(n) for n in ((5_000, 20_000, 200_000) if full else (5_000, 20_000))]
    for name in SKIES:
        if (LABELLED / name).is_dir():
            rows += _recall(name)
        else:
            print(f"  skipped {name}: {LABELLED / name} is not here")
    return rows


def _latency(count: int) -> Row:
    rng = np.random.default_rng(0)
    inputs = _inputs(rng.normal(size=(count, 1280)).astype(np.float16), rng.normal(size=(count, 35)))
    labels = {int(i): (1 if i % 3 == 0 else -1) for i in rng.choice(count, 100, replace=False)}
    rank(inputs, "lens", labels)
    times = []
    for source in range(20):
        labels[source] = 1
        start = time.perf_counter()
        rank(inputs, "lens", labels)
        times.append(1000 * (time.perf_counter() - start))
    start = time.perf_counter()
    inputs.vectors @ inputs.vectors[: len(labels)].T
    product = 1000 * (time.perf_counter() - start)
    median, bound = statistics.median(times), 30.0 if count == 5_000 else None
    n = f"{count:,} sources, 120 labels"
    return Row("rank after one more label", median, "ms", "one matrix product", product, bound, n=n)


def _inputs(vectors: np.ndarray, values: np.ndarray) -> RankInputs:
    count = len(vectors)
    zeros = np.zeros(count)
    catalog = Catalog.from_columns(
        {"id": np.arange(count), "ra": zeros, "dec": zeros, "x": zeros, "y": zeros}
    )
    names = tuple(f"s{k}" for k in range(values.shape[1]))
    return prepare(catalog, Embeddings(np.arange(count), vectors, values.astype(np.float32), names, "bench"))


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

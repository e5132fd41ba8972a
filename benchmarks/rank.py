"""Ranking: latency by size, and what labels find on small real labelled skies beside random and trivial baselines."""

from __future__ import annotations

import csv
import statistics
import time
from pathlib import Path

import numpy as np
from PIL import Image

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.statistics import statistics as measure
from astrotl_gui.pipeline.rank import RankInputs, prepare, rank
from benchmarks.report import Row

LABELLED = Path("../shared/data/labelled")
SEEDS = 10
TARGET = {"lenses": "lens", "morph": "outlier"}
START, QUERIES, BATCH = (5, 45), 60, 5


def run(full: bool = False) -> list[Row]:
    rows = [_latency(n) for n in ((5_000, 20_000, 200_000) if full else (5_000, 20_000))]
    for name in ("lenses", "morph"):
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
    inputs, positive = _labelled(name)
    found, best = [], []
    for seed in range(SEEDS):
        found.append(_active(name, inputs, positive, seed))
        best.append(_baseline(inputs, positive, seed))
    begun = START[0] / positive.sum()
    chance = float(begun + (1 - begun) * QUERIES / (len(positive) - sum(START)))
    n = f"{len(positive)} objects, {int(positive.sum())} wanted, {SEEDS} seeds, ±{np.std(found):.3f}"
    ours, trivial = float(np.mean(found)), float(np.mean(best))
    return [
        Row(f"{name}: share found after 110 labels", ours, "", "by chance", chance, more=True, n=n),
        Row(f"{name}: the same", ours, "", "best single statistic", trivial, more=True, n="trivial baseline"),
    ]


def _active(name: str, inputs: RankInputs, positive: np.ndarray, seed: int) -> float:
    labels = _start(positive, seed)
    while len(labels) < sum(START) + QUERIES:
        ranking = rank(inputs, TARGET[name], labels)
        for source in [i for i in ranking.ids.tolist() if i not in labels][:BATCH]:
            labels[source] = 1 if positive[source] else -1
    return sum(value > 0 for value in labels.values()) / positive.sum()


def _baseline(inputs: RankInputs, positive: np.ndarray, seed: int) -> float:
    """The single statistic that separates the first 50 labels best, then its extreme."""
    labels = _start(positive, seed)
    at, signs = np.array(list(labels)), np.array(list(labels.values()))
    values = inputs.kernel.scores
    gap = values[at[signs > 0]].mean(0) - values[at[signs < 0]].mean(0)
    best = int(np.argmax(np.abs(gap)))
    order = np.argsort(-values[:, best] * np.sign(gap[best]))
    chosen = [i for i in order.tolist() if i not in labels][:QUERIES]
    return (sum(signs > 0) + positive[chosen].sum()) / positive.sum()


def _start(positive: np.ndarray, seed: int) -> dict[int, int]:
    rng = np.random.default_rng(seed)
    yes = rng.choice(np.flatnonzero(positive), START[0], replace=False)
    no = rng.choice(np.flatnonzero(~positive), START[1], replace=False)
    return {int(i): 1 for i in yes} | {int(i): -1 for i in no}


def _labelled(name: str) -> tuple[RankInputs, np.ndarray]:
    """Embeddings of the PNGs (kept under bench-output) and which are wanted."""
    with open(LABELLED / name / "truth.csv", newline="") as handle:
        table = list(csv.DictReader(handle))
    positive = np.array([row["label"] == "anomaly" for row in table])
    kept = Path("bench-output/data") / f"{name}.npz"
    if not kept.exists():
        from astrotl_gui.ml.encoder import Encoder
        from astrotl_gui.ml.encoders import card

        images = np.stack([_image(LABELLED / name / "images" / row["filename"]) for row in table])
        vectors = Encoder.of_pictures(card(), device="cpu").embed(images)
        bands = images[:, ::-1]  # shortest wavelength first
        sky, noise = np.zeros(3), np.full(3, 0.02)
        values, _ = measure(bands, sky, noise)
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, vectors=vectors.astype(np.float16), values=values)
    stored = np.load(kept)
    return _inputs(stored["vectors"], stored["values"]), positive


def _image(path: Path) -> np.ndarray:
    picture = Image.open(path).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
    return np.asarray(picture, np.float32).transpose(2, 0, 1) / 255

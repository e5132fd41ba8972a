"""One label → a new first page: at a hundred thousand, a million and ten million sources.

Vectors are drawn in memory as the ranker holds them (float16 beyond 150,000), clustered as embeddings are.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.ml.kernel import Kernel
from astrotl_gui.pipeline.pool import rank_pool
from astrotl_gui.pipeline.rank import AT_ONCE, RankInputs, rank
from benchmarks.report import Row

LAYERS = {"2": 20, "2s": 20, "3c": 48, "3m": 48, "last": 128}
KINDS = {"colours": 12, "brightness": 15, "light profile": 11, "shape": 9}
BOUNDS = {100_000: 50.0, 1_000_000: 150.0, 10_000_000: 250.0}
"""Milliseconds allowed from a label to the new first page, by number of sources."""
CLUSTERS, CHUNK = 300, 100_000
LABELS, NEW = 100, 15
PAGE = 100


def latency(counts: tuple[int, ...]) -> list[Row]:
    return [row for count in counts for row in _of(count)]


def _of(count: int) -> list[Row]:
    inputs, cluster = drawn(count)
    rng = np.random.default_rng(1)
    wanted = np.flatnonzero(cluster == 3)
    labels = {int(i): (1 if cluster[i] == 3 else -1) for i in rng.choice(count, LABELS, replace=False)}
    labels |= {int(i): 1 for i in wanted[:5]}
    building = 0.0 if inputs.at_once else _timed(lambda: inputs.index)
    passing = _timed(lambda: rank(inputs, "lens", labels))
    milliseconds, overlaps = [], []
    for number in range(NEW):
        # In turn one of the kind that is looked for, the next in the list, and any source.
        first = next(i for i in rank_pool(inputs, "lens", labels).ids.tolist() if i not in labels)
        source = [int(wanted[10 + number]), int(first), int(rng.integers(count))][number % 3]
        labels[source] = 1 if cluster[source] == 3 else -1
        start = time.perf_counter()
        page = rank_pool(inputs, "lens", labels).ids[:PAGE]
        milliseconds.append(1000 * (time.perf_counter() - start))
        if not inputs.at_once and number in (NEW - 2, NEW - 1):
            whole = rank(inputs, "lens", labels).ids[:PAGE]
            overlaps.append(len(np.intersect1d(page, whole)) / PAGE)
    n = f"{count:,} sources, {len(labels)} labels, slowest {max(milliseconds):.0f} ms"
    reading = 1000 * _timed(lambda: _read(inputs))
    median = statistics.median(milliseconds)
    rows = [
        Row("label → first page", median, "ms", "reading all vectors once", reading, BOUNDS.get(count), n=n),
        Row("the pass over all", passing, "s", "reading all vectors once", reading / 1000, n=n),
    ]
    if overlaps:
        rows += [
            Row("top 100 of pool also in that of all", min(overlaps), "", target=0.95, more=True, n=n),
            Row("building the similarity index", building, "s", n=f"{count:,} sources"),
        ]
    rows += _rivals(inputs, labels, median, n)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform != "darwin" else 1e9)
    held = sum(part.values.nbytes for part in inputs.kernel.parts) / 1e9
    return [*rows, Row("peak memory of the benchmark so far", peak, "GB", "the vectors", held, n=n)]


def _rivals(inputs: RankInputs, labels: dict[int, int], ours: float, n: str) -> list[Row]:
    """scikit-learn, fitted anew on the same labels and vectors, to its order of all sources."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF
    from sklearn.linear_model import LogisticRegression

    rows, truth = np.array(list(labels)), np.array(list(labels.values()))
    vectors = inputs.vectors

    def ordered(decide: Callable[[NDArray], NDArray]) -> NDArray:
        parts = [decide(vectors[k : k + CHUNK].astype(np.float32)) for k in range(0, len(vectors), CHUNK)]
        return np.argsort(-np.concatenate(parts), kind="stable")

    regression = LogisticRegression(max_iter=1000)
    process = GaussianProcessRegressor(RBF(1.0), alpha=0.5, optimizer=None)
    sample = vectors[rows].astype(np.float32)
    times = {"logistic regression refitted": _timed(
        lambda: ordered(regression.fit(sample, truth).decision_function)
    )}  # fmt: skip
    if inputs.at_once:  # its kernel matrix is in float64: minutes beyond
        times["Gaussian process refitted"] = _timed(lambda: ordered(process.fit(sample, truth).predict))
    return [
        Row("label → first page", ours, "ms", f"scikit-learn’s {name}", 1000 * seconds, n=n)
        for name, seconds in times.items()
    ]


def _read(inputs: RankInputs) -> None:
    for part in inputs.kernel.parts:
        np.bitwise_xor.reduce(part.values.reshape(-1).view(np.uint16))


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def drawn(count: int) -> tuple[RankInputs, NDArray[np.int64]]:
    """Inputs of so many sources in at most 300 clusters, and the cluster of each."""
    rng = np.random.default_rng(0)
    kind = np.float16 if count > AT_ONCE else np.float32
    clusters = min(CLUSTERS, count // 100)
    cluster = rng.integers(0, clusters, count)

    def table(size: int, spread: float, unit: bool) -> NDArray[np.floating]:
        centres = rng.normal(size=(clusters, size)).astype(np.float32)
        out = np.empty((count, size), kind)
        for start in range(0, count, CHUNK):
            part = cluster[start : start + CHUNK]
            values = centres[part] + spread * rng.standard_normal((len(part), size), dtype=np.float32)
            out[start : start + CHUNK] = (
                values / np.linalg.norm(values, axis=1, keepdims=True) if unit else values
            )
        return out

    layers = {name: table(size, 1.2, True) for name, size in LAYERS.items()}
    kinds = {name: table(size, 2.0, False) for name, size in KINDS.items()}
    cold = {"lens": rng.random(count, dtype=np.float32)}
    kernel = Kernel.fit(layers, kinds, count)
    return RankInputs(np.arange(count), layers["last"], layers["last"], kernel, cold, "drawn", 1), cluster

"""Labelled sets whose answer is known, and folders of labelled pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.pipeline.evaluation.labelled_set import LabelledSet, rows_catalog
from tests.ml.clusters import clustered

NAMES = ("mean_0", "mean_1", "size", *(f"s{k}" for k in range(9)))


def planted(count: int = 150, rare: int = 15, seed: int = 0) -> LabelledSet:
    """The rare kind lies beside one of eight clusters; statistics tell a little of it."""
    vectors, table, truth = clustered(count, rare, seed)
    embeddings = Embeddings(np.arange(count), vectors.astype(np.float16), table, NAMES, "key")
    return LabelledSet("planted", truth, rows_catalog(count), embeddings, settings={"views": 1})


def folder(path: Path, labels: Sequence[str], side: int = 24) -> Path:
    """Pictures 00.png … with truth.csv: anomalies are red discs, the others grey noise."""
    (path / "images").mkdir(parents=True)
    rng = np.random.default_rng(0)
    row, column = np.mgrid[:side, :side] - side / 2
    lines = ["filename,label"]
    for number, label in enumerate(labels):
        pixels = rng.integers(0, 60, (side, side, 1)).repeat(3, axis=2)
        pixels[np.hypot(row, column) < side / 4] += [150, 20, 20] if label == "anomaly" else [90, 90, 90]
        Image.fromarray(pixels.astype(np.uint8)).save(path / "images" / f"{number:02}.png")
        lines.append(f"{number:02}.png,{label}")
    (path / "truth.csv").write_text("\n".join(lines) + "\n")
    return path

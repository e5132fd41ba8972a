"""Tuning in folds, and what the ranker makes of it: the gate's measurement, whatever the sources are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings
from astrotl_gui.core.models import labels_missing
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import TuningSettings
from astrotl_gui.ml.finetune import Lesson, TuningStep, embed_maps, steps_of, tune
from astrotl_gui.ml.gate import Comparison, compare, split
from astrotl_gui.ml.maps import Maps
from astrotl_gui.ml.ranker import Ranker
from astrotl_gui.pipeline.rank import RankInputs, learned, prepare

if TYPE_CHECKING:
    from torch import nn

    from astrotl_gui.ml.tail import Cut

Rows = NDArray[np.int64]
Labels = Mapping[int, int]


@dataclass(frozen=True, eq=False)
class Material:
    """Sources as a tuning sees them: catalog (ids ascending), embeddings as shipped, and maps, row by row.

    `weak`: rows of unlabelled sources that teach; `groups` (n,): sources with one number are held out together.
    `formulas`: cold orders are used, as in a project.
    """

    cut: Cut
    maps: Maps
    catalog: Catalog
    embeddings: Embeddings
    weak: Rows
    groups: Rows
    formulas: bool = True


@dataclass(frozen=True, eq=False)
class Judged:
    """What the gate found: the list it was tuned for, and other lists with labels enough."""

    compared: Comparison
    others: dict[str, Comparison] = field(default_factory=dict)
    scores: dict[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)
    """wanted, tuned, frozen, fold of the held-out labels, by which another statistic can be tried."""

    @property
    def harmed(self) -> list[str]:
        return [name for name, compared in self.others.items() if compared.harms]

    @property
    def accepted(self) -> bool:
        return self.compared.better and not self.harmed


class Course:
    """Counts the images of a whole course of tunings, says which fold is on, and streams the curve."""

    def __init__(self, total: float, progress: Progress) -> None:
        self.done, self.total, self.progress = 0.0, max(total, 1.0), progress

    def tick(self, images: float, text: str) -> None:
        self.done = min(self.done + images, self.total)
        self.progress(self.done, self.total, text)

    def reporter(self, fold: int, settings: TuningSettings) -> Any:
        text = f"Fold {fold} of {settings.folds}" if fold else "Tuning on all labels"

        def report(epoch: int, images: int, loss: float, validation: float) -> None:
            self.tick(images, text)
            if not math.isnan(loss):
                self.progress.partial(
                    TuningStep(fold, settings.folds, epoch + 1, settings.epochs, loss, validation)
                )

        return report


def images_of(labels: int, sources: int, views: int, settings: TuningSettings, final: bool = True) -> float:
    """About how many images are worked through by the folds and the last tuning."""
    nothing = np.zeros(0, np.int64)
    epochs, steps = steps_of(Lesson(nothing, np.zeros(labels, np.int64), nothing, nothing, nothing), settings)
    return (settings.folds + final) * (epochs * steps * settings.batch + sources * views / 4)


def lesson_of(material: Material, labels: Labels, held: Rows) -> Lesson:
    """What teaches when the sources of rows `held` are held out: neither their labels nor their pictures."""
    rows = material.catalog.rows_of(np.fromiter(labels, np.int64, len(labels)))
    signs = np.fromiter(labels.values(), np.int64, len(labels))
    out = np.isin(rows, held)
    return Lesson(
        np.sort(rows[(signs > 0) & ~out]),
        np.sort(rows[(signs < 0) & ~out]),
        np.setdiff1d(material.weak, np.concatenate([held, rows])),
        np.sort(rows[(signs > 0) & out]),
        np.sort(rows[(signs < 0) & out]),
    )


def known(material: Material, labels: Labels) -> dict[int, int]:
    """The labels of sources that are in the material, by ascending id."""
    ids = np.array(sorted(labels), np.int64)
    there = material.catalog.rows_of(ids) >= 0
    return {int(i): labels[int(i)] for i in ids[there]}


def judge(
    material: Material,
    target: str,
    training: Mapping[str, Labels],
    settings: TuningSettings,
    device: str = "auto",
    course: Course | None = None,
) -> Judged:
    """Tune without each fold of the labels in turn, and rank that fold by the ranker as shipped on either embedding.

    `training`: list → id → +1 or −1. Both embeddings come from the same maps, so that only the tuning differs. A list
    with ten labels of each kind or more is looked after too.
    """
    course = course or Course(1, SILENT)
    lists = {name: known(material, labels) for name, labels in training.items()}
    lists = {name: labels for name, labels in lists.items() if name == target or enough(labels)}
    fold = _folds(material, target, lists, settings)
    frozen = _inputs(material, material.cut.tail, device, course, "Embedding as shipped")
    found: dict[str, list[tuple[int, int, float, float]]] = {name: [] for name in lists}
    for number in range(settings.folds):
        held = material.catalog.rows_of([source for source, at in fold.items() if at == number])
        lesson = lesson_of(material, lists[target], held)
        report = course.reporter(number + 1, settings)
        tail = tune(material.cut, material.maps, lesson, settings, settings.seed + number, device, report)
        tuned = _inputs(material, tail, device, course, f"Fold {number + 1} of {settings.folds}")
        for name, labels in lists.items():
            kept = {source: sign for source, sign in labels.items() if fold[source] != number}
            asked = [source for source in labels if fold[source] == number]
            after, before = (held_out(inputs, name, kept, asked) for inputs in (tuned, frozen))
            found[name] += [
                (labels[source], number, float(a), float(b))
                for source, a, b in zip(asked, after, before, strict=True)
            ]
    tables = {name: np.array(rows, np.float64) for name, rows in found.items()}
    compared = {
        name: compare(t[:, 0] > 0, t[:, 2], t[:, 3], t[:, 1].astype(np.int64), settings.seed)
        for name, t in tables.items()
    }
    own = tables[target]
    scores = {"wanted": own[:, 0], "fold": own[:, 1], "tuned": own[:, 2], "frozen": own[:, 3]}
    return Judged(compared.pop(target), compared, scores)


def enough(labels: Labels) -> bool:
    return not any(labels_missing(labels))


def _folds(
    material: Material, target: str, lists: Mapping[str, Labels], settings: TuningSettings
) -> dict[int, int]:
    """Labelled source → the fold it is held out in, the same for every list."""
    every = sorted({source for labels in lists.values() for source in labels})
    wanted = np.array([lists[target].get(source, 0) > 0 for source in every])
    groups = material.groups[material.catalog.rows_of(every)]
    return dict(zip(every, split(wanted, groups, settings.folds, settings.seed).tolist(), strict=True))


def _inputs(material: Material, tail: nn.Module, device: str, course: Course, text: str) -> RankInputs:
    vectors = embed_maps(tail, material.maps, device, lambda images: course.tick(images / 4, text))
    return inputs_with(material, vectors)


def inputs_with(material: Material, last: NDArray[np.float32]) -> RankInputs:
    """What the ranker takes, with other last features (N, D)."""
    made = material.embeddings
    vectors = made.vectors.copy()
    vectors[:, made.last] = np.clip(last, -6e4, 6e4)
    inputs = prepare(material.catalog, replace(made, vectors=vectors))
    if material.formulas:
        return inputs
    return replace(inputs, cold={name: np.zeros_like(values) for name, values in inputs.cold.items()})


def held_out(inputs: RankInputs, target: str, labels: Labels, asked: list[int]) -> NDArray[np.float64]:
    """Scores of sources by a ranker that knows only `labels`."""
    ranker: Ranker | None = learned(inputs, target, labels)
    rows = inputs.rows.of(asked)
    if ranker is None or not len(rows):
        return np.zeros(len(asked))
    return ranker.decision_function(rows)

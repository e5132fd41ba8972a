"""Fine-tuning: what its gate accepts on labelled and simulated skies, and how long 200 labels take."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT
from astrotl_gui.core.project import Project
from astrotl_gui.core.resources import resource
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings, TuningSettings
from astrotl_gui.ml.encoders import card
from astrotl_gui.ml.finetune import embed_maps, tune
from astrotl_gui.ml.network import load_network
from astrotl_gui.pipeline.demo import demo_project
from astrotl_gui.pipeline.embed import embed
from astrotl_gui.pipeline.evaluation.folder import read_folder
from astrotl_gui.pipeline.evaluation.truth import read_truth
from astrotl_gui.pipeline.finetune import fine_tune
from astrotl_gui.pipeline.known import known_sources
from astrotl_gui.pipeline.sources import find_sources
from astrotl_gui.pipeline.tuning.judged import (
    Course,
    Judged,
    Material,
    held_out,
    inputs_with,
    judge,
    lesson_of,
)
from astrotl_gui.pipeline.tuning.pictures import picture_material
from astrotl_gui.pipeline.tuning.sources import mosaic_material
from benchmarks.report import Row

LABELLED = Path("../shared/data/labelled")
SKIES = ("lenses", "morph", "ztf_alerts")
TARGETS = ("lens", "agn", "artifact")
DATA = Path("bench-output/data/known")
KEPT = Path("bench-output/finetune-decisions.json")
ONE, EIGHT = EncoderSettings(views=1), EncoderSettings(views=8)
QUICK, FULL, DAMAGED = 2, 10, 10
TEN_MINUTES = 600

Report = Callable[[int, int, float, float], object]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Task:
    """`positive` (n,): what is wanted, for each row of the material; `shares`: of yes and of no that get labels."""

    name: str
    target: str
    material: Material
    positive: Bools
    shares: tuple[float, float] = (0.5, 0.5)
    most: int = 100

    def labels(self, seed: int) -> dict[int, int]:
        random = np.random.default_rng(seed)
        labels = {}
        for sign, share in ((1, self.shares[0]), (-1, self.shares[1])):
            rows = np.flatnonzero(self.positive == (sign > 0))
            count = min(max(12, round(share * len(rows))), self.most)
            labels |= {
                int(self.material.catalog.ids[row]): sign for row in random.choice(rows, count, replace=False)
            }
        return labels


def run(full: bool = False) -> list[Row]:
    decisions = [decide(task, seed) for task, seed in tasks(FULL if full else QUICK)]
    damaged = [decide(task, seed) for seed in range(DAMAGED if full else QUICK) for task in damaged_tasks()]
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps({"decisions": decisions, "damaged": damaged}, indent=1) + "\n")
    return [*verdicts(decisions, damaged), *speed()]


def verdicts(decisions: list[dict[str, Any]], damaged: list[dict[str, Any]]) -> list[Row]:
    accepted = [one for one in decisions if one["accepted"]]
    wrong = [one for one in accepted if one["truth_tuned"] < one["truth_frozen"]]
    n = f"{len(decisions)} decisions, {len(accepted)} accepted"
    share = float(np.mean([one["accepted"] for one in damaged]))
    gap = [one["truth_tuned"] - one["truth_frozen"] for one in decisions]
    return [
        Row("accepted, but worse on never-labelled truth", len(wrong), "", target=2, n=n),
        Row("gain had all been accepted, average precision", float(np.mean(gap)), "", n=n, more=True),
        Row(
            "accepted where the last stage is damaged",
            share,
            "",
            target=0.8,
            more=True,
            n=f"{len(damaged)} decisions",
        ),
    ]


def decide(task: Task, seed: int) -> dict[str, Any]:
    """One decision of the gate, and the truth it does not know: average precision on what was never labelled."""
    settings = TuningSettings(seed=seed + 1)
    material, labels = task.material, task.labels(seed)
    began = time.perf_counter()
    judged = judge(material, task.target, {task.target: labels}, settings, "cpu")
    seconds = time.perf_counter() - began
    lesson = lesson_of(material, labels, np.zeros(0, np.int64))
    tail = tune(material.cut, material.maps, lesson, settings, settings.seed, "cpu", _silent)
    rest = np.setdiff1d(np.arange(len(material.catalog)), material.catalog.rows_of(sorted(labels)))
    asked = material.catalog.ids[rest].tolist()
    truth = [
        float(average_precision_score(task.positive[rest], held_out(inputs, task.target, labels, asked)))
        for inputs in (
            inputs_with(material, embed_maps(network, material.maps, "cpu"))
            for network in (tail, material.cut.tail)
        )
    ]
    made = _decision(task, seed, labels, judged, truth, seconds)
    print("  " + " ".join(f"{key} {value}" for key, value in made.items() if key != "scores"), flush=True)
    return made


def _decision(
    task: Task, seed: int, labels: dict[int, int], judged: Judged, truth: list[float], seconds: float
) -> dict[str, Any]:
    compared = judged.compared
    return {
        "task": task.name,
        "seed": seed,
        "yes": sum(sign > 0 for sign in labels.values()),
        "no": sum(sign < 0 for sign in labels.values()),
        "frozen": round(compared.frozen[0], 4),
        "tuned": round(compared.tuned[0], 4),
        "difference": round(compared.difference[0], 4),
        "error": round(compared.difference[1], 4),
        "area_difference": round(compared.area_difference[0], 4),
        "accepted": bool(judged.accepted),
        "truth_tuned": round(truth[0], 4),
        "truth_frozen": round(truth[1], 4),
        "seconds": round(seconds, 1),
        "scores": {name: np.round(values, 5).tolist() for name, values in judged.scores.items()},
    }


def _silent(epoch: int, images: int, loss: float, validation: float) -> None:
    pass


def tasks(seeds: int) -> Iterator[tuple[Task, int]]:
    """Labelled skies and the simulated demo sky, with as many label subsets of each."""
    for name in SKIES:
        if (LABELLED / name).is_dir():
            task = picture_task(name)
            yield from ((task, seed) for seed in range(seeds))
        else:
            print(f"  skipped {name}: {LABELLED / name} is not here")
    for task in sky_tasks():
        yield from ((task, seed) for seed in range(seeds // 3 + 1))


def picture_task(name: str) -> Task:
    folder = LABELLED / name
    labelled = read_folder(folder, device="cpu")
    material = picture_material(read_truth(folder).paths, labelled, TuningSettings())
    return Task(name, "lens", material, labelled.positive)


def sky_tasks() -> list[Task]:
    """Lenses, AGN and artifacts of the demo sky among all rare objects and 800 random sources."""
    sky = demo(ONE)
    truth = known_sources(resource("demo-sky/simulated_truth.parquet"), sky.catalog)
    every = {source for target in TARGETS for source in truth[target].ids}
    settings = TuningSettings(unlabelled=400)
    course = Course(1, SILENT)
    material = mosaic_material(
        sky.mosaic, sky.catalog, sky.folder, sky.cutouts, ONE, card(), every, settings, "cpu", course
    )
    ids = material.catalog.ids
    return [
        Task(f"demo {target}", target, material, np.isin(ids, sorted(truth[target].ids)), (0.5, 0.1))
        for target in TARGETS
    ]


@dataclass(frozen=True, eq=False)
class DemoSky:
    """The demo sky, embedded in one view or, as a window does, in eight."""

    project: Path
    mosaic: Mosaic
    catalog: Catalog
    cutouts: CutoutSettings
    folder: Path


def demo(looks: EncoderSettings) -> DemoSky:
    """Detected and embedded once, then kept beside the reports."""
    project = Project.open(demo_project(DATA))
    mosaic = Mosaic.open(project.spec)
    if not project.catalog_file.exists():
        project.write_catalog(find_sources(mosaic, project.read_catalog(), [], 1, project.detection))
    catalog, cutouts, folder = project.read_catalog(), project.cutouts, project.embeddings_folder
    project.close()
    embed(mosaic, catalog, folder, cutouts, looks, device="cpu")
    return DemoSky(project.path, mosaic, catalog, cutouts, folder)


def damaged_tasks() -> list[Task]:
    """The demo sky's artifacts through a last stage that was spoiled, while the maps before it are whole.

    The embedding alone ranks, without the statistics and the earlier layers that would stand in for it.
    """
    if not _DAMAGED:
        whole = next(task for task in sky_tasks() if task.target == "artifact")
        _DAMAGED.append(damaged(whole))
    return _DAMAGED


_DAMAGED: list[Task] = []


def damaged(task: Task) -> Task:
    """The same task through a network whose last normalisation passes on nothing but a constant."""
    tail = copy.deepcopy(task.material.cut.tail)
    last: Any = tail.get_submodule("network.bn2")
    with torch.no_grad():
        last.weight.zero_()
        last.bias.fill_(0.5)
    made = task.material.embeddings
    alone = replace(
        made,
        vectors=made.vectors[:, made.last],
        statistics=np.zeros((len(made), 1), np.float32),
        statistic_names=("one",),
        meta={"making": {"layers": "last"}},
    )
    material = replace(
        task.material, cut=replace(task.material.cut, tail=tail), embeddings=alone, formulas=False
    )
    return replace(task, name=f"{task.name}, damaged", material=material, shares=(0.45, 0.1))


def speed() -> list[Row]:
    """200 labels on the demo sky, gate included, beside an epoch of training the whole network."""
    sky = demo(EIGHT)
    truth = known_sources(resource("demo-sky/simulated_truth.parquet"), sky.catalog)
    random = np.random.default_rng(1)
    wanted = sorted(truth["artifact"].ids)
    others = np.setdiff1d(sky.catalog.ids, wanted)
    labels = {int(i): 1 for i in random.choice(wanted, 60, replace=False)}
    labels |= {int(i): -1 for i in random.choice(others, 140, replace=False)}
    models = Path("bench-output/data/finetune-models")
    began = time.perf_counter()
    fine_tune(
        sky.mosaic, sky.catalog, sky.folder, models, sky.cutouts, EIGHT, "artifact", {"artifact": labels},
        device="cpu", force=True,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    whole = _whole_network_rate()
    settings = TuningSettings()
    images = (settings.folds + 1) * settings.epochs * 200 * 1.5
    n = "200 labels, 5 folds, whole-network rate from 3 steps of 16, its seconds extrapolated"
    return [
        Row("200 labels, gate included, demo size", seconds, "s", "whole network, no gate's maps", images / whole,
            target=TEN_MINUTES, n=n),
        Row("images trained a second", images / seconds, "1/s", "whole network", whole, more=True, n=n),
    ]  # fmt: skip


def _whole_network_rate(batch: int = 16) -> float:
    network = load_network(card())
    images = torch.randn(batch, 3, 224, 224)
    optimiser = torch.optim.AdamW(network.parameters(), 1e-4)
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        loss = network(images).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        seconds.append(time.perf_counter() - began)
    return batch / min(seconds)

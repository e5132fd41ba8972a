"""Prove a ranking: play the active loop on a labelled set, beside baselines that see the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.evaluation.curves import Curve, by_chance, curves
from astrotl_gui.pipeline.evaluation.labelled_set import LabelledSet
from astrotl_gui.pipeline.evaluation.methods import OURS, Factory, chosen
from astrotl_gui.pipeline.evaluation.play import Played, Round, play
from astrotl_gui.pipeline.evaluation.protocols import FIVE, Protocol, check
from astrotl_gui.pipeline.evaluation.summary import Row, summarise


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Every method from every start. `seconds` of a round are those of one processor core."""

    name: str
    count: int
    positives: int
    protocol: Protocol
    settings: Mapping[str, Any]
    plays: tuple[Played, ...]

    @property
    def rounds(self) -> list[Round]:
        """Rounds by method, seed and number of labels."""
        return [one for played in self.plays for one in played.rounds]

    @property
    def summary(self) -> list[Row]:
        """Means over seeds; see `evaluation.summary.summarise`."""
        return summarise(self.plays, self.protocol, self.count, self.positives, OURS)

    @property
    def curves(self) -> dict[str, Curve]:
        """Recall against labels, a curve a method."""
        return curves(self.plays, self.protocol, self.positives)

    @property
    def chance(self) -> Curve:
        """What labelling at random finds on average."""
        return by_chance(self.protocol, self.count, self.positives)

    def to_dict(self) -> dict[str, Any]:
        """Plain values: set, n, positives, protocol, settings, rows (one a round) and summary."""
        return {
            "set": self.name,
            "n": self.count,
            "positives": self.positives,
            "protocol": self.protocol.name,
            "settings": dict(self.settings),
            "rows": [
                {
                    "method": one.method,
                    "seed": one.seed,
                    "n_labels": one.n_labels,
                    "found": one.found,
                    "recall": one.recall,
                    "auroc": one.quality.auroc,
                    "auprc": one.quality.auprc,
                    "seconds": one.seconds,
                }
                for one in self.rounds
            ],
            "summary": self.summary,
        }


def evaluate(
    labelled: LabelledSet,
    protocol: Protocol = FIVE,
    seeds: Sequence[int] = (),
    methods: Mapping[str, Factory] | None = None,
    *,
    progress: Progress = SILENT,
) -> Evaluation:
    """Play `protocol` on a labelled set with every method from every seed's start (by default the protocol's own).

    `methods`: name → how it is made for the set; all with labels by default. Each is made once. Raises AstroTLError
    when the set has fewer wanted objects, or others, than the protocol starts with.
    """
    check(labelled, protocol)
    methods = chosen(()) if methods is None else methods
    seeds = list(seeds) or list(range(protocol.seeds))
    count = len(labelled)
    each = protocol.end(count) - protocol.starting
    total = max(len(methods) * len(seeds) * each, 1)
    plays: list[Played] = []

    def report(labels: int) -> None:
        progress(len(plays) * each + labels - protocol.starting, total, "Evaluating")

    # Threads cost more than they bring on matrices this small, and times would depend on who else is at work.
    with threadpool_limits(1):
        for name, factory in methods.items():
            report(protocol.starting)
            method = factory(labelled)
            for seed in seeds:
                plays.append(play(name, method, labelled.positive, protocol, seed, report))
    progress(total, total, "Evaluating")
    settings = {
        **labelled.settings,
        "embeddings": labelled.embeddings.key,
        "start": [protocol.positives, protocol.negatives],
        "batch": protocol.batch,
        "marks": list(protocol.marks),
        "seeds": seeds,
        "methods": list(methods),
    }
    return Evaluation(labelled.name, count, int(labelled.positive.sum()), protocol, settings, tuple(plays))

"""A session replayed from its label log: the ranking of each moment, and at its end the one of now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from astropy.table import Table

from astrotl_gui.core.audit_table import Audit, held_out, without_answers
from astrotl_gui.core.labels import NOTE, Label, LabelLog, Labels, Moment
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.ranking import BY_RANKER, Ranking, made_by
from astrotl_gui.pipeline.rank import RankInputs, rank
from astrotl_gui.pipeline.table_files import write_table


@dataclass(frozen=True)
class Step:
    """One event of a list: `id` stood at `rank` just before it, 0 where it stood in no list. `event`: label, undo,
    redo.

    After it `labels` sources were labelled and `found` of these called yes, answers to audits aside.
    """

    target: str
    number: int
    time: str
    vetter: str
    event: str
    id: int
    value: str
    rank: int
    labels: int
    found: int


@dataclass(frozen=True, eq=False)
class Replay:
    """All steps of a list, and its ranking by all of them. `others`: models that ranked when labels were given and
    are not the one of now, with how many labels each."""

    target: str
    steps: tuple[Step, ...]
    ranking: Ranking
    others: tuple[tuple[str, int], ...]

    @property
    def notes(self) -> list[str]:
        """What the replay cannot know."""
        return [
            f"{count:,} label{'s were' if count != 1 else ' was'} given under another model ({name}), which is not "
            "kept: the ranks of that time are those that the model of now gives."
            for name, count in self.others
        ]


def replay(
    log: LabelLog,
    inputs: RankInputs,
    target: str,
    audits: Sequence[Audit] = (),
    vetter: str | None = None,
    *,
    progress: Progress = SILENT,
) -> Replay:
    """Rank a list anew after every event of the log, as `vetter` sees labels or all do.

    The last ranking is what `rank` makes of the log now. Embeddings, injected examples and prototypes are those of
    now. Of millions of sources each step takes as long as a pass over all of them.
    """
    moments = list(log.moments())
    answers = _answers(audits, [moment.label for moment in moments])
    ranking = rank(inputs, target, {})
    trained: dict[int, int] = {}
    steps: list[Step] = []
    for number, moment in enumerate(moments, 1):
        progress(number - 1, len(moments), "Replaying")
        event = moment.label
        if event.target == target and event.value != NOTE:
            labels, found = _counts(moment.labels, answers, target, vetter)
            steps.append(
                Step(
                    target,
                    len(steps) + 1,
                    event.time,
                    event.vetter,
                    moment.kind,
                    event.source_id,
                    event.value,
                    ranking.rank_of(event.source_id) or 0,
                    labels,
                    found,
                )
            )
        moment.labels.held_out = held_out(audits, event.time)
        learned = moment.labels.training(target, vetter)
        if learned != trained:
            ranking, trained = rank(inputs, target, learned), learned
    now = log.training(target, vetter)
    if now != trained:  # an audit began or was released after the last label
        ranking = rank(inputs, target, now)
    progress(len(moments), len(moments), "Replaying")
    return Replay(target, tuple(steps), ranking, _others(moments, target, inputs))


def write_steps(path: Path, replays: Iterable[Replay]) -> int:
    """Write one row an event, as CSV or what the extension names; returns the number of rows."""
    rows = [asdict(step) for one in replays for step in one.steps]
    names = list(Step.__dataclass_fields__)
    write_table(path, Table({name: [row[name] for row in rows] for name in names}), {})
    return len(rows)


def same(one: Ranking, other: Ranking | None) -> bool | None:
    """Whether two rankings have the same sources in the same order with the same scores; None without the other."""
    if other is None:
        return None
    return one.ids.tolist() == other.ids.tolist() and one.scores.tolist() == other.scores.tolist()


def _answers(audits: Sequence[Audit], events: list[Label]) -> set[int]:
    """By identity, the events that answered an audit."""
    apart = {id(event) for event in without_answers(audits, events)}
    return {id(event) for event in events} - apart


def _counts(labels: Labels, answers: set[int], target: str, vetter: str | None) -> tuple[int, int]:
    events = [event for event in labels.events() if id(event) not in answers]
    called = Labels(events).current(target, vetter)
    return len(called), sum(label.value == "positive" for label in called.values())


def _others(moments: Sequence[Moment], target: str, inputs: RankInputs) -> tuple[tuple[str, int], ...]:
    """Rankers of other embeddings under which labels of the list were given."""
    given = [m.label.model for m in moments if m.kind == "label" and m.label.target == target]
    names = Counter(made_by(model) for model in given if model.startswith(f"{BY_RANKER} "))
    names.pop(f"{BY_RANKER} {inputs.key}", None)
    return tuple(names.items())

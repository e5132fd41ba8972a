"""The audits of a project: sets declared and samples drawn before anybody looked, and what they certified.

One file an audit, `audits/NUMBER.parquet`, replaced whole. The answers are labels like all others, in the label log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from astrotl_gui.core.audit import CONFIDENCE
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.labels import Label

STANDING, CERTIFIED, RELEASED, STOPPED = "standing", "certified", "released", "stopped"
"""What becomes of an audit: being labelled; its certificate given; its labels teach again; given up, no certificate."""
_PLACE = ("ra", "dec", "x", "y")


@dataclass(frozen=True)
class Certificate:
    """What an audit proved, once and for all: at least `recall` of all targets of the set are among the `found`.

    `count` sources of the set were not found; of `labelled` random ones `hits` were called yes and `unsure` unsure,
    which count as hits; so at most `unfound` are targets, at the `confidence`. `model` ranked when the sample was
    drawn.
    """

    date: str
    model: str
    found: int
    count: int
    labelled: int
    hits: int
    unsure: int
    unfound: int
    recall: float
    confidence: float = CONFIDENCE


@dataclass(frozen=True, eq=False)
class Audit:
    """A declared set and the sample drawn from what was not found of it.

    `ids` (M,) int64 are the set, `found` (M,) those called yes when the sample was drawn; `sample` (n,) ids in the
    order in which they are to be labelled, `places` (n, 4) their ra, dec [deg], x, y [px]. `words` say which set,
    `recall` what was to be shown; `started`, `ended` and `released` in UTC, ISO 8601.
    """

    number: int
    target: str
    words: str
    recall: float
    seed: int
    vetter: str
    model: str
    started: str
    ids: NDArray[np.int64]
    found: NDArray[np.bool_]
    sample: NDArray[np.int64]
    places: NDArray[np.float64]
    state: str = STANDING
    ended: str = ""
    released: str = ""
    certificate: Certificate | None = None

    @property
    def size(self) -> int:
        return len(self.ids)

    @property
    def holds_out(self) -> bool:
        """Whether its sample is kept apart from the ranker."""
        return self.state in (STANDING, CERTIFIED)

    def held_at(self, time: str) -> bool:
        """Whether the sample was kept apart at a time (ISO 8601)."""
        return self.started <= time and (self.holds_out or time < self.released)

    def as_labels(self) -> list[Label]:
        """What keeps the sample's ids on their objects when sources are found anew."""
        return [
            Label(source, self.target, "unsure", **dict(zip(_PLACE, place, strict=True)))
            for source, place in zip(self.sample.tolist(), self.places.tolist(), strict=True)
        ]


def held_out(audits: Iterable[Audit], time: str = "") -> dict[str, set[int]]:
    """Target → the samples that its ranker may not learn from, now or at a time (ISO 8601)."""
    held: dict[str, set[int]] = {}
    for audit in audits:
        if audit.held_at(time) if time else audit.holds_out:
            held.setdefault(audit.target, set()).update(audit.sample.tolist())
    return held


def answers(audit: Audit, events: Sequence[Label]) -> dict[int, Label]:
    """Source id → the label that counts: the latest given blind to a source of the sample while the audit stood.

    A label given with the rank in view is no answer; a cleared one neither.
    """
    sample, given = set(audit.sample.tolist()), {}
    for label in events:
        if _is_answer(audit, sample, label):
            given[label.source_id] = label
    return {source: label for source, label in given.items() if label.value != "clear"}


def without_answers(audits: Iterable[Audit], events: Sequence[Label]) -> list[Label]:
    """The events that were no answer to an audit."""
    samples = [(audit, set(audit.sample.tolist())) for audit in audits]
    return [e for e in events if not any(_is_answer(audit, sample, e) for audit, sample in samples)]


def _is_answer(audit: Audit, sample: set[int], label: Label) -> bool:
    if not label.blind or label.target != audit.target or label.source_id not in sample:
        return False
    return (
        label.value != "note"
        and audit.started <= label.time
        and (not audit.ended or label.time <= audit.ended)
    )


def read_audits(folder: Path) -> tuple[Audit, ...]:
    """All audits, the first first. Raises AstroTLError for one that cannot be read."""
    return tuple(
        sorted((_read(path) for path in folder.glob("[0-9]*.parquet")), key=lambda audit: audit.number)
    )


def write_audit(folder: Path, audit: Audit) -> None:
    """Store an audit, whole or not at all; AstroTLError when it cannot be written."""
    order = np.zeros(audit.size, np.int32)
    rows = np.searchsorted(audit.ids, audit.sample)
    order[rows] = np.arange(1, len(rows) + 1)
    places = np.full((audit.size, 4), np.nan)
    places[rows] = audit.places
    about = {name: getattr(audit, name) for name in _plain_fields()}
    about["certificate"] = None if audit.certificate is None else asdict(audit.certificate)
    columns: dict[str, Any] = {"id": audit.ids, "found": audit.found, "order": order}
    columns |= {name: places[:, k] for k, name in enumerate(_PLACE)}
    table = pa.table(columns).replace_schema_metadata({"audit": json.dumps(about)})
    with atomic_write(folder / f"{audit.number}.parquet") as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _read(path: Path) -> Audit:
    try:
        table = pq.read_table(path)
        about: Mapping[str, Any] = json.loads((table.schema.metadata or {})[b"audit"])
        order = table["order"].to_numpy()
        rows = np.flatnonzero(order)
        rows = rows[np.argsort(order[rows])]
        places = np.stack([table[name].to_numpy()[rows] for name in _PLACE], axis=1)
        audit = Audit(
            **{name: about[name] for name in _plain_fields()},
            ids=table["id"].to_numpy(),
            found=table["found"].to_numpy(),
            sample=table["id"].to_numpy()[rows],
            places=places,
        )
        certificate = about["certificate"]
        return replace(audit, certificate=None if certificate is None else Certificate(**certificate))
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException) as problem:
        raise AstroTLError(
            "An audit cannot be read", f"{path}: {problem}. Move this file away to go on without the audit."
        ) from problem


def _plain_fields() -> list[str]:
    apart = ("ids", "found", "sample", "places", "certificate")
    return [field.name for field in fields(Audit) if field.name not in apart]

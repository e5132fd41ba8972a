"""The astronomer's labels: an append-only log of who called which source what, and when.

Nothing is ever changed or deleted. Undo appends a retraction of an earlier event, redo a retraction of that
retraction, and what holds now is read off the log. Each event carries where on the sky and in the mosaic it was
given, so that it finds its source again after a new detection.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from astrotl_gui.core.errors import AstroTLError

TARGETS = ("lens", "agn", "artifact", "outlier")
TARGET_NAMES = {"lens": "Lens", "agn": "AGN", "artifact": "Artifact", "outlier": "Outlier"}
VALUES = ("positive", "negative", "unsure", "clear")
GRADE_VALUE = {"A": "positive", "B": "positive", "C": "unsure", "X": "negative"}
CONTAMINANTS = ("ring", "spiral", "merger", "edge-on", "artifact", "star")
NOTE = "note"  # an event that only carries a comment
ARTIFACT = "artifact"
NOT_EXCLUDED = (ARTIFACT, "outlier")
"""The lists that an artifact may belong to; it is a no in every other, also in those of the astronomer's own."""


@dataclass(frozen=True)
class Label:
    """One event of the log.

    `value` is positive, negative, unsure, clear or note; `ra`, `dec` in ICRS degrees (NaN without WCS); `x`, `y` in
    0-based px of the reference grid; `seconds` spent looking; `model` that ranked the list it was given in; `blind`
    when no score, rank or other grade was visible.
    """

    source_id: int
    target: str
    value: str
    grade: str = ""
    contaminant: str = ""
    comment: str = ""
    vetter: str = ""
    time: str = ""
    ra: float = float("nan")
    dec: float = float("nan")
    x: float = float("nan")
    y: float = float("nan")
    mosaic: str = ""
    model: str = ""
    seconds: float = 0.0
    blind: bool = False


_COLUMNS = tuple(f.name for f in fields(Label))
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS events (
    event INTEGER PRIMARY KEY AUTOINCREMENT,
    step INTEGER NOT NULL,
    retracts INTEGER,
    {
    ", ".join(
        f"{name} {kind}"
        for name, kind in zip(
            _COLUMNS, ("INTEGER", *["TEXT"] * 7, *["REAL"] * 4, *["TEXT"] * 2, "REAL", "INTEGER"), strict=True
        )
    )
}
)"""


@dataclass(frozen=True)
class _Event:
    event: int
    step: int
    kind: str  # label, undo (retracts a label) or redo (retracts an undo)
    label: Label


@dataclass(frozen=True, eq=False)
class Moment:
    """An event of the log, the label that it gave ("label"), took back ("undo") or brought back ("redo"), and what
    held after it."""

    label: Label
    kind: str
    labels: Labels


def excluded_by_artifact(target: str) -> bool:
    """Whether what is an artifact is a no in this list."""
    return target not in NOT_EXCLUDED


def list_named(contaminant: str) -> str:
    """The key that a list of this contaminant class has, whether or not there is one: edge-on → edge_on."""
    return contaminant.replace("-", "_")


def informed(target: str, contaminants: Iterable[str], targets: Iterable[str]) -> set[str]:
    """Those of `targets` that a label of `target` with one of these contaminants ("" for none) teaches."""
    named = {target, *map(list_named, contaminants)}
    return {t for t in targets if t in named or (ARTIFACT in named and excluded_by_artifact(t))}


class Labels:
    """What the labels say that hold at one moment.

    `held_out`: target → sources that an audit keeps apart: no ranker of that target learns from them.
    """

    def __init__(
        self, events: Iterable[Label], held_out: Mapping[str, Collection[int]] | None = None
    ) -> None:
        self._events = list(events)
        self.held_out: Mapping[str, Collection[int]] = held_out or {}
        self._latest: dict[str | None, dict[str, dict[int, Label]]] = {}

    def events(self) -> list[Label]:
        """Every label that holds (not retracted), oldest first, notes included."""
        return list(self._events)

    def current(self, target: str, vetter: str | None = None) -> dict[int, Label]:
        """What each source is called now, for one target: the latest event of `vetter`, else of anyone.

        A cleared source is absent. The comment is that of the latest note.
        """
        notes = {e.source_id: e.comment for e in self._events if e.value == NOTE}
        return {
            source: replace(label, comment=label.comment or notes.get(source, ""))
            for source, label in self._called(target, vetter).items()
            if label.value != "clear"
        }

    def note(self, source_id: int) -> str:
        """The latest note on a source, for any target."""
        notes = [e.comment for e in self._events if e.value == NOTE and e.source_id == source_id]
        return notes[-1] if notes else ""

    def training(self, target: str, vetter: str | None = None) -> dict[int, int]:
        """Source id → +1 or −1 for a ranker of `target`. Unsure adds nothing, nor what is held out.

        A no with a contaminant that names this list ("No: artifact") is a yes here. An artifact, labelled or named
        so, is a no for every list but its own and outliers. A label of the list itself comes before both.
        """
        signs = {"positive": 1, "negative": -1}
        implied = dict.fromkeys(self._named(target, vetter), 1)
        if excluded_by_artifact(target):
            called = self._called(ARTIFACT, vetter)
            implied |= {i: -1 for i in self._named(ARTIFACT, vetter) if i not in called}
            implied |= {i: -1 for i, label in called.items() if label.value == "positive"}
        own = {i: signs[e.value] for i, e in self._called(target, vetter).items() if e.value in signs}
        held_out = self.held_out.get(target, ())
        return {i: sign for i, sign in (implied | own).items() if i not in held_out}

    def _called(self, target: str, vetter: str | None) -> dict[int, Label]:
        """The latest event of each source in a list, a clear one included; that of `vetter` before others."""
        if vetter not in self._latest:
            latest: dict[str, dict[int, Label]] = {}
            for label in self._events:
                held = latest.setdefault(label.target, {})
                earlier = held.get(label.source_id)
                foreign = vetter and earlier and earlier.vetter == vetter and label.vetter != vetter
                if label.value != NOTE and not foreign:
                    held[label.source_id] = label
            self._latest[vetter] = latest
        return self._latest[vetter].get(target, {})

    def _named(self, target: str, vetter: str | None) -> list[int]:
        """The sources that a no in another list calls by the name of this one."""
        self._called(target, vetter)
        return [
            source
            for held in self._latest[vetter].values()
            for source, label in held.items()
            if label.value == "negative" and label.contaminant and list_named(label.contaminant) == target
        ]


class LabelLog(Labels):
    """The labels of one project, in `labels.sqlite`; every write is on disk before the call returns.

    Raises AstroTLError when the file cannot be opened or written; what was written before stays.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=TRUNCATE")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute(_SCHEMA)
        except sqlite3.Error as problem:
            raise AstroTLError("The labels cannot be opened", f"{path}: {problem}.") from problem
        super().__init__(())
        self._refresh()

    def close(self) -> None:
        self._db.close()

    # -- writing -----------------------------------------------------------------------------------------------

    def add(self, labels: Sequence[Label]) -> None:
        """Append events as one step of undo. The time is filled in where it is empty (UTC, ISO 8601)."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        for label in labels:
            if label.value not in (*VALUES, NOTE):
                raise ValueError(f"unknown label value {label.value!r}")
        self._append([(None, replace(label, time=label.time or now)) for label in labels])

    def undo(self, vetter: str) -> list[int]:
        """Retract the vetter's last step that still holds; the source ids it touched, empty if there is none."""
        return self._retract(self._last_step(vetter, "label"), vetter)

    def redo(self, vetter: str) -> list[int]:
        """Take the last undo back, unless the vetter labelled since."""
        return self._retract(self._redo_step(vetter), vetter)

    def can_undo(self, vetter: str) -> bool:
        return self._last_step(vetter, "label") is not None

    def can_redo(self, vetter: str) -> bool:
        return self._redo_step(vetter) is not None

    # -- reading -----------------------------------------------------------------------------------------------

    def moments(self) -> Iterator[Moment]:
        """The log from its beginning, event by event."""
        rows = {row[0]: (row[2], _label(row[3:])) for row in self._rows()[::-1]}
        holds: dict[int, bool] = {}

        def turn(event: int, on: bool) -> None:
            """Let an event hold or not; what it retracts goes the other way."""
            holds[event] = on
            if (retracted := rows[event][0]) is not None:
                turn(retracted, not on)

        for event, (retracts, label) in rows.items():
            turn(event, True)
            kind = "label"
            if retracts is not None:
                kind = "undo" if rows[retracts][0] is None else "redo"
            held = [rows[e][1] for e, on in holds.items() if on and rows[e][0] is None]
            yield Moment(label, kind, Labels(held))

    # -- inside ------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        self._held = _holding(self._rows())
        self._events, self._latest = [e.label for e in self._held if e.kind == "label"], {}

    def _rows(self) -> list[Any]:
        """The whole log, newest first."""
        query = f"SELECT event, step, retracts, {', '.join(_COLUMNS)} FROM events ORDER BY event DESC"
        try:
            return self._db.execute(query).fetchall()
        except sqlite3.Error as problem:
            raise AstroTLError("The labels cannot be read", f"{self.path}: {problem}.") from problem

    def _append(self, rows: Iterable[tuple[int | None, Label]]) -> None:
        columns = ("step", "retracts", *_COLUMNS)
        insert = f"INSERT INTO events ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        try:
            self._db.execute("BEGIN IMMEDIATE")
            (step,) = self._db.execute("SELECT COALESCE(MAX(step), 0) + 1 FROM events").fetchone()
            values = [(step, retracts, *_stored(label)) for retracts, label in rows]
            self._db.executemany(insert, values)
            self._db.execute("COMMIT")
        except sqlite3.Error as problem:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise AstroTLError(
                "The label was not saved", f"{self.path}: {problem}. Earlier labels are safe."
            ) from problem
        self._refresh()

    def _last_step(self, vetter: str, kind: str) -> int | None:
        return max((e.step for e in self._held if e.label.vetter == vetter and e.kind == kind), default=None)

    def _redo_step(self, vetter: str) -> int | None:
        undone = self._last_step(vetter, "undo")
        if undone is None:
            return None
        query = "SELECT 1 FROM events WHERE vetter = ? AND step > ? AND retracts IS NULL"
        return None if self._db.execute(query, (vetter, undone)).fetchone() else undone

    def _retract(self, step: int | None, vetter: str) -> list[int]:
        if step is None:
            return []
        taken = [e for e in self._held if e.step == step and e.label.vetter == vetter]
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._append([(e.event, replace(e.label, time=now)) for e in taken])
        return sorted({e.label.source_id for e in taken})


def _holding(newest_first: Sequence[Sequence[Any]]) -> list[_Event]:
    """What no later event that itself holds retracts, oldest first."""
    retractions = {row[0] for row in newest_first if row[2] is not None}
    dead: set[int] = set()
    held: list[_Event] = []
    for event, step, retracts, *values in newest_first:
        if event in dead:
            continue
        kind = "label"
        if retracts is not None:
            dead.add(retracts)
            kind = "redo" if retracts in retractions else "undo"
        held.append(_Event(event, step, kind, _label(values)))
    return held[::-1]


def _stored(label: Label) -> list[object]:
    return [None if value != value else value for value in asdict(label).values()]


def _label(values: Sequence[Any]) -> Label:
    row = dict(zip(_COLUMNS, values, strict=True))
    cleaned: dict[str, Any] = {name: float("nan") if value is None else value for name, value in row.items()}
    cleaned["blind"] = bool(row["blind"])
    return Label(**cleaned)

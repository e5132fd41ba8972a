"""How far a survey is, from what lies in its folder alone: whoever runs it, and wherever, leaves its traces there."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.progress import SILENT, Progress

RECENT = 20
"""The rate is that of so many partitions finished last."""
SUFFIX = ".survey"


@dataclass(frozen=True)
class Failure:
    """A task that failed, "detect" of a mosaic or "embed" of a partition: its number, where, why, how often tried."""

    stage: str
    number: int
    where: str
    reason: str
    tries: int


@dataclass(frozen=True)
class SurveyState:
    """`rate` [partitions/s] is that of those finished last, 0 before there are two; `idle` [s] the time since the last.

    A task that failed and was done by a later run is done; failures of detection cost no partition.
    """

    name: str
    partitions: int
    done: int
    failures: tuple[Failure, ...]
    rate: float
    idle: float

    @property
    def failed(self) -> int:
        return sum(failure.stage == "embed" for failure in self.failures)

    @property
    def waiting(self) -> int:
        return max(self.partitions - self.done - self.failed, 0)

    @property
    def left_seconds(self) -> float | None:
        """None while the rate is not known."""
        return self.waiting / self.rate if self.rate else None


def survey_state(folder: Path, now: float, *, progress: Progress = SILENT) -> SurveyState:
    """Read the state of a survey folder; `now` [s since the epoch] is the time of the folder's clock.

    Raises AstroTLError where it is no survey folder, or has no partitions yet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        values = tomllib.loads((folder / "survey.toml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AstroTLError(
            "This is not a survey", f"{folder} holds no survey.toml. Choose a folder named NAME{SUFFIX}."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise AstroTLError("The survey cannot be read", f"{folder}: {problem}.") from problem
    try:
        partitions = pq.read_metadata(folder / "work.parquet").num_rows
    except FileNotFoundError:
        partitions = 0
    except (OSError, pa.ArrowException) as problem:
        raise AstroTLError("The survey cannot be read", f"{folder}: {problem}.") from problem
    progress(0, partitions, "Reading the survey")
    times = _finished(folder / "parts")
    failures = tuple(
        one for one in _failures(folder / "failures") if one.stage == "detect" or one.number not in times
    )
    last = np.sort(list(times.values()))[-RECENT:]
    span = float(last[-1] - last[0]) if len(last) > 1 else 0.0
    return SurveyState(
        str(values.get("name") or folder.stem),
        partitions,
        len(times),
        failures,
        (len(last) - 1) / span if span > 0 else 0.0,
        max(now - float(last[-1]), 0.0) if len(last) else 0.0,
    )


def _finished(parts: Path) -> dict[int, float]:
    """Number of a finished partition → when it appeared."""
    found: dict[int, float] = {}
    if parts.is_dir():
        for part in parts.iterdir():
            if part.name.isdigit():
                found[int(part.name)] = part.stat().st_mtime
    return found


def _failures(folder: Path) -> list[Failure]:
    found = []
    for file in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            said = json.loads(file.read_text(encoding="utf-8"))
            found.append(
                Failure(
                    str(said["stage"]),
                    int(said["number"]),
                    str(said.get("where", "")),
                    str(said.get("reason", "")),
                    int(said.get("tries", 1)),
                )
            )
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            continue  # it is being written; the next look finds it whole
    return found

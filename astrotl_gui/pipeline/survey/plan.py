"""What a survey will take: bytes, hours, workers, memory and cost, from measured rates, before anything starts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress, round_time
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings, EncoderSettings
from astrotl_gui.pipeline.survey.rates import Rates, measure, mosaic_bytes

MEMORY_ROOM = 1.5
"""Memory to ask for, as a multiple of what was measured."""
CATALOG_ROW = 250.0
"""Bytes of a source in the catalog, with its measurements in a few bands."""
MANY_PARTS = 100_000
"""Tasks above this make a Dask scheduler slow: it keeps about 1 kB and takes about 1 ms for each."""
SCHEDULER_TASKS = 1000.0
"""Tasks a second that one scheduler hands out (Dask's own figure: about 1 ms each)."""
OPENED = 20
"""So many mosaics are opened to know how large they are."""
LABEL_WAIT = 10.0
"""Seconds that one waits for a full pass after a label."""
MEMORY_READ = 5e9
"""Bytes a second that one core multiplies embeddings at, out of memory."""


@dataclass(frozen=True)
class Plan:
    """A survey in numbers. Bytes are of all workers, `memory` of one; hours are wall-clock of `workers` workers.

    `worker_hours` is what is paid for, `cost` in the currency of `price` a worker-hour (NaN where none was given).
    `bound` says what takes the longest: "reading", "embedding" or "detecting". `first` are sentences on what would
    break first, the nearest first.
    """

    sources: int
    mosaics: int
    partitions: int
    workers: int
    bytes_read: float
    bytes_written: float
    hours: float
    worker_hours: float
    memory: float
    bound: str
    price: float
    cost: float
    first: tuple[str, ...]

    @property
    def hours_per_million(self) -> float:
        """Worker-hours for a million sources."""
        return self.worker_hours / self.sources * 1e6

    @property
    def cost_per_million(self) -> float:
        return self.cost / self.sources * 1e6

    def to_dict(self) -> dict[str, Any]:
        """JSON values; costs are left out where no price was given."""
        values = {**asdict(self), "first": list(self.first), "hours_per_million": self.hours_per_million}
        if math.isnan(self.price):
            del values["price"], values["cost"]
        else:
            values["cost_per_million"] = self.cost_per_million
        return values


def plan(
    sources: int | None,
    mosaics: int,
    mosaic_bytes: float,
    mosaic_pixels: float,
    rates: Rates,
    *,
    workers: int = 1,
    per_partition: int = 20_000,
    price: float = math.nan,
) -> Plan:
    """What `sources` in `mosaics` mosaics of `mosaic_bytes` and `mosaic_pixels` each (means) will take.

    `sources` None: they are detected, as dense as in the mosaic that was measured. A mosaic is read whole where
    detection runs, else at most whole and at most its cutouts. `price` is that of a worker-hour. Reading is shared
    (all workers at `rates.read`), the rest is divided among the workers, of which a partition keeps one; each starts
    once. Raises AstroTLError for counts that make no survey, and where the density is not known.
    """
    detecting = sources is None
    if sources is None:
        if not rates.density:
            raise AstroTLError(
                "How many sources is not known",
                "Detection of the first mosaic took too long to finish. Say how many with --sources.",
            )
        sources = round(rates.density * mosaic_pixels * mosaics)
    if sources < 1 or mosaics < 1 or workers < 1:
        raise AstroTLError("Nothing to plan", "A survey needs sources, mosaics and workers, one at least.")
    partitions = mosaics if detecting else max(mosaics, -(-sources // per_partition))
    whole = mosaic_bytes * mosaics
    read = whole if detecting else min(whole, sources * rates.cutout)
    written = sources * (rates.row + CATALOG_ROW)
    busy = min(workers, partitions)
    detected = mosaic_pixels * mosaics / rates.detect if detecting else 0.0
    seconds = {
        "reading": read / rates.read,
        "embedding": sources / rates.embed / busy,
        "detecting": detected / busy,
    }
    computing = seconds["embedding"] + seconds["detecting"]
    # Reading goes on beside the network: the slower of the two sets the pace.
    wall = max(seconds["reading"], computing) + rates.start
    worker_hours = wall * workers / 3600
    return Plan(
        sources,
        mosaics,
        partitions,
        workers,
        read,
        written,
        wall / 3600,
        worker_hours,
        MEMORY_ROOM * rates.memory,
        max(seconds, key=lambda name: seconds[name]),
        price,
        worker_hours * price,
        _first_to_break(sources, partitions, workers, busy, seconds["reading"], computing, written, rates),
    )


def plan_survey(
    specs: Sequence[MosaicSpec],
    sources: int | None,
    cutouts: CutoutSettings,
    settings: EncoderSettings,
    detection: DetectionSettings,
    *,
    workers: int = 1,
    per_partition: int = 20_000,
    price: float = math.nan,
    device: str = "auto",
    progress: Progress = SILENT,
) -> tuple[Plan, Rates]:
    """Measure this machine on the first of some mosaics, and plan the survey of all; nothing is written.

    Sizes are those of up to OPENED mosaics, evenly taken. `sources` None: they are detected. Raises AstroTLError
    where an image cannot be read, and as `plan`.
    """
    if not specs:
        raise AstroTLError("Nothing to plan", "A survey needs a mosaic at least.")
    first = Mosaic.open(specs[0])
    rates = measure(
        first, cutouts, settings, detection if sources is None else None, device=device, progress=progress
    )
    sizes, pixels = [], []
    for number in np.unique(np.linspace(0, len(specs) - 1, min(len(specs), OPENED)).astype(int)):
        mosaic = Mosaic.open(specs[number]) if number else first
        sizes.append(mosaic_bytes(mosaic))
        pixels.append(math.prod(mosaic.shape))
    made = plan(
        sources,
        len(specs),
        float(np.mean(sizes)),
        float(np.mean(pixels)),
        rates,
        workers=workers,
        per_partition=per_partition,
        price=price,
    )
    return made, rates


def _first_to_break(
    sources: int,
    partitions: int,
    workers: int,
    busy: int,
    reading: float,
    computing: float,
    written: float,
    rates: Rates,
) -> tuple[str, ...]:
    """What would break first as the survey or the cluster grows, with the number at which it does."""
    said = []
    if busy < workers:
        said.append(
            f"{workers - busy:,} of {workers:,} workers have nothing to do: there are {partitions:,} partitions."
        )
    shared = max(round(computing * busy / max(reading, 1e-9)), 1)
    if shared <= workers:
        said.append(
            f"Reading: {shared:,} workers read as much as the images' disk or network gives; more wait for it."
        )
    vectors = rates.row * sources
    if vectors / MEMORY_READ > LABEL_WAIT:
        said.append(
            f"Ranking on one machine: a full pass reads {_bytes(vectors)} of embeddings, "
            f"{round_time(vectors / MEMORY_READ)} on one core after each label; labels rank a pool, the full pass "
            "belongs on the cluster."
        )
    said.append(f"Disk: {_bytes(written)} of results must fit where the survey folder lies.")
    if partitions > MANY_PARTS:
        said.append(
            f"The scheduler: {partitions:,} tasks take {round_time(partitions / SCHEDULER_TASKS)} to hand out. "
            "Make partitions larger."
        )
    if shared > workers:
        said.append(f"Reading, from {shared:,} workers on: more wait for the images' disk or network.")
    return tuple(said)


def plan_lines(made: Plan, rates: Rates) -> list[str]:
    """A plan as the command line prints it."""
    where = "over the network" if rates.far else "from disk"
    lines = [
        f"Measured here: {_bytes(rates.read)}/s read {where}, {rates.embed:,.0f} sources/s embedded by a worker "
        f"({rates.device})" + (f", {rates.detect / 1e6:,.1f} Mpx/s detected" if rates.detect else "") + ".",
        f"{made.sources:,} sources in {made.mosaics:,} mosaics: {made.partitions:,} partitions.",
        f"Read {_bytes(made.bytes_read)}, written {_bytes(made.bytes_written)}.",
        f"{made.workers:,} workers: {_hours(made.hours)}, bound by {made.bound}; "
        f"{_bytes(made.memory)} of memory each.",
    ]
    if math.isnan(made.price):
        lines.append(f"{made.hours_per_million:,.3g} worker-hours for a million sources.")
    else:
        lines.append(f"{made.cost_per_million:,.2f} for a million sources, {made.cost:,.2f} in all.")
    lines.append("What would break first:")
    return lines + [f"  {number}. {line}" for number, line in enumerate(made.first, 1)]


def _hours(hours: float) -> str:
    return round_time(3600 * hours) if hours < 48 else f"{hours / 24:,.1f} days"


def _bytes(count: float) -> str:
    for size, unit in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if count >= size:
            return f"{count / size:,.3g} {unit}"
    return f"{count / 1e3:,.3g} kB"

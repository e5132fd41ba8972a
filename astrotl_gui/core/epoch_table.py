"""What was found of every source in every epoch: distances, scores, fluxes, flags with their reasons."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, dataclass, field, replace
from enum import IntFlag
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.variability import Variability, variability

FILE = "epochs.npz"
Floats = NDArray[np.float64]


class Reason(IntFlag):
    """Why an epoch of a source is flagged."""

    DISTANCE = 1
    LEARNED = 2
    FLUX = 4
    SHIFTED = 8
    DIMMED = 16
    BLURRED = 32
    NO_DATA = 64
    LABEL = 128


REASONS = {
    Reason.DISTANCE: "farther from every other epoch than the stack is",
    Reason.LEARNED: "looks like an artifact",
    Reason.FLUX: "flux far from the others",
    Reason.SHIFTED: "epoch is misregistered",
    Reason.DIMMED: "epoch is dimmed",
    Reason.BLURRED: "epoch is blurred",
    Reason.NO_DATA: "pixels are missing",
    Reason.LABEL: "labelled problematic",
}


@dataclass(frozen=True)
class EpochFacts:
    """What was measured of one epoch as a whole.

    `dx`, `dy` [reference px]: where its sources lie beside where the catalog has them, `shift_error` of each, from
    `stars`; `fwhm` [arcsec]; `offset` [mag]: added to its magnitudes to tie them, `offset_error`; `floor`: relative
    scatter of constant stars beyond their errors; `correlation`: σ of blank apertures over that of independent pixels.
    """

    name: str
    mjd: float
    dx: float = 0.0
    dy: float = 0.0
    shift_error: float = float("nan")
    stars: int = 0
    fwhm: float = float("nan")
    offset: float = 0.0
    offset_error: float = float("nan")
    floor: float = 0.0
    correlation: float = 1.0

    @property
    def shift(self) -> float:
        """Length [px] of the shift."""
        return float(np.hypot(self.dx, self.dy))


@dataclass(frozen=True, eq=False)
class EpochTable:
    """N sources × E epochs in the order of time.

    `ids` int64 (N,); `facts` (E); `distance` (N, E) to the nearest other epoch and `threshold` (N,), the stack's; both
    of embeddings, NaN where not embedded; `score` (N, E) learned, 0 to 1; `flux`, `error` (N, E) [units of `zeropoint`,
    AB, NaN unknown] within `aperture` [arcsec]; `reasons` uint16 (N, E), bits of Reason, 0: not flagged; `labels` int8
    (N, E): +1 problematic, −1 good, 0 none. `notes` say what was assumed and what is off.
    """

    ids: NDArray[np.int64]
    facts: tuple[EpochFacts, ...]
    distance: NDArray[np.float32]
    threshold: NDArray[np.float32]
    score: NDArray[np.float32]
    flux: Floats
    error: Floats
    reasons: NDArray[np.uint16]
    labels: NDArray[np.int8]
    band: str = ""
    aperture: float = 0.0
    zeropoint: float = float("nan")
    rule: str = "default"
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def mjd(self) -> Floats:
        return np.array([fact.mjd for fact in self.facts])

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(fact.name for fact in self.facts)

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """Which epochs (N, E) are not to be used; a label has the last word."""
        return np.where(self.labels != 0, self.labels > 0, self.reasons != 0)

    def row_of(self, source: int) -> int | None:
        """The row of a source, None for one that is not in it."""
        rows = np.flatnonzero(self.ids == source)
        return int(rows[0]) if len(rows) else None

    def of(self, row: int) -> EpochTable:
        """The source in this row alone."""
        return replace(self, **{name: getattr(self, name)[row : row + 1] for name in _ARRAYS})

    def variability(self, cleaned: bool = True) -> Variability:
        """How the sources vary, without flagged epochs or with all of them."""
        used = ~self.flagged if cleaned else np.ones(self.flux.shape, bool)
        return variability(self.mjd, self.flux, self.error, used)

    def with_labels(self, labels: NDArray[np.int8]) -> EpochTable:
        """The same table with other labels; the reason LABEL follows."""
        reasons = self.reasons & np.uint16(~int(Reason.LABEL) & 0xFFFF)
        reasons = np.where(labels > 0, reasons | np.uint16(Reason.LABEL), reasons).astype(np.uint16)
        return replace(self, labels=labels, reasons=reasons)

    def write(self, folder: Path) -> None:
        """Keep it in `folder`, whole or not at all; AstroTLError when that cannot be written."""
        facts = {
            "facts": [asdict(fact) for fact in self.facts],
            "notes": self.notes,
            **{name: getattr(self, name) for name in ("band", "aperture", "zeropoint", "rule")},
        }
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        with atomic_write(folder / FILE) as temporary, open(temporary, "wb") as handle:
            np.savez(handle, about=json.dumps(facts), **arrays)

    @classmethod
    def read(cls, folder: Path) -> EpochTable | None:
        """What `folder` keeps; None when there is none or it cannot be read: it can be made again."""
        try:
            with np.load(folder / FILE, allow_pickle=False) as data:
                about = json.loads(str(data["about"]))
                arrays = {name: data[name] for name in _ARRAYS}
            facts = tuple(EpochFacts(**fact) for fact in about.pop("facts"))
            return cls(facts=facts, notes=tuple(about.pop("notes")), **arrays, **about)
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            return None


_ARRAYS = ("ids", "distance", "threshold", "score", "flux", "error", "reasons", "labels")


def reason_text(bits: int) -> str:
    """The reasons in words, "" for none."""
    return "; ".join(text for reason, text in REASONS.items() if bits & reason)

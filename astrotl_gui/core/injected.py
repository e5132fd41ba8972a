"""Injected examples on disk: what the network saw of drawn objects, beside what it saw of their hosts."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.files import atomic_write

_ARRAYS = ("hosts", "vectors", "host_vectors", "statistics", "host_statistics")


@dataclass(frozen=True, eq=False)
class Injected:
    """Pairs (n) of a host with an object drawn into it and the very same host without, for one target.

    `hosts` int64 (n,): ids of the hosts, some of them several times. `vectors`, `host_vectors` float16 (n, D);
    `statistics`, `host_statistics` float32 (n, M), named as those of the embeddings beside which they lie.
    `facts`: what was drawn, name → (n,). `making` says what decides all of it, `notes` what was assumed.
    """

    target: str
    hosts: NDArray[np.int64]
    vectors: NDArray[np.float16]
    host_vectors: NDArray[np.float16]
    statistics: NDArray[np.float32]
    host_statistics: NDArray[np.float32]
    facts: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    making: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.hosts)

    @property
    def drawn(self) -> bool:
        """Whether objects were drawn into the hosts; else shipped arcs stand in."""
        return bool(self.making.get("drawn", True))

    @classmethod
    def none(cls, target: str, making: Mapping[str, Any], notes: tuple[str, ...]) -> Injected:
        """No pairs, and why."""
        nothing, table = np.zeros(0, np.int64), np.zeros((0, 0))
        return cls(
            target,
            nothing,
            table.astype(np.float16),
            table.astype(np.float16),
            table.astype(np.float32),
            table.astype(np.float32),
            making=making,
            notes=notes,
        )

    def write(self, folder: Path) -> None:
        """Write into the folder of the embeddings, whole or not at all; AstroTLError when it cannot be written."""
        about = json.dumps({"making": dict(self.making), "notes": self.notes, "facts": list(self.facts)})
        table = np.array([self.facts[name] for name in self.facts], np.float64).reshape(
            len(self.facts), len(self)
        )
        with atomic_write(_file(folder, self.target)) as temporary, open(temporary, "wb") as handle:
            np.savez(
                handle,
                about=np.frombuffer(about.encode(), np.uint8),
                table=table,
                **{name: getattr(self, name) for name in _ARRAYS},
            )

    @classmethod
    def read(cls, folder: Path, target: str) -> Injected | None:
        """What `write` left there; None where there is nothing or it is damaged: it can be made again."""
        try:
            with np.load(_file(folder, target), allow_pickle=False) as data:
                about = json.loads(data["about"].tobytes())
                arrays = {name: data[name] for name in _ARRAYS}
                facts = dict(zip(about["facts"], data["table"], strict=True))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            return None
        return cls(target, **arrays, facts=facts, making=about["making"], notes=tuple(about["notes"]))


def _file(folder: Path, target: str) -> Path:
    return folder / f"injected-{target}.npz"

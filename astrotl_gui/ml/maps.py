"""Maps: what the frozen trunk of a network gives of each source, once for all folds and epochs of a tuning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.ml.device import choose_device, limit_threads
from astrotl_gui.ml.encoder import PRECISIONS, cosines, make_backend

if TYPE_CHECKING:
    from torch import nn

    from astrotl_gui.ml.backends import Backend, Inputs
    from astrotl_gui.ml.encoders import Card

F16 = NDArray[np.float16]
Rows = NDArray[np.int64]

BYTES = 1_500 * 2**20
"""Most memory for the maps; views of fewer random sources are taken where they would need more."""
AGREES = 0.999
"""Smallest cosine to torch fp32 at which a backend may compute maps."""


@dataclass(frozen=True, eq=False)
class Maps:
    """`clean` float16 (N, V, …): of the views an embedding is the mean of. `noisy` (T, A, …): of turned copies with
    noise and another flux, of the rows `taught` (T,), ascending."""

    clean: F16
    noisy: F16
    taught: Rows

    def __len__(self) -> int:
        return len(self.clean)

    @property
    def views(self) -> int:
        return int(self.clean.shape[1])

    def one(self, rows: Rows, view: int) -> F16:
        """Maps (n, …) of one clean view."""
        return self.clean[rows, view]

    def drawn(self, rows: Rows, random: np.random.Generator) -> F16:
        """Maps (n, …), each of a random version of its row; rows that do not teach have clean ones only."""
        place = np.searchsorted(self.taught, rows)
        place = np.minimum(place, max(len(self.taught) - 1, 0))
        has = self.taught[place] == rows if len(self.taught) else np.zeros(len(rows), bool)
        version = random.integers(0, self.views + np.where(has, self.noisy.shape[1], 0))
        out = self.clean[rows, np.minimum(version, self.views - 1)]
        other = version >= self.views
        out[other] = self.noisy[place[other], version[other] - self.views]
        return out


class Mapper:
    """The trunk behind a front, on the fastest backend whose maps are those of torch fp32."""

    def __init__(
        self, card: Card, front: nn.Module, trunk: nn.Module, device: str = "auto", batch: int = 16
    ) -> None:
        limit_threads()
        self.device, self.batch = choose_device(device).type, batch
        self._front, self._trunk = front.eval(), trunk
        self._kind = _choose(card, trunk, self.device)
        self._backend: Backend | None = None

    def maps(self, inputs: Inputs) -> F16:
        """Maps float16 (n, …) of what the front takes, n ≤ `batch`."""
        count = len(inputs[0])
        padded = [_padded(np.asarray(value), self.batch) for value in inputs]
        if self._backend is None:
            self._backend = make_backend(self._kind, self._front, self._trunk, self.device, padded)
        found = self._backend.submit(padded)()[:count]
        return np.clip(found, -6e4, 6e4).astype(np.float16)

    def each(self, batches: Iterable[Inputs]) -> Iterator[F16]:
        for inputs in batches:
            yield self.maps(inputs)


def _choose(card: Card, trunk: nn.Module, device: str) -> str:
    from astrotl_gui.ml.encoder import check_pictures
    from astrotl_gui.ml.front import PictureFront

    front, pictures = PictureFront(card.mean, card.std), check_pictures(card.input, 4)
    want = make_backend("torch fp32", front, trunk, device, [pictures]).submit([pictures])()
    for kind in PRECISIONS[device]:
        try:
            got = make_backend(kind, front, trunk, device, [pictures]).submit([pictures])()
        except (ImportError, RuntimeError, ValueError, TypeError):
            continue
        if got.shape == want.shape and float(cosines(_flat(got), _flat(want)).min()) >= AGREES:
            return kind
    return "torch fp32"


def _flat(maps: NDArray[Any]) -> NDArray[np.float32]:
    return maps.reshape(len(maps), -1).astype(np.float32)


def _padded(values: NDArray[Any], size: int) -> NDArray[Any]:
    if len(values) == size:
        return values
    return np.concatenate([values, np.repeat(values[-1:], size - len(values), axis=0)])

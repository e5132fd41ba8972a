"""Autoencoders, small and seeded: what they cannot reproduce is unlike what they were shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.progress import SILENT, Progress

if TYPE_CHECKING:
    from torch import Tensor, nn

HIDDEN, CODE = 128, 16
CHANNELS, PICTURE_CODE = (16, 32, 64), 32
BATCH = 64
STEPS = 600
"""Batches it learns from, however many sources there are."""
RATE = 2e-3

_ALONE = RLock()
"""Threads and random numbers are the whole process's: jobs that train take turns."""

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]


class VectorAutoencoder:
    """One hidden layer of 128 on each side of a code of 16; columns are standardised by the reference (R, D)."""

    def __init__(self, reference: F32, steps: int = 0) -> None:
        from torch import nn

        self._centre, scale = reference.mean(axis=0), reference.std(axis=0)
        self._scale = np.where(scale > 0, scale, 1)
        wide = reference.shape[1]
        layers = ((wide, HIDDEN), (HIDDEN, CODE), (CODE, HIDDEN), (HIDDEN, wide))
        with _seeded():
            first, code, last, out = (nn.Linear(*sizes) for sizes in layers)
            self._network = nn.Sequential(first, nn.ReLU(), code, last, nn.ReLU(), out)
            _train(self._network, self._standard(reference), steps, SILENT)

    def errors(self, vectors: F32) -> F64:
        """Return the mean squared error (N,) of the reconstruction of vectors (N, D)."""
        return _errors(self._network, self._standard(vectors))

    def _standard(self, vectors: F32) -> F32:
        return ((vectors - self._centre) / self._scale).astype(np.float32)


class PictureAutoencoder:
    """A convolutional autoencoder (Masci et al. 2011): three strided layers, a code of 32, three transposed ones.

    It learns from pictures (R, C, side, side), `side` a multiple of 8, finite and of order one; `progress` counts
    the batches and is where it can be cancelled.
    """

    def __init__(self, reference: F32, steps: int = 0, *, progress: Progress = SILENT) -> None:
        with _seeded():
            self._network = _convolutional(reference.shape[1], reference.shape[2])
            _train(self._network, reference, steps, progress)

    def errors(self, pictures: F32) -> F64:
        """Return the mean squared error (N,) of the reconstruction of pictures (N, C, side, side)."""
        return _errors(self._network, pictures)


def _convolutional(bands: int, side: int) -> nn.Module:
    from torch import nn

    small, sizes = side // 8, (bands, *CHANNELS)
    flat = CHANNELS[-1] * small**2
    layers: list[nn.Module] = []
    for inner, outer in pairwise(sizes):
        layers += [nn.Conv2d(inner, outer, 4, stride=2, padding=1), nn.ReLU()]
    layers += [nn.Flatten(), nn.Linear(flat, PICTURE_CODE), nn.Linear(PICTURE_CODE, flat), nn.ReLU()]
    layers += [nn.Unflatten(1, (CHANNELS[-1], small, small))]
    for inner, outer in pairwise(sizes[::-1]):
        layers += [nn.ConvTranspose2d(inner, outer, 4, stride=2, padding=1), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@contextmanager
def _seeded() -> Iterator[None]:
    """The same random numbers each time, those of everybody else left alone."""
    import torch

    with _one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@contextmanager
def _one_thread() -> Iterator[None]:
    """Networks this small lose more by threads that wait for each other than they gain: 20 times, on a busy machine."""
    import torch

    with _ALONE:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def _train(network: nn.Module, rows: F32, steps: int, progress: Progress) -> None:
    import torch

    inputs, steps = _tensor(rows), steps or STEPS
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    for step in range(steps):
        progress(step, steps, "Learning what is usual")
        batch = inputs[torch.randint(len(inputs), (min(BATCH, len(inputs)),))]
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(network(batch), batch).backward()
        optimiser.step()
        schedule.step()


def _errors(network: nn.Module, rows: F32) -> F64:
    import torch

    with torch.inference_mode(), _one_thread():
        parts = [
            ((network(part) - part) ** 2).flatten(1).mean(1) for part in torch.split(_tensor(rows), 1024)
        ]
    return torch.cat(parts).numpy().astype(np.float64)


def _tensor(rows: F32) -> Tensor:
    import torch

    return torch.from_numpy(np.ascontiguousarray(rows, np.float32))

"""The encoder: a frozen network behind its front, on the fastest backend that gives the same numbers."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.ml.device import choose_device, cores, limit_threads
from astrotl_gui.ml.encoders import Card
from astrotl_gui.ml.network import block_widths, load_network
from astrotl_gui.ml.precision import folded

if TYPE_CHECKING:
    from torch import nn

    from astrotl_gui.ml.backends import Backend, Inputs, Result

log = logging.getLogger(__name__)

T = TypeVar("T")
F32 = NDArray[np.float32]

AGREEMENT = 0.9993
"""Smallest cosine to torch fp32, over check pictures and layers, at which a backend is accepted: on real cutouts the
smallest of 256 is a little lower, and 0.999 is promised."""
BATCH = {"cpu": 32, "mps": 64, "cuda": 512}
"""Images a pass; halved until they fit into the memory."""
PRECISIONS = {
    "cpu": ("openvino mixed", "openvino bf16", "openvino fp32", "torch mixed", "torch bf16"),
    "mps": (),
    "cuda": ("torch fp16", "torch bf16", "torch mixed"),
}
"""What is tried on each kind of device, the fastest first; torch fp32 is what remains."""


class Encoder:
    """The network of a card on a device ("auto", "cuda", "mps", "cpu").

    `front` (see `ml.front`) says what goes in; `blocks` how many numbers come from each layer, in order. `backend`
    names what runs it, `agreement` its measured smallest cosine to torch fp32. `batch` is the fixed number of images a
    pass. Raises AstroTLError for a device that is not here and for weights that do not fit.
    """

    def __init__(
        self, card: Card, front: nn.Module, layers: str = "last", device: str = "auto", batch: int = 0
    ) -> None:
        limit_threads()
        self.card = card
        self.front = front.eval()
        self.device = choose_device(device)
        self.batch = batch or BATCH[self.device.type]
        self._network, self.blocks = _network(card, layers)
        self.backend, self.agreement = _choose(card, layers, self.device.type, PRECISIONS[self.device.type])
        log.info("%s by %s, cosine to fp32 %.5f", card.name, self.backend, self.agreement)
        self._running: dict[str, Backend] = {}

    @classmethod
    def of_pictures(cls, card: Card, layers: str = "last", device: str = "auto") -> Encoder:
        """An encoder that takes pictures, uint8 (n, 3, input, input), R G B."""
        from astrotl_gui.ml.front import PictureFront

        return cls(card, PictureFront(card.mean, card.std), layers, device)

    def embed(self, *inputs: NDArray[Any]) -> F32:
        """Return embeddings, float32 (n, D), of what the front takes: arrays of n rows each."""
        count = len(inputs[0])
        batches = (
            (slice(start, start + self.batch), tuple(value[start : start + self.batch] for value in inputs))
            for start in range(0, count, self.batch)
        )
        parts = [vectors for _, vectors in self.stream(batches)]
        return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)

    def stream(self, batches: Iterable[tuple[T, Inputs]]) -> Iterator[tuple[T, F32]]:
        """Yield (token, embeddings float32 (n, D)) for each (token, inputs), in order; n ≤ `batch`.

        The next batch is handed to the device before the result of the last is waited for. Every pass has the
        same shape, the last padded. When the GPU's memory is full the batch is halved and the work goes on;
        AstroTLError when not even one image fits.
        """
        waiting: tuple[T, Result] | None = None
        for token, inputs in batches:
            result = self._submit(inputs)
            if waiting is not None:
                yield waiting[0], waiting[1]()
            waiting = token, result
        if waiting is not None:
            yield waiting[0], waiting[1]()

    def _submit(self, inputs: Inputs) -> Result:
        import torch

        count, size = len(inputs[0]), self.batch
        pieces: list[Result] = []
        start = 0
        while start < count:
            part = [value[start : start + size] for value in inputs]
            try:
                pieces.append(self._pass(part, size))
            except torch.OutOfMemoryError:
                size = self._halved(size)
                continue
            start += size
        self.batch = size
        return pieces[0] if len(pieces) == 1 else lambda: np.concatenate([piece() for piece in pieces])

    def _pass(self, part: Inputs, size: int) -> Result:
        count = len(part[0])
        padded = [_padded(np.asarray(value), size) for value in part]
        shapes = str([value.shape for value in padded])
        if shapes not in self._running:
            self._running[shapes] = self._start(padded)
        result = self._running[shapes].submit(padded)
        return lambda: result()[:count]

    def _start(self, inputs: Inputs) -> Backend:
        return make_backend(self.backend, self.front, self._network, self.device.type, inputs)

    def _halved(self, size: int) -> int:
        import torch

        if size == 1:
            raise AstroTLError(
                "The GPU is out of memory",
                "Not even one cutout fits. Embeddings made so far are safe. Set the device to cpu.",
            )
        self._running.clear()
        log.warning("GPU memory is full: %d cutouts a pass from now on", size // 2)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        return size // 2


def _padded(values: NDArray[Any], size: int) -> NDArray[Any]:
    if len(values) == size:
        return values
    return np.concatenate([values, np.repeat(values[-1:], size - len(values), axis=0)])


def make_backend(kind: str, front: nn.Module, network: nn.Module, device: str, inputs: Inputs) -> Backend:
    """Return a backend for inputs of these shapes. ImportError when OpenVINO is not installed."""
    import torch

    from astrotl_gui.ml.backends import OpenVINOBackend, TorchBackend

    engine, precision = kind.split()
    if engine == "openvino":
        return OpenVINOBackend(front, network, inputs, precision, cores())
    return TorchBackend(front, network, torch.device(device), precision)


@lru_cache(maxsize=2)
def _network(card: Card, layers: str) -> tuple[nn.Module, tuple[int, ...]]:
    """The network, folded where that gives the same numbers, and the widths of its layers' blocks."""
    import torch

    plain = load_network(card, layers)
    fast = folded(plain)
    images = torch.from_numpy(check_pictures(card.input, 2)).float() / 127.5 - 1
    with torch.inference_mode():
        same = torch.allclose(fast(images), plain(images), rtol=1e-3, atol=1e-3)
        blocks = block_widths(plain, images)
    return fast if same else plain, blocks


@lru_cache(maxsize=8)
def _choose(card: Card, layers: str, device: str, kinds: Sequence[str]) -> tuple[str, float]:
    """The fastest backend whose embeddings of the check pictures are those of torch fp32, and their agreement."""
    from astrotl_gui.ml.front import PictureFront

    network, blocks = _network(card, layers)
    front, pictures = PictureFront(card.mean, card.std), check_pictures(card.input)
    want = make_backend("torch fp32", front, network, device, [pictures]).submit([pictures])()
    for kind in kinds:
        try:
            got = make_backend(kind, front, network, device, [pictures]).submit([pictures])()
        except (ImportError, RuntimeError, ValueError, TypeError) as problem:  # OpenVINO's are of any kind
            log.info("%s does not run %s: %s", kind, card.name, problem)
            continue
        edges = np.cumsum(blocks)[:-1]
        both = zip(np.split(want, edges, axis=1), np.split(got, edges, axis=1), strict=True)
        agreement = min(float(cosines(a, b).min()) for a, b in both)
        if agreement >= AGREEMENT:
            return kind, agreement
        log.info("%s: cosine to fp32 only %.5f", kind, agreement)
    return "torch fp32", 1.0


def cosines(a: F32, b: F32) -> F32:
    """Return the cosine of each row of a with the same row of b, (n,)."""
    return (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


def check_pictures(side: int, count: int = 8) -> NDArray[np.uint8]:
    """Return seeded pictures like cutouts, uint8 (count, 3, side, side): exponential discs on noise."""
    rng = np.random.default_rng(0)
    row, column = np.mgrid[:side, :side] / side - 0.5
    images = rng.normal(0.15, 0.03, (count, 3, side, side))
    for image in images:
        for source in range(rng.integers(1, 7)):
            u, v = rng.uniform(-0.4, 0.4, 2) if source else (0.0, 0.0)
            size, ratio = rng.uniform(0.01, 0.15), rng.uniform(0.3, 1)
            disc = np.exp(-np.hypot((column - u) / size, (row - v) / size / ratio))
            image += rng.uniform(0.2, 1.2) * rng.uniform(0.4, 1, 3)[:, None, None] * disc
    return np.round(255 * np.clip(images, 0, 1)).astype(np.uint8)

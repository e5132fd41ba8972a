"""The encoder: a frozen network that turns a three-channel image into 1280 numbers."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.ml.device import choose_device, limit_threads
from astrotl_gui.ml.encoders import card
from astrotl_gui.ml.network import load_network
from astrotl_gui.ml.precision import folded, mixed

log = logging.getLogger(__name__)

DIMENSIONS = 1280
INPUT = 224
MEAN = STD = 0.5
"""As in the registry package's and timm's configuration of this model."""
AGREEMENT = 0.999
"""Smallest cosine to fp32, over a check batch, at which bf16 is accepted."""
BATCH = {"cpu": 32, "mps": 64, "cuda": 256}
"""Images a pass."""


def describe_encoder() -> dict[str, Any]:
    """Return what decides the embedding, for meta.toml; needs no torch.

    Precision and device are not in it: they agree to a cosine of 0.999 and are recorded beside it.
    """
    return card().identity()


class Encoder:
    """The frozen network on a device ("auto", "cuda", "mps", "cpu").

    `precision` is "bf16" (mixed, several times faster) where it agrees with fp32, else "fp32"; `agreement` is
    the measured smallest cosine. `batch` is the fixed number of images a pass.
    """

    def __init__(self, device: str = "auto", batch: int = 0) -> None:
        import torch

        limit_threads()
        self._torch = torch
        self.card = card()
        self.device = choose_device(device)
        self.batch = batch or BATCH[self.device.type]
        exact = folded(load_network(self.card))
        self._network = exact.to(self.device).to(memory_format=torch.channels_last)
        self.precision, self.agreement = "fp32", 1.0
        if self.device.type != "mps":
            self._try_bf16()

    def embed(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Return embeddings, float32 (n, 1280), of images (n, 3, h, w): uint8, or float in [0, 1].

        Every pass has the same shape, the last one padded. When the GPU's memory is full the batch is
        halved and the work goes on; AstroTLError when not even one image fits.
        """
        out = np.empty((len(images), DIMENSIONS), np.float32)
        start = 0
        while start < len(images):
            part = images[start : start + self.batch]
            try:
                out[start : start + len(part)] = self._pass(part, self.batch)
            except self._torch.OutOfMemoryError:
                self._halve()
                continue
            start += len(part)
        return out

    def _halve(self) -> None:
        if self.batch == 1:
            raise AstroTLError(
                "The GPU is out of memory",
                "Not even one cutout fits. Embeddings made so far are safe. Set the device to cpu.",
            )
        self.batch //= 2
        log.warning("GPU memory is full: %d cutouts a pass from now on", self.batch)
        if self.device.type == "cuda":
            self._torch.cuda.empty_cache()

    def _pass(self, images: NDArray[np.generic], size: int) -> NDArray[np.float32]:
        torch = self._torch
        padded = np.zeros((size, *images.shape[1:]), images.dtype)
        padded[: len(images)] = images
        with torch.inference_mode():
            x = torch.from_numpy(padded).to(self.device).to(torch.float32)
            x = ((x / 255 if images.dtype == np.uint8 else x) - MEAN) / STD
            features = self._network(x.contiguous(memory_format=torch.channels_last))
            return np.asarray(features[: len(images)].float().cpu().numpy())

    def _try_bf16(self) -> None:
        exact, check = self._network, check_images()
        want = self._pass(check, len(check))
        self._network = mixed(exact)
        got = self._pass(check, len(check))
        lengths = np.linalg.norm(want, axis=1) * np.linalg.norm(got, axis=1)
        self.agreement = float(((want * got).sum(axis=1) / lengths).min())
        if self.agreement >= AGREEMENT:
            self.precision = "bf16"
        else:
            self._network = exact
        log.info(
            "encoder on %s in %s, cosine of bf16 to fp32 %.5f", self.device, self.precision, self.agreement
        )


def check_images(count: int = 8) -> NDArray[np.float32]:
    """Return seeded pictures like cutouts, float32 (count, 3, 224, 224): exponential discs on noise."""
    rng = np.random.default_rng(0)
    row, column = np.mgrid[:INPUT, :INPUT] / INPUT - 0.5
    images = rng.normal(0.15, 0.03, (count, 3, INPUT, INPUT))
    for image in images:
        for source in range(rng.integers(1, 7)):
            u, v = rng.uniform(-0.4, 0.4, 2) if source else (0.0, 0.0)
            size, ratio = rng.uniform(0.01, 0.15), rng.uniform(0.3, 1)
            disc = np.exp(-np.hypot((column - u) / size, (row - v) / size / ratio))
            image += rng.uniform(0.2, 1.2) * rng.uniform(0.4, 1, 3)[:, None, None] * disc
    return np.clip(images, 0, 1).astype(np.float32)

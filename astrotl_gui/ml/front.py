"""Fronts: from the pixels of a mosaic, or from pictures, to what a network expects; on the network's own device.

A front is a module without weights whose output, float32 (n, 3, input, input), goes straight into the network, so
that resampling and stretching run where the network runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from astrotl_gui.core.regions import MARGIN, overlap
from astrotl_gui.ml.preprocess import BLACK, SOFTENING

if TYPE_CHECKING:
    from astrotl_gui.ml.encoders import RGB, Card
    from astrotl_gui.ml.preprocess import Preprocessing


class PictureFront(nn.Module):
    """Pictures uint8 (n, 3, h, w), R G B, of the network's size → (value / 255 − mean) / std."""

    def __init__(self, mean: RGB, std: RGB) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("std", torch.tensor(std)[:, None, None])

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return (pictures.float() / 255 - self.mean) / self.std


class AsinhFront(nn.Module):
    """Regions (see `core.regions.Regions`, bad pixels filled) → resampled, asinh-stretched, composed in colour.

    `sky` (n, B) is the local background in physical units. Each band: asinh((f − sky) / softening), from black to
    the white of the reference sample. Pictures that were stretched before are left as they are.
    """

    def __init__(self, preprocessing: Preprocessing, card: Card) -> None:
        super().__init__()
        self.input = card.input
        red, green, blue = preprocessing.channels
        used = [preprocessing.bands.index(band) for band in (red, green or red, blue)]
        self.between, self.linear = not green, preprocessing.linear
        stretch = preprocessing.stretch()
        for name, value in (
            ("unit", preprocessing.unit),
            ("softening", stretch.softening),
            ("low", stretch.low),
            ("high", stretch.high),
            ("white", preprocessing.white),
        ):
            self.register_buffer(
                name, torch.tensor([value[b] for b in used], dtype=torch.float32)[:, None, None]
            )
        self.brightest = float(np.sinh(stretch.high[used].max()))
        self.register_buffer("used", torch.tensor(used))
        self.register_buffer("mean", torch.tensor(card.mean)[:, None, None])
        self.register_buffer("std", torch.tensor(card.std)[:, None, None])

    def forward(
        self, planes: torch.Tensor, sky: torch.Tensor, x: torch.Tensor, y: torch.Tensor, side: torch.Tensor
    ) -> torch.Tensor:
        used, level = planes.index_select(1, self.used), sky.index_select(1, self.used)
        # Enlarging interpolates what is seen; shrinking averages light.
        if planes.shape[-1] - MARGIN <= self.input:
            return self._composed(resampled(self._stretched(used, level), x, y, side, self.input))
        return self._composed(self._stretched(resampled(used, x, y, side, self.input), level))

    def _stretched(self, planes: torch.Tensor, sky: torch.Tensor) -> torch.Tensor:
        """Values in 0…1."""
        flux = planes * self.unit
        if self.linear:
            return (flux / self.white).clamp(0, 1)
        scaled = ((flux - sky[:, :, None, None]) / self.softening).clamp(BLACK / SOFTENING, self.brightest)
        return ((asinh(scaled) - self.low) / (self.high - self.low)).clamp(0, 1)

    def _composed(self, value: torch.Tensor) -> torch.Tensor:
        if self.between:
            red, _, blue = value.unbind(1)
            value = torch.stack([red, (red + blue) / 2, blue], dim=1)
        return (value - self.mean) / self.std


def resampled(
    planes: torch.Tensor, x: torch.Tensor, y: torch.Tensor, side: torch.Tensor, npix: int
) -> torch.Tensor:
    """Return cutouts (n, B, npix, npix) of squares without bad pixels; as `Regions.resampled`, on any device."""
    length = planes.shape[-1]
    if length - MARGIN > npix:
        index = torch.arange(length, device=planes.device, dtype=planes.dtype)
        along, across = (overlap(centre, side, npix, index)[:, None] for centre in (y, x))
        return along @ planes @ across.transpose(2, 3)
    # Enlarging is linear interpolation, for which there is a faster operation.
    steps = (torch.arange(npix, device=planes.device, dtype=planes.dtype) - (npix - 1) / 2) / npix
    square = torch.stack(torch.broadcast_tensors(steps, steps[:, None]), dim=-1)
    centre = torch.stack([x, y], dim=-1)[:, None, None]
    grid = 2 * (centre + square * side[:, None, None, None]) / (length - 1) - 1
    return F.grid_sample(planes, grid, mode="bilinear", padding_mode="border", align_corners=True)


def asinh(value: torch.Tensor) -> torch.Tensor:
    """Inverse hyperbolic sine of values ≥ −1 or so, to 1e-6, from operations that every backend vectorises.

    y = ln u, u = x + √(x² + 1), by two of Halley's steps on exp(y) = u from y ≈ 32 sinh(ln(u) / 32).
    """
    u = value + torch.sqrt(value * value + 1)
    root = torch.sqrt(torch.sqrt(torch.sqrt(torch.sqrt(torch.sqrt(u)))))
    y = 16 * (root - 1 / root)
    for _ in range(2):
        power = torch.exp(y)
        y = y + 2 * (u - power) / (u + power)
    return y

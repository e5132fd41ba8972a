"""What lies under the sources: exposure map, noise, and what the subtraction of the sky left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from astrotl_gui.pipeline.simulation.camera import Array, Camera, SimulatedBand, rng_for
from astrotl_gui.pipeline.simulation.canvas import Box

VISITS = 5
CHIP, GAP = 2048, 26  # px: chips of the detector mosaic, and the gaps between them
DITHER = 90  # px between visits at most
WAVES = 6


@dataclass(frozen=True)
class Sky:
    """The sky of one band on a field of `shape` (ny, nx) px; everything is a function of the pixel alone."""

    camera: Camera
    band: SimulatedBand
    shape: tuple[int, int]
    seed: int

    def rms(self, box: Box) -> NDArray[np.float32]:
        """1σ of the background per pixel [image units]: more where a visit saw a gap between chips."""
        return (self.band.noise(self.camera.pixel_scale) / np.sqrt(self.coverage(box))).astype(np.float32)

    def coverage(self, box: Box) -> NDArray[np.float32]:
        """Share of the visits that saw each pixel, at least one of them."""
        rng = rng_for(self.seed, "visits", self.band.name)
        x0, y0, x1, y1 = box
        seen = np.zeros((y1 - y0, x1 - x0), np.float32)
        for shift_x, shift_y in rng.integers(-DITHER, DITHER + 1, (VISITS, 2)):
            on_x = (np.arange(x0, x1) - shift_x - CHIP // 2) % CHIP >= GAP
            on_y = (np.arange(y0, y1) - shift_y - CHIP // 2) % CHIP >= GAP
            seen += on_y[:, None] & on_x[None, :]
        return np.maximum(seen, 1).astype(np.float32) / np.float32(VISITS)

    def chip_edges(self) -> tuple[list[int], list[int]]:
        """Columns and rows [px] where a chip ends in the first visit."""
        shift_x, shift_y = rng_for(self.seed, "visits", self.band.name).integers(-DITHER, DITHER + 1, 2)
        return (
            [x for x in range(int(shift_x) + CHIP // 2, self.shape[1], CHIP) if x > 0],
            [y for y in range(int(shift_y) + CHIP // 2, self.shape[0], CHIP) if y > 0],
        )

    def residual(self, box: Box) -> NDArray[np.float32]:
        """What the subtraction of the sky left: slow waves and small steps from chip to chip, within ±0.2 σ."""
        rng = rng_for(self.seed, "residual", self.band.name)
        x0, y0, x1, y1 = box
        surface = np.zeros((y1 - y0, x1 - x0))
        length, angle = rng.uniform(700, 5000, WAVES), rng.uniform(0, 2 * np.pi, WAVES)
        for k, phase in enumerate(rng.uniform(0, 2 * np.pi, WAVES)):
            turn = 2 * np.pi / length[k]
            a = turn * np.cos(angle[k]) * np.arange(x0, x1)[None, :] + phase
            b = turn * np.sin(angle[k]) * np.arange(y0, y1)[:, None]
            surface += 0.035 * (np.sin(a) * np.cos(b) + np.cos(a) * np.sin(b))
        column, row = (np.arange(a, b) // CHIP for a, b in ((x0, x1), (y0, y1)))
        surface += 0.03 * np.sin(12.9898 * column[None, :] + 78.233 * row[:, None] + length[0])
        return (self.band.noise(self.camera.pixel_scale) * surface).astype(np.float32)

    def noise(self, rng: np.random.Generator, box: Box) -> NDArray[np.float32]:
        """Gaussian noise of unit variance (h, w), its neighbours correlated as the camera's resampling does."""
        return correlated_noise(rng, (box[3] - box[1], box[2] - box[0]), np.array(self.camera.noise_kernel))


def correlated_noise(rng: np.random.Generator, shape: tuple[int, int], kernel: Array) -> NDArray[np.float32]:
    """White noise through `kernel` along both axes, of unit variance."""
    half = len(kernel) // 2
    line = (kernel / np.sqrt((kernel**2).sum())).astype(np.float32)
    white = rng.standard_normal((shape[0] + 2 * half, shape[1] + 2 * half), dtype=np.float32)
    smooth = correlate1d(correlate1d(white, line, axis=0), line, axis=1)
    return smooth[half : half + shape[0], half : half + shape[1]]

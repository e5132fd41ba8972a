"""Artifacts of detectors, optics and the sky's traffic, drawn over the user's own sources."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.settings import ARTIFACT_KINDS, InjectionSettings
from astrotl_gui.pipeline.injection.artifact_kinds import BRIGHTNESS, KINDS, SHARP, Frame
from astrotl_gui.pipeline.injection.hosts import unspoiled
from astrotl_gui.pipeline.injection.injector import Facts, Paint, Planes, Square, light_painter
from astrotl_gui.pipeline.injection.instrument import Instrument
from astrotl_gui.pipeline.injection.lens import pair
from astrotl_gui.pipeline.psf import FWHM_PER_SIGMA

Floats = NDArray[np.float64]

STRENGTHS = (5.0, 100.0)
"""Brightness in units of the noise: from what is just detected to what nobody misses."""


@dataclass(frozen=True)
class ArtifactInjector:
    """Draws artifacts of one kind after another; see `Injector`."""

    settings: InjectionSettings
    target: str = "artifact"

    def fingerprint(self) -> dict[str, object]:
        return {
            "artifact_kinds": list(self.settings.artifact_kinds),
            "artifact_strength": list(self.settings.artifact_strength),
        }

    def can_draw(self) -> bool:
        return True

    def ranges(self, instrument: Instrument) -> dict[str, tuple[float, float]]:
        return {"artifact_strength": pair(self.settings.artifact_strength) or STRENGTHS}

    def hosts(self, instrument: Instrument) -> NDArray[np.int64]:
        return unspoiled(instrument)

    def draw(self, instrument: Instrument, square: Square, rng: np.random.Generator) -> tuple[Paint, Facts]:
        """An artifact about its host's place, some half of the PSF's width off it.

        The fact "kind" is its place in ARTIFACT_KINDS.
        """
        names = list(ARTIFACT_KINDS)
        kind = str(rng.choice(self.settings.artifact_kinds or names))
        strength = float(np.exp(rng.uniform(*np.log(self.ranges(instrument)["artifact_strength"]))))
        length = square.planes.shape[-1]
        off = rng.normal(0, instrument.reference.fwhm / 2, 2)
        pixels = np.arange(length, dtype=np.float64)
        frame = Frame(
            (pixels - square.x - off[0])[None, :],
            (pixels - square.y - off[1])[:, None],
            np.array([band.fwhm for band in instrument.bands]),
            square.side,
        )
        light = KINDS[kind](frame, rng) * strength * units(instrument, kind)
        return painter(instrument, square, light, rng), {
            "kind": float(names.index(kind)),
            "strength": strength,
        }


def units(instrument: Instrument, kind: str) -> Floats:
    """Brightness (B, 1, 1) [image units in a pixel] that is once the noise: of a pixel, or in a star's area."""
    noise = np.array([band.sigma for band in instrument.bands])
    if kind not in SHARP:
        noise /= [np.sqrt(4 * np.pi) * max(band.fwhm / FWHM_PER_SIGMA, 0.3) for band in instrument.bands]
    return np.asarray(noise * BRIGHTNESS.get(kind, 1.0))[:, None, None]


def painter(instrument: Instrument, square: Square, light: Floats, rng: np.random.Generator) -> Paint:
    """Paint of light (B, L, L) [image units] that may be missing (NaN) or negative: neither has photons."""
    missing, known = np.isnan(light), np.nan_to_num(light)
    shine = light_painter(instrument, square, known, rng)

    def paint(strength: float) -> Planes:
        planes = shine(strength) + strength * np.minimum(known, 0)
        return np.where(missing & (strength > 0), np.nan, planes).astype(np.float32)

    return paint

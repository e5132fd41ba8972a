"""Lenses as they come, faint ones too: what a list is tested with, not what it learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from astrotl_gui.core.settings import InjectionSettings
from astrotl_gui.pipeline.injection.artifact import ArtifactInjector
from astrotl_gui.pipeline.injection.injector import Facts, Injector, Square
from astrotl_gui.pipeline.injection.instrument import Instrument
from astrotl_gui.pipeline.injection.lens import Floats, LensInjector
from astrotl_gui.pipeline.injection.nucleus import NucleusInjector


@dataclass(frozen=True)
class EveryLens(LensInjector):
    """Draws lenses without drawing again those whose arcs hardly show."""

    def system(
        self, instrument: Instrument, square: Square, rng: np.random.Generator
    ) -> tuple[Floats, Facts]:
        return self.any_system(instrument, square, rng)


def testers(settings: InjectionSettings) -> dict[str, Injector]:
    """By target, what draws the objects that a list should find."""
    return {
        "lens": EveryLens(settings),
        "agn": NucleusInjector(settings),
        "artifact": ArtifactInjector(settings),
    }

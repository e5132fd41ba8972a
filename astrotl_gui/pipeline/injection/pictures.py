"""Pictures of injected examples beside their hosts, in the stretch that the network sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.regions import Regions
from astrotl_gui.core.settings import ARTIFACT_KINDS, CutoutSettings, EncoderSettings, InjectionSettings
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.pipeline.inject import instrument_of
from astrotl_gui.pipeline.injection.checked import how_many
from astrotl_gui.pipeline.injection.injector import Facts
from astrotl_gui.pipeline.injection.pairs import draw_pairs
from astrotl_gui.pipeline.injection.shipped_arcs import MISSING
from astrotl_gui.pipeline.injection.stored import injectors

Picture = NDArray[np.uint8]

SIDE = 96


@dataclass(frozen=True, eq=False)
class Example:
    """One pair as pictures (side, side, 3), R G B, first row at the top; `host` is the id of the source."""

    injected: Picture
    plain: Picture
    host: int
    facts: Facts


@dataclass(frozen=True, eq=False)
class Shown:
    """Some examples of a target, and where nothing is set what they are drawn from, `automatic`: setting → range.

    `bands`: names of the reference, the shortest and the longest band. `notes`: what was assumed.
    """

    examples: list[Example]
    automatic: dict[str, tuple[float, float]]
    bands: tuple[str, str, str]
    notes: tuple[str, ...]


def example_pictures(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    settings: InjectionSettings,
    target: str,
    count: int = 24,
    side: int = SIDE,
    *,
    progress: Progress = SILENT,
) -> Shown:
    """Draw some of the pairs again and compose them; none where there are no hosts or nothing can be drawn.

    Raises AstroTLError where the sources are not embedded.
    """
    progress(0, count, "Drawing examples")
    instrument, preprocessing = instrument_of(mosaic, catalog, folder, cutouts, encoder)
    injector, plain = (
        next(one for one in injectors(chosen) if one.target == target)
        for chosen in (settings, InjectionSettings())
    )
    examples: list[Example] = []
    number = (
        how_many(settings, len(catalog)) if target == "artifact" else count
    )  # some of each kind among them
    for drawn in draw_pairs(instrument, injector, number if injector.can_draw() else 0, settings.seed):
        pictures = (composed(part, preprocessing, side) for part in (drawn.injected[0], drawn.hosts[0]))
        ids = catalog.ids[drawn.hosts[0].rows].tolist()
        examples += [Example(*one) for one in zip(*pictures, ids, drawn.facts, strict=True)]
        progress(len(examples), number, "Drawing examples")
    bands = instrument.reference.name, instrument.bands[0].name, instrument.bands[-1].name
    notes = instrument.notes if injector.can_draw() else (*instrument.notes, f"{MISSING}.")
    if target == "artifact":
        examples = by_kind(examples, count // len(settings.artifact_kinds or ARTIFACT_KINDS))
    return Shown(examples, plain.ranges(instrument), bands, notes)


def by_kind(examples: Sequence[Example], most: int) -> list[Example]:
    """Those of one kind together, at most so many of each."""
    kinds: dict[float, list[Example]] = {}
    for one in examples:
        kinds.setdefault(one.facts["kind"], []).append(one)
    return [one for kind in sorted(kinds) for one in kinds[kind][:most]]


def composed(regions: Regions, preprocessing: Preprocessing, side: int) -> Iterator[Picture]:
    """Regions in the network's stretch and colours, one picture each."""
    planes = preprocessing.physical(regions.resampled(side))
    sky, _ = preprocessing.background(planes)
    flux = np.nan_to_num(planes - sky[:, :, None, None])
    stretch = preprocessing.stretch()
    low, high, softening = (
        np.asarray(part, np.float64)[:, None, None] for part in (stretch.low, stretch.high, stretch.softening)
    )
    value = (np.arcsinh(flux / softening) - low) / (high - low)
    if preprocessing.linear:
        value = planes / np.asarray(preprocessing.white)[:, None, None]
    red, green, blue = preprocessing.channels
    parts = [value[:, preprocessing.bands.index(band)] for band in (red, green or red, blue)]
    if not green:
        parts[1] = (parts[0] + parts[2]) / 2
    pictures = np.round(255 * np.clip(np.stack(parts, axis=-1), 0, 1)).astype(np.uint8)[:, ::-1]
    return iter(pictures)

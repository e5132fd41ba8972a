"""Injected pairs beside the embeddings, and whether they are those that are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import EmbeddingStore
from astrotl_gui.core.injected import Injected
from astrotl_gui.core.settings import InjectionSettings
from astrotl_gui.pipeline.injection.artifact import ArtifactInjector
from astrotl_gui.pipeline.injection.checked import how_many
from astrotl_gui.pipeline.injection.injector import Injector
from astrotl_gui.pipeline.injection.lens import LensInjector
from astrotl_gui.pipeline.injection.nucleus import NucleusInjector
from astrotl_gui.pipeline.outliers import content_of

VERSION = 2
"""Raised when the same settings would draw other objects."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Pairs by target, beside the embeddings of that `key`; `made` says whether any was made just now."""

    pairs: Mapping[str, Injected]
    key: str
    made: bool


def injectors(settings: InjectionSettings) -> tuple[Injector, ...]:
    """One for each target that has an injector."""
    return LensInjector(settings), NucleusInjector(settings), ArtifactInjector(settings)


def stored_pairs(
    folder: Path, key: str, settings: InjectionSettings, catalog: Catalog
) -> dict[str, Injected]:
    """The pairs that lie beside the embeddings of that key, by target, if they are those the settings ask for."""
    found = {}
    for injector in injectors(settings):
        known = Injected.read(EmbeddingStore(folder, key).folder, injector.target)
        if known is not None and known.making == wanted(injector, settings, catalog, key):
            found[injector.target] = known
    return found


def wanted(injector: Injector, settings: InjectionSettings, catalog: Catalog, key: str) -> dict[str, Any]:
    """All that decides the pairs of a target, as JSON values; `key` is that of the embeddings."""
    return {
        "version": VERSION,
        "pairs": how_many(settings, len(catalog)),
        "seed": settings.seed,
        "sources": content_of(catalog, key),
        "drawn": injector.can_draw(),
        **injector.fingerprint(),
    }

"""Inject examples of rare objects into the user's own sources, for lists that have an order before any label."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import EmbeddingStore
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.injected import Injected
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings, InjectionSettings
from astrotl_gui.ml.encoder import Encoder
from astrotl_gui.ml.encoders import network_card
from astrotl_gui.ml.preprocess import Preprocessing
from astrotl_gui.pipeline.embed import cutout_size, recipe_of
from astrotl_gui.pipeline.injection.checked import how_many
from astrotl_gui.pipeline.injection.injector import Injector
from astrotl_gui.pipeline.injection.instrument import Instrument
from astrotl_gui.pipeline.injection.pairs import inject_pairs
from astrotl_gui.pipeline.injection.shipped_arcs import shipped_pairs
from astrotl_gui.pipeline.injection.stored import Examples, injectors, stored_pairs, wanted
from astrotl_gui.pipeline.making import stores_of


def inject(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    cutouts: CutoutSettings,
    encoder: EncoderSettings = EncoderSettings(),  # noqa: B008 (frozen)
    settings: InjectionSettings = InjectionSettings(),  # noqa: B008 (frozen)
    *,
    device: str = "auto",
    targets: Sequence[str] = (),
    progress: Progress = SILENT,
) -> Examples:
    """Pairs of injected objects and their hosts, by target (all that have an injector by default).

    They are stored beside the embeddings in `folder`, and made only where they are not there, or settings, sources or
    embeddings changed. Raises AstroTLError where the sources are not embedded, for an unknown device, and for a
    folder that cannot be written.
    """
    progress(0, how_many(settings, len(catalog)), "Injecting examples")
    store = _embedded_store(folder, catalog, mosaic, cutouts, encoder)
    found = stored_pairs(folder, store.key, settings, catalog)
    asked = [one for one in injectors(settings) if not targets or one.target in targets]
    missing = [one for one in asked if one.target not in found]
    if missing:
        lab = _Lab(store, mosaic, catalog, cutouts, encoder, device)
        for injector in missing:
            pairs = lab.inject(injector, settings, progress)
            pairs.write(store.folder)
            found[injector.target] = pairs
    return Examples({one.target: found[one.target] for one in asked}, store.key, bool(missing))


def draw_apart(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    injector: Injector,
    making: dict[str, Any],
    *,
    count: int,
    seed: int,
    device: str = "auto",
    progress: Progress = SILENT,
) -> Injected:
    """Pairs from which no list learns: they are looked at as `inject` does, and not stored."""
    store = _embedded_store(folder, catalog, mosaic, cutouts, encoder)
    lab = _Lab(store, mosaic, catalog, cutouts, encoder, device)
    zooms, views = lab.making["zooms"], lab.making["views"]
    return inject_pairs(
        lab.instrument,
        injector,
        lab.recipe,
        lab.encoder,
        zooms=zooms,
        views=views,
        count=count,
        seed=seed,
        making=making,
        progress=progress,
    )


def instrument_of(
    mosaic: Mosaic, catalog: Catalog, folder: Path, cutouts: CutoutSettings, encoder: EncoderSettings
) -> tuple[Instrument, Preprocessing]:
    """What turns light into pixels of a mosaic whose sources are embedded, and the stretch the network sees."""
    store = _embedded_store(folder, catalog, mosaic, cutouts, encoder)
    preprocessing = Preprocessing.from_dict(store.meta()["preprocessing"])
    return Instrument.of(mosaic, catalog, cutout_size(cutouts, encoder)), preprocessing


def _embedded_store(
    folder: Path, catalog: Catalog, mosaic: Mosaic, cutouts: CutoutSettings, encoder: EncoderSettings
) -> EmbeddingStore:
    """The embeddings that the lists rest on: those of the project's making that hold every source."""
    for store in stores_of(folder, mosaic, cutouts, encoder):
        if not len(store.missing(catalog)):
            return store
    raise AstroTLError(
        "The sources are not embedded",
        "Run astrotl embed first: objects are injected beside embedded sources.",
    )


class _Lab:
    """The encoder and the recipe of a store, made once for all targets."""

    def __init__(
        self,
        store: EmbeddingStore,
        mosaic: Mosaic,
        catalog: Catalog,
        cutouts: CutoutSettings,
        encoder: EncoderSettings,
        device: str,
    ) -> None:
        meta = store.meta()
        self.store, self.making = store, meta["making"]
        preprocessing = Preprocessing.from_dict(meta["preprocessing"])
        size, the_card = cutout_size(cutouts, encoder), network_card(encoder)
        self.recipe = recipe_of(preprocessing, the_card, encoder, size)
        self.encoder = Encoder(the_card, self.recipe.front(), encoder.layers, device)
        self.instrument = Instrument.of(mosaic, catalog, size)

    def inject(self, injector: Injector, settings: InjectionSettings, progress: Progress) -> Injected:
        catalog = self.instrument.catalog
        making, count = wanted(injector, settings, catalog, self.store.key), how_many(settings, len(catalog))
        if not injector.can_draw():
            return shipped_pairs(self.store, self.instrument, injector, count, making)
        return inject_pairs(
            self.instrument,
            injector,
            self.recipe,
            self.encoder,
            zooms=self.making["zooms"],
            views=self.making["views"],
            count=count,
            seed=settings.seed,
            making=making,
            progress=progress,
        )

"""Fine-tune a project's network on the labels of one list, and let the gate say whether it is an improvement."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import EmbeddingStore
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.models import FEWEST, ModelCard, count_labels, next_version, read_model, write_model
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings, TuningSettings
from astrotl_gui.ml.device import choose_device
from astrotl_gui.ml.encoders import card, file_hash
from astrotl_gui.ml.finetune import changed_weights, tune
from astrotl_gui.ml.gate import words
from astrotl_gui.pipeline.embed import embed, recorded_versions
from astrotl_gui.pipeline.making import stores_of
from astrotl_gui.pipeline.tuning.judged import (
    Course,
    Judged,
    enough,
    images_of,
    judge,
    known,
    lesson_of,
)
from astrotl_gui.pipeline.tuning.sources import images_in, labelled_in, mosaic_material, shipped

CNN, LORA = "the last stage", "LoRA on the last blocks"


def fine_tune(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    models: Path,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    target: str,
    training: Mapping[str, Mapping[int, int]],
    settings: TuningSettings = TuningSettings(),  # noqa: B008 (frozen)
    *,
    names: Mapping[str, str] | None = None,
    device: str = "auto",
    force: bool = False,
    progress: Progress = SILENT,
) -> ModelCard:
    """Tune on the labels of `target` (`training`: list → id → +1 or −1); return its card.

    The network is tuned from its weights as shipped, in each fold without that fold's labels; its weights are kept only
    where the gate accepts it (or `force`). Embeddings in `folder` are those of the network as shipped and stay as they
    are; so does what ranks. Curves are streamed as `ml.finetune.TuningStep`. `names`: what lists are called. Raises
    AstroTLError for too few labels, sources not embedded, an encoder that cannot be tuned, a loss that is no number.
    """
    began = time.monotonic()
    progress(0, 1, "Fine-tuning")
    labels = {i: sign for i, sign in training[target].items() if catalog.rows_of([i])[0] >= 0}
    if not enough(labels):
        yes, no = count_labels(labels)
        needed = f"It takes {FEWEST} yes and {FEWEST} no at least; there are {yes} yes and {no} no."
        raise AstroTLError("Too few labels to fine-tune", needed)
    the_card = card(encoder.encoder)
    views = shipped(folder, catalog, mosaic, cutouts, encoder).meta["making"]["views"]
    every = labelled_in(training, catalog)
    sources = len(every) + 2 * settings.unlabelled
    total = images_in(len(every), views, settings) + images_of(len(labels), sources, views, settings)
    course = Course(total, progress)
    material = mosaic_material(
        mosaic, catalog, folder, cutouts, encoder, the_card, every, settings, device, course
    )
    judged = judge(material, target, training, settings, device, course)
    keep = judged.accepted or force
    tail = None
    if keep:
        lesson = lesson_of(material, known(material, labels), material.catalog.rows_of([])[:0])
        report = course.reporter(0, settings)
        tail = tune(material.cut, material.maps, lesson, settings, settings.seed, device, report)
    made = _card(next_version(models), target, training, judged, settings, names or {})
    made = replace(
        made,
        encoder=the_card.name,
        encoder_weights=the_card.sha256,
        kept=keep,
        recipe=LORA if material.cut.transformer else CNN,
        seconds=round(time.monotonic() - began, 1),
        device=choose_device(device).type,
    )

    def write(path: Path) -> str:
        from safetensors.torch import save_file

        assert tail is not None
        save_file(changed_weights(material.cut.tail, tail), path)
        return file_hash(path)

    made = write_model(models, made, write if keep else None)
    progress(total, total, "Fine-tuning")
    return made


def _card(
    version: int,
    target: str,
    training: Mapping[str, Mapping[int, int]],
    judged: Judged,
    settings: TuningSettings,
    names: Mapping[str, str],
) -> ModelCard:
    compared = judged.compared
    harmed = [names.get(name, name) for name in judged.harmed]
    return ModelCard(
        version=version,
        target=target,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        encoder="",
        encoder_weights="",
        labels={name: list(count_labels(labels)) for name, labels in training.items() if labels},
        folds=settings.folds,
        average_precision={
            "tuned": list(compared.tuned),
            "frozen": list(compared.frozen),
            "difference": list(compared.difference),
        },
        area={
            "tuned": list(compared.area_tuned),
            "frozen": list(compared.area_frozen),
            "difference": list(compared.area_difference),
        },
        others={name: list(other.difference) for name, other in judged.others.items()},
        accepted=judged.accepted,
        kept=False,
        recipe="",
        settings=asdict(settings),
        seconds=0.0,
        device="",
        verdict=words(compared, harmed),
        versions=recorded_versions(),
    )


def embed_version(
    mosaic: Mosaic,
    catalog: Catalog,
    folder: Path,
    cutouts: CutoutSettings,
    encoder: EncoderSettings,
    first: Sequence[int] = (),
    *,
    device: str = "auto",
    progress: Progress = SILENT,
) -> EmbeddingStore:
    """Embed all sources by the version that `encoder.model` names, in as many views as the network as shipped did.

    The embeddings of other versions stay; `first` as in `embed`. Raises AstroTLError for a version without weights.
    """
    if encoder.model and not read_model(Path(encoder.models), encoder.model).kept:
        raise AstroTLError(
            "This version was not kept", "It did not rank better than the network as shipped, which stays."
        )
    whole = [
        store
        for store in stores_of(folder, mosaic, cutouts, replace(encoder, model=0))
        if not len(store.missing(catalog))
    ]
    if whole and encoder.model:
        encoder = replace(encoder, views=whole[0].meta()["making"]["views"])
    return embed(mosaic, catalog, folder, cutouts, encoder, device=device, first=first, progress=progress)


def embedded(
    folder: Path, catalog: Catalog, mosaic: Mosaic, cutouts: CutoutSettings, encoder: EncoderSettings
) -> bool:
    """Whether every source is embedded by the version that `encoder` names, so that it can rank at once."""
    try:
        stores = stores_of(folder, mosaic, cutouts, encoder)
    except AstroTLError:
        return False
    return any(not len(store.missing(catalog)) for store in stores)

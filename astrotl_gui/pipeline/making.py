"""What made an embedding: everything that decides its numbers, and in words where two makings differ."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.embeddings import Embeddings, EmbeddingStore
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.settings import CutoutSettings, EncoderSettings
from astrotl_gui.ml.encoder_choice import AUTO, layers_text, parse_layers
from astrotl_gui.ml.encoders import network_card

VERSION = 6
"""Raised when the same making would give other numbers."""

Making = Mapping[str, Any]


def making(mosaic: Mosaic, cutouts: CutoutSettings, encoder: EncoderSettings) -> dict[str, Any]:
    """Return, as plain values for meta.toml, what decides the embeddings of a mosaic; `views` 0 while undecided.

    Device and precision are not in it: backends agree to a cosine of 0.999 and are recorded beside it.
    Of an encoder that is not on this computer only the name and the tuned version are known.
    """
    return {
        "version": VERSION,
        "mosaic": mosaic.fingerprint,
        "bands": [band.name for band in mosaic.bands],
        "channels": list(mosaic.spec.colour),
        "zeropoints": [str(mosaic.zeropoint(band.name)) for band in mosaic.bands],
        "size": float(cutouts.size),
        "zooms": [float(zoom) for zoom in encoder.zooms],
        "recipe": encoder.recipe,
        **_encoder(encoder),
        "views": encoder.views,
    }


def _encoder(settings: EncoderSettings) -> dict[str, Any]:
    try:
        the_card = network_card(settings)
    except AstroTLError:
        version = {"model": settings.model} if settings.model else {}
        return {"layers": settings.layers, "encoder": {"name": settings.encoder, **version}}
    return {"layers": layers_text(parse_layers(settings.layers, the_card)), "encoder": the_card.identity()}


def fitting(folder: Path, wanted: Making) -> list[EmbeddingStore]:
    """The stores of the wanted making; any number of views serves where it is undecided, eight before one."""
    stores = [store for store in EmbeddingStore.all(folder) if not differences(_made(store), wanted)]
    return sorted(stores, key=lambda store: -_made(store)["views"])


def _made(store: EmbeddingStore) -> Making:
    return store.meta().get("making", {})


def differences(stored: Making, wanted: Making) -> list[str]:
    """Say in words what differs, e.g. "bands g, r, i instead of i, r, g"."""
    unlike = [key for key in wanted if stored.get(key) != wanted[key]]
    if "encoder" in unlike and wanted["encoder"] == _known_by_name(stored.get("encoder", {})):
        unlike = [key for key in unlike if key != "encoder" and wanted[key] != AUTO]
    if not wanted["views"] and "views" in unlike:
        unlike.remove("views")
    if "version" in unlike:
        return ["they were made by another version of AstroTL"]
    return [_difference(key, stored.get(key), wanted[key]) for key in unlike]


def _known_by_name(identity: Making) -> Making:
    return {key: identity[key] for key in ("name", "model") if key in identity}


def _difference(key: str, was: Any, now: Any) -> str:
    if key == "encoder":
        was = was or {}
        if was.get("name") == now["name"] and was.get("weights") != now["weights"]:
            return f"other weights of {now['name']} ({was.get('weights')} instead of {now['weights']})"
        if was.get("name") == now["name"]:
            return f"the network {_version(was)} instead of {_version(now)}"
        return f"encoder {was.get('name')} instead of {now['name']}"
    if key == "mosaic":
        return "they were made from other images"
    name = {"size": "cutout size [″]", "channels": "bands in red, green, blue"}.get(key, key)
    return f"{name} {_text(was)} instead of {_text(now)}"


def _version(identity: Making) -> str:
    return f"of version {identity['model']}" if identity.get("model") else "as shipped"


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def find_embeddings(
    folder: Path, catalog: Catalog, mosaic: Mosaic, cutouts: CutoutSettings, encoder: EncoderSettings
) -> Embeddings | None:
    """Return the embeddings of the whole catalog that fit the project; None while there are none or some are missing.

    Those of eight views come before those of one. Raises AstroTLError, with the reason, when there are
    embeddings but of another making: they are never mixed.
    """
    for store in stores_of(folder, mosaic, cutouts, encoder):
        if (found := store.load(catalog)) is not None:
            return found
    return None


def stores_of(
    folder: Path, mosaic: Mosaic, cutouts: CutoutSettings, encoder: EncoderSettings
) -> list[EmbeddingStore]:
    """The stores that fit the project, whole or not, those of eight views first.

    Raises AstroTLError, with the reason, when there are embeddings but all of another making.
    """
    wanted = making(mosaic, cutouts, encoder)
    stores = fitting(folder, wanted)
    if not stores and (others := EmbeddingStore.all(folder)):
        reasons = "; ".join(differences(_made(others[0]), wanted))
        raise AstroTLError("The embeddings do not fit this project", f"{reasons}. Embed the sources again.")
    return stores

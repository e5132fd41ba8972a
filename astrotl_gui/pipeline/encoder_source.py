"""What a name of an encoder means: an architecture of timm, its configuration, and where its weights are."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.hub import HubModel, RemoteFile, announced_sha256, fetch, hub_model

HUB = ("hf_hub:", "hf-hub:")
WEIGHTS = ("model.safetensors", "pytorch_model.bin", "pytorch_model.pth", "model.pth")
"""Names of weights files on the hub, the best first."""


@dataclass(frozen=True)
class Source:
    """An architecture with its arguments, its configuration in timm's terms, and whose it is.

    `model` is the hub's model and `weights` the file to download; None where one is not known or not asked for.
    """

    architecture: str
    config: dict[str, Any]
    arguments: dict[str, Any] = field(default_factory=dict)
    licence: str = ""
    origin: str = ""
    weights: RemoteFile | None = None


def on_hub(name: str) -> str:
    """The hub's name for "hf_hub:owner/model" or "owner/model"; "" for a name of timm's."""
    for prefix in HUB:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name if "/" in name else ""


def short_name(name: str) -> str:
    """What an encoder is called if not told otherwise: the model without owner and revision."""
    return name.rsplit(":", 1)[-1].rsplit("/", 1)[-1].partition("@")[0]


def source_of(name: str, weights: Path | None, scratch: Path) -> Source:
    """Look up a timm name, or a timm model on the hub (`hf_hub:owner/model`).

    With `weights`, a file here, nothing is downloaded: a hub model's config.json is then expected beside it.
    Raises AstroTLError for unknown names, for what is no timm model, and as `hub_model` and `fetch` do.
    """
    if hub_name := on_hub(name):
        return _hub_source(hub_name, weights, scratch)
    return _timm_source(name, weights)


def _timm_source(name: str, weights: Path | None) -> Source:
    from timm.models import get_pretrained_cfg, is_model

    architecture = name.partition(".")[0]
    try:
        config = get_pretrained_cfg(name) if is_model(architecture) else None
    except RuntimeError:  # weights of another name
        config = None
    if config is None:
        raise _unknown(name)
    if weights is not None:
        return Source(architecture, config.to_dict(), {}, "", weights.name)
    if config.custom_load or not (config.hf_hub_id or config.url):
        raise AstroTLError(
            "No weights to download", f"timm knows none for {name}. Add it from a file (--weights FILE)."
        )
    if config.hf_hub_id:
        model = hub_model(config.hf_hub_id)
        remote = _weights(model, config.hf_hub_filename)
        licence = config.license or model.licence
        return Source(architecture, config.to_dict(), {}, licence, _origin(model), remote)
    remote = RemoteFile(
        Path(config.url).name, config.url, name, sha256=announced_sha256(config.url), page=config.url
    )
    return Source(architecture, config.to_dict(), {}, config.license or "", config.url, remote)


def _hub_source(name: str, weights: Path | None, scratch: Path) -> Source:
    if weights is not None:
        beside = weights.with_name("config.json")
        if not beside.is_file():
            raise AstroTLError(
                "The configuration is missing",
                f"Put the config.json of {name} beside {weights.name}, or give the architecture instead of {name}.",
            )
        return _configured(beside, name, "", weights.name, None)
    model = hub_model(name)
    if "config.json" not in model.files:
        raise _no_timm(name, "it has no config.json")
    file = fetch(model.files["config.json"], scratch, lambda done, total: None)
    return _configured(file, name, model.licence, _origin(model), _weights(model))


def _configured(file: Path, name: str, licence: str, origin: str, weights: RemoteFile | None) -> Source:
    """A source as a config.json of timm describes it."""
    from timm.models import PretrainedCfg, is_model
    from timm.models._hub import load_model_config_from_path

    try:
        if "architecture" not in json.loads(file.read_text(encoding="utf-8")):
            raise _no_timm(name, "its config.json names no timm architecture")
        config, architecture, arguments = load_model_config_from_path(file.parent)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
        raise _no_timm(name, f"its config.json cannot be read ({problem})") from problem
    if not is_model(architecture):
        raise _no_timm(name, f"this timm has no {architecture}")
    kept = {key: value for key, value in arguments.items() if key not in ("num_classes", "in_chans")}
    config = PretrainedCfg().to_dict() | {key: value for key, value in config.items() if value is not None}
    return Source(architecture, config, kept, licence or config.get("license", ""), origin, weights)


def _weights(model: HubModel, named: str | None = None) -> RemoteFile:
    for name in (named, *WEIGHTS):
        if name in model.files:
            return model.files[name]
    raise AstroTLError(
        "No weights to download",
        f"{model.name} has none of {', '.join(WEIGHTS)}. Choose another model, or add it from a file.",
    )


def _origin(model: HubModel) -> str:
    return f"{HUB[0]}{model.name}@{model.commit[:12]}"


def _unknown(name: str) -> AstroTLError:
    from timm import list_models

    known = [*list_models(), *list_models(pretrained=True)]
    near = difflib.get_close_matches(name, known, 3, 0.5)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return AstroTLError(
        "timm knows no such network",
        f'"{name}". {hint}Names are as efficientnet_b0, convnext_tiny.fb_in22k or hf_hub:owner/model.',
    )


def _no_timm(name: str, why: str) -> AstroTLError:
    return AstroTLError(
        "This is no timm model",
        f"{name}: {why}. Choose a model that timm can build, or add its weights with an architecture "
        "(--weights FILE).",
    )

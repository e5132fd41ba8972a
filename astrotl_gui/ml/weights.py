"""A weights file, whoever wrote it: its tensors under the names that a network gives them. Nothing is unpickled."""

from __future__ import annotations

import argparse
import logging
import pickle
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astrotl_gui.core.errors import AstroTLError

if TYPE_CHECKING:
    import torch
    from torch import nn

log = logging.getLogger(__name__)

Tensors = dict[str, "torch.Tensor"]
NESTING = 3
"""How deep a checkpoint's dictionaries, and the dots of a prefix, are looked into."""
AVERAGED = ("state_dict_ema", "model_ema", "teacher")
"""Weights averaged over training, which are the better ones where a checkpoint has both."""


def read_weights(path: Path) -> dict[str, Any]:
    """Return what a weights file holds: tensors by name, possibly in dictionaries of dictionaries.

    safetensors, or what `torch.load(weights_only=True)` reads. Raises AstroTLError for anything else.
    """
    try:
        with open(path, "rb") as handle:
            head = handle.read(9)
        held = _load(path, head)
    except OSError as problem:
        raise AstroTLError("The network weights cannot be read", f"{path}: {problem.strerror}.") from problem
    except Exception as problem:  # torch and safetensors raise many kinds
        raise _unreadable(path, _why(head, problem)) from problem
    if not isinstance(held, dict):
        raise _unreadable(path, "holds no tensors by name")
    return held


def _load(path: Path, head: bytes) -> Any:
    import torch
    from safetensors.torch import load_file

    if head[8:] == b"{":  # safetensors begin with a length and a JSON header
        return dict(load_file(path))
    # timm's own training leaves its options beside the weights; a Namespace is as harmless as a dictionary
    with torch.serialization.safe_globals([argparse.Namespace]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.load(path, map_location="cpu", weights_only=True)


def _why(head: bytes, problem: Exception) -> str:
    """Why a file could not be read as weights, by how it begins."""
    if not head:
        return "is empty"
    if not head.startswith((b"PK", b"\x80")) and head[8:] != b"{":
        return "is no weights file"
    if isinstance(problem, pickle.UnpicklingError):
        return "holds Python objects besides weights, which AstroTL does not run; save its state_dict alone"
    return "is cut short or damaged"


def fill(network: nn.Module, path: Path, architecture: str) -> None:
    """Fill a headless timm network from a file.

    Nested dictionaries are searched, a common prefix is taken off, timm's own conversion of foreign names (and of
    position embeddings of another size) is used where it has one, classifiers are dropped. Raises AstroTLError when
    anything is missing, has another shape, or is left over that belongs to a larger network.
    """
    import torch

    wanted = network.state_dict()
    convert = _conversion(architecture)
    best: Tensors = {}
    for tensors in _attempts(read_weights(path), len(wanted)):
        try:
            named = convert(dict(tensors), network)
        except Exception:  # written for certain names, it may stumble over others
            log.debug("timm cannot convert %s", path, exc_info=True)
            named = tensors
        named = {name: value for name, value in named.items() if isinstance(value, torch.Tensor)}
        if not _misfits(named, wanted):
            best = named
            break
        if len(named.keys() & wanted) > len(best.keys() & wanted) or not best:
            best = named
    if problems := _misfits(best, wanted) or _left_over(best, wanted, _classifiers(network)):
        more = f", and {len(problems) - 1:,} more" if len(problems) > 1 else ""
        raise AstroTLError(
            "These network weights do not fit",
            f"{path.name} is no {architecture}: {problems[0]}{more}. Choose its own architecture and input size.",
        )
    network.load_state_dict(
        {name: best.get(name, value) for name, value in wanted.items()}  # a count of batches may be missing
    )


def _conversion(architecture: str) -> Callable[[Any, Any], Tensors]:
    """timm's checkpoint filter for this architecture; none for one that has none."""
    from timm.models import model_entrypoint

    module = sys.modules[model_entrypoint(architecture).__module__]
    return getattr(module, "checkpoint_filter_fn", lambda tensors, network: tensors)


def _attempts(held: dict[str, Any], count: int) -> Iterator[Tensors]:
    """The tensors that may be the network's: of each dictionary, whole and without each large common prefix."""
    for tensors in _dictionaries(held, NESTING):
        yield tensors
        prefixes: Counter[str] = Counter()
        for name in tensors:
            parts = name.split(".")
            prefixes.update(".".join(parts[:k]) + "." for k in range(1, min(len(parts), NESTING + 1)))
        for prefix, under in prefixes.most_common():
            if under >= count / 2:
                yield {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}


def _dictionaries(held: dict[str, Any], depth: int) -> Iterator[Tensors]:
    import torch

    tensors = {str(name): value for name, value in held.items() if isinstance(value, torch.Tensor)}
    if tensors:
        yield tensors
    inner = {str(name): value for name, value in held.items() if isinstance(value, dict)}
    if depth:
        for name in sorted(inner, key=lambda name: name not in AVERAGED):
            yield from _dictionaries(inner[name], depth - 1)


def _misfits(named: Tensors, wanted: Tensors) -> list[str]:
    """What is missing or has another shape, in words."""
    problems = []
    for name, value in wanted.items():
        if name not in named:
            if not name.endswith("num_batches_tracked"):
                problems.append(f"it has no {name} {_shape(value)}")
        elif named[name].shape != value.shape:
            problems.append(f"its {name} is {_shape(named[name])}, not {_shape(value)}")
    return problems


def _left_over(named: Tensors, wanted: Tensors, classifiers: tuple[str, ...]) -> list[str]:
    """Weights of the network's own parts that it has no place for: those of a deeper network."""
    parts = {name.split(".")[0] for name in wanted}
    return [
        f"it also has {name} {_shape(value)}"
        for name, value in named.items()
        if name not in wanted
        and name.split(".")[0] in parts
        and value.ndim > 1
        and value.is_floating_point()
        and not name.startswith(classifiers)
    ]


def _classifiers(network: Any) -> tuple[str, ...]:
    names = network.pretrained_cfg.get("classifier") or ()
    return tuple(f"{name}." for name in ([names] if isinstance(names, str) else names))


def _shape(value: torch.Tensor) -> str:
    return "×".join(str(n) for n in value.shape) or "scalar"


def _unreadable(path: Path, what: str) -> AstroTLError:
    return AstroTLError("These are no network weights", f"{path.name} {what}. Nothing was changed.")

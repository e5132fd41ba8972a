"""Where networks run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from astrotl_gui.core.errors import AstroTLError

if TYPE_CHECKING:
    import torch


def choose_device(name: str = "auto") -> torch.device:
    """Return the torch device for "auto", "cuda", "mps" or "cpu".

    "auto" takes a working GPU and otherwise the processor. Raises AstroTLError for a device that is not here.
    """
    import torch

    here = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(kind for kind, present in here.items() if present)
    if not here.get(name.split(":")[0], False):
        found = ", ".join(kind for kind, present in here.items() if present)
        raise AstroTLError(
            "This device is not available", f'"{name}" was asked for; here: {found}. Use auto.'
        )
    return torch.device(name)


def cores() -> int:
    """How many cores this process may use, which in a container are fewer than the machine's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def limit_threads() -> None:
    """Keep torch to the cores this process may use."""
    import torch

    if torch.get_num_threads() > cores():
        torch.set_num_threads(cores())


def short_floats(device: torch.device) -> torch.dtype | None:
    """The 16-bit type in which this device computes faster than in 32 bits; None where there is none."""
    import torch

    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return torch.bfloat16
    return None

"""Low-rank adaptation of a transformer's last blocks (LoRA, Hu et al. 2021), by the PEFT library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astrotl_gui.core.errors import AstroTLError

if TYPE_CHECKING:
    from torch import nn

RANK, SCALE = 8, 16
PARTS = ["qkv", "proj", "fc1", "fc2"]
"""timm's names of the linear layers of a block."""


def with_lora(tail: nn.Module) -> nn.Module:
    """The same tail, all of it frozen but for the adapters put into it. AstroTLError without PEFT."""
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as problem:
        raise AstroTLError(
            "Fine-tuning a transformer needs PEFT", 'Install it with: pip install "astrotl[lora]"'
        ) from problem
    config = LoraConfig(r=RANK, lora_alpha=SCALE, lora_dropout=0.0, target_modules=PARTS)
    adapted: nn.Module = inject_adapter_in_model(config, tail)
    for name, parameter in adapted.named_parameters():
        parameter.requires_grad_("lora_" in name)
    return adapted


def merged(tail: nn.Module) -> nn.Module:
    """The adapters added to the weights, which have their plain names again."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, part in list(tail.named_modules()):
        if isinstance(part, BaseTunerLayer):
            whole: Any = part
            whole.merge(safe_merge=True)
            parent, _, child = name.rpartition(".")
            setattr(tail.get_submodule(parent), child, whole.get_base_layer())
    return tail

"""Backends: the same front and network run by torch or by OpenVINO, in fp32 or with most of it in 16 bits."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from astrotl_gui.ml.precision import halves

F32 = NDArray[np.float32]
Inputs = Sequence[NDArray[Any]]
Result = Callable[[], F32]


class Backend(Protocol):
    """`submit` begins a pass over inputs of one shape and returns what waits for its embeddings (n, D)."""

    def submit(self, inputs: Inputs) -> Result: ...


class TorchBackend:
    """`precision`: "fp32"; "fp16" or "bf16" by autocast; "mixed", the first layers in fp32 and the rest in bf16."""

    def __init__(self, front: nn.Module, network: nn.Module, device: torch.device, precision: str) -> None:
        self.device = device
        self._cast = {"fp16": torch.float16, "bf16": torch.bfloat16}.get(precision)
        parts = halves(network)
        if precision == "mixed" and parts:
            rest = copy.deepcopy(parts[1]).to(torch.bfloat16)
            network = nn.Sequential(parts[0], _To(torch.bfloat16), rest, _To(torch.float32))
        self._front = front.to(device)
        self._network = network.to(device).to(memory_format=torch.channels_last)

    def submit(self, inputs: Inputs) -> Result:
        cuda = self.device.type == "cuda"
        tensors = [torch.from_numpy(np.ascontiguousarray(value)) for value in inputs]
        with torch.inference_mode():
            # Pinned memory is copied while the GPU still works on the batch before.
            there = [(t.pin_memory() if cuda else t).to(self.device, non_blocking=cuda) for t in tensors]
            images = self._front(*there).contiguous(memory_format=torch.channels_last)
            with torch.autocast(self.device.type, self._cast, enabled=self._cast is not None):
                features = self._network(images)
            features = features.float()
            if not cuda:
                out = features.cpu().numpy()
                return lambda: out
            host = features.to("cpu", non_blocking=True)
            done = torch.cuda.Event()
            done.record()

        def wait() -> F32:
            done.synchronize()
            return np.asarray(host.numpy())

        return wait


class OpenVINOBackend:
    """OpenVINO on the processor; "mixed": front and first part of the network in fp32, the rest in bf16."""

    def __init__(
        self, front: nn.Module, network: nn.Module, inputs: Inputs, precision: str, threads: int
    ) -> None:
        import openvino as ov

        core = ov.Core()
        examples = tuple(torch.from_numpy(np.ascontiguousarray(value)) for value in inputs)
        first, rest = (halves(network) if precision == "mixed" else None) or (network, None)
        whole = _Joined(front, first).eval()
        hint = "bf16" if precision == "bf16" else "f32"
        self._requests = [_compile(core, whole, examples, hint, threads)]
        if rest is not None:
            with torch.no_grad():
                one = whole(*(value[:1] for value in examples))
            middle = one.repeat(len(examples[0]), 1, 1, 1)
            self._requests.append(_compile(core, rest, (middle,), "bf16", threads))

    def submit(self, inputs: Inputs) -> Result:
        values: Any = [np.ascontiguousarray(value) for value in inputs]
        for request in self._requests:
            values = [request.infer(values, share_inputs=True, share_outputs=True)[0]]
        out = np.array(values[0], np.float32)
        return lambda: out


def _compile(
    core: Any, module: nn.Module, examples: tuple[torch.Tensor, ...], precision: str, threads: int
) -> Any:
    from openvino import PartialShape
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    one = tuple(value[:1] for value in examples)
    with torch.no_grad(), warnings.catch_warnings():
        # A traced front is fused, and takes a third of the time of one from torch.export.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # sizes are fixed
        traced = torch.jit.trace(module, one, check_trace=False)
    # What openvino.convert_model does, but for the usage report that it would send.
    frontend = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchScriptPythonDecoder(traced, example_input=one)
    loaded = frontend.load(decoder)
    model = frontend.convert(loaded)
    shapes = [PartialShape(list(value.shape)) for value in examples]
    model.reshape(dict(zip(model.inputs, shapes, strict=True)))
    options = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    return core.compile_model(model, "CPU", options).create_infer_request()


class _Joined(nn.Module):
    def __init__(self, front: nn.Module, network: nn.Module) -> None:
        super().__init__()
        self.front, self.network = front, network

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.network(self.front(*inputs))


class _To(nn.Module):
    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.to(self.dtype)

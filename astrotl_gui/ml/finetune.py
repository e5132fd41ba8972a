"""Tune the last stage of an encoder on labels: head first, then the tail with a lower rate.

Everything before the last stage is frozen, so its maps are computed once (see `ml.maps`) and shared by all folds and
epochs. Batch normalisation keeps its statistics: the tail stays in eval mode throughout.
"""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import TuningSettings
from astrotl_gui.ml.device import choose_device, limit_threads, short_floats
from astrotl_gui.ml.lora import merged, with_lora
from astrotl_gui.ml.maps import Maps

if TYPE_CHECKING:
    import torch
    from torch import nn

    from astrotl_gui.ml.tail import Cut

log = logging.getLogger(__name__)

F32 = NDArray[np.float32]
Rows = NDArray[np.int64]

LEAST_BATCH = 6
HEAD_STEPS = 100
"""Steps of the head alone; they cost nothing, since the features of a frozen tail are computed once."""
PASS = 256
"""Maps at a time where nothing is trained."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """Rows of the maps that teach: `yes`, `no` and `weak` (unlabelled, taken for a no); and those that only check."""

    yes: Rows
    no: Rows
    weak: Rows
    check_yes: Rows
    check_no: Rows

    @property
    def taught(self) -> Rows:
        return np.concatenate([self.yes, self.no, self.weak])


@dataclass(frozen=True)
class TuningStep:
    """A point of the curve: the mean loss of an epoch, and the loss on labels that do not teach (NaN without any).

    `fold` counts from 1; 0 is the last tuning, on all labels.
    """

    fold: int
    folds: int
    epoch: int
    epochs: int
    loss: float
    validation: float


Report = Callable[[int, int, float, float], object]
"""Called with (epoch from 0, images trained since the last call, loss, validation); may raise Cancelled."""


def steps_of(lesson: Lesson, settings: TuningSettings) -> tuple[int, int]:
    """(epochs, steps an epoch): in an epoch each label is seen about once."""
    return settings.epochs, max(1, math.ceil((len(lesson.yes) + len(lesson.no)) / (2 * settings.batch / 3)))


def tune(
    cut: Cut, maps: Maps, lesson: Lesson, settings: TuningSettings, seed: int, device: str, report: Report
) -> nn.Module:
    """Return a tuned copy of the tail, always from the weights of `cut`; the same for the same seed and device.

    When the memory of a GPU is full the batch is halved, then the processor goes on. Raises AstroTLError when the loss
    is no number.
    """
    limit_threads()
    there, batch = choose_device(device), settings.batch
    while True:
        try:
            return _Tuning(cut, maps, lesson, settings, seed, there, batch).run(report)
        except _memory_errors():
            if there.type == "cpu":
                raise
            batch //= 2
            if batch < LEAST_BATCH:
                there, batch = choose_device("cpu"), settings.batch
            log.warning("GPU memory is full: %d cutouts a step on the %s from now on", batch, there.type)


def _memory_errors() -> Any:
    import torch

    return torch.OutOfMemoryError


class _Tuning:
    def __init__(
        self,
        cut: Cut,
        maps: Maps,
        lesson: Lesson,
        settings: TuningSettings,
        seed: int,
        device: torch.device,
        batch: int,
    ) -> None:
        import torch

        torch.manual_seed(seed)  # LoRA draws its first factors
        tail = copy.deepcopy(cut.tail)
        self.tail = (with_lora(tail) if cut.transformer else tail).to(device).eval()
        self.transformer = cut.transformer
        self.maps, self.lesson, self.settings, self.device, self.batch = maps, lesson, settings, device, batch
        self.random = np.random.default_rng(seed)
        width = int(self.features(maps.one(lesson.taught[:1], 0)).shape[1])
        self.head = torch.nn.Linear(width, 1, device=device)
        torch.nn.init.zeros_(self.head.weight)  # timm's own start is some 25 times too large for few labels
        torch.nn.init.zeros_(self.head.bias)

    def run(self, report: Report) -> nn.Module:
        import torch

        self.start_head()
        epochs, steps = steps_of(self.lesson, self.settings)
        trained = [p for p in self.tail.parameters() if p.requires_grad]
        groups = [
            {"params": trained, "lr": self.settings.rate},
            {"params": list(self.head.parameters()), "lr": self.settings.head_rate},
        ]
        optimiser = torch.optim.AdamW(groups, weight_decay=1e-2)
        total = epochs * steps
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda k: min(1.0, (k + 1) / 5) * 0.5 * (1 + math.cos(math.pi * k / total))
        )
        for epoch in range(epochs):
            losses = []
            for _ in range(steps):
                losses.append(self.step(optimiser))
                schedule.step()
                report(epoch, self.batch, math.nan, math.nan)
            report(epoch, 0, float(np.mean(losses)), self.validation())
        tail = merged(self.tail) if self.transformer else self.tail
        return tail.eval()

    def features(self, maps: NDArray[np.float16]) -> torch.Tensor:
        """Of the tail as it is, without gradients, in parts."""
        import torch

        with torch.no_grad():
            parts = [self.forward(maps[k : k + PASS]) for k in range(0, len(maps), PASS)]
        return torch.cat(parts)

    def forward(self, maps: NDArray[np.float16]) -> torch.Tensor:
        return run_tail(self.tail, maps, self.device)

    def start_head(self) -> None:
        """Logistic regression on the features as they are; feature scales are taken into the head."""
        import torch

        lesson = self.lesson
        rows = lesson.taught
        wanted = torch.zeros(len(rows), 1, device=self.device)
        wanted[: len(lesson.yes)] = 1
        weight = torch.ones(len(rows), 1, device=self.device)
        for start, end, share in self._thirds():
            weight[start:end] = share / max(end - start, 1)
        features = self.features(self.maps.one(rows, 0))
        scale = features.std(dim=0, unbiased=False) + 1e-3
        centre = features.mean(dim=0)
        scaled = (features - centre) / scale
        slope = torch.zeros(features.shape[1], 1, device=self.device, requires_grad=True)
        bias = torch.zeros(1, device=self.device, requires_grad=True)
        optimiser = torch.optim.Adam([slope, bias], lr=0.01, weight_decay=1e-2)
        for _ in range(HEAD_STEPS):
            loss = (weight * _entropy(scaled @ slope + bias, wanted)).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            self.head.weight.copy_((slope[:, 0] / scale)[None])
            self.head.bias.copy_(bias - centre @ (slope[:, 0] / scale))
            score = torch.sigmoid(scaled @ slope + bias)[:, 0].cpu().numpy()
        first, last = len(lesson.yes), len(lesson.yes) + len(lesson.no)
        hard = 0.5 + score[first:last]
        self.hardness = hard / hard.sum() if len(hard) else hard

    def _thirds(self) -> list[tuple[int, int, float]]:
        lesson = self.lesson
        a, b, c = len(lesson.yes), len(lesson.yes) + len(lesson.no), len(lesson.taught)
        return [(0, a, 1.0), (a, b, 1.0), (b, c, self.settings.weak_weight)]

    def draw(self) -> tuple[Rows, Rows]:
        """Rows of a batch and what they should be called: yes, hard no, unlabelled in equal parts."""
        third = max(1, self.batch // 3)
        lesson, pick = self.lesson, self.random.choice
        yes, no = pick(lesson.yes, third), pick(lesson.no, third, p=self.hardness)
        weak = pick(lesson.weak, third) if len(lesson.weak) else no
        called = np.repeat([1, 0, -1 if len(lesson.weak) else 0], third)
        return np.concatenate([yes, no, weak]), called

    def step(self, optimiser: torch.optim.Optimizer) -> float:
        import torch

        rows, called = self.draw()
        features = self.forward(self.maps.drawn(rows, self.random))
        wanted = torch.tensor(called > 0, dtype=torch.float32, device=self.device)[:, None]
        weight = torch.ones(len(rows), 1, device=self.device)
        weight[called < 0] = self.settings.weak_weight
        loss = (weight * _entropy(self.head(features), wanted)).sum() / weight.sum()
        value = float(loss.detach())
        if not math.isfinite(value):
            raise AstroTLError(
                "Fine-tuning went astray",
                f"The loss became {value}. The network in use stays; try a lower rate, or embed in float32 on the cpu.",
            )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return value

    def validation(self) -> float:
        """Balanced loss on the labels held out; it is shown, and decides nothing."""
        import torch

        lesson = self.lesson
        if not len(lesson.check_yes) or not len(lesson.check_no):
            return math.nan
        losses = []
        with torch.no_grad():
            for rows, wanted in ((lesson.check_yes, 1.0), (lesson.check_no, 0.0)):
                logits = self.head(self.features(self.maps.one(rows, 0)))
                losses.append(float(_entropy(logits, torch.full_like(logits, wanted)).mean()))
        return float(np.mean(losses))


def run_tail(tail: nn.Module, maps: NDArray[np.float16], device: torch.device) -> torch.Tensor:
    """Features (n, D) of maps (n, …), in the precision that is fast on the device."""
    import torch

    there = torch.from_numpy(np.ascontiguousarray(maps)).to(device).float()
    if there.ndim == 4:
        there = there.contiguous(memory_format=torch.channels_last)
    kind = short_floats(device)
    with torch.autocast(device.type, kind, enabled=kind is not None):
        out: torch.Tensor = tail(there)
    return out.float()


def _entropy(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    from torch.nn import functional as F

    return F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")


def embed_maps(
    tail: nn.Module, maps: Maps, device: str, report: Callable[[int], object] = lambda images: None
) -> F32:
    """Embeddings (N, D) of all sources: the mean over the views of their maps. `report(images done)` may raise."""
    import torch

    there = next(tail.parameters()).device if device == "auto" else choose_device(device)
    out = []
    step = max(1, PASS // maps.views)
    with torch.no_grad():
        for start in range(0, len(maps), step):
            part = maps.clean[start : start + step]
            flat = part.reshape(-1, *part.shape[2:])
            features = run_tail(tail, flat, there).reshape(len(part), maps.views, -1)
            out.append(features.mean(dim=1).cpu().numpy())
            report(len(flat))
    return np.concatenate(out)


def changed_weights(before: nn.Module, after: nn.Module) -> dict[str, torch.Tensor]:
    """The tensors of a tail that tuning changed, under the names that the whole network gives them."""
    import torch

    old = before.state_dict()
    new = {name: value.detach().cpu() for name, value in after.state_dict().items()}
    return {
        name.removeprefix("network."): value.contiguous()
        for name, value in new.items()
        if not torch.equal(value, old[name].cpu())
    }

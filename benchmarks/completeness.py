"""Completeness: how often an audit's recall bound holds, beside the plain estimate from the same sample; and how
far calibrated probabilities are off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr
from scipy.stats import hypergeom

from astrotl_gui.core.audit import least_recall, rule_of_three
from astrotl_gui.ml.calibration import calibrate
from benchmarks.report import Row

AUDITS, SEED = 300, 6


@dataclass(frozen=True)
class Setting:
    """A set of `size` sources, a share `prevalence` of them targets, a share `recall` of these found; `labels` drawn.

    0 labels: as many as show 80 % without a hit.
    """

    size: int
    prevalence: float
    recall: float
    labels: int = 0

    @property
    def targets(self) -> int:
        return round(self.size * self.prevalence)

    @property
    def found(self) -> int:
        return round(self.targets * self.recall)

    @property
    def count(self) -> int:
        return self.size - self.found

    @property
    def missed(self) -> int:
        return self.targets - self.found

    @property
    def drawn(self) -> int:
        return min(self.labels or rule_of_three(self.size, self.found, 0.8), self.count)


SETTINGS = tuple(
    Setting(size, prevalence, recall, labels)
    for size, prevalence in ((2_000, 0.025), (20_000, 0.002), (20_000, 0.03), (200_000, 0.001))
    for recall in (0.5, 0.8, 0.95)
    for labels in (0, 200, 1_000)
)


def bound_holds(setting: Setting, audits: int = AUDITS, seed: int = SEED) -> tuple[float, float]:
    """The share of simulated audits whose bound is at most the true recall, and of their plain estimates.

    The estimate takes the hits for what they are: F / (F + N · k / n).
    """
    rng = np.random.default_rng([seed, setting.size, setting.found, setting.drawn])
    hits = rng.hypergeometric(setting.missed, setting.count - setting.missed, setting.drawn, audits)
    bound, plain = _told(setting, hits)
    truth = setting.found / setting.targets
    return float((bound <= truth + 1e-12).mean()), float((plain <= truth + 1e-12).mean())


def exact_coverage(setting: Setting) -> float:
    """The chance that the bound holds, summed over every number of hits."""
    hits = np.arange(min(setting.missed, setting.drawn) + 1)
    chance = hypergeom.pmf(hits, setting.count, setting.missed, setting.drawn)
    bound, _ = _told(setting, hits)
    return float(chance[bound <= setting.found / setting.targets + 1e-12].sum())


def _told(setting: Setting, hits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    bound = least_recall(setting.found, setting.count, setting.drawn, hits)
    return bound, setting.found / (setting.found + setting.count * hits / setting.drawn)


def again_until_shown(setting: Setting, audits: int = 20_000, most: int = 3, seed: int = SEED) -> float:
    """How often the last certificate holds when audits are repeated until one shows 80 %, `most` times at most.

    Each is a sample of its own from what is not found by then; hits are found.
    """
    rng = np.random.default_rng(seed)
    held = 0
    for _ in range(audits):
        found, missed, count = setting.found, setting.missed, setting.count
        for _ in range(most):
            labels = min(rule_of_three(setting.size, found, 0.8), count)
            hits = int(rng.hypergeometric(missed, count - missed, labels))
            bound = float(least_recall(found, count, labels, hits))
            right = bound <= found / setting.targets + 1e-12
            if bound >= 0.8:
                break
            found, missed, count = found + hits, missed - hits, count - hits
        held += right
    return held / audits


def calibration_error(labels: int, offset: float, seed: int) -> tuple[float, float, float, int]:
    """(error stated, mean |said − true| on fresh sources, the same of plain scores, yes) of simulated scores."""
    rng = np.random.default_rng([SEED, seed])
    z, fresh = rng.normal(size=labels), rng.normal(size=20_000)
    yes = rng.uniform(size=labels) < expit(2 * z + offset)
    made = calibrate(ndtr(z), yes)
    if made is None:
        return (float("nan"),) * 3 + (int(yes.sum()),)
    truth = expit(2 * fresh + offset)
    off = np.abs(made.probability(ndtr(fresh)) - truth).mean()
    return made.error, float(off), float(np.abs(ndtr(fresh) - truth).mean()), int(yes.sum())


def run(full: bool = False) -> list[Row]:
    rows = []
    for setting in SETTINGS:
        ours, plain = bound_holds(setting)
        title = (
            f"{setting.size:,} sources, {setting.targets} targets, {setting.found} found, "
            f"{setting.drawn:,} labels: audits whose bound holds"
        )
        n = f"{AUDITS} audits; exactly {exact_coverage(setting):.3f}"
        rows.append(Row(title, ours, "", "plain estimate", plain, target=0.95, more=True, n=n))
    for recall in (0.5, 0.7, 0.79):
        last = again_until_shown(Setting(20_000, 0.03, recall), 20_000 if full else 3_000)
        title = f"Audits repeated until one shows 80 % (3 at most), {recall:.0%} found: the last bound holds"
        rows.append(Row(title, last, "", n=f"{20_000 if full else 3_000} searches"))
    for labels, offset in ((300, -5.0), (300, -2.0), (1_000, -2.0), (3_000, -2.0)):
        told = np.array([calibration_error(labels, offset, seed) for seed in range(20)])
        stated, off, plain, yes = np.nanmean(told, axis=0)
        title = f"{labels:,} labels of an audit, {yes:.0f} yes: probabilities are off by"
        n = f"20 seeds; error stated {stated:.3f}; not calibrated in {int(np.isnan(told[:, 0]).sum())}"
        rows.append(Row(title, float(off), "", "scores as they are", float(plain), n=n))
    return rows

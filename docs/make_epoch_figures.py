"""The table and the figure of docs/epochs.md: `python docs/make_epoch_figures.py` (a quarter of an hour)."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from benchmarks import epochs as bench
from benchmarks.epoch_artifacts import KINDS

OUT = Path(__file__).parent / "epochs"
COLOURS = ("#9a9a9a", "#c58b2a", "#2f6fb3", "#6aa84f")


def main() -> None:
    OUT.mkdir(exist_ok=True)
    lines: list[str] = []
    parts = []
    for field in bench.fields():
        figures = bench.drawn_figures(field, bench.SEEDS, lambda text: print(text, flush=True))
        np.savez(Path("bench-output") / f"epochs-{field.name}.npz", c=figures.completeness, p=figures.purity)
        parts.append((field.name, figures))
        lines += table(field.name, figures)
    plot(parts)
    (OUT / "figures.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def table(name: str, figures: bench.Figures) -> list[str]:
    """Completeness / purity in per cent by kind, and F1 with its standard error over seeds."""
    head = f"| {name} | " + " | ".join(KINDS) + " | F1, mean |"
    lines = [head, "|---" * (len(KINDS) + 2) + "|"]
    for k, method in enumerate(bench.METHODS):
        cells = [
            f"{100 * c:.0f} / {100 * p:.0f}"
            for c, p in zip(figures.completeness[:, k].mean(0), figures.purity[:, k].mean(0), strict=True)
        ]
        f1 = figures.f1[:, k].mean(axis=1)
        lines.append(
            f"| {method} | {' | '.join(cells)} | {f1.mean():.3f} ± {f1.std(ddof=1) / np.sqrt(len(f1)):.3f} |"
        )
    for k in (0, 1):
        gap, error = figures.over(2, k)
        lines.append("")
        lines.append(f"{name}: default − {bench.METHODS[k]} = {gap:+.3f} ± {error:.3f}")
        wins = (figures.f1[:, 2] - figures.f1[:, k]).T
        for kind, one in zip(KINDS, wins, strict=True):
            se = one.std(ddof=1) / np.sqrt(len(one))
            if one.mean() < 2 * se:
                lines.append(f"- {kind}: {one.mean():+.3f} ± {se:.3f}")
    return [*lines, ""]


def plot(parts: list[tuple[str, bench.Figures]]) -> None:
    figure, axes = plt.subplots(len(parts), 1, figsize=(8, 2.6 * len(parts)), squeeze=False)
    for axis, (name, figures) in zip(axes[:, 0], parts, strict=True):
        for k, method in enumerate(bench.METHODS):
            f1 = figures.f1[:, k]
            error = f1.std(axis=0, ddof=1) / np.sqrt(len(f1))
            place = np.arange(len(KINDS)) + 0.2 * (k - 1.5)
            axis.bar(place, f1.mean(axis=0), 0.2, yerr=error, color=COLOURS[k], label=method, capsize=2)
        axis.set_xticks(range(len(KINDS)), list(KINDS))
        axis.set_ylim(0, 1)
        axis.set_ylabel("F1 at one in ten")
        axis.set_title(name, loc="left", fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0, 0].legend(frameon=False, fontsize=8, ncols=4, loc="lower left", bbox_to_anchor=(0.12, 1.0))
    figure.tight_layout()
    figure.savefig(OUT / "rules.png", dpi=110)


if __name__ == "__main__":
    main()

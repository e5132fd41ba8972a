"""Plots of what is known of a list: the reliability of its probabilities, and its completeness for injected objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from astrotl_gui.core.files import atomic_write
from astrotl_gui.ml.calibration import Calibration
from astrotl_gui.pipeline.evaluation.output import check_plot
from astrotl_gui.pipeline.evaluation.plot import CHANCE_COLOUR, DOTS, OURS_COLOUR
from astrotl_gui.pipeline.recovery import QUANTITIES, TOP, Recovery


def write_reliability(path: Path, made: Calibration, name: str) -> None:
    """Draw the share of yes against the probability said, with 95 % intervals, and how often each was said.

    Raises AstroTLError for another ending than .png or .svg and for a folder that cannot be written.
    """
    check_plot(path)
    figure, (axes, below) = new_figure((5.2, 5.6), 2, height_ratios=(4, 1), sharex=True)
    seen = made.reliability
    axes.plot([0, 1], [0, 1], color=CHANCE_COLOUR, linestyle=":", label="as said")
    errors = [seen.seen - seen.low, seen.high - seen.seen]
    axes.errorbar(seen.said, seen.seen, errors, color=OURS_COLOUR, marker="o", capsize=2, label="seen")
    axes.set_ylabel("share of yes in the audit")
    axes.set_ylim(-0.02, 1.02)
    low, high = made.interval
    axes.set_title(
        f"{name}: {made.labels:,} labels of the audit, {made.yes:,} yes, {made.method}\n"
        f"calibration error {made.error:.3f} ({low:.3f} to {high:.3f}), Brier score {made.brier:.4f}",
        fontsize=9,
    )
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    below.bar(seen.said, seen.counts, width=0.02, color=CHANCE_COLOUR)
    below.set_ylabel("labels")
    below.set_xlabel("probability said")
    below.set_xlim(-0.02, 1.02)
    save(path, figure)


def write_recovery(path: Path, made: Recovery, name: str, top: int = TOP) -> None:
    """Draw the share of injected objects among the first of the list against what they are, with 95 % intervals.

    Raises as above.
    """
    check_plot(path)
    names = QUANTITIES[made.target]
    figure, axes = new_figure((3.4 * len(names), 3.6), 1, len(names), sharey=True, squeeze=False)
    for one, (quantity, title) in zip(axes[0], names.items(), strict=True):
        told = made.by(quantity, top)
        middle = (told.low + told.high) / 2
        widths = [middle - told.low, told.high - middle]
        errors = [told.share - told.least, told.most - told.share]
        one.errorbar(
            middle, told.share, errors, widths, color=OURS_COLOUR, marker="o", linestyle="none", capsize=2
        )
        one.set_xlabel(title)
        if told.kinds:
            one.set_xticks(middle, told.kinds, rotation=35, ha="right")
        one.set_ylim(-0.02, 1.02)
    whole = made.whole(top)
    axes[0, 0].set_ylabel(f"share in the top {top:,}")
    figure.suptitle(
        f"{name}: {int(whole.found[0])} of {len(made.ranks)} injected objects in the top {top:,} of "
        f"{made.sources:,}, ranked by {made.model}",
        fontsize=9,
    )
    save(path, figure)


def new_figure(size: tuple[float, float], rows: int = 1, columns: int = 1, **more: Any) -> tuple[Any, Any]:
    """A figure of plain axes."""
    from matplotlib.figure import Figure

    ratios = more.pop("height_ratios", None)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(rows, columns, height_ratios=ratios, **more)
    for one in figure.axes:
        one.grid(alpha=0.25)
        one.spines[["top", "right"]].set_visible(False)
    return figure, axes


def save(path: Path, figure: Any) -> None:
    with atomic_write(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:].lower(), dpi=DOTS)

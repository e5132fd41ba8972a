"""The plot of recall against labels, as PNG or SVG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from astrotl_gui.core.files import atomic_write
from astrotl_gui.pipeline.evaluate import Evaluation
from astrotl_gui.pipeline.evaluation.methods import CHANCE, OURS
from astrotl_gui.pipeline.evaluation.output import check_plot

SIZE, DOTS = (7.2, 4.6), 150
COLOURS = ("#E69F00", "#009E73", "#CC79A7", "#D55E00", "#7F6A00", "#56B4E9", "#8C564B", "#6A3D9A", "#444444")
"""After Okabe & Ito (2008): told apart with any colour sight; dashes tell further."""
DASHES: tuple[Any, ...] = ("-", "--", "-.")
OURS_COLOUR, CHANCE_COLOUR = "#0072B2", "#8A8A8A"


def write_plot(path: Path, evaluation: Evaluation) -> None:
    """Draw every method's mean recall, ± sd over seeds for ours, beside chance.

    Raises AstroTLError for another ending than .png or .svg and for a folder that cannot be written.
    """
    check_plot(path)
    with atomic_write(path) as temporary:
        _figure(evaluation).savefig(temporary, format=path.suffix[1:].lower(), dpi=DOTS)


def _figure(evaluation: Evaluation) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    _draw(axes, evaluation)
    _dress(axes, evaluation)
    return figure


def _draw(axes: Any, evaluation: Evaluation) -> None:
    """Ours, the others from best to worst, chance: the order of the legend. A method has its colour everywhere."""
    drawn, chance = evaluation.curves, evaluation.chance
    if OURS in drawn:
        ours = drawn[OURS]
        low, high = ours.recall - ours.scatter, ours.recall + ours.scatter
        axes.fill_between(ours.labels, low, high, color=OURS_COLOUR, alpha=0.15, linewidth=0)
        axes.plot(ours.labels, ours.recall, color=OURS_COLOUR, linewidth=2.4, label=OURS, zorder=3)
    others = [(number, name) for number, name in enumerate(drawn) if name not in (OURS, CHANCE)]
    for number, name in sorted(others, key=lambda one: -drawn[one[1]].recall[-1]):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
        curve = drawn[name]
        axes.plot(curve.labels, curve.recall, color=colour, linestyle=dash, linewidth=1.2, label=name)
    axes.plot(chance.labels, chance.recall, color=CHANCE_COLOUR, linestyle=":", label="by chance")


def _dress(axes: Any, evaluation: Evaluation) -> None:
    first, last = evaluation.chance.labels[[0, -1]]
    seeds = len(evaluation.settings["seeds"])
    axes.set_xlabel("labels")
    axes.set_ylabel("share of the wanted found")
    axes.set_title(
        f"{evaluation.name}: {evaluation.positives:,} wanted of {evaluation.count:,}, "
        f"protocol {evaluation.protocol.name}, {seeds} seed{'s' * (seeds != 1)}",
        fontsize=10,
    )
    axes.set_xlim(first, max(last, first + 1))
    axes.set_ylim(0, 1)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=9)

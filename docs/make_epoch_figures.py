"""The table and the figures of docs/epochs.md: `python docs/make_epoch_figures.py` (a quarter of an hour)."""

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
    parts, first = [], None
    for field in bench.fields():
        figures = bench.drawn_figures(field, bench.SEEDS, lambda text: print(text, flush=True))
        np.savez(Path("bench-output") / f"epochs-{field.name}.npz", c=figures.completeness, p=figures.purity)
        parts.append((field.name, figures))
        lines += table(field.name, figures)
        first = first or field
    plot(parts)
    assert first is not None
    curve(first)
    lines += whole()
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


def curve(field: bench.Field) -> None:
    """The flux and the distance of the source with most flags but not all, as the program sees it."""
    table = field.judged.table
    signal = np.nanmedian(table.flux / table.error, axis=1)
    flags = table.flagged.sum(axis=1)
    row = int(np.argmax(np.where((flags > 0) & (flags <= 3), signal, -1)))
    figure, (top, low) = plt.subplots(2, 1, figsize=(8, 4.2), sharex=True)
    bad = table.flagged[row]
    for axis, values, error in ((top, table.flux[row], table.error[row]), (low, table.distance[row], None)):
        days = table.mjd - table.mjd[0]
        axis.errorbar(
            days[~bad], values[~bad], None if error is None else error[~bad], fmt="o", color="#2f6fb3"
        )
        axis.errorbar(days[bad], values[bad], None if error is None else error[bad], fmt="x", color="#c0392b")
        axis.spines[["top", "right"]].set_visible(False)
    low.axhline(table.threshold[row], color="#9a9a9a", linewidth=1)
    top.set_ylabel("flux")
    low.set_ylabel("distance to the nearest")
    low.set_xlabel("days (assigned)")
    top.set_title(
        f"{field.name}, source {table.ids[row]}: blue used, red flagged; line: the stack's",
        loc="left",
        fontsize=10,
    )
    figure.tight_layout()
    figure.savefig(OUT / "curve.png", dpi=110)


def whole() -> list[str]:
    """All simulated visits: by which reasons those that went wrong as a whole are flagged, and the true variables."""
    from astropy.table import Table

    field = bench.simulated()
    judged = bench.judged_field("simulated-all", field.images["i"], list(field.epochs), None)
    table, visits = judged.judged.table, Table.read(field.epoch_table)
    problem = {Path(row["file"]).name.split(".")[0]: str(row["problem"] or "") for row in visits}
    share = table.flagged[judged.usable].mean(axis=0)
    published = (table.distance > table.threshold[:, None])[judged.usable].mean(axis=0)
    lines = [
        "| visit | what went wrong | shift [px] | offset [mag] | FWHM [″] | flagged | by the published rule |",
        "|---" * 7 + "|",
    ]
    for fact, a, b in zip(table.facts, share, published, strict=True):
        name = problem.get(fact.name, "")
        lines.append(
            f"| {fact.name[-8:]} | {name if name not in ('', '--') else '–'} | {fact.shift:.2f} | {fact.offset:+.2f} | "
            f"{fact.fwhm:.2f} | {100 * a:.0f} % | {100 * b:.0f} % |"
        )
    return lines


if __name__ == "__main__":
    main()

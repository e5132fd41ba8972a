"""Plot how first frame and memory grow with the size of a mosaic, from bench-output/mosaic.json, to docs/mosaic/.

`make bench NAME=mosaic FULL=1` measures; then `python docs/make_mosaic_plot.py`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "mosaic" / "growth.png"
NAMED = re.compile(r"(first frame|memory), ([\d,]+)²")


def main() -> None:
    rows = json.loads((ROOT / "bench-output" / "mosaic.json").read_text())["rows"]
    found: dict[str, list[tuple[int, float]]] = {"first frame": [], "memory": []}
    for row in rows:
        match = NAMED.fullmatch(row["name"])
        if match:
            found[match[1]].append((int(match[2].replace(",", "")), row["value"]))
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    axes = figure.subplots(1, 2)
    sides = [side for side, _ in sorted(found["memory"])]
    for axis, (name, unit) in zip(axes, (("first frame", "s"), ("memory", "MB")), strict=True):
        axis.plot(*zip(*sorted(found[name]), strict=True), "o-", color="C0", label="AstroTL")
        axis.set(xscale="log", yscale="log", xlabel="side of the mosaic [px]", ylabel=f"{name} [{unit}]")
        axis.set_xticks(sides, [f"{side // 1000}k" for side in sides])
        axis.minorticks_off()
    axes[0].set(yscale="linear", ylim=(0, None))
    axes[1].plot(
        sides, [4 * side**2 / 1e6 for side in sides], "--", color="0.5", label="the pixels themselves"
    )
    axes[1].legend(frameon=False)
    OUT.parent.mkdir(exist_ok=True)
    figure.savefig(OUT, dpi=110)
    print(OUT)


if __name__ == "__main__":
    main()

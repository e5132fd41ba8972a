"""Write the tables of docs/evaluation.md, from the labelled skies that are on this machine: `make evaluate-skies`.

Twenty starts a sky and protocol. A difference is AstroTL's recall less the method's, paired by start, with its standard
error; over skies it is their mean.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from astrotl_gui.core.files import atomic_write
from astrotl_gui.pipeline.evaluate import evaluate
from astrotl_gui.pipeline.evaluation.folder import read_folder
from astrotl_gui.pipeline.evaluation.methods import OURS, chosen
from astrotl_gui.pipeline.evaluation.protocols import FIVE, ONE

SKIES = ("lenses", "morph", "ztf_alerts")
LABELLED = Path("../shared/data/labelled")
PAGE = Path(__file__).resolve().parent / "evaluation.md"
BEGIN, END = "<!-- tables: made by docs/evaluate_skies.py -->", "<!-- end of tables -->"
SEEDS = 20
JUDGED: tuple[tuple[str, float], ...] = (
    (ONE.name, 0.1), (ONE.name, 0.2), (ONE.name, 0.3), (FIVE.name, 70), (FIVE.name, 90), (FIVE.name, 110),
)  # fmt: skip
"""Protocol and share of the set, or number of labels."""
WORST_ON_ONE, LEAST_ON_MEAN = -1, 2
"""Standard errors that AstroTL may be behind on a sky, and must be ahead over all of them."""

Rows = dict[tuple[str, str, float], dict[str, Any]]
"""(sky, protocol, share or labels) → method → row of the summary."""


def main() -> None:
    names = sys.argv[1:]
    made = list(tables(run([sky for sky in SKIES if (LABELLED / sky).is_dir()], names)))
    print("\n".join(made))
    if not names:
        text = PAGE.read_text(encoding="utf-8")
        head, tail = text.split(BEGIN)[0], text.split(END)[1]
        with atomic_write(PAGE) as temporary:
            page = "\n".join([head + BEGIN, "", *made, "", END + tail])
            temporary.write_text(page, encoding="utf-8")


def run(skies: Sequence[str], names: Sequence[str]) -> Rows:
    """Every judged row of every sky; `names` limits the methods."""
    found: Rows = {}
    for sky in skies:
        labelled = read_folder(LABELLED / sky, device="cpu")
        for protocol in (ONE, FIVE):
            played = evaluate(labelled, protocol, range(SEEDS), chosen(names and [OURS, *names]))
            for row in played.summary:
                at = row["share"] if protocol is ONE else row["n_labels"]
                found.setdefault((sky, protocol.name, at), {})[row["method"]] = row
            print(f"{sky}, {protocol.name}: done", file=sys.stderr)
    return found


def tables(found: Rows) -> Iterator[str]:
    """Markdown: what was found, then where AstroTL stands beside each method."""
    skies = list(dict.fromkeys(sky for sky, _, _ in found))
    methods = list(found[skies[0], *JUDGED[0]])
    yield "**Gain** (0 chance, 1 every query a hit), mean of the skies, and share found ± sd over starts:\n"
    heads = [f"{sky} {where}" for where in ("one 30 %", "5+45 110") for sky in skies]
    yield _line("method", "one 10 %", "20 %", "30 %", "5+45 70", "90", "110", *heads)
    yield _line(*["---"] * (1 + len(JUDGED) + len(heads)))
    for method in methods:
        gains = [_mean([found[sky, *at][method]["gain"] for sky in skies]) for at in JUDGED]
        recalls = [found[sky, *at][method] for at in (JUDGED[2], JUDGED[5]) for sky in skies]
        cells = [f"{row['recall']:.3f} ± {row['recall_sd']:.3f}" for row in recalls]
        yield _line(method, *(f"{gain:.2f}" for gain in gains), *cells)
    yield "\n**AstroTL ahead by** (recall, paired, ± standard error); *no* where it misses the aim:\n"
    yield _line("method", "at", *skies, "mean of skies", "aim")
    yield _line(*["---"] * (4 + len(skies)))
    for method in methods:
        for at in JUDGED if method != OURS else ():
            yield _judged(method, at, [found[sky, *at][method] for sky in skies])


def _judged(method: str, at: tuple[str, float], rows: Sequence[dict[str, Any]]) -> str:
    pairs = [(row["behind"], row["behind_se"]) for row in rows]
    mean = _mean([ahead for ahead, _ in pairs])
    error = math.sqrt(sum(se**2 for _, se in pairs)) / len(pairs)
    held = all(ahead >= WORST_ON_ONE * se for ahead, se in pairs) and mean > LEAST_ON_MEAN * error
    where = f"{at[0]} {at[1]:.0%}" if at[0] == ONE.name else f"{at[0]} {at[1]:.0f}"
    cells = [f"{ahead:+.3f} ± {se:.3f}" for ahead, se in [*pairs, (mean, error)]]
    return _line(method, where, *cells, "yes" if held else "*no*")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()

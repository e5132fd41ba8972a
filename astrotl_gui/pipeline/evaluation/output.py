"""What an evaluation leaves: a table to read, a log for other programs, a plot."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.pipeline.evaluate import Evaluation
from astrotl_gui.pipeline.evaluation.methods import OURS
from astrotl_gui.pipeline.evaluation.summary import Row

PLOTS = (".png", ".svg")
LOG = ("method", "seed", "n_labels", "found")
COLUMNS = {
    "found": "found",
    "recall": "recall",
    "gain": "gain",
    "auroc": "AUROC",
    "auprc": "AP",
    "precision_20": "P@20",
    "tpr_0fp": "TPR 0",
    "tpr_10fp": "TPR 10",
}


def table(evaluation: Evaluation) -> str:
    """The summary as aligned text: for each mark a block, a line a method, mean ± sd over seeds."""
    whole = evaluation
    head = (
        f"{whole.name}: {whole.count:,} objects, {whole.positives:,} wanted, protocol {whole.protocol.name}, "
        f"{len(whole.settings['seeds'])} seed{'s' * (len(whole.settings['seeds']) != 1)}"
    )
    blocks = [head]
    summary = whole.summary
    for stop, share in dict.fromkeys((row["n_labels"], row["share"]) for row in summary):
        rows = [row for row in summary if (row["n_labels"], row["share"]) == (stop, share)]
        title = f"{stop} labels" + (f" ({share:.0%} of the set)" if share else "")
        if all(row["found"] is None for row in rows):
            beyond = "more than there are objects" if stop > whole.count else "not played that far"
            blocks.append(f"{title}: n/a, {beyond}")
        else:
            blocks.append(f"{title}\n{_aligned(rows, measured=share is None)}")
    return "\n\n".join(blocks)


def _aligned(rows: Sequence[Row], measured: bool) -> str:
    keys = [key for key in COLUMNS if measured or key in ("found", "recall", "gain")]
    beside = any(row["behind"] is not None for row in rows)
    heads = [COLUMNS[key] for key in keys] + ["ours ahead by"] * beside + ["seconds"] * measured
    lines = [["method", *heads]]
    for row in rows:
        cells = [_cell(row[key], row[f"{key}_sd"], 1 if key == "found" else 3) for key in keys]
        if beside:
            ours = row["method"] == OURS
            cells.append("–" if ours else _cell(row["behind"], row["behind_se"], 3))
        lines.append([row["method"], *cells, *([f"{row['seconds']:.4f}"] if measured else [])])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    )


def _cell(mean: float | None, error: float | None, digits: int) -> str:
    if mean is None:
        return "–"
    return f"{mean:.{digits}f}" + (f" ± {error:.{digits}f}" if error is not None else "")


def write_log(path: Path, evaluation: Evaluation) -> None:
    """Write `method,seed,n_labels,found`, a row a round. AstroTLError when it cannot be written."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(LOG)
    writer.writerows((one.method, one.seed, one.n_labels, one.found) for one in evaluation.rounds)
    with atomic_write(path) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def check_plot(path: Path) -> None:
    """Raise AstroTLError for a file that a plot cannot be written to."""
    if path.suffix.lower() not in PLOTS:
        raise AstroTLError("A plot is PNG or SVG", f"{path.name}: name it .png or .svg.")

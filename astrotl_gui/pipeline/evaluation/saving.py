"""An evaluation as a file of whatever kind its name says."""

from __future__ import annotations

import json
from pathlib import Path

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.pipeline.evaluate import Evaluation
from astrotl_gui.pipeline.evaluation.output import PLOTS, write_log
from astrotl_gui.pipeline.evaluation.plot import write_plot

SCHEMA = 1


def save(path: Path, evaluation: Evaluation, *, progress: Progress = SILENT) -> Path:
    """Write a plot (.png, .svg), the log (.csv) or everything (.json); the path.

    Raises AstroTLError for another ending and for a folder that cannot be written.
    """
    progress(0, 0, "Saving")
    ending = path.suffix.lower()
    if ending in PLOTS:
        write_plot(path, evaluation)
    elif ending == ".csv":
        write_log(path, evaluation)
    elif ending == ".json":
        values = {"schema": SCHEMA, "command": "evaluate", **evaluation.to_dict()}
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(values, allow_nan=False) + "\n", encoding="utf-8")
    else:
        raise AstroTLError(
            "This kind of file is not written", f"{path.name}: name it .png, .svg, .csv or .json."
        )
    return path

"""The main job without a display: the same window, driven by its own keys, on the demo sky.

Opens, detects, embeds, ranks, answers the top of each list from the truth table (which nothing that ranks ever
reads), searches, exports, and leaves pictures, tables and a one-page summary. Ends with a real field, where it can
be had.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt

from astrotl_gui.core.labels import TARGETS
from astrotl_gui.gui.demo_report import Found, write_demo_report
from astrotl_gui.gui.field_run import show_field
from astrotl_gui.gui.window_run import WindowRun, window_run
from astrotl_gui.pipeline.demo import demo_field
from astrotl_gui.pipeline.known import known_sources

ANSWERED = 10  # of each list
SHOWN_AFTER = "abell370"


def run_demo(out: Path) -> dict[str, Any]:
    """Do the main job and return the summary; raises AstroTLError when a step fails.

    `out` gets screenshots, ranked tables, labels and the summary. What an earlier run left there is replaced.
    """
    with window_run(out) as run:
        found = _demo_sky(run)
        project, sources = run.session.project, len(run.session.catalog)
        assert project is not None
        real = show_field(run, SHOWN_AFTER)
        return write_demo_report(out, project.name, sources, found, real, run.seconds)


def _demo_sky(run: WindowRun) -> dict[str, Found]:
    session = run.session
    path = run.timed(
        "create", lambda: run.job("Making the project", "demo", "demo_project", run.out / "project")
    )
    run.open_and_rank(path)
    known = known_sources(demo_field().truth, session.catalog)
    cold = {target: run.ranking(target) for target in TARGETS}
    run.select(int(cold["lens"].ids[2]))
    run.picture("explore")
    found = {}
    for target in TARGETS:
        labelled = run.answer(target, partial(_key, known[target].ids), ANSWERED)
        found[target] = Found.measure(known[target], cold[target], run.ranking(target), labelled, ANSWERED)
        run.picture(f"labelled-{target}")
    run.finish()
    return found


def _key(truth: set[int], source: int) -> Qt.Key:
    """What a vetter who knows the truth presses."""
    return Qt.Key.Key_A if source in truth else Qt.Key.Key_X

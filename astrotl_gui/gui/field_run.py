"""The main job on a real field without a display, and a short look at one at the end of the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.settings import DetectionSettings
from astrotl_gui.gui.field_report import RealSky, place_of, write_field_report
from astrotl_gui.gui.window_run import PATIENCE, WindowRun, window_run
from astrotl_gui.pipeline.real_fields import FIELDS

LABELLED = 3  # of each list
SILENCE = 20.0  # seconds that the end of the demo waits for the first byte


def run_field(out: Path, name: str, detection: DetectionSettings | None = None) -> dict[str, Any]:
    """Do the main job on a real field and return the summary; raises AstroTLError when a step fails.

    `out` gets what `run_demo` leaves there; `detection` replaces the project's settings. Labels are "unsure",
    pressed to show the keys, but for a landmark.
    """
    with window_run(out) as run:
        path = run.timed("download", lambda: _field_project(run, name, PATIENCE))
        run.open_and_rank(path, detection=detection)
        real, landmark = _look(run, name, "explore")
        labelled = {}
        for target in TARGETS:
            labelled[target] = len(run.answer(target, lambda _: Qt.Key.Key_C, LABELLED))
            if target == "lens" and landmark is not None:
                labelled[target] += _say_yes(run, target, landmark)
            run.picture(f"labelled-{target}")
        run.finish()
        return write_field_report(out, real, labelled, run.seconds)


def show_field(run: WindowRun, name: str) -> RealSky:
    """Open, detect, embed and rank a real field, take a picture and write its lens list.

    Where it cannot be had, that is said, soon, and nothing else happens.
    """
    try:
        path = run.timed(f"download, {name}", lambda: _field_project(run, name, SILENCE))
    except AstroTLError as problem:
        return RealSky(FIELDS[name], problem=str(problem))
    run.open_and_rank(path, of=name)
    real, _ = _look(run, name, f"{name}-explore")
    run.export_ranked(["lens"], suffix=f"-{name}")
    return real


def _field_project(run: WindowRun, name: str, silence: float) -> Path:
    """The field's project, downloaded on first use; AstroTLError when no byte has come for so many seconds."""
    title, place = FIELDS[name].title, run.out / "project"
    path: Path = run.job(
        f"Downloading {title}", "field_project", "field_project", name, place, silence=silence
    )
    return path


def _look(run: WindowRun, name: str, picture: str) -> tuple[RealSky, int | None]:
    """A picture of the lens list beside the landmark, or beside its third source; (what is found, the landmark)."""
    field, catalog = FIELDS[name], run.session.catalog
    run.choose_list("lens")
    ranking = run.ranking("lens")
    place = place_of(field.landmark, catalog, ranking) if field.landmark else None
    if field.landmark is not None and place is not None:
        run.look_at(place[0], *field.landmark.middle)
    else:
        run.select(int(ranking.ids[min(2, len(ranking) - 1)]))
    run.picture(picture)
    source, rank = place or (None, None)
    return RealSky(field, len(catalog), rank), source


def _say_yes(run: WindowRun, target: str, source: int) -> int:
    """Label a source yes, unless it has a label already; how many labels that added."""
    had = run.session.label_of(source) is not None
    run.select(source)
    run.press_label(target, source, Qt.Key.Key_A)
    return int(not had)

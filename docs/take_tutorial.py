"""Play the tutorial in the window, answers from the demo sky's truth, and take its pictures: `make tutorial`.

The figures that docs/tutorial.md states are printed; put them there when they change.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent))

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from take_screenshots import SIZES, breathe, take, until

from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.settings import AppSettings
from astrotl_gui.gui.app import make_window
from astrotl_gui.gui.session import Session
from astrotl_gui.pipeline.demo import demo_field, demo_project
from astrotl_gui.pipeline.known import known_sources

OUT = Path(__file__).resolve().parent / "tutorial"
SET = "r < 21.5"
CULLED, VETTED = 120, 60


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        session = Session(AppSettings(vetter="MK", reduce_motion=True))
        window = make_window(session=session)
        window.resize(*SIZES[""])
        session.open_project(demo_project(Path(scratch)))
        until(lambda: session.project is not None)
        session.detect()
        until(lambda: all(session.ranking(target) for target in TARGETS) and session.examples)
        lenses = known_sources(demo_field().truth, session.catalog)["lens"].ids
        print(f"{len(session.catalog):,} sources, {len(lenses)} lenses among them")

        window.show_page("cull")
        for _ in range(CULLED // 60):
            page = shown_on(window)
            for source in page:
                if source in lenses:
                    session.select(source)
                    press(window, Qt.Key.Key_A)
            take(window, OUT / "cull.png")
            press(window, Qt.Key.Key_Space)
        print(f"culled {CULLED}: {session.label_counts()[0]} kept")

        window.show_page("vet")
        for count in range(VETTED):
            grade(window, lenses)
            if count == 40:
                take(window, OUT / "vet.png")
        print(f"vetted {VETTED}: {session.label_counts()}")
        window.show_page("train")
        take(window, OUT / "train.png")

        state = session.start_audit("lens", recall=0.8, filter=SET, seed=1)
        assert state is not None
        print(f"audit of {state.audit.size} sources, {state.total} labels")
        session.begin_vetting(state.next, blind=True, name=session.audit_name())
        window.show_page("vet")
        while (state := session.audit) is not None and not state.complete:
            grade(window, lenses)
        [state] = session.audits("lens")
        session.finish_audit(state.audit.number)
        [state] = session.audits("lens")
        print(f"{state.hits} hits; certified: {state.certificate}")
        window.show_page("train")
        take(window, OUT / "certified.png")
        found = [i for i, label in session.labels("lens").items() if label.value == "positive"]
        print(f"{len(set(found) & set(lenses))} of {len(lenses)} found")
        window.close()


def shown_on(window) -> list[int]:
    """The ids on the page in view, once there is one."""
    until(lambda: len(window.cull.model.ids))
    return window.cull.model.ids.tolist()


def press(window, key) -> None:
    QTest.keyClick(window, key)
    breathe(5)


def grade(window, lenses) -> None:
    """Answer what is in view, and wait for the next."""
    source = window.session.selected
    press(window, Qt.Key.Key_A if source in lenses else Qt.Key.Key_X)
    until(lambda: window.session.selected != source)


if __name__ == "__main__":
    main()

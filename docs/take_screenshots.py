"""Take the README's pictures, of the demo sky: `make screenshots`.

With a project folder or FITS images as arguments, pictures of those go to the folder named last instead.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QTimer

from astrotl_gui.core.identify import identify
from astrotl_gui.core.labels import TARGETS
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.settings import AppSettings, DetectionSettings, default_cutouts
from astrotl_gui.gui.app import make_window
from astrotl_gui.gui.jobs import Fetcher
from astrotl_gui.gui.session import Session
from astrotl_gui.pipeline.demo import demo_field, demo_project
from astrotl_gui.pipeline.known import known_sources

DOCS = Path(__file__).resolve().parent / "screenshots"
SIZES = {"": (1440, 900), "-compact": (1280, 720)}


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        session = Session(AppSettings(vetter="MK", reduce_motion=True))
        window = make_window(session=session)
        window.resize(*SIZES[""])
        if arguments:
            paths, out = [Path(a) for a in arguments[:-1]], Path(arguments[-1])
            proposal = identify(paths)
            spec = proposal.spec()
            cutouts = default_cutouts(Mosaic.open(spec).pixel_scale())
            session.create_project(
                Path(scratch) / (spec.name or "Mosaic"), spec, DetectionSettings(), cutouts
            )
        else:
            out = DOCS
            session.open_project(demo_project(Path(scratch)))
            until(lambda: session.project is not None)
            session.detect()
        out.mkdir(parents=True, exist_ok=True)
        until(lambda: all(session.ranking(target) for target in TARGETS))
        lenses = set() if arguments else known_sources(demo_field().truth, session.catalog)["lens"].ids
        for source in session.ranking("lens").ids[:4].tolist():
            session.select(source)
            session.label(
                *(("positive", "A") if source in lenses or arguments else ("negative", "X")), advance=False
            )
            breathe(300)
        source = session.catalog.row(int(session.ranking("lens").ids[5]))
        session.select(source["id"])
        for _ in range(4):
            window.view.zoom_in()
        window.view.centre_on(source["x"], source["y"])
        for name, size in SIZES.items():
            window.resize(*size)
            take(window, out / f"explore{name}.png")
        window.resize(*SIZES[""])
        window.explain()
        window.explore.why.map.button.click()
        until(lambda: session.mapping is None)
        take(window.explore.why, out / "why.png")
        window.explain()
        session.find_similar()
        until(lambda: session.similar is not None and session.similar.result is not None)
        take(window, out / "similar.png")
        window.close()


def take(window, path: Path) -> None:
    fetchers = window.findChildren(Fetcher)
    breathe(300)
    until(lambda: all(fetcher.idle for fetcher in fetchers))
    breathe(4500)  # notes and finished jobs fade
    window.grab().save(str(path))
    print(path)


def breathe(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def until(ready: Callable[[], object]) -> None:
    while not ready():
        breathe(20)


if __name__ == "__main__":
    main(sys.argv[1:])

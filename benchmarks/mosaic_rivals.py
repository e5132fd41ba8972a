"""The same mosaic in other programs: `python -m benchmarks.mosaic_rivals ginga|imageview FILE` prints seconds and MB.

Each is timed in its own process, from a running, empty window of 1200 × 900 and after its imports, by its own quickest
way from a file to a picture. None is needed: what is not installed is left out, with the reason.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.memory import Watch

WIDTH, HEIGHT = 1200, 900
DISPLAY = ":97"
XPA_NAME = "astrotl-bench"
LOOKS, FRAMES = 5, 20
Result = dict[str, Any]


def imageview(path: Path) -> Result:
    """pyqtgraph's ImageView: the pixels from astropy, then setImage."""
    import pyqtgraph as pg
    from astropy.io import fits
    from PySide6.QtWidgets import QApplication

    app = pg.mkQApp()
    assert isinstance(app, QApplication)
    view = pg.ImageView()
    view.resize(WIDTH, HEIGHT)
    view.show()
    _settle(app)

    def load() -> None:
        with fits.open(path, memmap=False) as hdus:
            data = next(hdu.data for hdu in hdus if hdu.data is not None)
        view.setImage(data, axes={"x": 1, "y": 0})

    def relevel(number: int) -> None:
        view.setLevels(-3.0, 20.0 + number)

    def pan(number: int) -> None:
        view.getView().translateBy(x=3.0, y=2.0)

    return _measured(app, view, load, relevel, pan)


def ginga(path: Path) -> Result:
    """Ginga's Qt viewer: its own loader, zscale limits, the whole image fitted."""
    from ginga.misc.log import get_logger
    from ginga.qtw.ImageViewQt import CanvasView
    from ginga.util.loader import load_data
    from PySide6.QtWidgets import QApplication

    app = QApplication([])
    viewer = CanvasView(get_logger("bench", null=True), render="widget")
    viewer.enable_autocuts("on")
    viewer.set_autocut_params("zscale")
    viewer.enable_autozoom("on")
    widget = viewer.get_widget()
    widget.resize(WIDTH, HEIGHT)
    widget.show()
    _settle(app)

    def load() -> None:
        viewer.set_image(load_data(str(path), logger=viewer.get_logger()))

    def relevel(number: int) -> None:
        viewer.cut_levels(-3.0, 20.0 + number)
        viewer.redraw_now(whence=1)

    def pan(number: int) -> None:
        x, y = viewer.get_pan()
        viewer.panset_xy(x + 60, y + 40)
        viewer.redraw_now(whence=0)

    return _measured(app, widget, load, relevel, pan)


def _measured(
    app: Any,
    widget: Any,
    load: Callable[[], None],
    relevel: Callable[[int], None],
    pan: Callable[[int], None],
) -> Result:
    """Seconds to the first painted picture; medians of new limits and panned frames [ms]; memory [MB]."""
    watch = Watch()

    def timed(work: Callable[[], None]) -> float:
        start = time.perf_counter()
        work()
        app.processEvents()
        widget.repaint()
        app.processEvents()
        return time.perf_counter() - start

    first = timed(load)
    if not _varied(widget):
        raise SystemExit("nothing was painted")
    return {
        "first": first,
        "relevel": 1000 * float(np.median([timed(lambda n=n: relevel(n)) for n in range(LOOKS)])),
        "pan": 1000 * float(np.percentile([timed(lambda n=n: pan(n)) for n in range(FRAMES)], 95)),
        "memory": watch.stop(),
    }


def _varied(widget: Any) -> bool:
    """Whether there is anything on screen: between the limits of some programs a sky has few colours."""
    image = widget.grab().toImage()
    colours = {image.pixel(x, y) for x in range(100, 700, 7) for y in range(100, 700, 7)}
    return len(colours) > 1


def _settle(app: Any) -> None:
    end = time.perf_counter() + 0.5
    while time.perf_counter() < end:
        app.processEvents()


# --- DS9 -------------------------------------------------------------------------------------------------


def ds9(path: Path) -> Result:
    """A running DS9 on its own X server, told by XPA to show the file with zscale limits, fitted to the window.

    XPA answers when a command is carried out; `update now` then draws. Raises LookupError where it cannot be timed.
    """
    for program in ("ds9", "xpaset", "xpaget", "Xvfb"):
        if shutil.which(program) is None:
            raise LookupError(f"{program} is not installed")
    environment = os.environ | {"DISPLAY": DISPLAY, "XPA_METHOD": "local"}
    with ExitStack() as stack:
        screen = ["Xvfb", DISPLAY, "-screen", "0", "1600x1200x24"]
        for command in (screen, ["ds9", "-title", XPA_NAME, "-geometry", f"{WIDTH}x{HEIGHT}"]):
            quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            program = stack.enter_context(subprocess.Popen(command, env=environment, **quiet))
            stack.callback(program.terminate)
            time.sleep(1)

        def tell(*words: str) -> None:
            subprocess.run(["xpaset", "-p", XPA_NAME, *words], env=environment, check=True, timeout=300)

        def ask(*words: str) -> str:
            asked = ["xpaget", XPA_NAME, *words]
            return subprocess.run(asked, env=environment, capture_output=True, text=True).stdout.strip()

        for _ in range(60):
            if ask("version"):
                break
            time.sleep(0.25)
        else:
            raise LookupError("DS9 does not answer XPA")
        tell("scale", "mode", "zscale")
        tell("update", "now")
        time.sleep(1)
        watch = Watch(program.pid)
        first = _seconds(
            lambda: (tell("file", str(path.resolve())), tell("zoom", "to", "fit"), tell("update", "now"))
        )
        relevel = [
            _seconds(lambda n=n: (tell("scale", "limits", "-3", str(20 + n)), tell("update", "now")))
            for n in range(LOOKS)
        ]
        return {
            "first": first,
            "relevel": 1000 * float(np.median(relevel)),
            "memory": watch.stop(),
            "version": ask("version").split()[-1],
        }


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    name, path = sys.argv[1:]
    result = {"imageview": imageview, "ginga": ginga, "ds9": ds9}[name](Path(path))
    print("RESULT", json.dumps(result), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()

"""Lists of 10⁶ and 10⁷ candidates in the real window: opening, scrolling, sharp thumbnails, Cull, Vet, a new order.

A mosaic of three bands, 20,000² float32 each, 1440 × 900. A frame is from a wheel step or a key to the painted list;
cold is with nothing of the files in memory and no thumbnail read. Beside them Qt's own views of as many rows, without
pictures.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.field import FOLDER
from benchmarks.large_sky import DRAWN, catalog, forget_files, mosaic_spec
from benchmarks.report import Row
from benchmarks.vetting import _Painted
from benchmarks.window import _until

SIDE, SIZE = 20_000, 8.0
COUNTS = (1_000_000, 10_000_000)
WHEELS, PAGES, PLACES, GRADES = 150, 30, 5, 60
PAUSE_MS = 400
"""How long a candidate of Vet is looked at."""
OPEN_MS, FRAME_MS, SHARP_MS, CULL_MS, VET_MS = 100.0, 16.0, 400.0, 250.0, 60.0


def run(full: bool = False) -> list[Row]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["XDG_CACHE_HOME"] = str((FOLDER / "cache").absolute())
    spec, rows = mosaic_spec(SIDE), []
    for count in COUNTS:
        rows += _Window(spec, count).rows()
        gc.collect()
        rows += _rivals(count)
    return rows


class _Window:
    """The window on a project of `count` ranked sources, kept in memory."""

    def __init__(self, spec: Any, count: int) -> None:
        from astrotl_gui.core.project import Project
        from astrotl_gui.core.settings import AppSettings, CutoutSettings, DetectionSettings
        from astrotl_gui.gui.app import make_window
        from astrotl_gui.gui.session import Session

        class Listed(Session):
            """Ranks nothing by itself."""

            def embed(self) -> None: ...

            def load_inputs(self) -> None: ...

            def rank_again(self, targets: object = None) -> None: ...

        self.count, self.n = count, f"{count:,} candidates"
        path = FOLDER / "gallery.astrotl"
        shutil.rmtree(path, ignore_errors=True)
        Project.create(path, spec, DetectionSettings(), CutoutSettings(size=SIZE, context=3 * SIZE)).close()
        self.session = Listed(AppSettings(vetter="bench"))
        self.window = make_window([path], self.session)
        self.window.resize(1440, 900)
        _until(lambda: self.session.project is not None and self.window.page == "explore")
        _until(lambda: not self.session.jobs.active)
        self.rng = np.random.default_rng(11)
        self.pane = self.window.explore.list_pane
        self.gallery = self.pane.gallery
        self.paints = _Paints(self.gallery)

    def ranking(self, target: str) -> Any:
        """Another order; the sources that are drawn in the pixels come first. Ready, as a job hands it over."""
        from astrotl_gui.core.ranking import Ranking

        first, rest = min(DRAWN, self.count), max(self.count - DRAWN, 0)
        ids = np.concatenate([self.rng.permutation(first) + 1, self.rng.permutation(rest) + first + 1])
        made = Ranking(target, ids, np.linspace(1, 0, self.count, dtype=np.float32), "gp bench 3+ 5-")
        return getattr(made, "indexed", lambda: made)()

    def rows(self) -> list[Row]:
        empty = _anonymous()
        session = self.session
        found, rankings = catalog(self.count, SIDE), {t: self.ranking(t) for t in ("lens", "agn")}
        getattr(found, "indexed", lambda: found)()
        arrays = _anonymous()
        session.catalog, session._rankings = found, rankings
        opened = self._painted(session.catalog_changed.emit)
        rows = [
            self._row("open the list", opened, OPEN_MS),
            self._row("another list, first time", self._painted(lambda: session.set_target("agn")), OPEN_MS),
            self._row("and back", self._painted(lambda: session.set_target("lens")), OPEN_MS),
        ]
        rows += (
            self._scrolling() + self._sharp() + self._reordering() + self._look() + self._cull() + self._vet()
        )
        grown = (_anonymous() - arrays) / 1e6
        rows += [
            Row("memory of catalog and two rankings", (arrays - empty) / 1e6, "MB", n=self.n),
            Row("memory the window added to it", grown, "MB", n=self.n),
        ]
        self.window.close()
        return rows

    # -- the list

    def _scrolling(self) -> list[Row]:
        from PySide6.QtCore import QPoint, QPointF, Qt
        from PySide6.QtGui import QWheelEvent
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication

        gallery, view = self.gallery, self.gallery.viewport()
        middle, held = QPointF(view.rect().center()), Qt.KeyboardModifier.NoModifier

        def wheel() -> None:
            event = QWheelEvent(
                middle,
                QPointF(view.mapToGlobal(middle.toPoint())),
                QPoint(),
                QPoint(0, -120),
                Qt.MouseButton.NoButton,
                held,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
            QApplication.sendEvent(view, event)

        wheels = [self._frame(wheel) for _ in range(WHEELS)]
        session, ids = self.session, session_ids(self.session)
        session.select(int(ids[0]))
        gallery.setFocus()
        pages = [self._frame(lambda: QTest.keyClick(gallery, Qt.Key.Key_PageDown)) for _ in range(PAGES)]
        end = self._painted(lambda: QTest.keyClick(gallery, Qt.Key.Key_End))
        home = self._painted(lambda: QTest.keyClick(gallery, Qt.Key.Key_Home))
        return [
            self._row("scroll by wheel, frame p95", _p95(wheels), FRAME_MS),
            self._row("scroll by wheel, slowest frame", max(wheels)),
            self._row("Page Down with selection, frame p95", _p95(pages)),
            self._row("Page Down with selection, slowest", max(pages)),
            self._row("End", end, OPEN_MS),
            self._row("Home", home, OPEN_MS),
        ]

    def _frame(self, act: Callable[[], object]) -> float:
        taken = self._painted(act)
        _rest(16)
        return taken

    def _painted(self, act: Callable[[], object]) -> float:
        """From an act to the list painted [ms]."""
        from PySide6.QtWidgets import QApplication

        before, start = self.paints.count, time.perf_counter()
        act()
        while self.paints.count == before:
            QApplication.processEvents()
        return 1000 * (self.paints.at - start)

    def _sharp(self) -> list[Row]:
        """Somewhere else in the list, nothing read yet, until every cutout in view is painted by its own pixels."""
        gallery, cold, warm = self.gallery, [], []
        for number in range(2 * PLACES):
            _until(lambda: gallery.thumbnails.idle)
            if number % 2 == 0:
                forget_files(SIDE)
            bar, start = gallery.verticalScrollBar(), time.perf_counter()
            bar.setValue(gallery.grid.rect(20_000 + 7_000 * number).top())
            _until(lambda: _sharp(gallery))
            gallery.viewport().repaint()
            (warm if number % 2 else cold).append(1000 * (time.perf_counter() - start))
        shown = f"{self.n}, {len(gallery.visible_rows())} cutouts of {gallery.grid.size} px"
        return [
            Row("first sharp screen, cold", statistics.median(cold), "ms", target=SHARP_MS, n=shown),
            Row("first sharp screen, cold, slowest", max(cold), "ms", n=shown),
            Row("sharp screen elsewhere in the list next", statistics.median(warm), "ms", n=shown),
        ]

    def _reordering(self) -> list[Row]:
        """A new ranking of all arrives while a source far down is selected."""
        times = {}
        for place in (10, 100_000, self.count - 1):
            source = int(session_ids(self.session)[place])
            self.session.select(source)
            _rest(100)
            made = self.ranking("lens")
            gc.collect()
            start = time.perf_counter()
            self.session._adopt_rankings({"lens": made})
            taken = 1000 * (time.perf_counter() - start)
            times[place] = taken
            _rest(100)
            self.gallery.left.emit()
        return [
            self._row(
                f"new order taken up, row {p + 1:,} selected", t, FRAME_MS if p < self.count - 1 else None
            )
            for p, t in times.items()
        ]

    def _look(self) -> list[Row]:
        """Another stretch until every cutout in view is painted in it."""
        gallery, session, taken = self.gallery, self.session, []
        gallery.verticalScrollBar().setValue(0)
        _until(lambda: _sharp(gallery) and gallery.thumbnails.idle)
        for softness in (2.0, 3.0, 4.0, 6.0, 8.0):
            start = time.perf_counter()
            session.set_look(session.look.with_(softness=softness))
            _until(lambda: _sharp(gallery, latest=True))
            gallery.viewport().repaint()
            taken.append(1000 * (time.perf_counter() - start))
            _rest(100)
        return [self._row("another stretch of a screen", statistics.median(taken), 50.0)]

    # -- the other views

    def _cull(self) -> list[Row]:
        window, cull = self.window, self.window.cull
        window.show_page("cull")
        _until(lambda: len(cull.model) > 0 and _sharp(cull.wall))
        opened, cold, warm, told = len(cull.model), [], [], []
        for _ in range(PLACES):
            _rest(1500)
            start = time.perf_counter()
            cull.turn(1)
            told.append(1000 * (time.perf_counter() - start))
            _until(lambda: _sharp(cull.wall))
            cull.wall.viewport().repaint()
            warm.append(1000 * (time.perf_counter() - start))
        for number in range(PLACES):
            target = ("agn", "lens")[number % 2]
            _until(lambda: cull.thumbnails.idle)
            self.session._rankings[target] = self.ranking(target)
            cull._of.pop(target, None)
            forget_files(SIDE)
            start = time.perf_counter()
            self.session.set_target(target)
            _until(lambda: _sharp(cull.wall))
            cull.wall.viewport().repaint()
            cold.append(1000 * (time.perf_counter() - start))
        keeps = []
        for _ in range(10):
            start = time.perf_counter()
            cull.keep(cull.model.id_at(5))
            keeps.append(1000 * (time.perf_counter() - start))
            _rest(200)
        page = f"{self.n}, {opened} cutouts a page"
        return [
            Row("Cull, next page sharp", statistics.median(warm), "ms", target=CULL_MS, n=page),
            Row(
                "Cull, page of another list, cold, sharp",
                statistics.median(cold),
                "ms",
                target=CULL_MS,
                n=page,
            ),
            Row("Cull, turning without the pixels", statistics.median(told), "ms", target=FRAME_MS, n=page),
            Row("Cull, keep one", statistics.median(keeps), "ms", target=FRAME_MS, n=page),
        ]

    def _vet(self) -> list[Row]:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        window, session = self.window, self.session
        session.begin_vetting()
        window.show_page("vet")
        cutout, painted, times = window.vet.cutout, _Painted(window.vet.cutout), []
        for number in range(GRADES):
            _rest(PAUSE_MS)
            start = time.perf_counter()
            key = Qt.Key.Key_A if number % 3 == 0 else Qt.Key.Key_X
            QTest.keyClick(window.focusWidget() or window, key)
            _until(lambda: cutout.source == painted.source and painted.sharp)
            times.append(1000 * (painted.at - start))
        window.show_page("explore")
        return [
            self._row("Vet, label to next image, median", statistics.median(times)),
            self._row("Vet, label to next image, p95", _p95(times), VET_MS),
        ]

    def _row(self, name: str, value: float, target: float | None = None) -> Row:
        return Row(name, value, "ms", target=target, n=self.n)


def session_ids(session: Any) -> np.ndarray:
    return session.ranking().ids


class _Paints:
    """Counts the paints of a wall, and when the last ended."""

    def __init__(self, wall: Any) -> None:
        self.count, self.at, paint = 0, 0.0, wall.paintEvent

        def timed(event: Any) -> None:
            paint(event)
            self.count, self.at = self.count + 1, time.perf_counter()

        wall.paintEvent = timed


def _sharp(wall: Any, latest: bool = False) -> bool:
    """Whether every cutout in view is rendered (and, `latest`, in the look of now)."""
    made = [wall._stamp(wall.model.id_at(row)) for row in _rows(wall)]
    pictures = wall.thumbnails
    if any(stamp is not None and pictures.picture(stamp) is None for stamp in made):
        return False
    return not latest or all(pictures.current(stamp) for stamp in made if stamp is not None)


def _rows(wall: Any) -> range:
    return wall.visible_rows() if wall.verticalScrollBar().maximum() else range(len(wall.model))


def _rest(milliseconds: float) -> None:
    end = time.perf_counter() + milliseconds / 1000
    _until(lambda: time.perf_counter() > end)


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def _anonymous() -> float:
    """Anonymous resident memory [bytes]."""
    status = Path("/proc/self/status")
    found = re.search(r"RssAnon:\s+(\d+)", status.read_text()) if status.exists() else None
    return 1024.0 * int(found.group(1)) if found else 0.0


# --- rivals


def _rivals(count: int) -> list[Row]:
    """Qt's own views of as many rows of text: shown, and scrolled page by page."""
    from PySide6.QtCore import QAbstractListModel, QAbstractTableModel, Qt
    from PySide6.QtWidgets import QListView, QTableView

    def data(self: Any, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return f"{index.row():,}" if role == Qt.ItemDataRole.DisplayRole else None

    def row_count(self: Any, parent: Any = None) -> int:
        return count

    kind = {"data": data, "rowCount": row_count, "columnCount": lambda self, parent=None: 3}
    listed = type("Listed", (QAbstractListModel,), {**kind, "columnCount": lambda self, parent=None: 1})
    tabled = type("Tabled", (QAbstractTableModel,), kind)
    rows = []
    for name, view, model in (
        ("Qt's list view of text in a grid", QListView(), listed()),
        ("Qt's table view of text", QTableView(), tabled()),
    ):
        if isinstance(view, QListView):
            if count > COUNTS[0]:
                continue  # minutes
            view.setViewMode(QListView.ViewMode.IconMode)
            view.setResizeMode(QListView.ResizeMode.Adjust)
        view.resize(384, 780)
        start = time.perf_counter()
        view.setModel(model)
        view.show()
        view.grab()
        shown, frames = 1000 * (time.perf_counter() - start), []
        for _ in range(30):
            start = time.perf_counter()
            bar = view.verticalScrollBar()
            bar.setValue(bar.value() + bar.pageStep())
            view.viewport().repaint()
            frames.append(1000 * (time.perf_counter() - start))
        n = f"{count:,} rows"
        rows += [Row(f"{name}, shown", shown, "ms", n=n), Row(f"{name}, frame p95", _p95(frames), "ms", n=n)]
        view.close()
        view.deleteLater()
    return rows

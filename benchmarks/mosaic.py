"""A gigapixel in the window: first frame, memory, looks, panning, beside ImageView, Ginga and DS9 where installed.

Every program runs in its own process and is timed from a running, empty window of 1200 × 900, after its imports. The
file is not in the file cache then (fsync, POSIX_FADV_DONTNEED), nor are zoom levels on disk, unless a row says so.
First frame: from the call to the first paint with the final limits. Memory: peak growth of anonymous resident memory.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.field import detected_project
from benchmarks.mosaic_files import FOLDER, cold, project, raw, rice
from benchmarks.report import Row

SIDE, FULL_SIDE = 20_000, 60_000
SIZES, FULL_SIZES = (5_000, 10_000, 20_000), (40_000, 60_000)
MEMORY_MB = 500.0
BIG_MEMORY = 4
"""ImageView holds the pixels about this many times over."""
Result = dict[str, Any]
Rival = tuple[str, Result]


def run(full: bool = False) -> list[Row]:
    rows: list[Row] = []
    path = raw(SIDE)
    ours = _child("mosaic_window", "first", project(path), path)
    rivals = list(_rivals(path))
    rows += _first(ours, rivals, SIDE)
    rows += _again(path)
    rows += _moves("moving", _child("mosaic_window", "moving", project(path)), rivals)
    rows += _moves("moving in colour", _child("mosaic_window", "moving", project(path, "gri")), [])
    rows += _busy(path)
    for square in (False, True):
        rows += _rice(square)
    rows += _growth(ours, full)
    return rows


# --- cases -----------------------------------------------------------------------------------------------


def _first(ours: Result, rivals: list[Rival], side: int) -> list[Row]:
    n = f"{side:,}² float32, {4 * side**2 / 1e9:.1f} GB, cold"
    rows = [Row("first frame", ours["first"], "s", target=0.3 if side <= SIDE else 1.5, n=n)]
    for name, found in rivals:
        about = f"{n}, {found['version']}" if "version" in found else n
        rows += [
            Row("first frame", ours["first"], "s", name, found["first"], n=about),
            Row("memory", ours["memory"], "MB", name, found["memory"], MEMORY_MB, n=about),
        ]
        if name != "ImageView":
            times = found["first"] / ours["first"]
            rows.append(
                Row(f"first frame, times faster than {name}", times, "×", target=8, more=True, n=about)
            )
    return [
        *rows,
        Row("all in view sharp", ours["sharp"], "s", n=n),
        Row("memory at any time, zoom levels being built", ours["memory"], "MB", target=MEMORY_MB, n=n),
        Row("zoom levels built", ours["built"], "s", n=n),
        Row("main thread busy at most, meanwhile", ours["gap"], "ms", n=n),
    ]


def _again(path: Path) -> list[Row]:
    found = _child("mosaic_window", "first", project(path), path, fresh=False)
    n = f"{SIDE:,}² float32, cold, zoom levels on disk"
    return [
        Row("first frame, opened again", found["first"], "s", target=0.3, n=n),
        Row("all in view sharp, opened again", found["sharp"], "s", n=n),
    ]


def _moves(what: str, found: Result, rivals: list[Rival]) -> list[Row]:
    rows = []
    for case, times in found.items():
        if case == "memory":
            rows.append(Row(f"memory after {what}", times, "MB", target=MEMORY_MB))
            continue
        bound = 40.0 if case.startswith("relevel") else 16.0
        about = f"{what}, n = {times['n']}, median {times['p50']:.1f}, slowest {times['max']:.1f}"
        rows.append(Row(f"{case}, p95", times["p95"], "ms", target=bound, n=about))
        kind = case.split()[0]
        if case in ("relevel pixels", "pan pixels"):
            rows += [
                Row(f"{case}, p95", times["p95"], "ms", name, other[kind], n="whole mosaic in view there")
                for name, other in rivals
                if kind in other
            ]
    return rows


def _busy(path: Path) -> list[Row]:
    found = _child("mosaic_window", "busy", project(path), path, detected_project())
    n = f"n = {found['n']}, {', '.join(found['jobs'])}; {found['embedded']:.0f} sources embedded a second"
    return [
        Row("pan and zoom while busy, p95", found["p95"], "ms", n=n),
        Row("pan and zoom while busy, p99", found["p99"], "ms", target=33.0, n=n),
        Row("pan and zoom while busy, slowest", found["max"], "ms", n=n),
    ]


def _rice(square: bool) -> list[Row]:
    path = rice(SIDE, square)
    found = _child("mosaic_window", "first", project(path), path)
    tiles = "512² tiles" if square else "row tiles"
    n = f"{SIDE:,}² Rice, {tiles}, {path.stat().st_size / 1e9:.2f} GB, cold"
    moved = _child("mosaic_window", "moving", project(path))
    again = [moved[f"pan {zoom} again"] for zoom in ("pixels", "third")]
    return [
        Row(f"Rice, {tiles}: first pixels", found["first"], "s", target=0.3 if square else 1.0, n=n),
        Row(f"Rice, {tiles}: the whole", found["whole"], "s", target=12.0 if square else 1.0, n=n),
        Row(f"Rice, {tiles}: main thread busy at most", found["gap"], "ms", n=n),
        Row(f"Rice, {tiles}: memory", found["memory"], "MB", target=MEMORY_MB, n=n),
        Row(f"Rice, {tiles}: pan where seen, p95", max(t["p95"] for t in again), "ms", target=16.0, n=n),
        Row(f"Rice, {tiles}: pan where unseen, p95", moved["pan pixels"]["p95"], "ms", n=n),
    ]


def _growth(ours: Result, full: bool) -> list[Row]:
    """Time and memory by size; the large ones are written, measured and deleted, where there is room."""
    found: dict[int, Result] = {SIDE: ours}
    rows = []
    for side in SIZES + (FULL_SIZES if full else ()):
        if side in found:
            continue
        needed = 4.6 * side**2
        if not (FOLDER / f"mosaic-{side}.fits").exists() and shutil.disk_usage(FOLDER).free < 1.2 * needed:
            print(f"  {side:,}² left out: it needs {needed / 1e9:.0f} GB of disk")
            continue
        path = raw(side)
        found[side] = _child("mosaic_window", "first", project(path), path)
        if side == FULL_SIDE:
            size = sum(file.stat().st_size for file in (FOLDER / "cache").rglob("*.npy"))
            rows += _first(found[side], [], side)
            rows.append(Row("zoom levels on disk", size / 1e9, "GB", "the mosaic", 4 * side**2 / 1e9))
            rows += _moves(f"moving, {side:,}²", _child("mosaic_window", "moving", project(path)), [])
        if side in FULL_SIZES:
            path.unlink()
    for side, result in sorted(found.items()):
        rows += [
            Row(f"first frame, {side:,}²", result["first"], "s"),
            Row(f"memory, {side:,}²", result["memory"], "MB", "the pixels", 4 * side**2 / 1e6),
        ]
    shutil.rmtree(FOLDER / "cache", ignore_errors=True)
    return rows


def _rivals(path: Path) -> Iterable[Rival]:
    for name, program, module in (
        ("ImageView", "imageview", "pyqtgraph"),
        ("Ginga", "ginga", "ginga"),
        ("DS9", "ds9", ""),
    ):
        if module and find_spec(module) is None:
            print(f"  {name} left out: it is not installed")
        elif program == "imageview" and _free_memory() < BIG_MEMORY * path.stat().st_size:
            print(
                f"  {name} left out: it would need {BIG_MEMORY * path.stat().st_size / 1e9:.0f} GB of memory"
            )
        else:
            cold(path)
            try:
                yield name, _child("mosaic_rivals", program, path)
            except LookupError as reason:
                print(f"  {name} left out: {reason}")


# --- processes -------------------------------------------------------------------------------------------


def _child(module: str, case: str, *paths: Path, fresh: bool = True) -> Result:
    """What a case prints, run in a process of its own. Given an image after its project, that is cold.

    With `fresh` nothing is in the tile cache. Raises LookupError with the last line of a case that failed.
    """
    homes = {name: FOLDER / name for name in ("cache", "share", "config")}
    if fresh and case in ("first", "busy"):
        shutil.rmtree(homes["cache"], ignore_errors=True)
    for home in homes.values():
        home.mkdir(parents=True, exist_ok=True)
    arguments = list(paths)
    if module == "mosaic_window" and len(paths) > 1:
        cold(arguments.pop(1))
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_CACHE_HOME": str(homes["cache"].resolve()),
        "XDG_DATA_HOME": str(homes["share"].resolve()),
        "XDG_CONFIG_HOME": str(homes["config"].resolve()),
    }
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", case, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line.removeprefix("RESULT "))
    raise LookupError((done.stderr.strip().splitlines() or ["it ended without a word"])[-1])


def _free_memory() -> int:
    """Bytes that can be had (Linux); plenty elsewhere."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 1 << 50
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))

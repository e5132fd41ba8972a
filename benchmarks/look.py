"""A change of look on a screen of 1200 × 900 px of the demo sky, as the mosaic renders it, beside astropy's."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from astropy.visualization import AsinhStretch, ManualInterval, make_lupton_rgb
from numpy.typing import NDArray

from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.project import Project
from astrotl_gui.core.stretch import Look, curve_shown, render_bands, smoothed_tile
from astrotl_gui.core.tiles import TILE, TileSource
from astrotl_gui.pipeline.demo import demo_project
from benchmarks.report import Row

ACROSS, UP = 5, 4
"""Tiles on a screen of 1200 × 900 px."""
TARGET_MS = 40.0
Tiles = dict[tuple[int, int], dict[str, NDArray[np.float32]]]


def run(full: bool = False) -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        project = Project.open(demo_project(Path(scratch)))
        mosaic = Mosaic.open(project.spec)
        project.close()
        return _rows(mosaic)


def _rows(mosaic: Mosaic) -> list[Row]:
    source = TileSource(mosaic)
    levels = {band.name: source.display_levels(band.name) for band in mosaic.bands}
    names = list(levels)
    grey = names[len(names) // 2]
    places = [(x, y) for y in range(UP + 2) for x in range(ACROSS + 2)]
    tiles = {place: {name: source.tile(name, 0, *place) for name in names} for place in places}
    screen = [(x, y) for y in range(1, UP + 1) for x in range(1, ACROSS + 1)]
    n = f"{ACROSS * UP} tiles of {TILE}², {len(names)} bands, tables made anew each time"

    def relevel(look: Look, thin: int = 1) -> float:
        def once(step: int) -> None:
            changed = look.with_(softness=5 * 1.01**step, gamma=1.01**step)
            for place in screen:
                render_bands(_smooth(tiles, place, look, names, thin), levels, mosaic.spec, changed)

        return _median(once)

    curve = curve_shown(levels, mosaic.spec, Look(grey))
    level = levels[grey]
    whole = {name: _joined(tiles, screen, name) for name in names}

    def astropy_grey(step: int) -> None:
        sigma = (whole[grey] - level.black) / level.noise
        AsinhStretch(a=5 / curve.span)(ManualInterval(curve.black, curve.white)(sigma))

    def astropy_colour(step: int) -> None:
        make_lupton_rgb(*(whole[name] for name in mosaic.spec.colour if name), stretch=5, Q=8)

    rows = [
        Row(
            "grey, asinh",
            relevel(Look(grey)),
            "ms",
            "astropy, AsinhStretch",
            _median(astropy_grey),
            TARGET_MS,
            n=n,
        ),
        Row(
            "colour, asinh",
            relevel(Look()),
            "ms",
            "astropy, make_lupton_rgb",
            _median(astropy_colour),
            TARGET_MS,
            n=n,
        ),
    ]
    for name, look in {
        "grey, histogram": Look(grey, "histogram"),
        "colour, histogram": Look(stretch="histogram"),
        "grey, viridis": Look(grey, colormap="viridis"),
        "grey, zscale": Look(grey, limits="zscale"),
    }.items():
        rows.append(Row(name, relevel(look), "ms", "a frame of a change", TARGET_MS, TARGET_MS, n=n))
    for name, look, thin in (
        ("grey, another smoothing (2 px)", Look(grey, smooth=2.0), 1),
        ("colour, another smoothing (2 px), its draft", Look(smooth=2.0), 2),
        ("colour, another smoothing (2 px), sharp", Look(smooth=2.0), 1),
    ):
        target = TARGET_MS if thin > 1 or look.mode == grey else None
        rows.append(Row(name, relevel(look, thin), "ms", "a frame of a change", TARGET_MS, target, n=n))
    return rows


def _smooth(
    tiles: Tiles, place: tuple[int, int], look: Look, names: list[str], thin: int
) -> dict[str, NDArray[np.float32]]:
    """A tile's planes as the look smooths them."""
    if not look.smooth:
        return tiles[place]
    shown = [look.mode] if look.mode in names else names
    grid = (ACROSS + 2, UP + 2)
    made = {}
    for name in shown:
        plane = smoothed_tile(lambda x, y, name=name: tiles[x, y][name], grid, place, look.smooth, thin)  # type: ignore[misc]
        assert plane is not None
        made[name] = plane
    return made


def _joined(tiles: Tiles, screen: list[tuple[int, int]], name: str) -> NDArray[np.float32]:
    rows = [[tiles[x, y][name] for x, y in screen if y == row] for row in range(1, UP + 1)]
    return np.block(rows)


def _median(work: Callable[[int], object], times: int = 9) -> float:
    taken = []
    for step in range(times + 1):
        start = time.perf_counter()
        work(step)
        taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken[1:])

"""Open a project with everything that is stored in it, and mosaics to look at beside it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from astrotl_gui.core.bands import MosaicSpec
from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.identify import identify
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.project import Project
from astrotl_gui.core.ranking import Ranking
from astrotl_gui.core.settings import cache_folder
from astrotl_gui.core.stretch import Levels
from astrotl_gui.core.tiles import TileSource


@dataclass(frozen=True, eq=False)
class ShownMosaic:
    """A mosaic with what display needs."""

    mosaic: Mosaic
    tiles: TileSource
    levels: dict[str, Levels]


@dataclass(frozen=True, eq=False)
class OpenProject:
    """A project, its mosaic with what display needs, its sources and stored rankings."""

    project: Project
    mosaic: Mosaic
    tiles: TileSource
    levels: dict[str, Levels]
    catalog: Catalog
    rankings: dict[str, Ranking]


def open_project(path: Path, *, progress: Progress = SILENT) -> OpenProject:
    """Open the project at `path`. Raises AstroTLError when it or one of its images cannot be read."""
    project = Project.open(Path(path))
    try:
        # Pixels come from one file and tables from others: they are read side by side.
        with ThreadPoolExecutor(1) as beside:
            tables = beside.submit(_read_tables, project)
            shown = show_mosaic(project.spec, progress)
            catalog, rankings = tables.result()
        return OpenProject(project, shown.mosaic, shown.tiles, shown.levels, catalog, rankings)
    except BaseException:
        project.close()
        raise


def show_mosaic(spec: MosaicSpec, progress: Progress = SILENT) -> ShownMosaic:
    """Open a mosaic and measure how to show it. Raises AstroTLError when one of its images cannot be read."""
    mosaic = Mosaic.open(spec, progress=progress)
    tiles = TileSource(mosaic, cache_folder() / "tiles")
    levels = {}
    for number, band in enumerate(mosaic.bands):
        progress(number, len(mosaic.bands), f"Reading {band.name}")
        levels[band.name] = tiles.display_levels(band.name)
    return ShownMosaic(mosaic, tiles, levels)


def open_beside(paths: Sequence[Path], *, progress: Progress = SILENT) -> ShownMosaic:
    """A mosaic to look at beside another: a project folder, or FITS images that are its bands.

    Without coordinates its pixels count as one arcsecond each. Raises AstroTLError as `open_project` does.
    """
    first = Path(paths[0])
    if first.is_dir():
        project = Project.open(first)
        project.close()
        return show_mosaic(project.spec, progress)
    return show_mosaic(identify(paths, progress=progress).spec(pixel_scale=1.0), progress)


def _read_tables(project: Project) -> tuple[Catalog, dict[str, Ranking]]:
    """The sources and the rankings, with what finds sources in them."""
    rankings = {target: ranking.indexed() for target, ranking in project.read_rankings().items()}
    return project.read_catalog().indexed(), rankings

"""A project of stamps: cutouts that somebody else made, without a mosaic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.catalog import Catalog, column_names
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.project import Project, free_folder
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings
from astrotl_gui.core.stretch import Look
from astrotl_gui.pipeline.stamps.collection import (
    Channel,
    Stamps,
    Unreadable,
    named_channels,
    none_readable,
    some,
)
from astrotl_gui.pipeline.stamps.described import Described, describe
from astrotl_gui.pipeline.stamps.find import find_stamps
from astrotl_gui.pipeline.stamps.light import measure_light
from astrotl_gui.pipeline.stamps.sheet import SOURCES, Grid, SheetWriter, blank, file_name, sheet_sources

SHEET = "sheet"
SAME_SCALE = 0.01
"""Pixel scales that differ by less than this share are one."""


@dataclass(frozen=True, eq=False)
class StampSet:
    """Stamps, what a table says of them, and what was odd; nothing is written yet."""

    stamps: Stamps
    described: Described
    channels: tuple[Channel, ...]
    notes: tuple[str, ...] = ()

    @property
    def pixel_scale(self) -> float:
        """The scale [arcsec/px] that most stamps have; 0 when nothing tells it."""
        known = self.described.scale[self.described.scale > 0]
        return float(np.median(known)) if len(known) else 0.0


@dataclass(frozen=True, eq=False)
class StampProject:
    """The project made: `count` sources on cells of `side` px; (name, reason) of the stamps that cannot be read."""

    path: Path
    count: int
    side: int
    pixel_scale: float
    bands: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    @property
    def size(self) -> float:
        """Side of a stamp [arcsec]."""
        return self.side * self.pixel_scale


def read_stamps(
    paths: Sequence[Path],
    *,
    ids: Path | None = None,
    array: str = "",
    bands: Sequence[str] = (),
    progress: Progress = SILENT,
) -> StampSet:
    """Look at the stamps in a folder, in files, or in a file of arrays; their pixels are read later.

    `ids` is a table with a row for each stamp, `array` the name of the array in a file of several, `bands` names the
    bands in the order of the file (of colour pictures: red, green, blue). Raises AstroTLError for what cannot be
    read, another number of bands, and a table that does not go with the stamps.
    """
    stamps = find_stamps(paths, array, progress=progress)
    described = describe(stamps, ids)
    channels = stamps.channels
    if bands:
        if len(set(bands)) != len(channels) or len(bands) != len(channels):
            raise AstroTLError(
                "Bands do not fit",
                f"The stamps have {len(channels)} ({', '.join(c.name for c in channels)}); "
                f"{', '.join(bands)} was given. Give each its own name.",
            )
        channels = tuple(
            Channel(new.name, new.wavelength or old.wavelength, old.zeropoint)
            for new, old in zip(named_channels(bands), channels, strict=True)
        )
    notes = (*stamps.notes, *described.notes, *_sizes(stamps), *_unnamed(channels))
    return StampSet(stamps, described, channels, notes)


def new_stamps(
    path: Path, found: StampSet, *, pixel_scale: float = 0.0, progress: Progress = SILENT
) -> StampProject:
    """Make the project at `path`: the stamps on a sheet, each a measured source as large as its cutout.

    `pixel_scale` [arcsec] goes before what the stamps say. The project appears whole or not at all. Raises
    AstroTLError when no scale is known, no stamp can be read, and when the folder exists or cannot be written;
    `Cancelled` through `progress`.
    """
    scale = pixel_scale or found.pixel_scale
    if not scale > 0:
        raise AstroTLError(
            "Pixel scale is not known",
            "Neither the stamps nor a table tell it. Give the pixel scale [arcsec] with --pixel-scale.",
        )
    path = free_folder(path)
    order = _by_wavelength(found)
    grid = Grid(len(found.stamps), found.stamps.side)
    laid = _Layout(found, order, grid, scale)
    # Pictures of eight bits were stretched by who made them: they are shown as they are.
    white = 255.0 if found.stamps.pictures and found.stamps.dtype == np.int16 else 0.0
    spec = MosaicSpec(
        path.stem, laid.bands(path / SHEET), pixel_scale=scale, stamp_side=grid.side, white=white
    )
    size = grid.side * scale
    cutouts = CutoutSettings(size=size, context=size)
    project = Project.create(
        path, spec, DetectionSettings(), cutouts, fill=lambda folder: laid.write(folder / SHEET, progress)
    )
    try:
        if white:
            project.view = {"look": Look(stretch="linear").to_dict()}
        catalog = sheet_sources(Mosaic.open(project.spec))
        project.write_catalog(catalog)
    finally:
        project.close()
    names = tuple(band.name for band in spec.bands)
    notes = (*found.notes, *laid.notes())
    return StampProject(path, len(catalog), grid.side, scale, names, laid.skipped, notes)


class _Layout:
    """Stamps on their way to the sheet."""

    def __init__(self, found: StampSet, order: Sequence[int], grid: Grid, scale: float) -> None:
        self.found, self.grid, self.scale = found, grid, scale
        self._order = list(order)
        self.channels = [found.channels[k] for k in order]
        self._unread: list[tuple[str, str]] = []

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        return (*self.found.stamps.skipped, *self._unread)

    def bands(self, folder: Path) -> tuple[BandSpec, ...]:
        return tuple(
            BandSpec(c.name, Plane(folder / file_name(k), 0), zeropoint=c.zeropoint, wavelength=c.wavelength)
            for k, c in enumerate(self.channels)
        )

    def write(self, folder: Path, progress: Progress) -> None:
        """Images and sources of the sheet. Raises AstroTLError when no stamp can be read."""
        stamps, count = self.found.stamps, self.grid.count
        names = [channel.name for channel in self.channels]
        parts, cells = [], []
        with SheetWriter(folder, self.grid, names, stamps.dtype) as sheet:
            for run in self.grid.runs(len(names) * (stamps.dtype.itemsize + 4)):
                pixels = np.full(
                    (len(run), len(names), *[self.grid.side] * 2), blank(stamps.dtype), stamps.dtype
                )
                read = []
                for place, cell in enumerate(run):
                    progress(cell, count, "Laying out stamps")
                    if self._read(cell, pixels[place]):
                        read.append(place)
                sheet.write(run, pixels)
                if read:
                    cells += [run[place] for place in read]
                    parts.append(self._measure(pixels[read]))
        if not cells:
            raise none_readable(self.skipped)
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        self._catalog(np.array(cells), columns).write(folder / SOURCES)
        progress(count, count, "Laying out stamps")

    def _read(self, cell: int, target: NDArray[Any]) -> bool:
        """Put a stamp into the middle of its cell; whether it could be read."""
        stamps = self.found.stamps
        try:
            values = stamps.read(cell)[self._order]
            if values.shape[1:] != tuple(stamps.shapes[cell]):
                raise Unreadable("its size changed")
        except Unreadable as reason:
            self._unread.append((stamps.names[cell], str(reason)))
            return False
        height, width = values.shape[1:]
        y, x = (self.grid.side - height) // 2, (self.grid.side - width) // 2
        with np.errstate(over="ignore"):  # what float32 cannot hold is read as no value
            target[:, y : y + height, x : x + width] = values
        return True

    def _measure(self, pixels: NDArray[Any]) -> dict[str, NDArray[Any]]:
        values = pixels.astype(np.float32)
        if pixels.dtype.kind == "i":
            values[pixels == blank(pixels.dtype)] = np.nan
        values[~np.isfinite(values)] = np.nan
        zeropoints = [channel.zeropoint for channel in self.channels]
        return measure_light(values, [channel.name for channel in self.channels], zeropoints, self.scale)

    def _catalog(self, cells: NDArray[np.int64], measured: dict[str, NDArray[Any]]) -> Catalog:
        said = self.found.described
        x, y = (values[cells] for values in self.grid.centres())
        names = np.array(self.found.stamps.names, dtype=object)
        columns = {
            "id": np.arange(1, len(cells) + 1),
            "ra": said.ra[cells],
            "dec": said.dec[cells],
            "x": x,
            "y": y,
            **measured,
        }
        ordered = {name: columns[name] for name in column_names([channel.name for channel in self.channels])}
        own = {name: values[cells] for name, values in said.columns.items()}
        return Catalog.from_columns({**ordered, "user_id": said.user_id[cells], "stamp": names[cells], **own})

    def notes(self) -> tuple[str, ...]:
        notes = []
        scales = self.found.described.scale
        other = np.abs(scales / self.scale - 1) > SAME_SCALE
        if other.any():
            notes.append(
                f"{other.sum():,} stamps have another pixel scale ({np.nanmin(scales):.3g}″ to "
                f"{np.nanmax(scales):.3g}″); all are shown at {self.scale:.3g}″."
            )
        if self.skipped:
            listed = some([f"{name} ({reason})" for name, reason in self.skipped])
            notes.append(
                f"{len(self.skipped):,} of {len(self.skipped) + self.grid.count - len(self._unread):,} "
                f"stamps cannot be read and are left out: {listed}."
            )
        return tuple(notes)


def _by_wavelength(found: StampSet) -> list[int]:
    """The order of the bands on the sheet, shortest wavelength first; pictures store red first."""
    waves = [channel.wavelength for channel in found.channels]
    places = list(range(len(waves)))
    if all(wave is not None for wave in waves):
        return sorted(places, key=lambda k: waves[k] or 0.0)
    return places[::-1] if found.stamps.pictures else places


def _unnamed(channels: Sequence[Channel]) -> tuple[str, ...]:
    if len(channels) < 2 or any(not channel.name.isdigit() for channel in channels):
        return ()
    return (f"The {len(channels)} bands have no names and are taken from blue to red; --bands names them.",)


def _sizes(stamps: Stamps) -> tuple[str, ...]:
    low, high = stamps.shapes.min(axis=0), stamps.shapes.max(axis=0)
    if (low == high).all():
        return ()
    return (
        f"Stamps differ in size ({low[1]} × {low[0]} to {high[1]} × {high[0]} px); each is in the middle of "
        f"{stamps.side} × {stamps.side} px, without values around it.",
    )

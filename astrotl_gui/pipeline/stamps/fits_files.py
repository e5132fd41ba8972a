"""Stamps as FITS images: one file each with all its bands, or one file a band."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from astrotl_gui.core.bands import BandSpec
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.file_names import bare_name
from astrotl_gui.core.filters import file_filters, filter_of, header_filter
from astrotl_gui.core.fits import Plane, open_plane
from astrotl_gui.core.identify import identify
from astrotl_gui.core.progress import Progress
from astrotl_gui.core.sky import NoSky, Sky
from astrotl_gui.pipeline.stamps.collection import (
    SINGLE,
    Channel,
    Stamps,
    Unreadable,
    check_shape,
    none_readable,
)

ENDINGS = (".fits", ".fit", ".fts", ".fz", ".fits.gz", ".fits.bz2", ".fit.gz", ".fit.bz2")


@dataclass(frozen=True)
class _Layout:
    """Where in an object's files each band is: (number of the file, HDU, plane), and what its header calls it."""

    channels: tuple[Channel, ...]
    places: tuple[tuple[int, int, int], ...]
    labels: tuple[tuple[str, str], ...]

    def planes(self, paths: Sequence[Path]) -> list[Plane]:
        """The planes of another object: where the first has them, else wherever they are. Raises Unreadable."""
        planes = [Plane(paths[file], hdu, index) for file, hdu, index in self.places]
        if _labels(planes) == self.labels:
            return planes
        try:
            found = {channel.name: band.image for channel, band in _channels(identify(paths).bands)}
        except AstroTLError as problem:
            raise Unreadable(problem.title.lower()) from problem
        lacking = [channel.name for channel in self.channels if channel.name not in found]
        if lacking:
            raise Unreadable(f"has no {', '.join(lacking)} image")
        return [found[channel.name] for channel in self.channels]


def _labels(planes: Sequence[Plane]) -> tuple[tuple[str, str], ...]:
    """(EXTNAME, filter) of each plane; none at all where one is missing."""
    try:
        headers = [open_plane(plane).header for plane in planes]
    except AstroTLError:
        return ()
    filters = map(header_filter, headers)
    return tuple(
        (str(h.get("EXTNAME", "")), f.name if f else "") for h, f in zip(headers, filters, strict=True)
    )


def _channels(bands: Sequence[BandSpec]) -> list[tuple[Channel, BandSpec]]:
    """Bands as channels; a single one that nothing names is not called after its file."""
    unnamed = len(bands) == 1 and bands[0].wavelength is None and filter_of(bands[0].name) is None
    return [(Channel(SINGLE if unnamed else b.name, b.wavelength, b.zeropoint), b) for b in bands]


def read_fits(files: Mapping[str, Path], progress: Progress) -> Stamps:
    """The stamps in some FITS files, by name. The first one readable tells the bands of all.

    Sizes, positions and scales come from the headers now, pixels by `read`. Raises AstroTLError when none can be
    read, `Cancelled` through `progress`.
    """
    objects, skipped = _objects(files)
    layout, warnings = _layout(objects)
    names, shapes, places, planes = [], [], [], []
    for number, (name, paths) in enumerate(objects.items()):
        progress(number, len(objects), "Reading stamps")
        try:
            known = layout.planes(paths)
            shape, place = _header(known[0])
        except Unreadable as reason:
            skipped.append((name, str(reason)))
        else:
            names.append(name)
            shapes.append(shape)
            places.append(place)
            planes.append(known)
    if not names:
        raise none_readable(skipped)
    ra, dec, scale = np.array(places, float).T
    return Stamps(
        tuple(names),
        layout.channels,
        np.array(shapes, np.int64),
        np.dtype(np.float32),
        lambda index: _pixels(planes[index]),
        ra,
        dec,
        scale,
        skipped=tuple(skipped),
        notes=warnings,
    )


def _objects(files: Mapping[str, Path]) -> tuple[dict[str, list[Path]], list[tuple[str, str]]]:
    """The files of each object, one each or as many as the names tell bands; (name, reason) of what lacks some."""
    alone = {name: [path] for name, path in files.items()}
    stems = {name: bare_name(name) for name in files}
    filters = dict(zip(files, file_filters(list(stems.values())), strict=True))
    order = sorted({found.name for found in filters.values() if found})
    groups: dict[str, dict[str, Path]] = {}
    for name, found in filters.items():
        if found is None or len(order) < 2:
            return alone, []
        groups.setdefault(_without(stems[name], found.name), {})[found.name] = files[name]
    whole = {
        key: [group[band] for band in order] for key, group in groups.items() if len(group) == len(order)
    }
    if len(whole) < len(groups) / 2:  # the letters in the names mean something else
        return alone, []
    lacking = {key: [band for band in order if band not in group] for key, group in groups.items()}
    return whole, [(key, f"has no {', '.join(bands)} image") for key, bands in lacking.items() if bands]


def _without(stem: str, band: str) -> str:
    """A file's name without the part that names its band."""
    parts = re.split(r"([^A-Za-z0-9]+)", stem)
    for place in range(len(parts) - 1, -1, -2):
        found = filter_of(parts[place])
        if found is not None and found.name == band:
            kept = parts[: max(place - 1, 0)] + parts[place + (1 if place else 2) :]
            return "".join(kept)
    return stem


def _layout(objects: Mapping[str, Sequence[Path]]) -> tuple[_Layout, tuple[str, ...]]:
    """The bands of the first object that can be read, and what was odd about them."""
    problems = []
    for name, paths in objects.items():
        try:
            proposal = identify(paths)
        except AstroTLError as problem:
            problems.append((name, problem.title.lower()))
            continue
        pairs = _channels(proposal.bands)
        places = tuple((paths.index(b.image.path), b.image.hdu, b.image.index) for _, b in pairs)
        labels = _labels([b.image for _, b in pairs])
        return _Layout(tuple(channel for channel, _ in pairs), places, labels), proposal.warnings
    raise none_readable(problems)


def _header(plane: Plane) -> tuple[tuple[int, int], tuple[float, float, float]]:
    """(h, w) and (ra, dec of the centre [deg], scale [arcsec/px]) of an object; NaN without WCS."""
    reader = open_plane(plane)
    shape = check_shape(reader.shape)
    x, y = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    try:
        sky = Sky.of(reader.header, shape)
    except NoSky:
        return shape, (np.nan, np.nan, np.nan)
    ra, dec = sky.sky(x, y)
    return shape, (float(ra), float(dec), float(sky.scale(x, y)))


def _pixels(planes: Sequence[Plane]) -> NDArray[np.float32]:
    try:
        readers = [open_plane(plane) for plane in planes]
        if len({reader.shape for reader in readers}) > 1:
            raise Unreadable("its bands differ in size")
        return np.stack([reader.read(0, 0, reader.shape[1], reader.shape[0]) for reader in readers])
    except AstroTLError as problem:
        raise Unreadable(problem.title.lower()) from problem

"""Paths of images, and of what is shown with them, as a project keeps them: relative to its folder and absolute, so
that either may move."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from astrotl_gui.core.bands import PLANE_ROLES, BandSpec, MosaicSpec
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.remote import address, is_remote


def planes_of(spec: MosaicSpec) -> Iterator[Plane]:
    """Every image plane of a mosaic, what goes with the bands included."""
    for band in spec.bands:
        for role in ("image", *PLANE_ROLES):
            if (plane := getattr(band, role)) is not None:
                yield plane


def moved(spec: MosaicSpec, move: Callable[[Path], Path]) -> MosaicSpec:
    """The same mosaic with `move(path)` for each file."""

    def moved_band(band: BandSpec) -> BandSpec:
        planes = {role: getattr(band, role) for role in ("image", *PLANE_ROLES)}
        return replace(band, **{r: replace(p, path=move(p.path)) for r, p in planes.items() if p is not None})

    return replace(spec, bands=tuple(moved_band(band) for band in spec.bands))


def relative(path: Path, home: Path) -> Path:
    """A path as seen from `home`; absolute on another drive. URLs stay as they are."""
    if is_remote(path):
        return path
    try:
        return Path(os.path.relpath(path.absolute(), home.absolute()))
    except ValueError:
        return path.absolute()


def absolute_paths(spec: MosaicSpec, home: Path) -> dict[str, str]:
    """Path relative to `home` → where the file is now."""
    return dict(kept(plane.path, home) for plane in planes_of(spec) if not is_remote(plane.path))


def resolved(spec: MosaicSpec, home: Path, absolute: Mapping[str, str]) -> MosaicSpec:
    """File paths as they are now: beside `home` if it moved with its images, else where they were."""

    return moved(spec, lambda path: found(str(path), absolute.get(str(path), ""), home))


def kept(path: Path, home: Path) -> tuple[str, str]:
    """A path as text, relative to `home` and absolute: what `found` takes. URLs stay as they are."""
    if is_remote(path):
        return address(path), address(path)
    return str(relative(path, home)), str(path.absolute())


def found(near: str, absolute: str, home: Path) -> Path:
    """Where a file is now: beside `home` if it moved with it, else where it was."""
    if is_remote(near):
        return Path(near)
    beside = Path(os.path.normpath(home.absolute() / near))
    return beside if beside.exists() or not absolute else Path(absolute)

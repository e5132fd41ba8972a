"""The mosaic of a new project from what the command line names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane
from astrotl_gui.core.identify import finest_band, identify
from astrotl_gui.core.progress import SILENT, Progress

Pairs = Sequence[tuple[str, str]]


def spec_from_options(
    project: Path,
    *,
    bands: Pairs,
    images: Sequence[Path] = (),
    roles: Mapping[str, Pairs] | None = None,
    mask_bits: Pairs = (),
    zeropoints: Pairs = (),
    pixel_scale: float = 0.0,
    progress: Progress = SILENT,
) -> MosaicSpec:
    """A mosaic from (band, FILE[HDU]) pairs and images whose bands their headers tell.

    `roles` maps rms, weight, mask and psf to such pairs. What a header says of wavelength and zero point is used
    where nothing is given. Raises AstroTLError for images that cannot be opened and bands that do not exist.
    """
    specs = {spec.name: spec for spec in identify(list(images), progress=progress).bands} if images else {}
    for name, text in bands:
        specs[name] = _named(name, Plane.parse(text), progress)
    if not specs:
        raise AstroTLError("No image to open", "Give images, or --band NAME=FILE for each band.")
    for role, pairs in (roles or {}).items():
        for name, text in pairs:
            specs[name] = replace(_known(specs, name), **{role: Plane.parse(text)})  # type: ignore[arg-type]
    for name, text in mask_bits:
        specs[name] = replace(_known(specs, name), mask_bits=int(number(text, "mask bits", int)))
    for name, text in zeropoints:
        specs[name] = replace(_known(specs, name), zeropoint=number(text, "zero point", float))
    ordered = sorted(specs.values(), key=lambda spec: spec.wavelength or 0.0)
    if any(spec.wavelength is None for spec in ordered):  # the order given is all there is
        ordered = list(specs.values())
    return MosaicSpec(project.stem, tuple(ordered), finest_band(ordered), pixel_scale=pixel_scale)


def _named(name: str, plane: Plane, progress: Progress) -> BandSpec:
    """The band as the user names it, with what the header knows of that very plane."""
    for found in identify([plane.path], progress=progress).bands:
        if found.image == plane:
            return replace(found, name=name)
    return BandSpec(name, plane)


def _known(specs: Mapping[str, BandSpec], name: str) -> BandSpec:
    if name not in specs:
        raise AstroTLError("No such band", f"There is no band {name}; the bands are {', '.join(specs)}.")
    return specs[name]


def number(text: str, what: str, kind: type) -> float:
    """The number that a text says. Raises AstroTLError, naming `what`, when it says none."""
    try:
        return kind(text, 0) if kind is int else kind(text)
    except ValueError:
        raise AstroTLError("This is no number", f"{what}: {text}.") from None

"""Which of the files and HDUs that a user opens is which band, and what belongs to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from astrotl_gui.core import roles
from astrotl_gui.core.bands import BandSpec, MosaicSpec
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.file_names import bare_name, distinct
from astrotl_gui.core.filters import Filter, file_filters, filter_of, header_filter, title_filter
from astrotl_gui.core.fits import Plane, image_planes, open_plane, plane_shape
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.sky import NoSky, Sky
from astrotl_gui.core.unpack import unpack_all
from astrotl_gui.core.zeropoints import zeropoint

MOST_CUBE_BANDS = 6
"""A single cube of up to this many planes is taken for bands; a longer one for a stack of images."""
COUNTS = {2: "Both", 3: "All three", 4: "All four", 5: "All five"}


@dataclass(frozen=True)
class Proposal:
    """Bands as guessed from headers and names, shortest wavelength first, for the user to correct.

    `warnings` are sentences on what was uncertain; `reference` is the band of finest pixels.
    """

    bands: tuple[BandSpec, ...]
    name: str
    warnings: tuple[str, ...] = ()
    reference: str = ""

    def spec(self, pixel_scale: float = 0.0) -> MosaicSpec:
        """The proposal as it stands. `pixel_scale` [arcsec] is for images without WCS."""
        return MosaicSpec(self.name, self.bands, self.reference, pixel_scale=pixel_scale)


@dataclass
class _Found:
    """One image plane and what its names say."""

    plane: Plane
    header: fits.Header
    role: str
    stem: str  # of the file, without its role words
    extension: str
    sky: Sky | None
    shape: tuple[int, int]
    filter: Filter | None = None

    @property
    def version(self) -> int:
        return int(self.header.get("EXTVER", 1))

    @property
    def scale(self) -> float:
        return _scale(self.sky, self.shape)


def identify(paths: Sequence[Path | str], *, progress: Progress = SILENT) -> Proposal:
    """Group the image planes of some FITS files into the bands of one mosaic.

    Roles and bands are read from EXTNAME, from filter keywords, then from file names. Raises AstroTLError
    for a file that cannot be read, or when there is nothing to open.
    """
    if not paths:
        raise AstroTLError("No image to open", "Choose one or more FITS files.")
    files = list(dict.fromkeys(Path(path) for path in paths))
    unpack_all(files, progress=progress)
    cubes: dict[Path, int] = {}
    found = [plane for path in files for plane in _planes_of(path, len(files) > 1, cubes)]
    warnings = _about_cubes(cubes)
    images = [plane for plane in found if plane.role == roles.IMAGE]
    if not images:
        images = [replace(plane, role=roles.IMAGE) for plane in found]
        warnings.append("No file looks like an image of the sky; all are opened as bands.")
    _name_filters(images, warnings)
    images = _one_per_filter(images, warnings)
    names = distinct([_band_name(image, images) for image in images])
    bands = [_band(image, name) for image, name in zip(images, names, strict=True)]
    beside = [plane for plane in found if plane.role not in (roles.IMAGE, roles.IGNORED)]
    bands = _attach(bands, images, beside, warnings)
    order = sorted(range(len(bands)), key=lambda k: (bands[k].wavelength or np.inf, k))
    reference = _finest([images[k].scale for k in order], [names[k] for k in order])
    return Proposal(tuple(bands[k] for k in order), _title(images), tuple(warnings), reference)


# --- reading -----------------------------------------------------------------------------------------


def _planes_of(path: Path, several: bool, cubes: dict[Path, int]) -> list[_Found]:
    listed = image_planes(path)
    kept: list[tuple[Plane, fits.Header]] = []
    for hdu in dict.fromkeys(plane.hdu for plane, _ in listed):
        planes = [(plane, header) for plane, header in listed if plane.hdu == hdu]
        if len(planes) > 1 and (several or len(planes) > MOST_CUBE_BANDS):
            cubes[path] = len(planes)
            planes = planes[:1]
        kept += planes
    stem = bare_name(path.name)
    return [_found(plane, header, stem) for plane, header in kept]


def _about_cubes(cubes: dict[Path, int]) -> list[str]:
    if len(cubes) > 1:
        return [
            f"{len(cubes)} files are cubes of up to {max(cubes.values())} planes; the first of each is used."
        ]
    return [f"{path.name} is a cube of {count} planes; the first is used." for path, count in cubes.items()]


def _found(plane: Plane, header: fits.Header, stem: str) -> _Found:
    file_role, bare = roles.role_in(stem, extension=False)
    extension_role, extension = roles.role_in(str(header.get("EXTNAME", "")), extension=True)
    # The name of the file decides: masks are often saved with the header of the image they belong to.
    role = extension_role if file_role == roles.IMAGE else file_role
    shape = plane_shape(header)
    if role == roles.PSF and file_role == roles.PSF and max(shape) > 600:
        role = roles.IMAGE
    return _Found(plane, header, role, bare, extension, _sky(header, shape), shape)


# --- bands -------------------------------------------------------------------------------------------


def _name_filters(images: list[_Found], warnings: list[str]) -> None:
    """Give each image its filter: from its extension's name, its header, the file's name, then its title."""
    stems = list(dict.fromkeys(image.stem for image in images))
    in_names = dict(zip(stems, file_filters(stems), strict=True))
    for image in images:
        instrument = f"{image.header.get('INSTRUME', '')} {image.header.get('TELESCOP', '')}"
        named = filter_of(image.extension, instrument) if image.extension else None
        # An extension's own name first: a FILTER may be inherited, and then speaks for the whole file.
        image.filter = (
            named or header_filter(image.header) or in_names[image.stem] or title_filter(image.header)
        )
    claimed = {image.filter.name for image in images if image.filter}
    told = [in_names[stem] for stem in stems]
    distinct = {name.name for name in told if name}
    if len(stems) > 1 and len(claimed) == 1 and len(distinct) == len(stems) and len(images) == len(stems):
        for image in images:
            image.filter = in_names[image.stem]
        everyone = COUNTS.get(len(stems), f"All {len(stems)}")
        listed = ", ".join(f.name for f in sorted(filter(None, told), key=lambda f: f.wavelength or np.inf))
        warnings.append(f"{everyone} headers say filter {claimed.pop()}; the file names say {listed}.")


def _one_per_filter(images: list[_Found], warnings: list[str]) -> list[_Found]:
    """Of several images of one filter in one file (the chips of a camera) keep the first."""
    kept: list[_Found] = []
    dropped: dict[Path, list[_Found]] = {}
    for image in images:
        same = [k for k in kept if k.plane.path == image.plane.path and k.filter and k.filter == image.filter]
        if same and image.plane.index < 0:
            dropped.setdefault(image.plane.path, [same[0]]).append(image)
        else:
            kept.append(image)
    for path, group in dropped.items():
        first = group[0].header.get("EXTNAME", group[0].plane.hdu)
        name = group[0].filter.name if group[0].filter else ""
        warnings.append(f"{path.name} has {len(group)} images of {name}; the first ({first}) is used.")
    return kept


def _band_name(image: _Found, images: list[_Found]) -> str:
    if image.filter is not None:
        return image.filter.name
    if image.plane.index >= 0 and sum(i.plane.path == image.plane.path for i in images) > 1:
        return f"plane {image.plane.index}"
    if image.extension:
        return image.extension
    stems = [other.stem for other in images]
    shared = len(_shared_start(stems)) if len(set(stems)) > 1 else 0
    return image.stem[shared:].strip("_-. ") or image.stem


def _band(image: _Found, name: str) -> BandSpec:
    return BandSpec(
        name,
        image.plane,
        zeropoint=zeropoint(image.header, image.scale or None),
        wavelength=image.filter.wavelength if image.filter else None,
    )


# --- what goes with a band ---------------------------------------------------------------------------


def _attach(
    bands: list[BandSpec], images: list[_Found], beside: list[_Found], warnings: list[str]
) -> list[BandSpec]:
    for plane in beside:
        scores = [_kinship(plane, image) for image in images]
        best = int(np.argmax(scores))
        if scores[best] < 0:
            warnings.append(f"{plane.plane.path.name} ({plane.role}) fits no image and is left out.")
            continue
        if plane.role == roles.MASK and _marks_sources(plane, images[best]):
            warnings.append(f"{plane.plane.path.name} marks the sources, not bad pixels, and is left out.")
            continue
        if getattr(bands[best], plane.role) is None:
            bits = roles.mask_bits(plane.header) if plane.role == roles.MASK else bands[best].mask_bits
            beside_it: dict[str, Any] = {plane.role: plane.plane, "mask_bits": bits}
            bands[best] = replace(bands[best], **beside_it)
    return bands


def _kinship(plane: _Found, image: _Found) -> float:
    """How surely a noise, weight, mask or PSF plane belongs to an image; negative = it cannot."""
    if plane.role != roles.PSF and plane.shape != image.shape:
        return -1.0
    score = 0.0
    if plane.plane.path == image.plane.path:
        nearness = 1 / (1 + abs(plane.plane.hdu - image.plane.hdu))
        score += 8 + (plane.version == image.version) + nearness
    elif plane.stem == image.stem:
        score += 8
    else:
        score += 2 * len(_shared_start([plane.stem, image.stem])) / max(len(plane.stem), 1)
    if plane.extension and plane.extension.upper() == image.extension.upper():
        score += 4
    named = filter_of(plane.extension) or header_filter(plane.header) or file_filters([plane.stem])[0]
    if named and image.filter:
        score += 4 if named.name == image.filter.name else -4
    return score


def _marks_sources(mask: _Found, image: _Found) -> bool:
    """Whether a mask marks detections: it covers much, and nearly all of the brightest pixels.

    A saturation or defect mask leaves the cores of most galaxies free.
    """
    if roles.mask_bits(mask.header):
        return False
    step = max(image.shape[0] // 256, 1)
    values = open_plane(image.plane).rows(step)
    marked = open_plane(mask.plane).rows(step) != 0
    share = float(marked.mean())
    good = np.isfinite(values)
    if not 0.02 < share < 0.6 or not good.any():
        return False
    bright = values > np.quantile(values[good], 1 - share / 3)
    return bool(bright.any() and marked[bright].mean() > 0.95)


# --- the whole ---------------------------------------------------------------------------------------


def finest_band(bands: Sequence[BandSpec]) -> str:
    """The band with the finest pixels, the middle one among equals: no detail is lost on its grid."""
    opened = [open_plane(band.image) for band in bands]
    scales = [_scale(_sky(plane.header, plane.shape), plane.shape) for plane in opened]
    return _finest(scales, [band.name for band in bands])


def _finest(scales: Sequence[float], names: Sequence[str]) -> str:
    known = [scale or np.inf for scale in scales]
    finest = [k for k, scale in enumerate(known) if not scale > min(known) * 1.01]
    return names[finest[len(finest) // 2]]


def _sky(header: fits.Header, shape: tuple[int, int]) -> Sky | None:
    try:
        return Sky.of(header, shape)
    except NoSky:
        return None


def _scale(sky: Sky | None, shape: tuple[int, int]) -> float:
    """Pixel scale [arcsec] at the middle of an image; 0 without a WCS."""
    ny, nx = shape
    return float(sky.scale((nx - 1) / 2, (ny - 1) / 2)) if sky else 0.0


def _shared_start(texts: Sequence[str]) -> str:
    """The characters that all texts begin with."""
    first, last = min(texts), max(texts)
    same = (k for k, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(same, len(first))]


def _caseless(text: str) -> tuple[str, str]:
    return text.upper(), text


def _title(images: list[_Found]) -> str:
    """A name for the mosaic: the object's, else what the file names share, else the folder's."""
    for keyword in ("OBJECT", "TARGNAME", "TARGPROP"):
        objects = sorted({str(image.header.get(keyword, "")).strip() for image in images}, key=_caseless)
        shared = _shared_start([name.upper() for name in objects])
        # SDSS puts the number of its run here ("86 S").
        if len(shared) >= 4 and not re.fullmatch(r"\d+ [NS]", shared) and len(shared) >= len(objects[0]) - 1:
            return objects[0][: len(shared)].strip("_-. ")
    stems = sorted({image.stem for image in images})
    if len(stems) == 1:
        return stems[0]
    shared = _shared_start(stems)
    if any(re.match(r"[A-Za-z0-9]", stem[len(shared) :]) for stem in stems):
        shared = re.sub(r"[A-Za-z0-9]+$", "", shared)  # no halves of words
    return shared.strip("_-. ") or images[0].plane.path.resolve().parent.name

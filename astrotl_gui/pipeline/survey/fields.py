"""The mosaics of a survey, from files, folders, lists and tables of images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from astrotl_gui.core import roles
from astrotl_gui.core.bands import PLANE_ROLES, BandSpec, MosaicSpec, default_colour
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.fits import Plane, image_planes, plane_shape
from astrotl_gui.core.identify import finest_band, identify
from astrotl_gui.core.matching import unit_vectors
from astrotl_gui.core.mosaic import Mosaic
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.sky import NoSky, Sky
from astrotl_gui.ml.preprocess import band_units
from astrotl_gui.pipeline.survey.catalog_files import catalog_tables
from astrotl_gui.pipeline.survey.folder import Field

ENDINGS = (".fits", ".fit", ".fts", ".fz", ".gz", ".bz2", ".xz")
TABLES = (".csv", ".ecsv", ".parquet")
ONE_PLACE = 0.15
"""Images whose middles are closer than this share of their radius show one field."""
ONE_SIZE = 1.5
COVERAGE_SIDE = 256


@dataclass(frozen=True)
class _File:
    path: Path
    ra: float
    dec: float
    radius: float
    beside: bool
    """Whether it goes with an image (noise, weight, mask, PSF)."""


def find_fields(images: Sequence[Path], *, progress: Progress = SILENT) -> tuple[Field, ...]:
    """The mosaics of `images`: FITS files, folders of them, lists (.txt, a path a line) and tables.

    A table (CSV, ECSV, Parquet) has a row for each mosaic: its name in `mosaic`, a column of files for each band,
    and where wanted `rms_BAND`, `weight_BAND`, `mask_BAND`, `psf_BAND`; paths are relative to the table. Files are
    grouped by place: those of one field and different bands make one mosaic. One that cannot be opened is kept with the
    reason. Raises AstroTLError for no images, tables without such columns and files without a sky; `Cancelled`.
    """
    specs: list[MosaicSpec] = []
    files: list[Path] = []
    broken: list[Field] = []
    for path in images:
        if path.suffix.lower() in TABLES:
            specs += _of_table(path)
        else:
            files += _files_of(path)
    placed = []
    for done, path in enumerate(dict.fromkeys(files)):
        progress(done, len(files), "Looking at the images")
        try:
            placed.append(_place(path))
        except AstroTLError as problem:
            spec = MosaicSpec(path.name, (BandSpec("image", Plane(path, 0)),), "image")
            broken.append(_unreadable(spec, problem))
    specs += [identify(group).spec() for group in _groups(placed)]
    if not specs and not broken:
        raise AstroTLError(
            "No images", f"There is no FITS file in {', '.join(map(str, images)) or 'nothing'}."
        )
    found = list(broken)
    for done, spec in enumerate(specs):
        progress(done, len(specs), "Looking at the mosaics")
        found.append(_look_at(spec))
    order = sorted(found, key=lambda one: (one.spec.name, str(one.spec.bands[0].image)))
    return tuple(replace(one, number=number) for number, one in enumerate(order))


# --- files -------------------------------------------------------------------------------------------


def _files_of(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(file for file in path.rglob("*") if file.name.lower().endswith(ENDINGS))
    elif path.suffix.lower() == ".txt":
        lines = path.read_text(encoding="utf-8").splitlines()
        yield from (path.parent / line.strip() for line in lines if line.strip() and line[0] != "#")
    else:
        yield path


def _place(path: Path) -> _File:
    _, header = image_planes(path)[0]
    shape = plane_shape(header)
    role, _ = roles.role_in(path.name.split(".")[0], extension=False)
    try:
        ra, dec, radius = _circle(Sky.of(header, shape), shape)
    except NoSky as problem:
        raise AstroTLError(
            "This image has no place on the sky", f"{path}: {problem} A survey needs a WCS in every image."
        ) from problem
    return _File(path, ra, dec, radius, role not in (roles.IMAGE, roles.IGNORED))


def _circle(sky: Any, shape: tuple[int, int]) -> tuple[float, float, float]:
    """(ra, dec) [deg] of the middle and the radius [deg] to the farthest corner."""
    ny, nx = shape
    x = np.array([(nx - 1) / 2, -0.5, nx - 0.5, -0.5, nx - 0.5])
    y = np.array([(ny - 1) / 2, -0.5, -0.5, ny - 0.5, ny - 0.5])
    ra, dec = sky.sky(x, y)
    vectors = unit_vectors(ra, dec)
    chord = np.linalg.norm(vectors[1:] - vectors[0], axis=1).max()
    return float(ra[0]), float(dec[0]), float(np.degrees(2 * np.arcsin(min(chord / 2, 1.0))))


def _groups(files: Sequence[_File]) -> list[list[Path]]:
    """The files of each mosaic: of one place and size, each band once; what goes with an image beside it."""
    groups: list[tuple[_File, dict[str, Path], list[Path]]] = []
    for file in (one for one in files if not one.beside):
        band = identify([file.path]).bands[0].name
        for first, bands, _ in groups:
            if band not in bands and _same_field(first, file):
                bands[band] = file.path
                break
        else:
            groups.append((file, {band: file.path}, []))
    for file in (one for one in files if one.beside):
        near = [group for group in groups if _same_field(group[0], file)]
        if near:
            best = max(near, key=lambda group: max(_alike(file.path, path) for path in group[1].values()))
            best[2].append(file.path)
    return [[*bands.values(), *others] for _, bands, others in groups]


def _same_field(first: _File, second: _File) -> bool:
    a, b = unit_vectors([first.ra, second.ra], [first.dec, second.dec])
    apart = np.degrees(2 * np.arcsin(min(float(np.linalg.norm(a - b)) / 2, 1.0)))
    sizes = max(first.radius, second.radius) / min(first.radius, second.radius)
    return bool(apart < ONE_PLACE * min(first.radius, second.radius) and sizes < ONE_SIZE)


def _alike(first: Path, second: Path) -> int:
    """So many characters do two file names begin with alike."""
    pairs = zip(first.name, second.name, strict=False)
    return next((k for k, (a, b) in enumerate(pairs) if a != b), min(len(first.name), len(second.name)))


# --- tables ------------------------------------------------------------------------------------------


def _of_table(path: Path) -> list[MosaicSpec]:
    rows = [row for table in catalog_tables(path) for row in table.to_pylist()]
    beside = tuple(f"{role}_" for role in PLANE_ROLES)
    names = list(rows[0]) if rows else []
    bands = [
        name
        for name in names
        if name != "mosaic" and not name.startswith(beside) and any(_is_image(row[name]) for row in rows)
    ]
    if "mosaic" not in names or not bands:
        raise AstroTLError(
            "This is no table of mosaics",
            f"{path} needs a column mosaic (names) and a column of FITS files for each band; "
            f"it has {', '.join(names) or 'no rows'}.",
        )
    return [_of_row(row, bands, path.parent) for row in rows]


def _is_image(value: Any) -> bool:
    return isinstance(value, str) and value.split("[")[0].lower().endswith(ENDINGS)


def _of_row(row: Mapping[str, Any], bands: Sequence[str], home: Path) -> MosaicSpec:
    def plane(text: str) -> Plane:
        return Plane.parse(text if "://" in text else str(home / text))

    specs = []
    for band in bands:
        if not _is_image(row[band]):
            continue
        others: dict[str, Any] = {
            role: plane(row[f"{role}_{band}"]) for role in PLANE_ROLES if _is_image(row.get(f"{role}_{band}"))
        }
        specs.append(BandSpec(band, plane(row[band]), **others))
    name = str(row["mosaic"])
    if not specs:
        raise AstroTLError("A mosaic has no image", f"{name} names no FITS file in {', '.join(bands)}.")
    names = tuple(spec.name for spec in specs)
    return MosaicSpec(name, tuple(specs), "", default_colour(names))


# --- mosaics -----------------------------------------------------------------------------------------


def _look_at(spec: MosaicSpec) -> Field:
    try:
        if not spec.reference:
            spec = _with_headers(spec)
        mosaic = Mosaic.open(spec)
        if mosaic.wcs is None:
            raise AstroTLError("No coordinates", f"{spec.bands[0].image} has no usable WCS.")
        step = max(max(mosaic.shape) // COVERAGE_SIDE, 1)
        ny, nx = mosaic.shape
        sample = mosaic.read(mosaic.reference.name, (0, 0, nx, ny), step)
    except AstroTLError as problem:
        return _unreadable(spec, problem)
    unit = band_units(mosaic)[[band.name for band in mosaic.bands].index(mosaic.reference.name)]
    good = np.isfinite(sample)
    differences = np.diff(sample, axis=1)
    spread = float(np.nanmedian(np.abs(differences))) if np.isfinite(differences).any() else float("nan")
    coverage = b"" if good.all() else np.packbits(good).tobytes()
    circle = _circle(mosaic, mosaic.shape)
    return Field(0, spec, *circle, 1.4826 / np.sqrt(2) * spread * unit, mosaic.shape, step, coverage)


def _with_headers(spec: MosaicSpec) -> MosaicSpec:
    """With what the headers know of zero points and wavelengths, and the finest band as reference."""
    bands = []
    for band in spec.bands:
        known = identify([band.image.path]).bands
        said = next((one for one in known if one.image == band.image), known[0])
        bands.append(replace(band, image=said.image, zeropoint=said.zeropoint, wavelength=said.wavelength))
    return replace(spec, bands=tuple(bands), reference=finest_band(bands))


def _unreadable(spec: MosaicSpec, problem: AstroTLError) -> Field:
    nan = float("nan")
    return Field(0, spec, nan, nan, nan, nan, reason=str(problem))

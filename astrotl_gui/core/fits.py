"""Image planes of FITS files: naming one, listing them, opening one lazily."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from astrotl_gui.core.compressed import CompressedPixels
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.plane_reader import PlaneReader, RawPixels
from astrotl_gui.core.remote import address, is_remote, local_path, open_bytes, size_of
from astrotl_gui.core.unpack import packing, unpacked

BLOCK = 2880
"""FITS files are written in blocks of this many bytes."""
# Keywords that a primary header holds on behalf of its extensions (the INHERIT convention).
INHERITED = (
    "TELESCOP", "INSTRUME", "DETECTOR", "FILTER", "FILTER1", "FILTER2", "FILTNAM", "FILTNAM1", "FILT_ID",
    "BAND", "PUPIL", "OBJECT", "TARGNAME", "TARGPROP", "EXPTIME", "PHOTFLAM", "PHOTPLAM", "PHOTSYS", "MAGSYS",
    "MAGZERO", "MAGZP", "MZP_AB", "PHOTZP", "FLUXMAG0", "SURVEY", "ORIGIN", "DATE-OBS", "MJD-OBS",
)  # fmt: skip
_NAMED = re.compile(r"^(?P<file>.+)\[(?P<hdu>[^\[\],]+)(?:,(?P<number>\d+))?\]$", re.DOTALL)


@dataclass(frozen=True)
class Plane:
    """One 2-d image in a FITS file: HDU number (0 = primary) and, in a cube, the plane (−1 = not a cube)."""

    path: Path
    hdu: int
    index: int = -1

    @classmethod
    def parse(cls, text: str) -> Plane:
        """Read "FILE", "FILE[2]", "FILE[SCI]", "FILE[0,3]" or "FILE[SCI,3]".

        Without brackets it is the first image of the file. The second number is the plane of a cube; after
        the name of an HDU that is no cube it is its EXTVER. Raises AstroTLError when there is no such plane.
        """
        match = _NAMED.match(text)
        if match is None or (not is_remote(text) and Path(text).is_file()):
            return image_planes(local_path(text))[0][0]
        path, name, number = local_path(match["file"]), match["hdu"].strip(), match["number"]
        if name.isdigit():
            return cls(path, int(name), -1 if number is None else int(number))
        return _named_plane(path, name, None if number is None else int(number))

    def __str__(self) -> str:
        path = address(self.path)
        return f"{path}[{self.hdu}]" if self.index < 0 else f"{path}[{self.hdu},{self.index}]"


def image_planes(path: Path) -> list[tuple[Plane, fits.Header]]:
    """List every 2-d image and every plane of every cube in a file, with its header.

    Headers of extensions carry the primary header's filter, instrument, exposure and zero point keywords
    where they have none of their own. Tables, spectra (1-d) and empty HDUs are passed over; axes of length 1
    do not count. Raises AstroTLError when the file is missing, empty, truncated, not FITS or has no image.
    """
    path = Path(path)
    planes: list[tuple[Plane, fits.Header]] = []
    problem: AstroTLError | None = None
    with _opened(path) as (file, hdus):
        primary = hdus[0].header
        for number, hdu in enumerate(hdus):
            axes = _axes(hdu)
            if not axes:
                continue
            try:
                planes += [
                    (plane, _inherit(hdu.header, primary)) for plane in _planes(path, number, axes, file)
                ]
            except AstroTLError as error:
                problem = problem or error
    if not planes:
        raise problem or AstroTLError("No image in this file", f"{path} holds only tables or empty HDUs.")
    return planes


def open_plane(plane: Plane) -> PlaneReader:
    """Open one plane for lazy reading. Raises AstroTLError as `image_planes`, or for no such plane."""
    with _opened(plane.path) as (file, hdus):
        if not 0 <= plane.hdu < len(hdus):
            raise AstroTLError(
                "No such HDU",
                f"{plane.path} has {len(hdus)} HDUs, numbered from 0; HDU {plane.hdu} was asked for.",
            )
        hdu = hdus[plane.hdu]
        axes = _axes(hdu)
        if not axes:
            raise AstroTLError("Not an image", f"HDU {plane.hdu} of {plane.path} is a table or empty.")
        known = _planes(plane.path, plane.hdu, axes, file)
        if plane not in known:
            raise _no_such_plane(plane, len(known), known[0].index >= 0)
        header = _inherit(hdu.header, hdus[0].header)
        shape = _plane_shape(axes)
        stored: RawPixels | CompressedPixels
        if isinstance(hdu, fits.CompImageHDU):
            stored = CompressedPixels(file, plane.hdu, _cube_index(axes, plane.index))
        else:
            dtype = _dtype(header)
            offset = int(hdu.fileinfo()["datLoc"])
            offset += max(plane.index, 0) * math.prod(shape) * dtype.itemsize
            stored = RawPixels(file, offset, dtype, shape)
    return PlaneReader(plane.path, header, shape, stored)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Path, fits.HDUList]]:
    """Yield (the file on disk, unpacked if need be; its HDUs), checked to be whole."""
    start = _first_bytes(path)
    kind = packing(start)
    if kind and is_remote(path):
        raise AstroTLError(
            "A packed file cannot be read in parts",
            f"{address(path)} is packed with {kind}. Download it, or compress it with fpack (.fits.fz) instead.",
        )
    file = unpacked(path, kind) if kind else path
    if kind:
        start = _first_bytes(file)
    if not start.startswith(b"SIMPLE"):
        raise AstroTLError(
            "Not a FITS file",
            f"{path} does not begin with the FITS keyword SIMPLE. Save the image as FITS and open that.",
        )
    hdus = _open_hdus(path, file)
    with hdus:
        yield file, hdus


def _open_hdus(path: Path, file: Path) -> fits.HDUList:
    with warnings.catch_warnings():
        # Truncation is reported below with sizes; the rest (a BLANK for floats) needs nobody's attention.
        warnings.simplefilter("ignore")
        try:
            source = open_bytes(file) if is_remote(file) else file
            hdus = fits.open(source, do_not_scale_image_data=True)
        except (OSError, ValueError, TypeError, KeyError, fits.VerifyError) as problem:
            raise _bad_header(path, file, problem) from problem
        try:
            size = size_of(file)
            for number in range(len(hdus)):
                _check_whole(path, size, hdus[number], number)
            _check_end(path, file, hdus[-1])
        except AstroTLError:
            hdus.close()
            raise
        except (OSError, ValueError, TypeError, KeyError, fits.VerifyError) as problem:
            hdus.close()
            raise _bad_header(path, file, problem) from problem
    return hdus


def _first_bytes(path: Path) -> bytes:
    try:
        with open_bytes(path) as handle:
            start = handle.read(80)
    except FileNotFoundError as problem:
        raise AstroTLError(
            "File not found", f"{path} does not exist. Check the path, or that its disk is mounted."
        ) from problem
    except IsADirectoryError as problem:
        raise AstroTLError(
            "This is a folder", f"{path} is a folder; choose the FITS files in it."
        ) from problem
    except OSError as problem:
        raise AstroTLError("File cannot be read", f"{path}: {problem.strerror}.") from problem
    if not start:
        raise AstroTLError("File is empty", f"{path} has no bytes. Copy or download it again.")
    return start


def _bad_header(path: Path, file: Path, problem: Exception) -> AstroTLError:
    size = size_of(file)
    if "END" in str(problem) or size % BLOCK:
        return AstroTLError(
            "File is cut short",
            f"{path} ends in the middle of a header, after {size:,} bytes. Copy or download it again.",
        )
    return AstroTLError(
        "FITS header cannot be read",
        f"{path}: {problem}. Check the file with fitsverify, or download it again.",
    )


def _check_whole(path: Path, size: int, hdu: Any, number: int) -> None:
    """Raise AstroTLError when the data of an HDU reach beyond the end of the file."""
    info = hdu.fileinfo()
    if not info or not info.get("datSpan"):
        return
    # Some writers leave out the padding of the last block; only missing data count.
    data = int(info["datSpan"]) - BLOCK + 1 if isinstance(hdu, fits.CompImageHDU) else hdu.size
    needed = int(info["datLoc"]) + data
    if size < needed:
        raise AstroTLError(
            "File is cut short",
            f"{path} has {size:,} bytes; HDU {number} needs {needed:,}. Copy or download it again.",
        )


def _check_end(path: Path, file: Path, last: Any) -> None:
    """Raise AstroTLError when another header begins after the last HDU: astropy drops one that is cut."""
    info = last.fileinfo()
    with open_bytes(file) as handle:
        handle.seek(int(info["datLoc"]) + int(info["datSpan"]))
        if handle.read(8) == b"XTENSION":
            raise _bad_header(path, file, OSError("the header of its last HDU has no END"))


def _axes(hdu: Any) -> tuple[int, ...]:
    """The array shape (slowest axis first) of an image HDU; () for tables and empty HDUs."""
    if not hdu.is_image or getattr(hdu, "columns", None) is not None:
        return ()
    shape = tuple(int(n) for n in hdu.shape)
    return shape if math.prod(shape) else ()


def _plane_shape(axes: tuple[int, ...]) -> tuple[int, int]:
    """(ny, nx) of the planes of an image; axes of length 1 do not count."""
    kept = [n for n in axes if n > 1]
    return kept[-2], kept[-1]


def plane_shape(header: fits.Header) -> tuple[int, int]:
    """(ny, nx) of the image planes of an HDU that `image_planes` listed."""
    return _plane_shape(tuple(int(header[f"NAXIS{axis}"]) for axis in range(int(header["NAXIS"]), 0, -1)))


def _cube_index(axes: tuple[int, ...], index: int) -> tuple[int, ...]:
    """The leading indices of a plane in the unsqueezed array."""
    return tuple(index if n > 1 else 0 for n in axes[:-2])


def _planes(path: Path, number: int, axes: tuple[int, ...], file: Path) -> list[Plane]:
    kept = [n for n in axes if n > 1]
    if len(kept) == 2 or len(kept) == 3:
        return [Plane(path, number)] if len(kept) == 2 else [Plane(path, number, k) for k in range(kept[0])]
    where = f"HDU {number} of {path}"
    sizes = " × ".join(str(n) for n in reversed(axes))
    if not kept:
        raise AstroTLError("Image is a single pixel", f"{where} is {sizes} px. Open an image of the sky.")
    if len(kept) == 1:
        raise AstroTLError("Not an image", f"{where} is a single line of {kept[0]:,} values.")
    raise AstroTLError(
        "Too many axes", f"{where} has {len(axes)} axes ({sizes}). Save one image, or a cube of three axes."
    )


def _dtype(header: fits.Header) -> np.dtype[Any]:
    codes = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
    return np.dtype(codes[int(header["BITPIX"])])


def _inherit(header: fits.Header, primary: fits.Header) -> fits.Header:
    merged = header.copy()
    for keyword in INHERITED:
        if keyword not in merged and keyword in primary:
            merged[keyword] = primary[keyword]
    return merged


def _named_plane(path: Path, name: str, number: int | None) -> Plane:
    named = [
        (plane, header)
        for plane, header in image_planes(path)
        if str(header.get("EXTNAME", "")).strip().upper() == name.upper()
        or (name.upper() == "PRIMARY" and plane.hdu == 0)
    ]
    if not named:
        names = ", ".join(_names(path))
        raise AstroTLError("No such HDU", f"{path} has no image named {name}. Its images: {names}.")
    if number is None:
        return Plane(path, named[0][0].hdu)
    for plane, header in named:
        if plane.index == number or (plane.index < 0 and int(header.get("EXTVER", 1)) == number):
            return plane
    raise AstroTLError("No such plane", f"{name} of {path} has no plane or version {number}.")


def _names(path: Path) -> list[str]:
    names = (str(header.get("EXTNAME", plane.hdu)) for plane, header in image_planes(path))
    return list(dict.fromkeys(names))


def _no_such_plane(plane: Plane, count: int, cube: bool) -> AstroTLError:
    where = f"HDU {plane.hdu} of {plane.path}"
    if not cube:
        return AstroTLError("Not a cube", f"{where} is a single image: it has no plane {plane.index}.")
    if plane.index < 0:
        return AstroTLError(
            "Choose a plane of this cube",
            f"{where} is a cube of {count} planes: name one, as in {plane.path.name}[{plane.hdu},0].",
        )
    return AstroTLError("No such plane", f"{where} has planes 0 to {count - 1}; {plane.index} was asked for.")

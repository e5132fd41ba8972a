"""A mosaic: several bands of one field, read region by region on the grid of the reference band."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any

import numpy as np
from astropy.wcs import WCS
from numpy.typing import ArrayLike, NDArray

from astrotl_gui.core.band import Band, Box
from astrotl_gui.core.bands import BandSpec, MosaicSpec, default_colour
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.image_paths import planes_of
from astrotl_gui.core.plane_reader import Step
from astrotl_gui.core.progress import SILENT, Progress
from astrotl_gui.core.resample import Read, Resampled, nearest, resample
from astrotl_gui.core.unpack import unpack_all

__all__ = ["Band", "BandSpec", "Box", "Mosaic", "MosaicSpec", "default_colour"]

SAME_GRID = 0.02
"""Grids that differ by less than this [px] from a whole-pixel shift are read without resampling."""
BAD_SHARE = 0.1
"""A resampled pixel is bad when at least this share of it is."""

Floats = NDArray[np.float64]


class Mosaic:
    """Open bands of one field. Safe to read from several threads at once; nothing is held in memory.

    Positions are 0-based pixels of the reference band, coordinates ICRS degrees, boxes half-open
    (x0, y0, x1, y1) and may reach beyond the image. `notes` are sentences on what was found odd.
    """

    def __init__(self, spec: MosaicSpec, bands: tuple[Band, ...], notes: tuple[str, ...]) -> None:
        self.spec = spec
        self.bands = bands
        self.notes = notes
        self._bands = {band.name: band for band in bands}
        self.reference = self._bands[spec.reference]
        self.shape = self.reference.shape
        self._sky = self.reference.sky
        self._shifts = {band.name: self._shift(band) for band in bands}

    @classmethod
    def open(cls, spec: MosaicSpec, *, progress: Progress = SILENT) -> Mosaic:
        """Open every band of a spec and check that they belong together; packed files are unpacked first.

        Raises AstroTLError for a missing or unreadable file, a band without any value, noise or mask of
        another size, bands that do not overlap, and when there is neither a WCS nor a pixel scale.
        """
        unpack_all((plane.path for plane in planes_of(spec)), progress=progress)
        bands = tuple(Band.open(band) for band in spec.bands)
        # A sheet of stamps has no sky of its own: that is no fault to speak of.
        notes = [] if spec.stamp_side else _without_sky(bands) + _lend_sky(bands, spec.reference)
        reference = next(band for band in bands if band.name == spec.reference)
        if reference.sky is None and spec.pixel_scale <= 0:
            raise AstroTLError(
                "Pixel scale is not known",
                f"{reference.spec.image.path} has no usable WCS. "
                "Give the pixel scale [arcsec] with --pixel-scale.",
            )
        for band in bands:
            _check_same_field(reference, band)
        return cls(spec, bands, tuple(notes))

    def band(self, name: str) -> Band:
        """The band of that name. Raises AstroTLError when there is none."""
        if name not in self._bands:
            self.spec.band(name)
        return self._bands[name]

    @property
    def has_sky(self) -> bool:
        """Whether positions can be turned into right ascension and declination."""
        return self._sky is not None

    @property
    def wcs(self) -> WCS | None:
        """The celestial WCS of the reference band, as astropy's (not ICRS where the header is not)."""
        return self._sky.wcs if self._sky else None

    @property
    def aligned(self) -> bool:
        """Whether all bands share the reference grid, pixel for pixel."""
        return all(
            shift == (0, 0) and self._bands[name].shape == self.shape for name, shift in self._shifts.items()
        )

    # --- sky ---------------------------------------------------------------------------------------

    def sky(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """(ra, dec) [deg, ICRS] of reference pixels; NaN without a WCS."""
        if self._sky is None:
            return _nowhere(x, y), _nowhere(x, y)
        return self._sky.sky(x, y)

    def pixel(self, ra: ArrayLike, dec: ArrayLike) -> tuple[Floats, Floats]:
        """Reference (x, y) [0-based px] of ICRS positions [deg]; NaN without a WCS or off the projection."""
        if self._sky is None:
            return _nowhere(ra, dec), _nowhere(ra, dec)
        return self._sky.pixel(ra, dec)

    def placed(self, ra: Floats, dec: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Reference (x, y) [0-based px] of positions (N,): by the sky where both they and the mosaic have it, else `x`,
        `y` as given."""
        px, py = self.pixel(ra, dec)
        on_sky = np.isfinite(ra) & np.isfinite(dec) & self.has_sky
        return np.where(on_sky, px, x), np.where(on_sky, py, y)

    def pixel_scale(self, x: float | None = None, y: float | None = None) -> float:
        """Local pixel scale [arcsec per px], √(pixel area on the sky), at the centre by default."""
        return float(self.pixel_scales(*self._centre(x, y)))

    def pixel_scales(self, x: ArrayLike, y: ArrayLike) -> Floats:
        """Local pixel scale [arcsec per px] at many positions."""
        if self._sky is None:
            return np.full(np.broadcast(x, y).shape, self.spec.pixel_scale)
        return self._sky.scale(x, y)

    def north(self, x: float | None = None, y: float | None = None) -> tuple[float, bool]:
        """(angle of north [deg] from +y toward −x, flipped) at a pixel; (NaN, False) without a WCS.

        `flipped` is True where east lies to the right of north, as in a mirrored sky.
        """
        if self._sky is None:
            return float("nan"), False
        return self._sky.north(*self._centre(x, y))

    def to_band(self, name: str, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """Positions [0-based px] on a band's own grid of reference positions."""
        band = self.band(name)
        shift = self._shifts[name]
        x, y = np.asarray(x, float), np.asarray(y, float)
        if shift == (0, 0) or band.sky is None or self._sky is None:
            return x.copy(), y.copy()
        return band.sky.pixel(*self._sky.sky(x, y))

    # --- pixels ------------------------------------------------------------------------------------

    def resampled(self, name: str) -> bool:
        """Whether a band is on another grid than the reference, so that its pixels must be resampled."""
        return self._shifts[name] is None

    def read_level(self, name: str, read: Read, level: int, box: Box) -> NDArray[np.float32]:
        """Pixels of a level of the reference grid, resampled from the same level of a band on another grid.

        `read(box)` returns pixels of the band's level, NaN outside; pixel i of level k is centred at
        (i + 0.5)·2^k − 0.5 on both grids. Units as `read`.
        """
        band, n = self.band(name), 1 << level

        def to_level(x: Floats, y: Floats) -> tuple[Floats, Floats]:
            xb, yb = self.to_band(name, (x + 0.5) * n - 0.5, (y + 0.5) * n - 0.5)
            return (xb + 0.5) / n - 0.5, (yb + 0.5) / n - 0.5

        values = resample(read, to_level, box)
        return values.mean if band.per_area else values.mean * values.area

    def glance(self, name: str, sample: NDArray[np.float32], step: int) -> NDArray[np.float32]:
        """Every step-th pixel of the reference grid, each from the nearest of every step-th of a band's own.

        For a first look at a band on another grid: what is shown may be step / 2 px aside. Units as `read`.
        """
        band = self.band(name)
        ny, nx = self.shape
        values = nearest(sample, step, lambda x, y: self.to_band(name, x, y), (0, 0, nx, ny), step)
        return values.mean if band.per_area else values.mean * values.area

    def piece(self, name: str) -> tuple[int, int]:
        """(height, width) of what is decoded at once, rows as wide as the mosaic; (1, 1) where nothing is."""
        band = self.band(name)
        if self._shifts[name] is None or band.piece == (1, 1):
            return 1, 1
        height, width = band.piece
        return height, self.shape[1] if width == band.shape[1] else width

    def read(self, name: str, box: Box, step: Step = 1) -> NDArray[np.float32]:
        """Values of a band on the reference grid, float32 (h, w); NaN where there are none.

        Another grid is resampled by area, conserving surface brightness: values per pixel are multiplied by
        the area ratio of the pixels, values per area (MJy/sr) are not. With `step`, every step-th pixel; two
        numbers are the steps of rows and of columns.
        """
        band, shift = self.band(name), self._shifts[name]
        if shift is not None:
            return band.read(_moved(box, shift), step)
        values = self._resample(band, band.read, box, step)
        return values.mean if band.per_area else values.mean * values.area

    def noise(self, name: str, box: Box, step: int = 1) -> NDArray[np.float32] | None:
        """σ per reference pixel of a band, float32 (h, w), NaN where unknown; None without noise map.

        On another grid it is the σ that independent pixels would have: σ² adds with area, so that the noise
        of sums over many pixels is right.
        """
        band, shift = self.band(name), self._shifts[name]
        if not band.has_noise:
            return None
        if shift is not None:
            return band.noise(_moved(box, shift), step)
        values = self._resample(band, band.variance, box, step)
        factor = 1 / values.area if band.per_area else values.area
        return np.sqrt(values.mean * factor)

    def bad(self, name: str, box: Box, step: int = 1) -> NDArray[np.bool_]:
        """Where a band has no usable value on the reference grid: masked, NaN, zero weight or outside."""
        band, shift = self.band(name), self._shifts[name]
        if shift is not None:
            return band.bad(_moved(box, shift), step)
        values = self._resample(band, lambda part: band.bad(part).astype(np.float32), box, step)
        return ~(values.mean < BAD_SHARE)

    def bits(self, name: str, box: Box) -> NDArray[np.integer[Any]]:
        """The mask's integers of a band on the reference grid; 0 where that grid is another."""
        band, shift = self.band(name), self._shifts[name]
        if shift is None:
            return np.zeros((box[3] - box[1], box[2] - box[0]), np.int64)
        return band.bits(_moved(box, shift))

    def zeropoint(self, name: str) -> float | None:
        """AB magnitude of one unit of `read` in one reference pixel (at the centre); None when unknown.

        It differs from the band's own only for units per area on another grid.
        """
        band = self.band(name)
        if band.zeropoint is None or not band.per_area or self._shifts[name] is not None:
            return band.zeropoint
        assert band.sky is not None
        assert self._sky is not None
        x, y = self._centre(None, None)
        xb, yb = self.to_band(name, x, y)
        ratio = float(self._sky.scale(x, y)) / float(band.sky.scale(xb, yb))
        return band.zeropoint - 5.0 * float(np.log10(ratio))

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest that identifies the mosaic: file names, headers and sampled rows of the images."""
        digest = hashlib.sha256()
        for band in self.bands:
            digest.update(f"{band.name}\0{band.spec.image.path.name}\0{band.shape}\0".encode())
            digest.update(band.header.tostring(sep="\n", endcard=False, padding=False).encode())
            digest.update(band.rows(max(band.shape[0] // 16, 1)).tobytes())
        return digest.hexdigest()[:32]

    # --- inside ------------------------------------------------------------------------------------

    def _centre(self, x: float | None, y: float | None) -> tuple[float, float]:
        ny, nx = self.shape
        return (nx - 1) / 2 if x is None else x, (ny - 1) / 2 if y is None else y

    def _resample(self, band: Band, read: Read, box: Box, step: Step) -> Resampled:
        return resample(read, lambda x, y: self.to_band(band.name, x, y), box, step)

    def _shift(self, band: Band) -> tuple[int, int] | None:
        """Whole-pixel shift from the reference grid to the band's; None where it must be resampled."""
        if band is self.reference or band.sky is None or self._sky is None or band.sky is self._sky:
            return 0, 0
        x, y = np.meshgrid(np.linspace(0, self.shape[1] - 1, 9), np.linspace(0, self.shape[0] - 1, 9))
        xb, yb = band.sky.pixel(*self._sky.sky(x, y))
        dx, dy = xb - x, yb - y
        if not (np.isfinite(dx).all() and np.isfinite(dy).all()):
            return None
        shift = round(float(dx.mean())), round(float(dy.mean()))
        away = max(float(abs(dx - shift[0]).max()), float(abs(dy - shift[1]).max()))
        return shift if away < SAME_GRID else None


def _moved(box: Box, shift: tuple[int, int]) -> Box:
    dx, dy = shift
    return box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy


def _nowhere(a: ArrayLike, b: ArrayLike) -> Floats:
    return np.full(np.broadcast(a, b).shape, np.nan)


def _without_sky(bands: tuple[Band, ...]) -> list[str]:
    """One sentence for each reason why bands have no sky coordinates."""
    reasons: dict[str, list[str]] = {}
    for band in bands:
        if band.no_sky:
            reasons.setdefault(band.no_sky, []).append(band.name)
    return [f"No sky coordinates in {', '.join(names)}: {reason}." for reason, names in reasons.items()]


def _lend_sky(bands: tuple[Band, ...], reference: str) -> list[str]:
    """Give bands without WCS that of a band of the same size, the reference first; say so."""
    lenders = sorted((band for band in bands if band.sky), key=lambda band: band.name != reference)
    notes = []
    for band in bands:
        lender = next((other for other in lenders if other.shape == band.shape), None)
        if band.sky is None and lender is not None:
            band.sky = lender.sky
            notes.append(f"{band.name} is taken to lie on the grid of {lender.name}.")
    return notes


def _check_same_field(reference: Band, band: Band) -> None:
    names = (
        f"{band.name} ({band.spec.image.path.name}) and {reference.name} ({reference.spec.image.path.name})"
    )
    if band.sky is None or reference.sky is None:
        if band.shape != reference.shape:
            raise AstroTLError(
                "Bands cannot be aligned",
                f"{names} have different sizes, {_size(band)} and {_size(reference)} px, and no common WCS.",
            )
    elif not (_overlap(reference, band) or _overlap(band, reference)):
        raise AstroTLError(
            "Bands show different fields", f"{names} do not overlap on the sky. Open them as two mosaics."
        )


def _size(band: Band) -> str:
    return f"{band.shape[1]} × {band.shape[0]}"


def _overlap(band: Band, other: Band) -> bool:
    """Whether any of a net of points of `other` falls inside `band`."""
    assert band.sky is not None
    assert other.sky is not None
    x, y = np.meshgrid(np.linspace(0, other.shape[1] - 1, 17), np.linspace(0, other.shape[0] - 1, 17))
    xb, yb = band.sky.pixel(*other.sky.sky(x, y))
    ny, nx = band.shape
    return bool(np.any((xb > -0.5) & (xb < nx - 0.5) & (yb > -0.5) & (yb < ny - 0.5)))

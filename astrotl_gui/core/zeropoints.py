"""AB zero points from headers. Where a header leaves a doubt there is none, and magnitudes stay empty."""

from __future__ import annotations

import math
import re

from astropy.io import fits

KEYWORDS = (
    "MZP_AB", "MAGZERO", "MAGZP", "ZP_AB", "ZPAB", "ABZP", "AB_ZP", "ABMAGZP", "MAGZEROP", "MAGZPAB",
    "SEXMGZPT",
)  # fmt: skip
"""Keywords that hold the AB magnitude of one count, in the order trusted."""
LIMITS = (5.0, 60.0)
"""Zero points outside these are placeholders (0, 99, −1), not measurements."""
UNITS = {
    "nanomaggy": 22.5, "nanomaggies": 22.5, "nmgy": 22.5, "jy": 8.9, "mjy": 16.4, "ujy": 23.9,
    "microjy": 23.9, "njy": 31.4,
}  # fmt: skip
"""AB magnitude of one unit of flux per pixel."""
ARCSEC2_PER_SR = (180 * 3600 / math.pi) ** 2
JY_AB_ZERO = 3631.0
"""Flux density [Jy] of AB magnitude 0 (Oke & Gunn 1983)."""


def zeropoint(header: fits.Header, pixel_scale: float | None = None) -> float | None:
    """AB magnitude of one image unit in one pixel, or None.

    Looked for in turn: physical units in BUNIT (nanomaggy, Jy, MJy/sr with `pixel_scale` [arcsec]
    or PIXAR_SR), named zero points, HST's PHOTFLAM and PHOTPLAM, LSST's FLUXMAG0, Pan-STARRS' FPA.ZP with
    EXPTIME, the normalised coadds of KiDS (ZEROPNT = 0). Vega zero points are not taken.
    """
    unit = re.sub(r"[\s.*^()]", "", str(header.get("BUNIT", "")))
    if (from_unit := _of_unit(header, unit, pixel_scale)) is not None:
        return from_unit
    for found in (_named(header), _hst(header, unit.lower()), _fluxmag0(header), _panstarrs(header)):
        if found is not None:
            return found
    return 0.0 if _number(header, "ZEROPNT") == 0.0 and "OMEGACAM" in str(header.get("INSTRUME")) else None


def _of_unit(header: fits.Header, unit: str, pixel_scale: float | None) -> float | None:
    per_pixel = unit[:-4] if unit.lower().endswith("/pix") else unit.removesuffix("/pixel")
    # mJy and MJy differ by nine powers of ten: never fold their case.
    if per_pixel == "MJy":
        return UNITS["jy"] - 15.0
    if per_pixel.lower() in UNITS:
        return UNITS[per_pixel.lower()]
    millions = {"MJy/sr": 1e6, "MJysr-1": 1e6, "Jy/sr": 1.0, "mJy/sr": 1e-3}.get(unit)
    if millions is None:
        return None
    # The WCS first: PIXAR_SR is that of the original pixels even after resampling.
    area = pixel_scale**2 / ARCSEC2_PER_SR if pixel_scale else _number(header, "PIXAR_SR")
    return -2.5 * math.log10(millions * area / JY_AB_ZERO) if area and area > 0 else None


def _named(header: fits.Header) -> float | None:
    if _is_vega(header):
        return None
    # ESO's PHOTZP is Vega unless PHOTSYS says AB.
    keywords = (*KEYWORDS, "PHOTZP") if str(header.get("PHOTSYS", "")).upper() == "AB" else KEYWORDS
    values = (_number(header, keyword) for keyword in keywords)
    return next((value for value in values if value is not None and LIMITS[0] < value < LIMITS[1]), None)


def _is_vega(header: fits.Header) -> bool:
    systems = " ".join(str(header.get(key, "")) for key in ("MAGSYS", "PHOTSYS", "MAGTYPE"))
    surveys = " ".join(str(header.get(key, "")) for key in ("ORIGIN", "SURVEY", "TELESCOP"))
    return "VEGA" in systems.upper() or any(name in surveys.upper() for name in ("2MASS", "WISE"))


def _hst(header: fits.Header, unit: str) -> float | None:
    """STmag to ABmag: −2.5 log PHOTFLAM − 21.10 − 5 log PHOTPLAM + 18.6921 (HST data handbooks)."""
    flux, pivot = _number(header, "PHOTFLAM"), _number(header, "PHOTPLAM")
    if not flux or not pivot or flux <= 0 or pivot <= 0:
        return None
    rate = -2.5 * math.log10(flux) - 21.10 - 5 * math.log10(pivot) + 18.6921
    if unit in ("electrons", "electron", "counts", "dn", "e-"):
        exposure = _number(header, "EXPTIME")
        return rate + 2.5 * math.log10(exposure) if exposure and exposure > 0 else None
    return rate


def _fluxmag0(header: fits.Header) -> float | None:
    flux = _number(header, "FLUXMAG0")
    return 2.5 * math.log10(flux) if flux and flux > 0 else None


def _panstarrs(header: fits.Header) -> float | None:
    value, exposure = _number(header, "FPA.ZP"), _number(header, "EXPTIME")
    # BSOFTEN marks stacks stored as asinh magnitudes: their units are not linear in flux.
    if value is None or not exposure or exposure <= 0 or "BSOFTEN" in header:
        return None
    return value + 2.5 * math.log10(exposure)


def _number(header: fits.Header, keyword: str) -> float | None:
    """A header value as a finite number, also where it was written as text."""
    try:
        value = float(header[keyword])
    except (KeyError, TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None

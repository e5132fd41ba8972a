"""Filters: which band a header or a file name speaks of, and its wavelength."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from astropy.io import fits

WAVELENGTHS = {
    "FUV": 154.0, "NUV": 232.0, "u": 365.0, "U": 365.0, "B": 438.0, "g": 477.0, "V": 545.0, "r": 623.0,
    "R": 641.0, "VIS": 715.0, "i": 763.0, "I": 798.0, "z": 905.0, "y": 965.0, "Y": 1020.0, "J": 1252.0,
    "H": 1645.0, "Ks": 2147.0, "K": 2200.0, "W1": 3368.0, "W2": 4618.0, "W3": 12082.0, "W4": 22194.0,
}  # fmt: skip
"""Pivot wavelengths [nm]: SDSS, Pan-STARRS, Johnson-Cousins, VISTA, Euclid VIS, GALEX, WISE. Cameras differ
by a few per cent, which changes neither order nor colour."""
NISP = {"Y": 1081.0, "J": 1367.0, "H": 1771.0}
"""Euclid's near-infrared bands [nm] lie redward of the ground-based ones of the same letter."""
FILTER_KEYWORDS = (
    "FILTER", "FILT_ID", "BAND", "FILTER1", "FILTER2", "FILTNAM", "FILTNAM1", "FILTNAME", "FILTERS",
    "FILTERID", "FPA.FILTERID", "FPA.FILTER", "ESO INS FILT1 NAME", "PHYSBAND", "FILTR",
)  # fmt: skip
JWST_NUMBERS = {
    "F070W", "F090W", "F115W", "F140M", "F150W", "F150W2", "F158M", "F162M", "F164N", "F182M", "F187N",
    "F200W", "F210M", "F212N", "F250M", "F277W", "F322W2", "F323N", "F335M", "F356W", "F360M", "F380M",
    "F405N", "F410M", "F430M", "F444W", "F460M", "F466N", "F470N", "F480M", "F560W", "F770W", "F1000W",
    "F1130W", "F1280W", "F1500W", "F1800W", "F2100W", "F2550W",
}  # fmt: skip
JWST_INSTRUMENTS = ("NIRCAM", "NIRISS", "NIRSPEC", "MIRI", "FGS", "JWST", "ROMAN", "WFI")
# Surveys whose capital letters mean the Sloan-like bands, not Johnson-Cousins.
SLOAN_LIKE = {"DES", "DECAM", "HSC", "SDSS", "PS1", "PANSTARRS", "OCAM", "KIDS", "MEGACAM", "LSST", "ZTF"}
_SPACE = re.compile(r"F(\d{3,4})(W2|LP|W|M|N|X)", re.IGNORECASE)
_GLUED = re.compile(
    r"(?i:sdss|hsc|des|ps1|ztf|lsst|band)([ugrizyYJHK]s?)|([ugrizyYJHK]s?)(?i:sdss|band|prime|')|([gri])p"
)
_ANGSTROM = re.compile(r"\b(\d{4,5}\.\d+)\s+\d{3,5}\.\d+\s*$|\b(\d{4,5})/\d{2,4} ?A\b")
_NO_NAME = re.compile(r"(?i)clear|none|n/a|open|empty|unknown|\d{1,2}$")
_IN_TITLE = re.compile(r"\b([UBVRI])\s+\d+\s*s(?:ec)?\b")


@dataclass(frozen=True)
class Filter:
    """A band name as astronomers write it ("g", "F606W", "VIS") and its wavelength [nm], None if unknown."""

    name: str
    wavelength: float | None = None


def filter_of(text: str, instrument: str = "") -> Filter | None:
    """Read a filter name as headers give it: "r.MP9601", "DECAM_g", "HSC-I2", "F160W"; None if not known.

    `instrument` (INSTRUME and TELESCOP) tells HST's F200LP from JWST's F200W numbers.
    """
    text = text.strip()
    tokens = [token for token in re.split(r"[^A-Za-z0-9']+", text) if token]
    for token in tokens:
        if match := _SPACE.fullmatch(token):
            return Filter(token.upper(), _space_wavelength(token.upper(), int(match[1]), instrument))
    if re.fullmatch(r"F\d{3}", text) and "ROMAN" in instrument.upper():
        return Filter(text, float(text[1:]) * 10)
    if text.startswith("W-"):  # Suprime-Cam: W-J-B, W-C-RC, W-S-I+; the middle letter is the system
        tokens = tokens[-1:]
        tokens = [re.sub(r"^([RI])C$", r"\1", tokens[0])] if tokens else []
    survey = {token.upper() for token in tokens}
    sloan = bool(survey & SLOAN_LIKE) or (text.startswith("W-S-"))
    for token in tokens:
        name = _letter(token, sloan)
        if name is not None:
            return _with_wavelength(name, text, survey)
    return None


def _letter(token: str, sloan: bool) -> str | None:
    if token.upper() in ("VIS", "FUV", "NUV", "W1", "W2", "W3", "W4"):
        return token.upper()
    if sloan and re.fullmatch(r"[UGRIZ]2?", token):
        return token[0].lower()
    if token in ("G", "Z", "R2", "I2"):
        return token[0].lower()
    if token in WAVELENGTHS:
        return token
    if token in ("j", "h", "k", "ks", "KS"):
        return {"j": "J", "h": "H", "k": "K"}.get(token, "Ks")
    match = _GLUED.fullmatch(token) if len(token) > 1 else None
    name = next((group for group in match.groups() if group), "") if match else ""
    return name if name in WAVELENGTHS else None


def _with_wavelength(name: str, text: str, survey: set[str]) -> Filter:
    if match := _ANGSTROM.search(text):  # DECam: "i DECam SDSS c0003 7835.0 1470.0", CFHT: "I 8321/1950 A"
        return Filter(name, float(match[1] or match[2]) / 10)
    if survey & {"NIR", "NISP", "EUCLID"} and name in NISP:
        return Filter(name, NISP[name])
    return Filter(name, WAVELENGTHS[name])


def _space_wavelength(name: str, number: int, instrument: str) -> float:
    """HST's F606W is at 606 nm, but its F160W at 1600 nm; JWST counts in 10 nm throughout."""
    instrument = instrument.upper()
    if any(known in instrument for known in JWST_INSTRUMENTS):
        return number * 10.0
    if "HST" not in instrument and name in JWST_NUMBERS:
        return number * 10.0
    infrared = number < 200 or (number < 260 and "NICMOS" in instrument)
    return number * 10.0 if infrared else float(number)


def header_filter(header: fits.Header) -> Filter | None:
    """The filter that a header names, with its pivot wavelength where the header gives that too.

    An unknown name is returned as it stands, without wavelength; None where no filter is named, or only its
    place in the wheel.
    """
    instrument = f"{header.get('INSTRUME', '')} {header.get('TELESCOP', '')}"
    texts = [str(header[key]).strip() for key in FILTER_KEYWORDS if key in header]
    pupil = str(header.get("PUPIL", "")).strip()
    if _SPACE.fullmatch(pupil):  # NIRCam keeps its narrow filters in the pupil wheel
        texts.insert(0, pupil)
    texts = [text for text in texts if text and not _NO_NAME.match(text)]
    for text in texts:
        if (known := filter_of(text, instrument)) is not None:
            return Filter(known.name, _pivot(header) or known.wavelength)
    return Filter(texts[0], _pivot(header)) if texts else None


def title_filter(header: fits.Header) -> Filter | None:
    """The one filter that an observer's title names beside its exposure: "A671 R 1200sec"; else None."""
    named = set(_IN_TITLE.findall(str(header.get("OBJECT", ""))))
    return filter_of(named.pop()) if len(named) == 1 else None


def _pivot(header: fits.Header) -> float | None:
    value = header.get("PHOTPLAM")
    return float(value) / 10 if isinstance(value, int | float) and value > 0 else None


def file_filters(stems: Sequence[str], instrument: str = "") -> list[Filter | None]:
    """The filter that each file name speaks of, judged together: what differs between them counts most."""
    candidates = [_candidates(stem, instrument, many=len(set(stems)) > 1) for stem in stems]
    everywhere = set.intersection(*({c.name for c in found} for found in candidates)) if candidates else set()
    result: list[Filter | None] = []
    for found in candidates:
        telling = [c for c in found if c.name not in everywhere] or found
        result.append(telling[-1] if telling else None)
    return result


def _candidates(stem: str, instrument: str, many: bool) -> list[Filter]:
    found = []
    tokens = [token for token in re.split(r"[^A-Za-z0-9]+", stem) if token]
    for before, token in zip(["", *tokens], tokens, strict=False):
        if re.fullmatch(r"W\d", token) and "wise" not in stem.lower():
            continue  # CFHTLS names its fields W1 to W4
        if many and token in ("b", "v"):
            token = token.upper()
        known = filter_of(
            f"{before}_{token}" if before.upper() in ("NIR", *SLOAN_LIKE) else token, instrument
        )
        if known is not None:
            found.append(known)
    return found

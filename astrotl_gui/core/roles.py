"""What an image plane is for: sky, noise, weight, mask, PSF, or nothing that a mosaic needs."""

from __future__ import annotations

import re

from astropy.io import fits

IMAGE, RMS, WEIGHT, MASK, PSF, IGNORED = "image", "rms", "weight", "mask", "psf", "ignored"

WORDS = {
    RMS: {"RMS", "ERR", "ERROR", "SIGMA", "NOISE", "UNC", "UNCERT", "UNCERTAINTY", "STD", "STDDEV"},
    WEIGHT: {"WHT", "WEIGHT", "WEIGHTS", "WGT", "IVAR", "INVVAR", "IV"},
    MASK: {"MASK", "MSK", "MSKIMG", "BPM", "DQ", "FLAG", "FLAGS", "BADPIX"},
    PSF: {"PSF", "PSFS", "KERNEL"},
    IGNORED: {"SEG", "SEGM", "SEGMAP", "SEGMENTATION", "MODEL", "RESID", "RESIDUAL", "BKG", "BACKGROUND"},
}
# These name no sky image in an extension, but are too common in the names of files that do.
EXTENSION_ONLY = {"CON", "CTX", "CONTEXT", "EXP", "EXPMAP", "EXPTIME", "COVERAGE", "NEXP", "NUMIM",
                  "VAR", "VARIANCE", "SKY", "D2IMARR", "WCSDVARR", "AREA", "WMAP"}  # fmt: skip
IMAGE_WORDS = {"SCI", "FLUX", "IMAGE", "IMG", "DATA", "BGSUB", "PRIMARY", "COMPRESSED", "SCIENCE"}
# "psf_matched", "mask_filled": the word before tells what was done to a sky image.
DONE_TO = {"MATCHED", "MATCH", "HOMOGENISED", "HOMOGENIZED", "SUBTRACTED", "CORRECTED", "FILLED", "APPLIED"}


def role_in(text: str, extension: bool) -> tuple[str, str]:
    """(role, what is left of the name without role words) of an EXTNAME or of a file's stem."""
    # Odd places hold the separators, which what is left keeps.
    parts = re.split(r"([^A-Za-z0-9]+)", text)
    role, kept = IMAGE, ""
    for place in range(0, len(parts), 2):
        word, before = parts[place].upper(), parts[place - 1] if place else ""
        after = parts[place + 2].upper() if place + 2 < len(parts) else ""
        found = _role_of(word, extension)
        if found and after not in DONE_TO:
            role = found
        elif not (extension and word in IMAGE_WORDS):
            kept += before + parts[place]
    return role, kept.strip("_-. ")


def _role_of(word: str, extension: bool) -> str | None:
    for role, words in WORDS.items():
        if word in words:
            return role
    if re.fullmatch(r"MASK\d.*", word):
        return MASK
    return IGNORED if extension and (word in EXTENSION_ONLY or word.startswith("VAR")) else None


def mask_bits(header: fits.Header) -> int:
    """The bits of a mask that mark bad pixels, where its header defines bits; 0 (any) where it does not.

    LSST and HSC (MP_*) and Pan-STARRS (MSKNAM, MSKVAL) define theirs, ZTF in the comments of BIT00, BIT01, …;
    JWST's bit 0 is DO_NOT_USE. Bits that mark detections (at LSST neighbours of bright stars too) are left out.
    """
    bad = ("BAD", "SAT", "CR", "NO_DATA", "UNMASKEDNAN")
    planes = [header.get(f"MP_{name}") for name in bad]
    if any(isinstance(plane, int) for plane in planes):
        return sum(1 << plane for plane in planes if isinstance(plane, int))
    for number in range(int(header.get("MSKNUM", 0))):
        if header.get(f"MSKNAM{number:02d}") == "MASK.VALUE":
            return int(header.get(f"MSKVAL{number:02d}", 0))
    if described := _described_bits(header):
        return described
    return 1 if str(header.get("TELESCOP", "")).strip() == "JWST" and header.get("EXTNAME") == "DQ" else 0


def _described_bits(header: fits.Header) -> int:
    """The bits that cards BITnn define, less those whose comment speaks of a source's place or of no use yet."""
    cards = [card for card in header["BIT??"].cards if isinstance(card.value, int)]
    bad = [card.value for card in cards if not re.match(r"CONTAINS|RESERVED", card.comment)]
    return sum(1 << bit for bit in bad if 0 <= bit < 63)


JWST_BITS = ("do not use", "saturated", "jump", "dropout", "outlier", "persistence")


def bit_names(header: fits.Header) -> dict[int, str]:
    """Bit → what it marks, in plain words, where the header of a mask defines its bits, as `mask_bits` reads them."""
    names = {card.value: card.keyword[3:].replace("_", " ").lower() for card in header["MP_*"].cards}
    for number in range(int(header.get("MSKNUM", 0))):
        value, name = header.get(f"MSKVAL{number:02d}"), str(header.get(f"MSKNAM{number:02d}", ""))
        if isinstance(value, int) and value > 0 and value & (value - 1) == 0:
            names[value.bit_length() - 1] = name.replace(".", " ").lower()
    names |= {card.value: card.comment.strip().lower() for card in header["BIT??"].cards}
    if str(header.get("TELESCOP", "")).strip() == "JWST" and header.get("EXTNAME") == "DQ":
        names |= dict(enumerate(JWST_BITS))
    return {bit: name for bit, name in names.items() if isinstance(bit, int) and 0 <= bit < 63 and name}

"""The bits of the catalog's `flags` column."""

from __future__ import annotations

from enum import IntFlag


class Flag(IntFlag):
    """What may be wrong with a source. The first eight bits are those of SEP (and of SExtractor's spirit)."""

    BLENDED = 1
    TRUNCATED = 2
    DEBLEND_OVERFLOW = 4
    DEGENERATE_SHAPE = 8
    APERTURE_TRUNCATED = 16
    APERTURE_HAS_MASKED = 32
    APERTURE_ALL_MASKED = 64
    APERTURE_NONPOSITIVE = 128
    EDGE = 256
    MASKED = 512
    SATURATED = 1024
    NOT_DETECTED = 2048


FLAG_TEXTS: dict[Flag, str] = {
    Flag.BLENDED: "Blended with a neighbour",
    Flag.TRUNCATED: "Cut by the edge of the mosaic",
    Flag.DEBLEND_OVERFLOW: "Too crowded to deblend fully",
    Flag.DEGENERATE_SHAPE: "Shape is a point or a line",
    Flag.APERTURE_TRUNCATED: "Aperture cut by the edge of the mosaic",
    Flag.APERTURE_HAS_MASKED: "Masked pixels in the aperture",
    Flag.APERTURE_ALL_MASKED: "Every pixel of the aperture is masked",
    Flag.APERTURE_NONPOSITIVE: "Negative flux in the aperture",
    Flag.EDGE: "Touches the edge of the mosaic",
    Flag.MASKED: "Touches masked or missing pixels",
    Flag.SATURATED: "Saturated",
    Flag.NOT_DETECTED: "No detected source at this position",
}


def flag_texts(flags: int) -> list[str]:
    """What the bits of one source mean, in words."""
    return [text for bit, text in FLAG_TEXTS.items() if flags & bit]

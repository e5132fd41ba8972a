"""The bits of a simulated mask."""

from __future__ import annotations

SATURATED, BLEED, COLUMN, COSMIC_RAY, TRAIL = 1, 2, 4, 8, 16
NAMES = {"SATURATED": SATURATED, "BLEED": BLEED, "COLUMN": COLUMN, "COSMIC": COSMIC_RAY, "TRAIL": TRAIL}
BAD_BITS = BLEED | COLUMN | COSMIC_RAY | TRAIL
"""What spoils a measurement; saturated cores are sources still."""

"""The overlay of a map: colour by sign, opacity by size, highest y first."""

from __future__ import annotations

import numpy as np

from astrotl_gui.core.overlay import SPEAKS_AGAINST, SPEAKS_FOR, STRONGEST, overlay


def test_colour_is_the_sign_and_opacity_the_share() -> None:
    made = overlay(np.array([[0.4, 0.0], [-0.2, 0.1]]))
    assert made is not None
    assert tuple(made[1, 0]) == (*SPEAKS_FOR, STRONGEST)
    assert tuple(made[0, 0]) == (*SPEAKS_AGAINST, round(STRONGEST / 2))
    assert made[1, 1, 3] == 0


def test_nothing_to_speak_of_is_no_overlay() -> None:
    assert overlay(np.full((8, 8), 1e-4)) is None

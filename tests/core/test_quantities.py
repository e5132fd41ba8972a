"""Every statistic has a name in words."""

from __future__ import annotations

import numpy as np

from astrotl_gui.core.quantities import kernel_name, quantity
from astrotl_gui.core.statistics import statistics


def test_every_statistic_of_three_bands_has_words_of_its_own() -> None:
    _, names = statistics(np.zeros((1, 3, 40, 40), np.float32), np.zeros(3), np.ones(3))
    words = [quantity(name, ("g", "r", "i")) for name in names]
    assert len(set(words)) == len(names)
    assert not any("_" in word for word in words)
    assert quantity("peak_1", ("g", "r", "i")) == "peak brightness in r"
    assert quantity("colour_wide_0", ("g", "r", "i")) == "colour of the whole, g − r"
    assert quantity("blue_ring") == "blue ring residual"


def test_unknown_names_and_bands_are_still_said() -> None:
    assert quantity("mean_7") == "mean brightness in band 8"
    assert quantity("some_new_one") == "some new one"


def test_parts_of_the_kernel() -> None:
    names = ("last", "2", "2s", "3c", "3m", "3m × 2", "last × 2", "light profile")
    assert [kernel_name(name) for name in names] == [
        "Network: the whole",
        "Network: textures",
        "Network: spread of textures",
        "Network: parts",
        "Network: strongest part",
        "Network: strongest part × 2",
        "Network: the whole × 2",
        "Light profile",
    ]

"""A part of the catalog in words."""

from __future__ import annotations

import numpy as np
import pytest

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.source_filter import chosen, words


@pytest.fixture
def catalog() -> Catalog:
    nowhere = np.full(4, np.nan)
    places = {"id": [1, 2, 3, 4], "ra": nowhere, "dec": nowhere, "x": np.arange(4.0), "y": np.arange(4.0)}
    more = {"mag_i": [20.0, 22.5, 23, np.nan], "snr": [50.0, 9, 10, 11], "user_id": ["1", "2", "3", "4"]}
    return Catalog.from_columns({**places, **more})


@pytest.mark.parametrize(
    ("text", "rows", "says"),
    [
        ("", [0, 1, 2, 3], "all sources"),
        ("i<22.5", [0], "i < 22.5"),
        ("mag_i <= 22.50 and snr>=10", [0], "mag_i <= 22.5, snr >= 10"),
        (" snr > 9,id = 3 ", [2], "snr > 9, id = 3"),
        ("x > -1e2", [0, 1, 2, 3], "x > -100"),
        ("i > 30", [], "i > 30"),
    ],
)
def test_every_condition_must_hold_and_unknown_values_fit_none(catalog, text, rows, says) -> None:
    assert np.flatnonzero(chosen(catalog, text)).tolist() == rows
    assert words(text) == says


@pytest.mark.parametrize("text", ["i", "i < bright", "< 3", "i < 3,", "i <> 3", "i < 1.2.3"])
def test_what_cannot_be_read_is_refused(catalog, text) -> None:
    with pytest.raises(AstroTLError, match="should be like"):
        chosen(catalog, text)


@pytest.mark.parametrize("text", ["z < 3", "user_id = 3"])
def test_unknown_columns_are_named(catalog, text) -> None:
    with pytest.raises(AstroTLError, match="none of id, ra, dec"):
        chosen(catalog, text)

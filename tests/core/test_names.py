"""Finding sources by the names in the astronomer's own catalog."""

from __future__ import annotations

import numpy as np

from astrotl_gui.core.catalog import Catalog
from astrotl_gui.core.names import sources_named


def catalog(names: list[str], **more: list[str]) -> Catalog:
    count = len(names)
    zeros = np.zeros(count)
    position = {"id": np.arange(1, count + 1), "ra": zeros, "dec": zeros, "x": zeros, "y": zeros}
    return Catalog.from_columns({**position, "user_id": np.array(names, object), **more})


def test_the_name_itself_comes_first_then_beginnings_then_insides() -> None:
    found = sources_named(catalog(["old NGC 12", "NGC 123", "ngc 12", "M 31"]), "NGC 12")
    assert found == [(3, "ngc 12"), (2, "NGC 123"), (1, "old NGC 12")]


def test_every_column_of_names_is_searched_and_a_source_is_named_once() -> None:
    names = np.array(["Cosmic Eye", "", "12"], object)
    assert sources_named(catalog(["12", "Eye", "7"], name=names), "eye") == [(2, "Eye"), (1, "Cosmic Eye")]
    assert sources_named(catalog(["12", "Eye", "7"], name=names), "12") == [(1, "12"), (3, "12")]


def test_nothing_typed_and_nothing_named_find_nothing() -> None:
    assert sources_named(catalog(["a", "b"]), " ") == []
    assert sources_named(Catalog.empty(), "a") == []
    assert sources_named(catalog([f"s{n}" for n in range(50)]), "s", most=3) == [
        (1, "s0"),
        (2, "s1"),
        (3, "s2"),
    ]

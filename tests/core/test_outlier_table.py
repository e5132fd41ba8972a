"""The table of outlier methods: ranks, agreement, and the same again from disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from astrotl_gui.core.outlier_table import FILE, OutlierTable


def make(count: int = 200) -> OutlierTable:
    """Sources 1 … count: the last odd by both methods, the first by the second only."""
    rising = np.arange(count, dtype=np.float32)
    second = rising.copy()
    second[0] = 2 * count
    return OutlierTable(np.arange(1, count + 1), ("knn", "lof"), np.column_stack([rising, second]), "abc")


def test_ranks_and_agreement() -> None:
    table = make()
    assert table.top == 10
    assert table.ranks[-1].tolist() == [1, 2] and table.ranks[0].tolist() == [200, 1]
    assert table.agreement[-9:].tolist() == [2] * 9
    assert (table.agreement[0], table.agreement[100], table.agreement[-10]) == (1, 0, 1)
    assert table.row_of(200) == 199 and table.row_of(7777) is None


def test_ties_go_by_id() -> None:
    table = OutlierTable(np.array([9, 4, 6]), ("knn",), np.ones((3, 1), np.float32), "")
    assert table.ranks[:, 0].tolist() == [3, 1, 2]


def test_the_top_of_a_small_and_of_a_large_catalog() -> None:
    assert [make(count).top for count in (1, 30, 100, 999, 5000)] == [1, 3, 10, 10, 50]


def test_it_is_kept_and_only_for_the_same_content(tmp_path: Path) -> None:
    table = make()
    table.write(tmp_path)
    again = OutlierTable.read(tmp_path, "abc")
    assert again is not None and again.methods == ("knn", "lof")
    assert np.array_equal(again.scores, table.scores) and np.array_equal(again.ids, table.ids)
    assert OutlierTable.read(tmp_path, "other") is None
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_what_cannot_be_read_counts_as_absent(tmp_path: Path) -> None:
    assert OutlierTable.read(tmp_path, "abc") is None
    (tmp_path / FILE).write_bytes(b"PK\x03\x04 half a file")
    assert OutlierTable.read(tmp_path, "abc") is None


def test_a_method_joins_or_is_replaced() -> None:
    table = make().with_method("pca", np.zeros(200)).with_method("knn", np.ones(200))
    assert table.methods == ("lof", "pca", "knn")
    assert table.scores[:, 2].tolist() == [1] * 200

"""The store of embeddings: whole shards, right rows, damage survived."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.embeddings import Embeddings, EmbeddingStore, Shard, content_key
from astrotl_gui.core.errors import AstroTLError
from tests.pipeline.small_sky import make_catalog


def shard(ids: list[int], value: float = 0.0) -> Shard:
    n = len(ids)
    places = np.array([[i, 2.0 * i] for i in ids])
    return Shard(
        np.array(ids), places, np.full((n, 4), value, np.float16), np.full((n, 2), value, np.float32)
    )


def catalog(ids: list[int]):  # type: ignore[no-untyped-def]
    made = make_catalog(np.array(ids, float), 2.0 * np.array(ids))
    return made.with_columns(id=np.array(ids))


def test_rows_come_in_the_catalogs_order(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path, "k")
    store.write_meta({"statistics": ["a", "b"]})
    store.append(shard([5, 3], 1))
    store.append(shard([9], 2))
    got = store.load(catalog([3, 9, 5]))
    assert got is not None
    assert got.ids.tolist() == [3, 9, 5]
    assert got.vectors[:, 0].tolist() == [1, 2, 1]
    assert got.statistic_names == ("a", "b")
    assert store.load(catalog([3, 4])) is None
    assert store.missing(catalog([4, 3, 7])).tolist() == [0, 2]


def test_the_last_features_are_those_of_the_last_layer_and_zoom() -> None:
    vectors, none = np.zeros((1, 10), np.float16), np.zeros((1, 0), np.float32)
    meta = {"blocks": [2, 3, 2, 3], "making": {"layers": "2,last", "zooms": [1.0, 2.0]}}
    assert Embeddings(np.array([1]), vectors, none, (), "k", meta).last == slice(7, 10)
    assert Embeddings(np.array([1]), vectors, none, (), "k").last == slice(0, 10)


def test_the_last_of_two_embeddings_of_a_source_counts(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path, "k")
    store.write_meta({})
    store.append(shard([1, 2], 1))
    store.append(shard([2], 7))
    got = store.load(catalog([1, 2]))
    assert got is not None
    assert got.vectors[:, 0].tolist() == [1, 7]


def test_a_moved_source_is_missing(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path, "k")
    store.append(shard([1, 2]))
    moved = catalog([1, 2]).with_columns(x=np.array([1.0, 2.5]))
    assert store.missing(moved).tolist() == [1]


def test_a_damaged_shard_counts_as_absent(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path, "k")
    store.write_meta({})
    store.append(shard([1, 2]))
    store.append(shard([3]))
    first = sorted(store.folder.glob("*.npz"))[0]
    first.write_bytes(first.read_bytes()[:100])
    assert store.missing(catalog([1, 2, 3])).tolist() == [0, 1]
    store.append(shard([1, 2], 5))
    assert store.load(catalog([1, 2, 3])) is not None


@pytest.mark.parametrize("name", ["ids", "positions", "vectors", "statistics"])
def test_one_flipped_bit_anywhere_is_seen(tmp_path: Path, name: str) -> None:
    """Whichever array it is in: what is missing and what can be loaded must agree."""
    store = EmbeddingStore(tmp_path, "k")
    store.write_meta({})
    store.append(shard([1, 2]))
    path = next(store.folder.glob("*.npz"))
    data = bytearray(path.read_bytes())
    data[data.index(f"{name}.npy".encode()) + 166] ^= 1  # past the header of the array
    path.write_bytes(data)
    assert store.missing(catalog([1, 2])).tolist() == [0, 1]
    assert store.load(catalog([1, 2])) is None


def test_keys_name_contents() -> None:
    assert content_key({"a": 1, "b": [2.0]}) == content_key({"b": [2.0], "a": 1})
    assert content_key({"a": 1}) != content_key({"a": 2})


def test_a_folder_that_cannot_be_made_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AstroTLError):
        EmbeddingStore(tmp_path / "file", "k").append(shard([1]))

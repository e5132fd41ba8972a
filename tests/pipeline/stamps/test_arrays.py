"""Stamps in an array: which array, which axis, in every kind of file; nothing is ever unpickled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.stamps.arrays import read_array
from tests.pipeline.stamps.stamp_files import pixels


def save_npz(path: Path, **arrays: np.ndarray) -> Path:
    np.savez_compressed(path.with_suffix(".npz"), **arrays)
    return path.with_suffix(".npz")


def save_hdf5(path: Path, **arrays: np.ndarray) -> Path:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path.with_suffix(".h5"), "w") as file:
        for name, values in arrays.items():
            file[f"group/{name}"] = values.astype(object) if values.dtype.kind == "U" else values
    return path.with_suffix(".h5")


def save_zarr(path: Path, **arrays: np.ndarray) -> Path:
    zarr = pytest.importorskip("zarr")
    root = zarr.open_group(str(path.with_suffix(".zarr")), mode="w")
    for name, values in arrays.items():
        array = root.create_array(name, shape=values.shape, dtype=values.dtype)
        array[:] = values
    return path.with_suffix(".zarr")


@pytest.mark.parametrize("save", [save_npz, save_hdf5, save_zarr])
def test_every_kind_of_file_reads_back(tmp_path: Path, save: Callable[..., Path]) -> None:
    values = np.random.default_rng(0).normal(size=(7, 4, 20, 24)).astype(np.float32)
    path = save(tmp_path / "set", cutouts=values, ids=np.arange(100, 107), ra=np.linspace(10, 16, 7))
    stamps = read_array(path)
    assert len(stamps) == 7 and [c.name for c in stamps.channels] == ["1", "2", "3", "4"]
    for index in (0, 1, 5, 2):  # also backwards
        assert np.array_equal(stamps.read(index), values[index])
    assert stamps.shapes[0].tolist() == [20, 24] and stamps.dtype == np.float32
    assert stamps.table is not None
    assert stamps.table["ids"].tolist() == list(range(100, 107)) and stamps.table["ra"][6] == 16


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [
        ("u1", "i2"),
        ("?", "i2"),
        ("i2", "i2"),
        ("u2", "i4"),
        ("i4", "i4"),
        ("u4", "f4"),
        ("f8", "f4"),
        (">f4", "f4"),
    ],
)
def test_integers_stay_integers(tmp_path: Path, dtype: str, kept: str) -> None:
    np.save(tmp_path / "a.npy", np.ones((3, 16, 16), dtype))
    stamps = read_array(tmp_path / "a.npy")
    assert stamps.dtype == np.dtype(kept) and (stamps.read(1) == 1).all()


def test_bytes_in_three_channels_are_pictures(tmp_path: Path) -> None:
    made = pixels(3)
    for number, values in enumerate((made, np.moveaxis(made, 3, 1))):
        np.save(tmp_path / f"{number}.npy", values)
        stamps = read_array(tmp_path / f"{number}.npy")
        assert stamps.pictures and [c.name for c in stamps.channels] == ["R", "G", "B"]
        assert np.array_equal(stamps.read(2), np.moveaxis(made[2, ::-1], 2, 0))


def test_names_of_the_bands_may_be_in_the_file(tmp_path: Path) -> None:
    path = save_npz(tmp_path / "a", x=np.ones((2, 16, 16, 2), "f4"), bands=np.array(["i", "g"]))
    assert [(c.name, c.wavelength) for c in read_array(path).channels] == [
        ("i", 763.0),
        ("g", pytest.approx(481, abs=15)),
    ]


def test_of_several_arrays_one_is_asked_for(tmp_path: Path) -> None:
    path = save_npz(tmp_path / "a", new=np.ones((2, 16, 16)), old=np.zeros((2, 16, 16)), ids=np.arange(2))
    with pytest.raises(AstroTLError, match=r"new, old.*--array"):
        read_array(path)
    assert (read_array(path, "new").read(0) == 1).all()
    with pytest.raises(AstroTLError, match="no ids"):
        read_array(path, "ids")


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "sprung",))  # type: ignore[return-value]

    trap = np.empty((2, 16, 16), object)
    trap[:] = Trap()
    np.savez(tmp_path / "a.npz", stamps=trap)
    np.save(tmp_path / "b.npy", trap)
    for name in ("a.npz", "b.npy"):
        with pytest.raises(AstroTLError):
            read_array(tmp_path / name)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", ["a.npz", "a.npy", "a.h5", "a.zarr"])
def test_a_damaged_or_missing_file_is_one_message(tmp_path: Path, name: str) -> None:
    with pytest.raises(AstroTLError, match="File not found"):
        read_array(tmp_path / name)
    (tmp_path / name).write_bytes(b"nothing of the kind" * 50)
    with pytest.raises(AstroTLError) as caught:
        read_array(tmp_path / name)
    assert str(tmp_path / name) in caught.value.detail


@pytest.mark.parametrize("shape", [(2, 16), (2, 3, 4), (2, 40, 40, 40), (2, 5000, 5000)])
def test_other_shapes_are_no_stamps(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "a.npy", np.zeros(shape, "u1"))
    with pytest.raises(AstroTLError, match=r"a\.npy"):
        read_array(tmp_path / "a.npy")

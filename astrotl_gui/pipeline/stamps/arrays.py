"""Stamps in one array (N, H, W), (N, H, W, C) or (N, C, H, W), with what stands beside it in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.pipeline.stamps.array_files import ArrayFile, damaged, open_arrays
from astrotl_gui.pipeline.stamps.collection import (
    COLOUR,
    GREY,
    SINGLE,
    Channel,
    Stamps,
    Unreadable,
    check_shape,
    named_channels,
    unknown,
)

MOST_CHANNELS = 16


def read_array(path: Path, array: str = "") -> Stamps:
    """The stamps of the only array of three or four axes, or of the one named `array`.

    Arrays with a value for each stamp become the table. Row 0 of bytes in three channels (a picture) is the top;
    of anything else it is the bottom, as in FITS. Raises AstroTLError when the file cannot be read, or the choice
    is not clear.
    """
    file = open_arrays(path)
    name = _chosen(file, array, path)
    shape, dtype = file.shapes[name], file.dtypes[name]
    count = shape[0]
    axis = _channel_axis(shape, path, name)
    size = tuple(n for k, n in enumerate(shape) if k not in (0, axis))
    try:
        check_shape(size)
    except Unreadable as reason:
        raise AstroTLError("These are no stamps", f"{name} in {path}: {reason}.") from None
    picture = dtype == np.uint8
    channels = _channels(file, 1 if axis is None else shape[axis], picture)

    def read(index: int) -> NDArray[Any]:
        try:
            values = file.row(name, index)
        except Exception as problem:  # each library raises its own many kinds
            raise damaged(path, problem) from problem
        planes = values[None] if axis is None else np.moveaxis(values, axis - 1, 0)
        return planes[:, ::-1] if picture else planes

    nothing = unknown(count)
    return Stamps(
        tuple(str(number) for number in range(count)),
        channels,
        np.tile(np.array(size, np.int64), (count, 1)),
        _kept(dtype),
        read,
        nothing,
        nothing,
        nothing,
        pictures=picture,
        numbered=True,
        table=_beside(file, count),
    )


def _chosen(file: ArrayFile, array: str, path: Path) -> str:
    fitting = [
        name
        for name, shape in file.shapes.items()
        if len(shape) in (3, 4) and shape[0] > 0 and file.dtypes[name].kind in "biuf"
    ]
    if array:
        if array not in fitting:
            raise AstroTLError("No such array", f"{path} has {_listed(fitting)} for stamps, no {array}.")
        return array
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise AstroTLError(
            "Which array are the stamps?", f"{path} has {_listed(fitting)}. Give --array NAME."
        )
    shapes = [f"{name} {shape}" for name, shape in file.shapes.items()]
    raise AstroTLError(
        "No stamps in this file",
        f"{path} has {_listed(shapes)}; an array (N, H, W), (N, H, W, C) or (N, C, H, W) of numbers is needed.",
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "nothing"


def _channel_axis(shape: tuple[int, ...], path: Path, name: str) -> int | None:
    """Which axis holds the channels: the shorter of the second and the last."""
    if len(shape) == 3:
        return None
    axis = 1 if shape[1] < shape[3] else 3
    if not 0 < shape[axis] <= MOST_CHANNELS:
        raise AstroTLError(
            "Where are the bands?",
            f"{name} in {path} is {shape}: neither axis 1 nor the last holds a few bands.",
        )
    return axis


def _channels(file: ArrayFile, count: int, picture: bool) -> tuple[Channel, ...]:
    """The bands by an array of their names, else as pictures have them, else by number."""
    for key in ("bands", "filters", "channels"):
        if file.shapes.get(key) == (count,) and file.dtypes[key].kind in "USO":
            return named_channels([str(value) for value in file.whole(key)])
    if count == 1:
        return GREY if picture else (Channel(SINGLE),)
    if picture and count == 3:
        return COLOUR
    return tuple(Channel(str(k + 1)) for k in range(count))


def _kept(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """What holds the values and a mark for none: integers stay integers up to 32 bits."""
    if (dtype.kind in "bu" and dtype.itemsize == 1) or (dtype.kind == "i" and dtype.itemsize <= 2):
        return np.dtype(np.int16)
    if (dtype.kind in "iu" and dtype.itemsize <= 2) or (dtype.kind == "i" and dtype.itemsize == 4):
        return np.dtype(np.int32)
    return np.dtype(np.float32)


def _beside(file: ArrayFile, count: int) -> Table | None:
    """Every array with one value a stamp, as a table."""
    columns = {
        name.rsplit("/", 1)[-1]: file.whole(name)
        for name, shape in file.shapes.items()
        if shape == (count,) and file.dtypes[name].kind in "biufUSO"
    }
    return Table(columns) if columns else None

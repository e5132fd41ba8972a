"""Autoencoders: the odd one is what they cannot draw, the same twice, and they can be stopped."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from astrotl_gui.core.progress import Cancelled, Progress
from astrotl_gui.ml.autoencoder import PictureAutoencoder, VectorAutoencoder


def discs(count: int = 200, side: int = 32) -> np.ndarray:
    """Pictures of round sources, the seventh with a ring about it."""
    rng = np.random.default_rng(0)
    row, column = np.mgrid[:side, :side] - (side - 1) / 2
    r = np.hypot(row, column)
    pictures = 3 * np.exp(-r / rng.uniform(1, 3, count)[:, None, None])
    pictures[7] += 2 * np.exp(-(((r - 9) / 1.5) ** 2))
    return (pictures[:, None] + rng.normal(0, 0.1, (count, 1, side, side))).astype(np.float32)


def test_it_finds_the_odd_picture() -> None:
    pictures = discs()
    errors = PictureAutoencoder(pictures, 150).errors(pictures)
    assert errors.argmax() == 7 and errors[7] > 2 * np.sort(errors)[-2]


def test_the_same_twice_and_nobody_elses_numbers_change() -> None:
    rows = np.random.default_rng(1).normal(size=(80, 20)).astype(np.float32)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    first = VectorAutoencoder(rows, 40).errors(rows)
    assert torch.equal(torch.rand(3), expected) and torch.get_num_threads() == threads
    assert np.array_equal(first, VectorAutoencoder(rows, 40).errors(rows))


def test_constant_columns_do_no_harm() -> None:
    rows = np.ones((30, 8), np.float32)
    assert np.isfinite(VectorAutoencoder(rows, 20).errors(rows)).all()


def test_it_can_be_stopped() -> None:
    class Stop(Progress):
        def __call__(self, done: float, total: float, text: str = "") -> None:
            if done >= 3:
                raise Cancelled

    with pytest.raises(Cancelled):
        PictureAutoencoder(discs(10), 50, progress=Stop())

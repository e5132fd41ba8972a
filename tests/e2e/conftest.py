"""A small simulated sky, made once, and what every window test checks at its end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from astrotl_gui.pipeline.simulate import Recipe, SimulatedField, simulate


@pytest.fixture(scope="session")
def small_field(tmp_path_factory: pytest.TempPathFactory) -> SimulatedField:
    """Three bands of 700 × 700 px with noise images and a mask."""
    return simulate(tmp_path_factory.mktemp("sky"), Recipe(seed=12, width=700, height=700), workers=1)


@pytest.fixture
def images(small_field: SimulatedField) -> list[Path]:
    return [*small_field.images.values(), *small_field.rms.values()]


@pytest.fixture
def tidy_window(qapp: QApplication) -> Iterator[None]:
    """No thread and no window outlives the test."""
    before = set(threading.enumerate())
    yield
    qapp.processEvents()
    left = [w for w in qapp.topLevelWidgets() if w.isVisible()]
    for widget in left:
        widget.close()
    assert not left, f"stray windows: {left}"
    threads = [t.name for t in set(threading.enumerate()) - before if t.is_alive() and t.name != "ThreadPool"]
    ours = [name for name in threads if name in ("Fetcher", "Embedding", "Ranking", "Detecting", "Opening")]
    assert not ours, f"leaked threads: {ours}"

"""Versions of a network: cards that come back as they were, and nothing half-written."""

from __future__ import annotations

from pathlib import Path

import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.models import (
    ModelCard,
    next_version,
    read_model,
    read_models,
    weights_file,
    write_model,
)


def a_card(version: int = 1, **changed: object) -> ModelCard:
    values = {
        "version": version,
        "target": "lens",
        "date": "2026-11-28T12:00:00+00:00",
        "encoder": "efficientnet-lite0",
        "encoder_weights": "0123456789abcdef",
        "labels": {"lens": [12, 30]},
        "folds": 5,
        "average_precision": {"tuned": [0.6, 0.05], "frozen": [0.5, 0.06], "difference": [0.1, 0.03]},
        "area": {"tuned": [0.8, 0.02], "frozen": [0.7, 0.02], "difference": [0.1, 0.01]},
        "others": {"agn": [0.01, 0.02]},
        "accepted": True,
        "kept": True,
        "recipe": "the last stage",
        "settings": {"epochs": 8},
        "seconds": 12.5,
        "device": "cpu",
        "verdict": "Better.",
        "versions": {"torch": "2.14"},
    }
    return ModelCard(**{**values, **changed})  # type: ignore[arg-type]


def test_a_card_comes_back_as_it_was(tmp_path: Path) -> None:
    def weights(path: Path) -> str:
        path.write_bytes(b"weights")
        return "abc"

    made = write_model(tmp_path, a_card(), weights)
    assert made.weights == "abc" and read_model(tmp_path, 1) == made
    assert weights_file(tmp_path, 1).read_bytes() == b"weights"
    assert next_version(tmp_path) == 2 and next_version(tmp_path / "none") == 1


def test_one_that_was_not_kept_has_a_card_alone(tmp_path: Path) -> None:
    write_model(tmp_path, a_card(3, accepted=False, kept=False), None)
    assert [path.name for path in (tmp_path / "3").iterdir()] == ["card.toml"]
    assert next_version(tmp_path) == 4


def test_nothing_appears_when_writing_breaks_off(tmp_path: Path) -> None:
    def broken(path: Path) -> str:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_model(tmp_path, a_card(), broken)
    assert read_models(tmp_path) == [] and list(tmp_path.iterdir()) == []


def test_a_damaged_card_hides_no_other(tmp_path: Path) -> None:
    write_model(tmp_path, a_card(1), None)
    write_model(tmp_path, a_card(2), None)
    (tmp_path / "1" / "card.toml").write_text("nonsense = [")
    assert [card.version for card in read_models(tmp_path)] == [2]
    with pytest.raises(AstroTLError, match="card cannot be read"):
        read_model(tmp_path, 1)
    with pytest.raises(AstroTLError, match="Version 7; here: 2"):
        read_model(tmp_path, 7)

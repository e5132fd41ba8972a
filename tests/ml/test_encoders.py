"""Cards survive their file, the built-in one is always there, and a damaged one hides no other."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.settings import BUILT_IN
from astrotl_gui.ml.encoders import Card, card, cards, encoders_folder, file_hash, is_name, remove


def written(name: str) -> Card:
    """A card with a file for weights, in the user's (here: the test's) folder."""
    folder = encoders_folder() / name
    folder.mkdir(parents=True)
    weights = folder / "model.safetensors"
    weights.write_bytes(name.encode())
    made = replace(
        card(),
        name=name,
        weights=weights,
        sha256=file_hash(weights),
        size=len(name),
        mean=(0.1, 0.2, 0.3),
        arguments={"img_size": [96, 96], "global_pool": "avg"},
        added="2026-11-28",
    )
    made.write()
    return made


def test_a_card_survives_its_file(own_folders: Path) -> None:
    made = written("zoobot-nano")
    assert own_folders in made.weights.parents
    assert card("zoobot-nano") == made
    assert [c.name for c in cards()] == [BUILT_IN, "zoobot-nano"]
    identity = card("zoobot-nano").identity()
    assert identity["mean"] == [0.1, 0.2, 0.3] and identity["arguments"]["global_pool"] == "avg"
    assert "licence" not in identity and "arguments" not in card().identity()


def test_unknown_encoders_are_refused_with_what_is_here() -> None:
    written("mine")
    for name in ("yours", "", "../mine", "a/b", ".hidden"):
        with pytest.raises(AstroTLError, match=f"here: {BUILT_IN}, mine"):
            card(name)
    assert not is_name("../mine") and is_name("convnext_tiny.fb_in22k") and not is_name(".part")


def test_a_damaged_card_hides_no_other() -> None:
    for name, text in (("cut", "architecture = "), ("bare", 'weights = "x"')):
        (encoders_folder() / name).mkdir(parents=True)
        (encoders_folder() / name / "card.toml").write_text(text)
        with pytest.raises(AstroTLError, match="cannot be read"):
            card(name)
    written("mine")
    assert [c.name for c in cards()] == [BUILT_IN, "mine"]


def test_removing() -> None:
    written("mine")
    remove("mine")
    assert [c.name for c in cards()] == [BUILT_IN]
    assert not (encoders_folder() / "mine").exists()
    with pytest.raises(AstroTLError, match="not on this computer"):
        remove("mine")
    with pytest.raises(AstroTLError, match="built-in"):
        remove(BUILT_IN)
    with pytest.raises(AstroTLError, match="not on this computer"):
        remove("..")
    assert encoders_folder().exists()


def test_a_file_that_changes_is_hashed_anew(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    before = file_hash(path)
    assert file_hash(path) == before and len(before) == 16
    path.write_bytes(b"other")
    assert file_hash(path) != before
    with pytest.raises(AstroTLError, match="cannot be read"):
        file_hash(tmp_path / "nowhere")


def test_no_model_library_is_loaded_for_cards() -> None:
    code = "import sys; from astrotl_gui.ml.encoders import cards; cards(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

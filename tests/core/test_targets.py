"""Own lists: keys that stay, names that may be, and a project that keeps both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.labels import TARGET_NAMES, Label
from astrotl_gui.core.project import Project
from astrotl_gui.core.settings import CutoutSettings, DetectionSettings
from astrotl_gui.core.targets import (
    find_target,
    noun,
    shown_names,
    target_key,
    with_name,
    with_target,
    without_target,
)
from tests.core.test_project import spec_in


@pytest.mark.parametrize(
    ("name", "key"),
    [("Jellyfish", "jellyfish"), ("Ring galaxy", "ring_galaxy"), ("  H II – regions ", "h_ii_regions"),
     ("Étoile", "etoile"), ("z>6?", "z_6"), ("环", "u73af"), ("…", ""), ("Maße", "masse")],
)  # fmt: skip
def test_keys_are_plain_ascii(name: str, key: str) -> None:
    assert target_key(name) == key


@given(st.text(max_size=40))
def test_any_name_gives_a_list_or_is_refused_in_words(name: str) -> None:
    try:
        own, key = with_target((), name)
    except AstroTLError:
        return
    assert key.isascii()
    assert key.replace("_", "").isalnum()
    assert find_target(shown_names(own), own[0].name) == key


@pytest.mark.parametrize(
    ("name", "says"),
    [("", "needs a name"), ("?!", "needs a name"), ("AGN", "taken"), ("lens", "taken"), ("Similar", "taken"),
     ("x" * 33, "too long"), ("ring  e", "is a list already"), ("Ring-e", "too near to the list “Ring e”")],
)  # fmt: skip
def test_names_that_cannot_be(name: str, says: str) -> None:
    own, _ = with_target((), "Ring e")
    with pytest.raises(AstroTLError, match=says):
        with_target(own, name)


def test_a_removed_list_comes_back_under_its_key_by_either_name() -> None:
    own, key = with_target((), "Jellyfish")
    own = with_name(own, key, "Ram pressure")
    assert shown_names(own) == {**TARGET_NAMES, "jellyfish": "Ram pressure"}
    gone = without_target(own, key)
    assert shown_names(gone) == TARGET_NAMES
    for name in ("Jellyfish", "ram pressure"):
        assert with_target(gone, name)[1] == "jellyfish"


def test_renaming_to_itself_is_allowed_to_another_list_is_not() -> None:
    own, key = with_target((), "Jellyfish")
    own, _ = with_target(own, "Ring")
    assert with_name(own, key, "JELLYFISH")[0].name == "JELLYFISH"
    with pytest.raises(AstroTLError, match="taken"):
        with_name(own, key, "ring")


def test_a_list_is_found_by_key_or_name() -> None:
    names = {**TARGET_NAMES, "ring_galaxy": "Ring galaxy"}
    for text in ("ring_galaxy", "Ring-Galaxy", "ring  galaxy", "RING GALAXY"):
        assert find_target(names, text) == "ring_galaxy"
    assert find_target(names, "AGN") == "agn"
    assert find_target(names, "rings") is None
    assert [noun(names, key) for key in ("lens", "agn", "ring_galaxy")] == ["lens", "AGN", "Ring galaxy"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    path = tmp_path / "work/Field"
    return Project.create(path, spec_in(tmp_path / "data"), DetectionSettings(), CutoutSettings())


def test_lists_and_their_labels_survive_removal_and_reopening(project: Project) -> None:
    key = project.add_target("Ring galaxy")
    project.labels.add([Label(3, key, "positive", "A", vetter="ann")])
    project.remove_target(key)
    project.close()
    again = Project.open(project.path)
    assert again.target_names == TARGET_NAMES
    assert again.add_target("ring galaxy") == key
    assert again.labels.current(key)[3].value == "positive"
    assert list(again.target_names) == [*TARGET_NAMES, key]
    again.close()


def test_a_project_without_own_lists_is_written_as_before(project: Project) -> None:
    assert "targets" not in (project.path / "project.toml").read_text()
    project.close()


@pytest.mark.parametrize("key", ["../up", "lens", "similar", "Up", ""])
def test_a_key_that_cannot_be_is_refused_on_opening(project: Project, key: str) -> None:
    project.add_target("Ring")
    project.own_targets = (replace(project.own_targets[0], key=key, name="X"),)
    project.save()
    project.close()
    with pytest.raises(AstroTLError, match="cannot be read"):
        Project.open(project.path)


def test_a_name_that_cannot_be_changes_nothing(project: Project) -> None:
    before = (project.path / "project.toml").read_bytes()
    with pytest.raises(AstroTLError, match="taken"):
        project.add_target("Lens")
    assert (project.path / "project.toml").read_bytes() == before
    project.close()

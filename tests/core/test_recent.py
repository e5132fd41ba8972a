"""Which recent projects use which encoder."""

from __future__ import annotations

from pathlib import Path

from astrotl_gui.core.recent import encoder_users, remember_project


def project(folder: Path, name: str, text: str = "", made_by: tuple[str, ...] = ()) -> None:
    path = folder / f"{name}.astrotl"
    path.mkdir()
    (path / "project.toml").write_text(text)
    for number, encoder in enumerate(made_by):
        (path / "embeddings" / str(number)).mkdir(parents=True)
        meta = f'[making.encoder]\nname = "{encoder}"\n'
        (path / "embeddings" / str(number) / "meta.toml").write_text(meta)
    remember_project(path, name, 0, 0)


def test_users_by_choice_and_by_what_was_made(tmp_path: Path) -> None:
    assert encoder_users() == {}
    project(tmp_path, "Coma")
    project(tmp_path, "Fornax", '[encoder]\nencoder = "zoobot"\n', ("efficientnet-lite0", "zoobot"))
    project(tmp_path, "Damaged", "[encoder")
    assert encoder_users() == {"efficientnet-lite0": ["Damaged", "Fornax", "Coma"], "zoobot": ["Fornax"]}

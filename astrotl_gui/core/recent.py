"""The projects opened last, newest first, and which encoders they use."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomli_w

from astrotl_gui.core.errors import AstroTLError
from astrotl_gui.core.files import atomic_write
from astrotl_gui.core.settings import BUILT_IN, data_folder

KEPT = 12


def recent_projects() -> list[dict[str, Any]]:
    """Rows with path, name, sources, labels and when (ISO 8601 UTC); projects that are gone are left out."""
    rows = _read(_file()).get("project", [])
    return [
        row | {"path": Path(row["path"])} for row in rows if (Path(row["path"]) / "project.toml").is_file()
    ]


def encoder_users() -> dict[str, list[str]]:
    """Names of the recent projects that an encoder was chosen for, or that hold embeddings of it, by encoder."""
    users: dict[str, list[str]] = {}
    for row in recent_projects():
        for encoder in sorted(_encoders_of(row["path"])):
            users.setdefault(encoder, []).append(row["name"])
    return users


def _encoders_of(project: Path) -> set[str]:
    chosen = _read(project / "project.toml").get("encoder", {}).get("encoder", BUILT_IN)
    metas = [_read(file) for file in project.glob("embeddings/*/meta.toml")]
    made = [meta.get("making", {}) for meta in metas]
    return {chosen, *(making.get("encoder", {}).get("name", chosen) for making in made)}


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def remember_project(path: Path, name: str, sources: int, labels: int) -> None:
    """Put a project first in the list. A list that cannot be written is no reason to stop."""
    row = {
        "path": str(path.absolute()),
        "name": name,
        "sources": sources,
        "labels": labels,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    others = [r | {"path": str(r["path"])} for r in recent_projects() if str(r["path"]) != row["path"]]
    with suppress(AstroTLError), atomic_write(_file()) as temporary:
        temporary.write_text(tomli_w.dumps({"project": [row, *others][:KEPT]}), encoding="utf-8")


def _file() -> Path:
    return data_folder() / "recent.toml"

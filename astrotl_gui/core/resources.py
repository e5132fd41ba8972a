"""The files that come with AstroTL: fonts, style, demo data."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def resource(name: str) -> Path:
    """The path of the shipped file or folder `name`, e.g. `resource("fonts/Inter-Regular.otf")`.

    An installed wheel carries the files as `astrotl_gui/resources`; a checkout has them at the top level.
    Raises FileNotFoundError when neither has it.
    """
    for folder in (_PACKAGE / "resources", _PACKAGE.parent / "resources"):
        if (path := folder / name).exists():
            return path
    raise FileNotFoundError(f"AstroTL's own file {name} is missing; install AstroTL again")

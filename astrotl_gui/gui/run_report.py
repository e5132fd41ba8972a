"""What every run leaves: its summary as a file for programs and as a page for people, and what it ran on."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from astrotl_gui import __version__
from astrotl_gui.core.files import atomic_write


def write_report(
    out: Path, facts: Mapping[str, Any], lines: Sequence[str], seconds: Mapping[str, float]
) -> dict[str, Any]:
    """Write summary.json (`facts`) and summary.md (`lines`), both with times and machine; the summary."""
    summary: dict[str, Any] = {
        **facts,
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "machine": {
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "versions": {
            name: version(name) for name in ("torch", "timm", "PySide6_Essentials", "astropy", "numpy")
        }
        | {"astrotl": __version__},
    }
    page = "\n".join([*lines, *_ending(summary)])
    for name, text in (("summary.json", json.dumps(summary, indent=2)), ("summary.md", page)):
        with atomic_write(out / name) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
    return {**summary, "out": str(out), "text": f"{page}\n\nEverything is in {out}/"}


def _ending(summary: Mapping[str, Any]) -> list[str]:
    machine = summary["machine"]
    return [
        "",
        "| step | seconds |",
        "|---|---|",
        *(f"| {name} | {value:.2f} |" for name, value in summary["seconds"].items()),
        "",
        f"{machine['system']}, {machine['cores']} cores, Python {machine['python']}, AstroTL {__version__}.",
    ]

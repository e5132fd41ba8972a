"""Overlays from files and to files: the dialogs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog

from . import overlay_saving
from .file_dialogs import OVERLAYS, REGIONS, choose_files, choose_new, documents

if TYPE_CHECKING:
    from .main_window import MainWindow


def choose_overlays(window: MainWindow) -> None:
    """Choose catalogs and region files to lay over the sky."""
    choose_files(window, "Add catalog or regions", OVERLAYS, lambda paths: add(window, paths))


def add(window: MainWindow, paths: list[Path]) -> None:
    """Lay files over the sky."""
    for path in paths:
        window.session.overlays.add(path)


def save_regions(window: MainWindow) -> None:
    """Choose where what is shown is written as DS9 regions."""
    project = window.session.project
    if project is not None:
        suggested = documents() / f"{project.name}.reg"
        dialog = choose_new(window, "Save regions", suggested, [REGIONS], lambda path: save(window, path))
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite, False)


def save(window: MainWindow, path: Path) -> None:
    """Write the regions; a name without an ending gets one."""
    overlay_saving.save_regions(window.session, path if path.suffix else path.with_suffix(".reg"))

"""The system's file dialogs, never blocking: each calls back with what was chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from .message import Message

FITS = "FITS images (*.fits *.fit *.fts *.fz *.fits.gz *.fits.bz2 *.FITS *.FIT)"
STAMPS = "Stamps (*.jpg *.jpeg *.png *.npz *.npy *.h5 *.hdf5 *.zarr)"
CATALOGS = "Catalogs (*.csv *.ecsv *.fits *.fit *.vot *.xml *.parquet *.txt *.dat *.tsv)"
REGIONS = "DS9 regions (*.reg)"
OVERLAYS = "Catalogs and regions (*.reg *.csv *.ecsv *.fits *.fit *.vot *.xml *.parquet *.txt *.dat *.tsv)"
WEIGHTS = "Network weights (*.safetensors *.pth *.pt *.bin *.ckpt *.tar)"
ANY = "All files (*)"


def written_message(title: str, path: Path, detail: str = "") -> Message:
    """What is said of a file that was written, with the verb that shows it; of itself, by its name."""
    return Message(title, detail or path.name, actions=(("Show file", lambda: show_file(path)),))


def choose_files(parent: QWidget, title: str, kind: str, done: Callable[[list[Path]], object]) -> QFileDialog:
    """Choose existing files, several at once; `kind` is the file filter, or several with ;; between them."""
    remembered = {FITS: "images", WEIGHTS: "weights"}.get(kind.split(";;")[0], "catalogs")
    dialog = _dialog(parent, title, remembered)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.setNameFilters([*kind.split(";;"), ANY])
    dialog.filesSelected.connect(lambda names: done([Path(name) for name in names]))
    dialog.open()
    return dialog


def choose_file(parent: QWidget, title: str, kind: str, done: Callable[[Path], object]) -> QFileDialog:
    """Choose one existing file."""
    dialog = choose_files(parent, title, kind, lambda paths: done(paths[0]))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return dialog


def choose_folder(parent: QWidget, title: str, done: Callable[[Path], object]) -> QFileDialog:
    """Choose an existing folder, such as a project."""
    dialog = _dialog(parent, title, "projects")
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.fileSelected.connect(lambda name: done(Path(name)))
    dialog.open()
    return dialog


def choose_new(
    parent: QWidget, title: str, suggested: Path, kinds: list[str], done: Callable[[Path], object]
) -> QFileDialog:
    """Choose the name of something to be written; whether it may replace anything is the caller's matter."""
    dialog = _dialog(parent, title, "")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
    dialog.setNameFilters(kinds)
    dialog.setDirectory(str(suggested.parent))
    dialog.selectFile(suggested.name)
    dialog.fileSelected.connect(lambda name: done(Path(name)))
    dialog.open()
    return dialog


def documents() -> Path:
    """Where a new project or an export goes unless one says otherwise."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(place) if place else Path.home()


def shown_path(path: Path) -> str:
    """A path as people read it: "Documents / NGC 6976.astrotl", below the home folder without it."""
    try:
        parts = path.relative_to(Path.home()).parts
    except ValueError:
        return str(path)
    return " / ".join(parts)


def show_file(path: Path) -> None:
    """Open the folder of a file in the system's file browser."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.absolute().parent)))


def _dialog(parent: QWidget, title: str, remembered: str) -> QFileDialog:
    """A dialog that starts in the folder it was last used in."""
    dialog = QFileDialog(parent, title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if remembered:
        key = f"folders/{remembered}"
        dialog.setDirectory(str(QSettings().value(key) or documents()))
        dialog.accepted.connect(lambda: QSettings().setValue(key, dialog.directory().absolutePath()))
    return dialog

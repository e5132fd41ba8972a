"""The lower right of the import page: sources, size of the cutouts, folder of the project."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from astrotl_gui.core.settings import CutoutSettings, DetectionSettings, default_cutouts

from . import theme
from .controls import Button, Label, Segmented
from .fields import Choice, Field
from .file_dialogs import CATALOGS, choose_file, choose_new, shown_path

LIMITS = (1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
SIZES = (1.0, 2.0, 3.0, 4.0, 6.0, 10.0, 12.0, 18.0, 30.0, 54.0, 90.0, 150.0)
FIELD_WIDTH = 150
GROUND_BASED = 0.15  # [arcsec/px] coarser pixels come from the ground


def section(title: str) -> tuple[QWidget, QVBoxLayout]:
    """A headed block of rows."""
    block = QWidget()
    column = QVBoxLayout(block)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    column.addWidget(Label(title, 13, 600))
    return block, column


def row(name: str, hint: Label | None, control: QWidget) -> QWidget:
    """A named control, with a hint before it."""
    line = QWidget()
    layout = QHBoxLayout(line)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(10)
    layout.addWidget(Label(name, 12, 500, "text2"))
    layout.addStretch(1)
    if hint is not None:
        layout.addWidget(hint)
    layout.addWidget(control)
    control.setAccessibleName(name)
    return line


class SourcesForm(QWidget):
    """Detect the sources, or take the astronomer's own catalog."""

    limit_changed = Signal()
    catalog_wanted = Signal(object)
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.catalog: Path | None = None
        self.ways = Segmented(
            [("detect", "Detect them"), ("catalog", "Take a catalog…")], fill=True, height=36
        )
        self.ways.setAccessibleName("Sources")
        self.ways.track = "pane"
        self.limit = Choice([(f"{limit:g}", f"{limit:g} σ") for limit in LIMITS], height=28)
        self.limit.setFixedWidth(theme.scaled(FIELD_WIDTH))
        self.limit.set_value(f"{DetectionSettings().threshold:g}")
        self.count = Label("", 12, 500, "text2")
        self.file = Label("", 12, 500, "text2")
        self.other = Button("Change…", height=28)
        block, column = section("Sources")
        column.addWidget(self.ways)
        self._limit_row = row("Detection limit", self.count, self.limit)
        self._file_row = row("Catalog", self.file, self.other)
        column.addWidget(self._limit_row)
        column.addWidget(self._file_row)
        self._file_row.hide()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(block)
        self.ways.chosen.connect(self._choose)
        self.limit.chosen.connect(lambda: self.limit_changed.emit())
        self.other.clicked.connect(self.ask)

    @property
    def detection(self) -> DetectionSettings:
        return DetectionSettings(threshold=float(self.limit.value or DetectionSettings().threshold))

    def ask(self) -> None:
        """Ask for a catalog; without an answer, sources are detected as before."""
        dialog = choose_file(self, "Take a catalog", CATALOGS, self.catalog_wanted.emit)
        dialog.rejected.connect(self._settle)

    def take(self, path: Path, count: int) -> None:
        """Use a catalog that has been read."""
        self.catalog = path
        self.file.setText(f"{path.name}, {count:,} source{'' if count == 1 else 's'}")
        self._settle()

    def refuse(self) -> None:
        """The catalog that was asked for cannot be used."""
        self._settle()

    def reset(self) -> None:
        """As at first: detect, at the default limit."""
        self.catalog = None
        self.count.clear()
        self.limit.set_value(f"{DetectionSettings().threshold:g}")
        self._settle()

    def _choose(self, way: str) -> None:
        if way == "catalog":
            self.ask()
        else:
            self.catalog = None
            self._settle()

    def _settle(self) -> None:
        taken = self.catalog is not None
        self.ways.set_value("catalog" if taken else "detect")
        self._file_row.setVisible(taken)
        self._limit_row.setVisible(not taken)
        self.changed.emit()


class CutoutsForm(QWidget):
    """Angular sizes of what the network and the eye see; by default what suits the pixel scale."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._default = CutoutSettings()
        self.network, self.eyes = Choice(height=28), Choice(height=28)
        self.hint = Label("", 12, 500, "text2")
        block, column = section("Cutouts")
        column.setSpacing(6)
        for choice, name, hint in (
            (self.network, "For the network", self.hint),
            (self.eyes, "For your eyes", None),
        ):
            choice.setFixedWidth(theme.scaled(FIELD_WIDTH))
            choice.chosen.connect(self._changed)
            column.addWidget(row(name, hint, choice))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(block)
        self.suit(0.2)

    @property
    def cutouts(self) -> CutoutSettings:
        return CutoutSettings(float(self.network.value), float(self.eyes.value))

    def suit(self, pixel_scale: float) -> None:
        """Offer the sizes that suit a pixel scale [arcsec per px]."""
        self._scale = pixel_scale
        self._default = default_cutouts(pixel_scale)
        for choice, size in ((self.network, self._default.size), (self.eyes, self._default.context)):
            choice.set_options([(f"{s:g}", f"{s:.3g}″") for s in sorted({*SIZES, size})])
            choice.set_value(f"{size:g}")
        self._changed()

    def _changed(self) -> None:
        fits = self.network.value == f"{self._default.size:g}"
        where = "ground-based images" if self._scale > GROUND_BASED else "space images"
        self.hint.setText(f"suits {where}" if fits else "")
        self.changed.emit()


class ProjectForm(QWidget):
    """The folder of the project to be."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = Path()
        self.field = Field(height=32)
        self.field.setReadOnly(True)
        self.field.setAccessibleName("Project folder")
        self.change = Button("Change…", flat=True, height=30)
        self.change.setCursor(Qt.CursorShape.PointingHandCursor)
        inside = QHBoxLayout(self.field)
        inside.setContentsMargins(0, 1, 10, 1)
        inside.addStretch(1)
        inside.addWidget(self.change)
        block, column = section("Project")
        column.addWidget(self.field)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(block)
        self.change.clicked.connect(self.ask)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, theme.scaled(60))

    def suggest(self, folder: Path, name: str) -> None:
        """A free name in a folder."""
        self.set_path(free_path(folder, name))

    def set_path(self, path: Path) -> None:
        """Put the project there; `.astrotl` is added where it is missing."""
        self.path = path if path.suffix == ".astrotl" else path.with_name(f"{path.name}.astrotl")
        self.field.setText(shown_path(self.path))
        self.field.setToolTip(str(self.path))
        self.field.setCursorPosition(0)

    def ask(self) -> None:
        choose_new(self, "New project", self.path, ["AstroTL projects (*.astrotl)"], self.set_path)


def free_name(name: str) -> str:
    """A name that every file system takes."""
    return re.sub(r'[\x00-\x1f\s/\\:*?"<>|]+', " ", name).strip(" .") or "Mosaic"


def free_path(folder: Path, name: str) -> Path:
    """A project path that does not exist yet: "NGC 6976.astrotl", else "NGC 6976 2.astrotl"…"""
    plain = free_name(name)
    path, number = folder / f"{plain}.astrotl", 2
    while path.exists():
        path, number = folder / f"{plain} {number}.astrotl", number + 1
    return path

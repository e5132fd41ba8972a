"""The table of images that are to be epochs: their dates, typed or told, and what is wrong with each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from astrotl_gui.core.epoch_proposal import ProposedEpoch, date_text, read_date

from . import theme
from .import_bands import ROLE_NAMES

COLUMNS = ("Image", "Date (UTC)", "MJD", "Told by", "")
IMAGE, DATE, MJD, TOLD, WRONG = range(len(COLUMNS))
ROW, ROWS_SHOWN = 30, 10


class EpochDates(QTableWidget):
    """`dated(path, mjd)`: a date was typed, NaN where the text is none; `left_out(paths)`: rows were removed (Del)."""

    dated = Signal(Path, float)
    left_out = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(COLUMNS), parent)
        self.epochs: tuple[ProposedEpoch, ...] = ()
        self.setHorizontalHeaderLabels(COLUMNS)
        self.setAccessibleName("Images and their dates")
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.scaled(ROW))
        self.setShowGrid(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in ((DATE, 160), (MJD, 120), (TOLD, 84), (WRONG, 210)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, theme.scaled(width))
        header.setSectionResizeMode(IMAGE, QHeaderView.ResizeMode.Stretch)
        self.setMinimumHeight(theme.scaled(ROW * ROWS_SHOWN) + theme.scaled(32))
        self.itemChanged.connect(self._edited)
        self.installEventFilter(self)

    def show_epochs(self, epochs: Sequence[ProposedEpoch]) -> None:
        """Show these images, in their order."""
        self.blockSignals(True)
        self.epochs = tuple(epochs)
        self.setRowCount(len(self.epochs))
        for row, epoch in enumerate(self.epochs):
            roles = [ROLE_NAMES[role] for role in epoch.beside]
            beside = f"  with {', '.join(roles)}" if roles else ""
            mjd = f"{epoch.mjd:.6f}" if epoch.mjd == epoch.mjd else ""
            texts = (f"{epoch.path.name}{beside}", date_text(epoch.mjd), mjd, epoch.told_by, epoch.problem)
            for column, text in enumerate(texts):
                self._put(row, column, text, str(epoch.path))
        self.blockSignals(False)

    def _put(self, row: int, column: int, text: str, path: str) -> None:
        item = QTableWidgetItem(text)
        item.setToolTip(path if column == IMAGE else text)
        if column not in (DATE, MJD):
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            item.setForeground(
                theme.color("alert" if column == WRONG else "text2" if column == TOLD else "text")
            )
        else:
            item.setToolTip(
                "Type an MJD, a JD, or a date such as 2018-08-04 09:23:31 (UTC, middle of the exposure)"
            )
        self.setItem(row, column, item)

    def _edited(self, item: QTableWidgetItem) -> None:
        if item.column() in (DATE, MJD) and item.row() < len(self.epochs):
            self.dated.emit(self.epochs[item.row()].path, read_date(item.text()))

    def selected_paths(self) -> list[Path]:
        """The images of the selected rows."""
        return [self.epochs[index.row()].path for index in self.selectionModel().selectedRows()]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
            and (paths := self.selected_paths())
        ):
            self.left_out.emit(paths)
            return True
        return False

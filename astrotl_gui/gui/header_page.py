"""What the images say of themselves: the FITS headers of the bands and of their files, searched by typing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontDatabase, QGuiApplication, QKeySequence, QShortcut, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QTextEdit, QWidget

from ..core.bands import PLANE_ROLES
from . import theme
from .controls import Button, IconButton, Label
from .fields import Choice, Field
from .session_state import later
from .sheet import Sheet

if TYPE_CHECKING:
    from ..pipeline.headers import FileHeader
    from .session import Session

ROLE_NAMES = {"image": "", "rms": "noise", "weight": "weight", "mask": "mask", "psf": "PSF"}
MOST_LIT = 2000
"""At most so many hits are lit at once; all are counted and gone through."""


class HeaderPage(Sheet):
    """One header at a time. Typing finds text in keywords, values and comments; Enter goes to the next hit."""

    def __init__(self, parent: QWidget, session: Session) -> None:
        assert session.mosaic is not None
        mosaic = session.mosaic
        super().__init__(parent, "Header", mosaic.spec.name, width=820)
        self._session = session
        self._texts: dict[str, str] = {}
        self._hits: list[tuple[int, int]] = []
        self._here = -1
        self._files: dict[Path, str] = {}
        options = []
        for band in mosaic.bands:
            header = band.header.tostring(sep="\n", endcard=False, padding=False)
            self._texts[band.name] = header
            options.append((band.name, f"{band.name} · {band.spec.image.path.name}"))
            for role in ("image", *PLANE_ROLES):
                if (plane := getattr(band.spec, role)) is not None:
                    words = f"{band.name} {ROLE_NAMES[role]} · ".replace("  ", " ")
                    self._files[plane.path] = "" if plane.path in self._files else words
        self._options = options
        self._build()
        for path, words in self._files.items():
            job = session.jobs.run("Reading headers", later("headers", "file_headers"), path, quiet=True)
            job.succeeded.connect(lambda found, path=path, words=words: self._take_file(path, words, found))
            self.closed.connect(job.cancel)
        self.show_header(mosaic.reference.name)

    def show_header(self, name: str) -> None:
        """Show a header: of a band by its name, of an HDU by "FILE[N]"."""
        self.choice.set_value(name)
        self.text.setPlainText(self._texts[name])
        self._find()

    # --- finding -------------------------------------------------------------------------------------

    def step(self, by: int) -> None:
        """Go to the next (+1) or previous (−1) hit, from the last to the first."""
        if not self._hits:
            return
        self._here = (self._here + by) % len(self._hits)
        self._show_hit()

    def _find(self) -> None:
        """Find what is typed, from the card on that is in view."""
        wanted, text = self.field.text().lower(), self.text.toPlainText().lower()
        self._hits, at = [], text.find(wanted) if wanted else -1
        while at >= 0:
            self._hits.append((at, at + len(wanted)))
            at = text.find(wanted, at + len(wanted))
        self._here = 0 if self._hits else -1
        self._show_hit()

    def _show_hit(self) -> None:
        count = len(self._hits)
        typed = bool(self.field.text())
        self.says.setText(
            f"{self._here + 1:,} of {count:,}" if count else "Not in this header" if typed else ""
        )
        self.back.setEnabled(count > 1)
        self.on.setEnabled(count > 1)
        self.text.setExtraSelections(self._lit())
        if count:
            cursor = self.text.textCursor()
            cursor.setPosition(self._hits[self._here][0])
            self.text.setTextCursor(cursor)
            self.text.centerCursor()

    def _lit(self) -> list[QTextEdit.ExtraSelection]:
        lit, t = [], theme.tokens()
        first = max(0, self._here - MOST_LIT // 2)
        for number, (start, end) in enumerate(self._hits[first : first + MOST_LIT], first):
            selection = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self.text.document())
            cursor.setPosition(start)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            here = number == self._here
            selection.cursor = cursor
            selection.format.setBackground(QColor(t.main if here else t.hover))
            selection.format.setForeground(QColor(t.main_text if here else t.text))
            selection.format.setFontUnderline(not here)
            lit.append(selection)
        return lit

    # --- copying -------------------------------------------------------------------------------------

    def copy_cards(self) -> None:
        """Put the selected cards on the clipboard, whole; without a selection that of the hit, or all of them."""
        cursor, whole = self.text.textCursor(), self.text.toPlainText()
        start, end = cursor.selectionStart(), cursor.selectionEnd()
        if start == end and not self._hits:
            start, end = 0, len(whole)
        first = whole.rfind("\n", 0, start) + 1
        last = whole.find("\n", max(end - 1, start))
        QGuiApplication.clipboard().setText(whole[first : last if last >= 0 else len(whole)])
        count = QGuiApplication.clipboard().text().count("\n") + 1
        self.says.setText(f"{count:,} card{'' if count == 1 else 's'} copied")

    # --- inside --------------------------------------------------------------------------------------

    def _take_file(self, path: Path, words: str, found: list[FileHeader]) -> None:
        """Offer every HDU of a file whose header is not shown as a band's already."""
        shown = self.choice.value
        for header in found:
            if header.text in self._texts.values():
                continue
            key = f"{path}[{header.hdu}]"
            self._texts[key] = header.text
            name = f" {header.name}" if header.name and header.hdu else ""
            self._options.append((key, f"{words}{path.name} [{header.hdu}{name}]"))
        self.choice.set_options(self._options)
        self.choice.set_value(shown)

    def _build(self) -> None:
        self.choice = Choice(self._options)
        self.choice.setAccessibleName("Header of")
        self.choice.chosen.connect(self.show_header)
        self.field = Field("Find in keywords, values, comments", icon="ph.magnifying-glass", height=28)
        self.field.setAccessibleName("Find in the header")
        self.field.textChanged.connect(self._find)
        self.field.returnPressed.connect(lambda: self.step(-1 if _shift_held() else 1))
        self.says = Label("", 12, 400, "text2")
        self.says.setMinimumWidth(theme.scaled(110))
        self.back = IconButton("ph.caret-up", "Previous (Shift+Enter)")
        self.on = IconButton("ph.caret-down", "Next (Enter)")
        self.copy = Button("Copy cards", height=28)
        self.back.clicked.connect(lambda: self.step(-1))
        self.on.clicked.connect(lambda: self.step(1))
        self.copy.clicked.connect(self.copy_cards)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName("Header")
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        fixed.setPixelSize(theme.scaled(12))
        self.text.setFont(fixed)
        self.text.setMinimumHeight(theme.scaled(460))
        self.body.addWidget(self.choice)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.field, 1)
        for part in (self.says, self.back, self.on, self.copy):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        self.body.addLayout(row)
        self.body.addWidget(self.text, 1)
        self.setFocusProxy(self.field)
        for keys, verb in (
            ("F3", lambda: self.step(1)), ("Shift+F3", lambda: self.step(-1)), ("Ctrl+F", self.field.setFocus),
            ("Ctrl+Shift+C", self.copy_cards),
        ):  # fmt: skip
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(verb)


def _shift_held() -> bool:
    return bool(QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier)

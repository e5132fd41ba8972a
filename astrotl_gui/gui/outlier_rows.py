"""How the outlier methods agree on the current source: a compact table of ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from astrotl_gui.core.settings import OUTLIER_METHODS

from .controls import Line
from .inspector_parts import FactRows

if TYPE_CHECKING:
    from .session import Session


class OutlierRows(QWidget):
    """In view while the outlier list is current and the methods were compared."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.rows = FactRows()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 14, 0, 0)
        column.setSpacing(8)
        column.addWidget(Line())
        column.addWidget(self.rows)
        for signal in (session.selection_changed, session.target_changed, session.outliers.changed):
            signal.connect(self._show)
        self._show()

    def _show(self) -> None:
        facts = agreement_facts(self.session)
        self.setVisible(bool(facts))
        self.rows.show_facts(facts)


def agreement_facts(session: Session) -> list[tuple[str, str]]:
    """("In the top 67 of", "3 of 8 methods"), then each method's name and rank; empty where it does not apply."""
    table, source = session.outliers.table, session.selected
    if session.target != "outlier" or table is None or source is None:
        return []
    row = table.row_of(source)
    if row is None:
        return []
    agreed = f"{table.agreement[row]} of {len(table.methods)} methods"
    ranks = zip(table.methods, table.ranks[row], strict=True)
    return [
        (f"In the top {table.top:,} by", agreed),
        *((OUTLIER_METHODS.get(method, method), f"{rank:,}") for method, rank in ranks),
    ]

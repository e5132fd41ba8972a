"""Labels: grades, contaminant classes, notes, undo."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ...core.labels import CONTAMINANTS
from .. import page_verbs
from .action import Action, Test, in_project, with_selection

if TYPE_CHECKING:
    from ..main_window import MainWindow


def _for_list(window: MainWindow) -> bool:
    """A source can be labelled for the list; of its epochs one says only whether they are good."""
    return with_selection(window) and not page_verbs.on_epochs(window)


def _grade(
    name: str, text: str, row: str, keys: tuple[str, ...], value: str, grade: str, test: Test = with_selection
) -> Action:
    tip = f"Label the selected source: {row.lower()}"
    run = partial(page_verbs.label, value=value, grade=grade)
    return Action(name, "Label", text, tip, keys, run, test, "Label", row)


def _contaminant(number: int) -> Action:
    kind = CONTAMINANTS[number]
    row = "No: ring, spiral, merger" if number < 3 else "No: edge-on, artifact, star"
    return Action(
        f"label.no.{kind}",
        "Label",
        f"No: {kind}",
        f"Label the selected source no, because it is: {kind}",
        (str(number + 1),),
        lambda w: w.session.label("negative", "X", kind),
        _for_list,
        "Label",
        row,
    )


LABEL = (
    _grade("label.certain", "Yes, certain", "Yes, certain", ("A", "P"), "positive", "A"),
    _grade("label.probable", "Yes, probable", "Probable", ("B", "O"), "positive", "B", _for_list),
    _grade("label.unsure", "Unsure, possible", "Unsure, possible", ("C", "I"), "unsure", "C", _for_list),
    _grade("label.no", "No", "No", ("X", "L"), "negative", "X"),
    *(_contaminant(number) for number in range(6)),
    Action("label.clear", "Label", "Clear the label", "Take the label back", ("U", "Backspace"),
           lambda w: page_verbs.label(w, "clear"), with_selection, "Label"),
    Action("label.note", "Label", "Note", "Write a note on the selected source", ("N",),
           lambda w: w.write_note(), with_selection, "Label"),
    Action("label.undo", "Label", "Undo", "Take the last label back", ("Ctrl+Z",),
           lambda w: w.session.undo(), lambda w: in_project(w) and w.session.can_undo, "Label"),
    Action("label.redo", "Label", "Redo", "Give the label again", ("Ctrl+Shift+Z", "Ctrl+Y"),
           lambda w: w.session.redo(), lambda w: in_project(w) and w.session.can_redo, "Label"),
)  # fmt: skip

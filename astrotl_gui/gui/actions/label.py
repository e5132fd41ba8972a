"""Labels: grades, contaminant classes, notes, undo."""

from __future__ import annotations

from ...core.labels import CONTAMINANTS
from .action import Action, in_project, with_selection


def _grade(name: str, text: str, row: str, keys: tuple[str, ...], value: str, grade: str) -> Action:
    tip = f"Label the selected source: {row.lower()}"
    return Action(
        name, "Label", text, tip, keys, lambda w: w.session.label(value, grade), with_selection, "Label", row
    )


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
        with_selection,
        "Label",
        row,
    )


LABEL = (
    _grade("label.certain", "Yes, certain", "Yes, certain", ("A", "P"), "positive", "A"),
    _grade("label.probable", "Yes, probable", "Probable", ("B", "O"), "positive", "B"),
    _grade("label.unsure", "Unsure, possible", "Unsure, possible", ("C", "I"), "unsure", "C"),
    _grade("label.no", "No", "No", ("X", "L"), "negative", "X"),
    *(_contaminant(number) for number in range(6)),
    Action("label.clear", "Label", "Clear the label", "Take the label back", ("U", "Backspace"),
           lambda w: w.session.clear_label(), with_selection, "Label"),
    Action("label.note", "Label", "Note", "Write a note on the selected source", ("N",),
           lambda w: w.write_note(), with_selection, "Label"),
    Action("label.undo", "Label", "Undo", "Take the last label back", ("Ctrl+Z",),
           lambda w: w.session.undo(), lambda w: in_project(w) and w.session.can_undo, "Label"),
    Action("label.redo", "Label", "Redo", "Give the label again", ("Ctrl+Shift+Z", "Ctrl+Y"),
           lambda w: w.session.redo(), lambda w: in_project(w) and w.session.can_redo, "Label"),
)  # fmt: skip

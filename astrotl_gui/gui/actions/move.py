"""Moving through the list, from list to list and from view to view."""

from __future__ import annotations

from ...core.labels import TARGET_NAMES, TARGETS
from .. import list_verbs, page_verbs
from .action import Action, in_project, on_list, with_sources

VIEWS = (("explore", "Explore"), ("cull", "Cull"), ("vet", "Vet"), ("train", "Train"), ("epochs", "Epochs"))
"""The views in the top bar's switch: (page, text). Epochs is there once the project has some."""


def _list(number: int, target: str) -> Action:
    name = TARGET_NAMES[target]
    return Action(
        f"list.{target}",
        "Move",
        name,
        f"Show the list: {name}",
        (f"Alt+{number}",),
        lambda w: w.choose_list(target),
        in_project,
        "Move",
        "Choose a list",
        checked=lambda w: on_list(w) and w.session.target == target,
    )


def _view(number: int, page: str, name: str) -> Action:
    row = ", ".join(text for _, text in VIEWS)
    keys = (f"Ctrl+{number}",)
    return Action(
        f"view.{page}",
        "Move",
        name,
        f"The view {name}",
        keys,
        lambda w: w.show_page(page),
        in_project,
        "Move",
        row,
    )


MOVE = (
    Action("move.next", "Move", "Next", "The next candidate of the list", ("F", "Right"),
           lambda w: page_verbs.step(w, 1), with_sources, "Move", repeats=True),
    Action("move.previous", "Move", "Previous", "The candidate before", ("D", "Left"),
           lambda w: page_verbs.step(w, -1), with_sources, "Move", repeats=True),
    Action("move.up", "Move", "Row up", "One row up in the list", ("Up",),
           lambda w: w.move_in_list("up"), with_sources, "Move", "Row up, row down", repeats=True),
    Action("move.down", "Move", "Row down", "One row down in the list", ("Down",),
           lambda w: w.move_in_list("down"), with_sources, "Move", "Row up, row down", repeats=True),
    Action("move.first", "Move", "First", "The first candidate", ("Home",),
           lambda w: w.move_in_list("first"), with_sources),
    Action("move.last", "Move", "Last", "The last candidate", ("End",),
           lambda w: w.move_in_list("last"), with_sources),
    Action("move.page", "Move", "Next page", "One page down, without a label", ("Space",),
           lambda w: w.move_in_list("page-down"), with_sources, "Move", "Next page, or skip"),
    Action("move.page-down", "Move", "Page down", "One page down", ("PgDown",),
           lambda w: w.move_in_list("page-down"), with_sources),
    Action("move.page-up", "Move", "Page before", "One page up", ("PgUp",),
           lambda w: w.move_in_list("page-up"), with_sources),
    Action("move.extend-right", "Move", "Extend to the next", "Select the next as well", ("Shift+Right",),
           lambda w: w.move_in_list("next", True), with_sources, repeats=True),
    Action("move.extend-left", "Move", "Extend to the previous", "Select the one before as well",
           ("Shift+Left",), lambda w: w.move_in_list("previous", True), with_sources, repeats=True),
    Action("move.extend-down", "Move", "Extend a row down", "Select a row more", ("Shift+Down",),
           lambda w: w.move_in_list("down", True), with_sources, repeats=True),
    Action("move.extend-up", "Move", "Extend a row up", "Select the row before as well", ("Shift+Up",),
           lambda w: w.move_in_list("up", True), with_sources, repeats=True),
    Action("move.select-all", "Move", "Select all", "Select every source of the list", ("Ctrl+A",),
           lambda w: w.select_all(), with_sources),
    Action("move.rank", "Move", "Go to rank…", "Type a rank of this list", ("J",),
           lambda w: w.finder.open_with("rank "), with_sources, "Move"),
    Action("move.vet", "Move", "Vet", "Grade the list one by one, from the selected source on", ("Return", "Enter"),
           lambda w: w.vet_selected(), with_sources, "Move"),
    Action("move.back", "Move", "Back", "Close what is in front, or go back", ("Esc",),
           lambda w: w.go_back(), lambda w: w.page != "import", page="Move"),
    Action("epochs.next", "Move", "Next problematic source", "The next source with an epoch not to be used",
           ("Alt+Down",), lambda w: page_verbs.problematic_source(w, 1), page_verbs.has_flags, "Move",
           "Source with flagged epochs", repeats=True),
    Action("epochs.previous", "Move", "Previous problematic source", "The source before with an epoch not to be used",
           ("Alt+Up",), lambda w: page_verbs.problematic_source(w, -1), page_verbs.has_flags, "Move",
           "Source with flagged epochs", repeats=True),
    Action("move.search-back", "Move", "Back in the search", "The similarity search before this one",
           ("Alt+Left",), lambda w: w.session.similar_back(),
           lambda w: in_project(w) and w.session.similar is not None, "Move"),
    *(_list(number, target) for number, target in enumerate(TARGETS, 1)),
    Action("list.similar", "Move", "Similar", "Show the last similarity search", ("Alt+5",),
           lambda w: w.choose_list("similar"), in_project, "Move", "Choose a list",
           checked=lambda w: w.page == "similar"),
    Action("list.next", "Move", "Next list", "The list after this one", ("Ctrl+PgDown",),
           lambda w: list_verbs.step_list(w, 1), in_project),
    Action("list.previous", "Move", "Previous list", "The list before this one", ("Ctrl+PgUp",),
           lambda w: list_verbs.step_list(w, -1), in_project),
    Action("list.new", "Move", "New list…", "A list of what you look for, ranked by your labels", (),
           lambda w: list_verbs.new_list(w), with_sources),
    Action("list.rename", "Move", "Rename list…", "Give the list in view another name", (),
           lambda w: list_verbs.rename_list(w), list_verbs.on_own_list),
    Action("list.remove", "Move", "Remove list", "Take the list out of view; its labels stay", (),
           lambda w: list_verbs.remove_list(w), list_verbs.on_own_list),
    *(_view(number, *view) for number, view in enumerate(VIEWS, 1)),
)  # fmt: skip

"""Everything the window can do, in one table; menus, keys, palette, keys page and docs read it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence

from ..core.labels import TARGET_NAMES, TARGETS
from ..pipeline.real_fields import FIELDS, RealField
from . import list_verbs, looks, place_verbs, project_verbs

if TYPE_CHECKING:
    from .main_window import MainWindow

Run = Callable[["MainWindow"], object]
Test = Callable[["MainWindow"], bool]


def always(window: MainWindow) -> bool:
    """Whenever the window is open."""
    return True


def in_project(window: MainWindow) -> bool:
    """A project is open and in view."""
    return window.session.project is not None and window.front is not None


def with_sources(window: MainWindow) -> bool:
    """The project has sources."""
    return in_project(window) and len(window.session.catalog) > 0


def with_selection(window: MainWindow) -> bool:
    """A source is selected and in sight."""
    seen = window.front is not None and window.front.candidates
    return in_project(window) and seen and window.session.selected is not None


def with_sky(window: MainWindow) -> bool:
    """A source with sky coordinates is selected."""
    catalog, source = window.session.catalog, window.session.selected
    if not with_selection(window) or source is None:
        return False
    row = catalog.rows_of([source])[0]
    return bool(row >= 0 and math.isfinite(catalog.ra[row]))


def on_list(window: MainWindow) -> bool:
    """A list of candidates is in view."""
    return in_project(window) and window.front is not None and window.front.lists


def on_explore(window: MainWindow) -> bool:
    """The mosaic is in view."""
    return in_project(window) and window.page == "explore"


def on_sky(window: MainWindow) -> bool:
    """The mosaic, or one large cutout of it, is in view."""
    return in_project(window) and window.page in ("explore", "vet")


@dataclass(frozen=True)
class Action:
    """One thing the window does.

    `menu` is its menu; `shortcuts` Qt key sequences, left hand first; `page` the column of the keys page that
    shows it and `row` the text there: neighbours with one text share a row. `held` actions run again when
    their key is let go after a while (blink). `checked` makes it a checkable menu entry.
    """

    id: str
    menu: str
    text: str
    tip: str
    shortcuts: tuple[str, ...]
    run: Run
    enabled: Test = always
    page: str = ""
    row: str = ""
    repeats: bool = False
    held: bool = False
    checked: Test | None = None

    @property
    def shown(self) -> str:
        """The text without a menu's trailing dots, for the keys page."""
        return self.row or self.text


MENUS = ("Project", "Sources", "Label", "Move", "Look", "Find", "Window")
PAGES = ("Label", "Move", "Look", "Find and do")
VIEWS = (("explore", "Explore"), ("cull", "Cull"), ("vet", "Vet"), ("train", "Train"))
"""The views in the top bar's switch: (page, text)."""

CONTAMINANTS = ("ring", "spiral", "merger", "edge-on", "artifact", "star")


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


def _field(field: RealField) -> Action:
    return Action(
        f"project.field.{field.name}",
        "Project",
        f"Open {field.title}",
        f"Real sky: {field.facts}",
        (),
        lambda w: w.session.open_field(field.name),
    )


def _pan(key: str, dx: int, dy: int) -> Action:
    where = key.lower()
    return Action(
        f"look.pan-{where}",
        "Look",
        f"Pan {where}",
        f"Move the view {where}",
        (f"Ctrl+{key}",),
        lambda w: w.view.pan(dx, dy),
        on_explore,
        "Look",
        "Pan",
        repeats=True,
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

MOVE = (
    Action("move.next", "Move", "Next", "The next candidate of the list", ("F", "Right"),
           lambda w: w.session.step(1), with_sources, "Move", repeats=True),
    Action("move.previous", "Move", "Previous", "The candidate before", ("D", "Left"),
           lambda w: w.session.step(-1), with_sources, "Move", repeats=True),
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

LOOK = (
    Action("look.band", "Look", "Next band", "Show the next band", ("W", "K"),
           lambda w: looks.step_band(w.session, 1), in_project, "Look", repeats=True),
    Action("look.band-back", "Look", "Previous band", "Show the band before", ("Q", "Shift+K"),
           lambda w: looks.step_band(w.session, -1), in_project, "Look", repeats=True),
    Action("look.stretch", "Look", "Next stretch", "Asinh, linear, log, square root, square", ("T",),
           lambda w: looks.step_stretch(w.session), in_project, "Look"),
    Action("look.softer", "Look", "Stretch softer", "Lift the faint parts", ("[",),
           lambda w: looks.soften(w.session, 1), in_project, "Look", "Stretch softer, harder", repeats=True),
    Action("look.harder", "Look", "Stretch harder", "Press the faint parts down", ("]",),
           lambda w: looks.soften(w.session, -1), in_project, "Look", "Stretch softer, harder", repeats=True),
    Action("look.black-down", "Look", "Black level down", "Show more of the sky’s noise", (",",),
           lambda w: looks.shift_black(w.session, -0.5), in_project, "Look", "Black level down, up",
           repeats=True),
    Action("look.black-up", "Look", "Black level up", "Hide more of the sky’s noise", (".",),
           lambda w: looks.shift_black(w.session, 0.5), in_project, "Look", "Black level down, up",
           repeats=True),
    Action("look.invert", "Look", "Invert", "Dark sources on a bright sky", ("V",),
           lambda w: looks.invert(w.session), in_project, "Look",
           checked=lambda w: in_project(w) and w.session.look.invert),
    Action("look.blink", "Look", "Blink", "Bands in turn, while the key is held or until it is tapped again",
           ("E",), lambda w: w.blinker.toggle(), in_project, "Look", held=True),
    Action("look.wide", "Look", "Wide view", "A wider cutout, while the key is held or until tapped again",
           ("R",), lambda w: w.toggle_wide(), with_selection, "Look", held=True),
    Action("look.fit", "Look", "Fit, or pixels 1:1", "The whole mosaic, or one pixel a pixel", ("Z",),
           lambda w: w.views[w.page].toggle_fit(), on_sky, "Look"),
    Action("look.in", "Look", "Zoom in", "Nearer", ("+", "="),
           lambda w: w.views[w.page].zoom(1), on_sky, "Look", "Zoom", repeats=True),
    Action("look.out", "Look", "Zoom out", "Farther", ("-",),
           lambda w: w.views[w.page].zoom(-1), on_sky, "Look", "Zoom", repeats=True),
    _pan("Left", -1, 0), _pan("Right", 1, 0), _pan("Up", 0, 1), _pan("Down", 0, -1),
    Action("look.whole", "Look", "Whole mosaic", "All of the mosaic", ("Ctrl+0",),
           lambda w: w.view.fit(), on_explore),
    Action("look.larger", "Look", "Larger cutouts", "Fewer, larger cutouts in the list", ("Ctrl+=", "Ctrl++"),
           lambda w: w.resize_cutouts(1), in_project),
    Action("look.smaller", "Look", "Smaller cutouts", "More, smaller cutouts in the list", ("Ctrl+-",),
           lambda w: w.resize_cutouts(-1), in_project),
)  # fmt: skip

FIND = (
    Action("find.similar", "Find", "Find similar", "The sources most like the selected one", ("S",),
           lambda w: w.session.find_similar(), with_selection, "Find and do"),
    Action("find.use-prototype", "Find", "Use as prototype",
           "A known example: before any label, the list starts with what is like it", ("Shift+S",),
           lambda w: w.session.use_as_prototypes(), with_selection),
    Action("find.prototype-catalog", "Find", "Prototypes from a catalog…",
           "Let a catalog’s sources be the known examples of this list", (),
           lambda w: project_verbs.take_prototypes(w), with_sources),
    Action("find.prototypes", "Find", "Show prototypes", "What is most like each known example, and the union", (),
           lambda w: w.session.show_prototypes(),
           lambda w: in_project(w) and bool(w.session.prototypes.get(w.session.target))),
    Action("find.why", "Find", "Why is it here?", "What put the selected source at this rank", ("H",),
           lambda w: w.explain(), with_selection, "Find and do",
           checked=lambda w: on_explore(w) and w.explore.why_shown),
    Action("find.place", "Find", "Go to a place or name", "RA Dec, id 123, a rank", ("/",),
           lambda w: w.finder.open_with(""), in_project, "Find and do"),
    Action("look.marks", "Look", "Marks on the sky", "The first hundred of the list, marked", ("M",),
           lambda w: w.view.toggle_marks(), on_explore, "Find and do",
           checked=lambda w: w.view.marks_shown),
    Action("look.grid", "Look", "Coordinate grid", "Lines of equal RA and Dec", ("G",),
           lambda w: w.view.toggle_grid(), on_explore, "Find and do",
           checked=lambda w: w.view.grid_shown),
    Action("look.ruler", "Look", "Ruler", "Measure an angle on the sky", ("Y",),
           lambda w: w.view.toggle_ruler(), on_explore, "Find and do",
           checked=lambda w: w.view.ruler_shown),
    Action("find.anything", "Find", "Do anything…", "Find an action or a place by typing", ("Ctrl+K",),
           lambda w: w.finder.open_with(""), in_project, "Find and do"),
    Action("look.only-sky", "Look", "Only the sky", "Hide everything but the mosaic", ("Ctrl+B",),
           lambda w: w.toggle_only_sky(), on_explore, "Find and do",
           checked=lambda w: w.only_sky),
    Action("find.copy", "Find", "Copy coordinates", "RA and Dec, sexagesimal", ("Ctrl+C",),
           lambda w: place_verbs.copy_coordinates(w, False), with_sky),
    Action("find.copy-degrees", "Find", "Copy coordinates in degrees", "RA and Dec in degrees",
           ("Ctrl+Shift+C",), lambda w: place_verbs.copy_coordinates(w, True), with_sky),
)  # fmt: skip

PROJECT = (
    Action("project.new", "Project", "New project from images…", "Choose FITS images, one for each band",
           ("Ctrl+N",), lambda w: project_verbs.new_project(w)),
    Action("project.open", "Project", "Open project…", "Choose a project folder", ("Ctrl+O",),
           lambda w: project_verbs.open_project(w)),
    Action("project.demo", "Project", "Open demo sky", "A simulated field to try things on", (),
           lambda w: w.session.open_demo()),
    *(_field(field) for field in FIELDS.values()),
    Action("project.import-labels", "Project", "Import labels…", "Take labels from a table",
           ("Ctrl+Shift+I",), lambda w: project_verbs.import_labels(w), with_sources),
    Action("project.export", "Project", "Export…", "Candidates and labels as a table or regions", ("Ctrl+E",),
           lambda w: project_verbs.export(w), with_sources, "Find and do", "Export"),
    Action("project.save-view", "Project", "Save the view…", "The view as a picture", ("Ctrl+Shift+E",),
           lambda w: project_verbs.save_view(w), on_explore),
    Action("project.header", "Project", "Header", "What the images say of themselves", ("Ctrl+I",),
           lambda w: project_verbs.show_header(w), in_project),
    Action("project.save", "Project", "Save", "Labels are saved as they are given", ("Ctrl+S",),
           lambda w: project_verbs.say_saved(w), in_project),
    Action("project.rename", "Project", "Rename…", "Give the project another name", (),
           lambda w: project_verbs.rename_project(w), in_project),
    Action("project.close", "Project", "Close project", "Back to the first page", ("Ctrl+W",),
           lambda w: w.session.close_project(), in_project),
    Action("window.quit", "Project", "Quit", "Everything is saved already", ("Ctrl+Q",), lambda w: w.close()),
    Action("sources.detect", "Sources", "Detect sources", "Find the sources in the mosaic", (),
           lambda w: w.session.detect(), in_project),
    Action("sources.catalog", "Sources", "Take a catalog…", "Use your own catalog’s sources", (),
           lambda w: project_verbs.take_catalog(w), in_project),
    Action("sources.cosmic-rays", "Sources", "Find cosmic rays", "Let deepCR mark them for the artifact list", (),
           lambda w: w.session.find_cosmic_rays(), with_sources),
    Action("sources.embed", "Sources", "Embed sources", "Let the network look at each source", (),
           lambda w: w.session.embed(), with_sources),
    Action("sources.encoders", "Sources", "Encoders…", "Choose the network that looks, add or remove one",
           ("Ctrl+L",), lambda w: project_verbs.show_encoders(w), page="Find and do", row="Encoders"),
    Action("sources.injected", "Sources", "Injected examples…",
           "Lenses, nuclei and artifacts drawn into your own cutouts, from which the lists learn", (),
           lambda w: project_verbs.show_injected(w), with_sources),
    Action("sources.rank", "Sources", "Rank again", "Order the lists from the labels", ("Ctrl+R",),
           lambda w: w.session.rank_again(), with_sources, "Find and do"),
    Action("sources.audit", "Sources", "Audit…", "Prove how much of the list is found, by a random sample",
           ("Ctrl+Shift+A",), lambda w: w.show_page("train"), with_sources),
    Action("models.fine-tune", "Sources", "Fine-tune", "Tune the network on this list’s labels, if that ranks better",
           ("Ctrl+T",), lambda w: w.session.fine_tune(), with_sources),
    Action("sources.evaluate", "Sources", "Evaluate the ranking…", "How soon it finds what you are after",
           (), lambda w: project_verbs.show_evaluation(w)),
    Action("sources.jobs", "Sources", "Jobs", "What is running now", ("Ctrl+J",),
           lambda w: w.status.chip.show_menu(), in_project),
)  # fmt: skip

WINDOW = (
    Action("window.settings", "Window", "Settings", "Theme, text size, vetter", ("Ctrl+,",),
           lambda w: w.show_settings()),
    Action("window.next-pane", "Window", "Next pane", "Take the keys to the next pane", ("F6",),
           lambda w: w.next_pane(), in_project),
    Action("window.full", "Window", "Full screen", "Use the whole screen", ("F11",),
           lambda w: w.toggle_full_screen(), checked=lambda w: w.isFullScreen()),
    Action("window.keys", "Window", "Keys", "Every key on one page", ("?",),
           lambda w: w.show_keys(), page="Find and do", row="These keys"),
)  # fmt: skip

ACTIONS: tuple[Action, ...] = (*PROJECT[:8], *LABEL, *MOVE, *LOOK, *FIND, *PROJECT[8:], *WINDOW)


def build(window: MainWindow) -> dict[str, QAction]:
    """Make a QAction of each row and add it to the window, so that its keys work from every pane."""
    made = {}
    for row in ACTIONS:
        action = QAction(row.text, window)
        action.setObjectName(row.id)
        action.setToolTip(row.tip)
        action.setShortcuts([QKeySequence(keys) for keys in row.shortcuts])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setAutoRepeat(row.repeats)
        action.setMenuRole(QAction.MenuRole.NoRole)
        action.setCheckable(row.checked is not None)
        action.triggered.connect(lambda checked=False, row=row: window.run_action(row))
        window.addAction(action)
        made[row.id] = action
    return made


def refresh(window: MainWindow, made: dict[str, QAction]) -> None:
    """Enable and check each action as the window now stands."""
    for row in ACTIONS:
        action = made[row.id]
        action.setEnabled(row.enabled(window))
        if row.checked is not None:
            action.setChecked(action.isEnabled() and row.checked(window))
